"""Who may know of a report of retaliation: whoever may handle it, never the accused nor the units of its case, that on
which it was made or that to which its appeal was moved."""

from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.sql import fetch_one


def knows_of_reports(where: Where, actor: Actor, alias: str = "r") -> str:
    """A condition over rows of `retaliation_reports` that the actor may know of."""
    of_area = Where()
    of_area.values = where.values
    in_scope(of_area, actor, Permission.RETALIATION_HANDLE, f"{alias}.area_path")
    of_area.add(f"NOT {alias}.accused @> jsonb_build_array({{}}::text)", str(actor.id))
    departments = list(actor.departments)
    of_area.add(
        f"'discipline_inspector' = ANY({{}}::text[]) OR {alias}.body_id IS NULL OR {alias}.body_id = ANY({{}}::uuid[])",
        sorted(actor.roles), departments,
    )  # fmt: skip
    of_area.add(
        f"NOT EXISTS (SELECT 1 FROM cases w WHERE w.id IN ({alias}.case_id, (SELECT y.case_id FROM appeals y"
        f" WHERE y.id = {alias}.appeal_id)) AND (w.lead_id = ANY({{}}::uuid[])"
        " OR w.complained_department_id = ANY({}::uuid[])))", departments, departments,
    )  # fmt: skip
    return of_area.sql


async def may_know(actor: Actor, report_id: UUID | None) -> bool:
    """Whether the actor may know of this report."""
    where = Where()
    where.conditions.append(knows_of_reports(where, actor))
    where.add("r.id = {}", report_id)
    return await fetch_one(f"SELECT 1 AS seen FROM retaliation_reports r WHERE {where.sql}", where.values) is not None
