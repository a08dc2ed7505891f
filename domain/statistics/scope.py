"""Who may count which cases: the scope of every rate, its conflict wall, and what it is narrowed by."""

from collections.abc import Mapping
from datetime import date, timedelta

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.deadlines.calendar import start_of_day


def counted_by(
    actor: Actor, days: tuple[date, date], case: str, area_path: str | None, narrowed: Mapping[str, object]
) -> Where:
    """Rows `s` with `path` and `unit_id` that the actor may count: $1 and $2 are the end and the start of the days, both
    included; `case` names their column of the case; columns of `narrowed` without a value do not narrow."""
    where = Where()
    where.values = [start_of_day(days[1] + timedelta(days=1)), start_of_day(days[0])]
    scope = area_condition(where, "s.path", actor.areas(Permission.CASE_READ, units=False))
    where.conditions.append(f"({scope}) OR s.unit_id = ANY({where.bind(list(actor.units))}::uuid[])")
    where.add(
        f"NOT EXISTS (SELECT 1 FROM cases w WHERE w.id = s.{case} AND w.complained_department_id = ANY({{}}::uuid[]))",
        list(actor.departments),
    )
    if area_path:
        where.conditions.append(area_condition(where, "s.path", [area_path]))
    for column, value in narrowed.items():
        if value:
            where.add(f"s.{column} = {{}}", value)
    return where
