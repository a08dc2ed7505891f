"""How many households were walked to (户户走到, formula 5.12) as a past day knew it, from the journal alone, and which.

Whether a house was lived in, and in which grid, is what its last fact before the end of the day said; a visit counts by
the day on which it took place, once it was known. `domain/visits/coverage.py` shows the present to those who walk.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.deadlines.calendar import start_of_day
from domain.sql import fetch
from domain.statistics.rates import Rate, coverage

Outcome = Literal["visited", "noticed", "missing"]
PARTS: dict[str, tuple[Outcome, ...]] = {
    "all": ("visited", "noticed", "missing"), "hits": ("visited", "noticed"), "misses": ("missing",),
    "visited": ("visited",), "noticed": ("noticed",),
}  # fmt: skip

# $1 the end of the last day, $2 the start of the first. A phone's clock may be ahead, hence the day of grace.
_REACHED = """
WITH lived AS (
 SELECT DISTINCT ON (j.subject_id) j.subject_id AS id, a.path, j.data->>'state' AS state
 FROM journal j JOIN areas a ON a.code = j.area
 WHERE j.event LIKE 'household.%' AND j.data ? 'state' AND j.at < $1::timestamptz
 ORDER BY j.subject_id, j.at DESC, j.n DESC
),
walked AS (
 SELECT (v.data->>'household_id')::uuid AS id, bool_or(v.data->>'outcome' IN ('met', 'declined')) AS visited,
 COALESCE(bool_or(v.data->>'outcome' = 'absent' AND (SELECT (n.data->>'notice_left')::boolean FROM journal n
   WHERE n.subject_id = v.subject_id AND n.event = 'visit.agreed' AND n.at < $1 ORDER BY n.at DESC, n.n DESC LIMIT 1)),
   FALSE) AS noticed
 FROM journal v WHERE v.event = 'visit.logged' AND v.at >= $2::timestamptz - INTERVAL '1 day' AND v.at < $1
 AND (v.data->>'occurred_at')::timestamptz >= $2 AND (v.data->>'occurred_at')::timestamptz < $1
 GROUP BY 1
),
reached AS (
 SELECT l.id, l.path, CASE WHEN w.visited THEN 'visited' WHEN w.noticed THEN 'noticed' ELSE 'missing' END AS outcome
 FROM lived l LEFT JOIN walked w ON w.id = l.id WHERE l.state = 'active'
)
"""


@dataclass(frozen=True)
class Walk:
    """The days, both included, and the area."""

    first: date
    last: date
    area_path: str | None = None


async def coverage_on(actor: Actor, walk: Walk) -> tuple[Rate, Rate]:
    """Households reached (visited, or away with a note left), and visited only, as the end of the last day knew it."""
    wide = actor.areas(Permission.CASE_READ, units=False)
    where = _where(walk, wide)
    rows = await fetch(
        f"{_REACHED} SELECT count(*) AS households, count(*) FILTER (WHERE r.outcome = 'visited') AS visited,"
        f" count(*) FILTER (WHERE r.outcome = 'noticed') AS noticed FROM reached r WHERE {where.sql}",
        where.values,
    )
    return coverage(rows[0]["visited"], rows[0]["noticed"], rows[0]["households"])


async def coverage_households(
    actor: Actor, walk: Walk, part: str, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """The households of the rate in the areas whose register the actor reads, one more than the limit; no names."""
    where = _where(walk, actor.areas(Permission.HOUSEHOLD_READ))
    where.add("r.outcome = ANY({}::text[])", list(PARTS[part]))
    if before:
        where.add("r.id < {}", before)
    return await fetch(
        f"{_REACHED} SELECT r.id, r.outcome, h.serial, h.group_name, h.door_text, g.name AS grid, v.name AS village"
        " FROM reached r JOIN households h ON h.id = r.id LEFT JOIN areas g ON g.path = r.path"
        f" LEFT JOIN areas v ON v.code = h.village_code WHERE {where.sql} ORDER BY r.id DESC LIMIT {limit + 1}",
        where.values,
    )


def _where(walk: Walk, scope: list[str]) -> Where:
    where = Where()
    where.values = [start_of_day(walk.last + timedelta(days=1)), start_of_day(walk.first)]
    where.conditions.append(area_condition(where, "r.path", scope))
    if walk.area_path:
        where.conditions.append(area_condition(where, "r.path", [walk.area_path]))
    return where
