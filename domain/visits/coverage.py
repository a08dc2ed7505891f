"""How many households were walked to in a period (户户走到, 003-04; formula 5.12), and which were not yet."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition, in_scope
from domain.areas.depth import AREA_DEPTH
from domain.deadlines.calendar import start_of_day
from domain.sql import fetch


@dataclass(frozen=True)
class Period:
    """Local days, both included; a campaign gives its own."""

    since: date
    until: date


async def coverage_rows(
    actor: Actor, permission: Permission, period: Period, by: str, area_path: str | None = None
) -> list[dict[str, Any]]:
    """For each area of a level in the actor's scope: active households; how many were met, were met by a declined
    visit only, or were away with a note left; each household counts once, at its best outcome."""
    where = _scope(actor, permission, area_path)
    depth = where.bind(AREA_DEPTH[by])
    best = _best(where, period)
    return await fetch(
        f"SELECT code, (SELECT name FROM areas WHERE areas.code = x.code) AS name, count(*) AS households,"
        " count(*) FILTER (WHERE best = 3) AS met, count(*) FILTER (WHERE best = 2) AS declined,"
        " count(*) FILTER (WHERE best = 1) AS noticed"
        f" FROM (SELECT split_part(h.area_path, '.', least({depth}::int, cardinality(string_to_array(h.area_path,"
        f" '.')))) AS code, ({best}) AS best FROM households h WHERE {where.sql}) x"
        " GROUP BY code ORDER BY code LIMIT 1000",
        where.values,
    )


@dataclass(frozen=True)
class Missing:
    """Which households that are still to be walked to."""

    period: Period
    area_path: str | None = None
    before: UUID | None = None
    limit: int = 20


async def not_yet(actor: Actor, permission: Permission, missing: Missing) -> list[dict[str, Any]]:
    """A page of the active households that nobody has walked to in the period, one row more than the limit; `tries` is
    how often somebody stood before a closed door."""
    where = _scope(actor, permission, missing.area_path)
    best = _best(where, missing.period)
    where.conditions.append(f"({best}) = 0")
    if missing.before:
        where.add("h.id < {}", missing.before)
    since, until = _instants(missing.period)
    tries = f"v.occurred_at >= {where.bind(since)} AND v.occurred_at < {where.bind(until)}"
    return await fetch(
        "SELECT h.id, h.door_text, h.group_name, h.grid_code, g.name AS grid, w.name AS village,"
        f" (SELECT count(*) FROM visits v WHERE v.household_id = h.id AND {tries}) AS tries FROM households h"
        " LEFT JOIN areas g ON g.code = h.grid_code LEFT JOIN areas w ON w.code = h.village_code"
        f" WHERE {where.sql} ORDER BY h.id DESC LIMIT {missing.limit + 1}",
        where.values,
    )


def _scope(actor: Actor, permission: Permission, area_path: str | None) -> Where:
    where = Where()
    in_scope(where, actor, permission, "h.area_path")
    where.conditions.append("h.state = 'active'")
    if area_path:
        where.conditions.append(area_condition(where, "h.area_path", [area_path]))
    return where


def _best(where: Where, period: Period) -> str:
    """3 met, 2 declined, 1 away with a note left, 0 nothing that counts."""
    since, until = _instants(period)
    return (
        "SELECT coalesce(max(CASE WHEN v.outcome = 'met' THEN 3 WHEN v.outcome = 'declined' THEN 2"
        " WHEN v.notice_left THEN 1 ELSE 0 END), 0) FROM visits v WHERE v.household_id = h.id"
        f" AND v.occurred_at >= {where.bind(since)} AND v.occurred_at < {where.bind(until)}"
    )


def _instants(period: Period) -> tuple[Any, Any]:
    return start_of_day(period.since), start_of_day(period.until + timedelta(days=1))
