"""Looks for cases about the same matter after a filing: narrowed by index first, ranked by `likeness.py` after.

The look is kept beside the case; who reads it sees only cases of the own scope, and learns of the same telephone,
person or house only where the identities of both cases are open to the reader.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor
from domain.areas.depth import code_on
from domain.cases.policy import identity_open
from domain.cases.queries import CO_UNITS, facts, visible_cases
from domain.clock import now
from domain.duplicates.likeness import (
    BEST,
    EARTH_M,
    Known,
    Likeness,
    rank,
    read,
    reasons,
    stands_without_person,
    stored,
)
from domain.rulebook import Reach, rulebook
from domain.sql import execute, fetch, fetch_one

LATEST, NEAR, LINKED = 1000, 150, 100  # how many cases each index may bring in; of those nearby, of the same topic first
KEPT = 20  # of which most are dropped again where the reader may not see them
DEGREE_M = EARTH_M * 3.141592653589793 / 180

# An anonymous person is never compared: neither telephone, account nor house.
_SELF = """
SELECT c.id, c.kind, c.topic, c.area_code, c.area_path, c.received_at, c.lon, c.lat, c.datum, c.title,
  s.text, s.phones, s.people, CASE WHEN s.open THEN c.household_id END AS household_id
FROM cases c LEFT JOIN LATERAL (
  SELECT string_agg(left(p.content, 500), ' ' ORDER BY p.id) AS text,
    array_agg(w.phone) FILTER (WHERE w.phone <> '' AND p.identity <> 'anonymous') AS phones,
    array_agg(p.resident_id) FILTER (WHERE p.resident_id IS NOT NULL AND p.identity <> 'anonymous') AS people,
    bool_and(p.identity <> 'anonymous') AS open
  FROM appeals p LEFT JOIN appellants w ON w.appeal_id = p.id WHERE p.case_id = c.id) s ON TRUE
"""
_NEAR = f"""
WITH near AS (
  (SELECT id FROM (SELECT id, topic, received_at FROM cases WHERE area_code = ANY($2::text[]) AND received_at BETWEEN $3 AND $4
    ORDER BY received_at DESC LIMIT {LATEST}) v ORDER BY topic = $13 DESC, received_at DESC LIMIT {NEAR})
  UNION (SELECT p.case_id FROM unnest($5::text[]) AS t(phone) CROSS JOIN LATERAL (SELECT appeal_id FROM appellants w
    WHERE w.phone = t.phone ORDER BY w.appeal_id DESC LIMIT {LINKED}) w JOIN appeals p ON p.id = w.appeal_id)
  UNION (SELECT p.case_id FROM unnest($6::uuid[]) AS t(person) CROSS JOIN LATERAL (SELECT case_id FROM appeals a
    WHERE a.resident_id = t.person ORDER BY a.id DESC LIMIT {LINKED}) p)
  UNION (SELECT id FROM (SELECT id FROM cases WHERE household_id = $7 ORDER BY id DESC LIMIT {LINKED}) h)
  UNION (SELECT id FROM (SELECT id FROM cases WHERE lat BETWEEN $8 AND $9 AND lon BETWEEN $10 AND $11
    AND received_at BETWEEN $3 AND $4 LIMIT {LINKED}) g)
)
{_SELF} WHERE c.id IN (SELECT id FROM near) AND c.id <> $1 AND c.kind = $12 AND c.received_at BETWEEN $3 AND $4
  AND c.state NOT IN ('merged', 'voided', 'withdrawn')
"""


async def look(case_id: UUID) -> list[Likeness]:
    """The cases that may be about the same matter as this one; nothing where the topic switches it off."""
    case = await fetch_one(f"{_SELF} WHERE c.id = $1", [case_id])
    if case is None:
        return []
    reach = rulebook().for_area(case["area_path"]).reach(case["topic"])
    if not reach.window_days:
        return []
    rows = await fetch(_NEAR, await _bounds(case, reach))
    return rank(_known(case), [_known(row) for row in rows], reach)[:KEPT]


async def keep_look(case_id: UUID) -> None:
    """Look, and keep what was found beside the case; a second look replaces the first."""
    found = msgspec.json.encode([stored(one) for one in await look(case_id)]).decode()
    await execute(
        "INSERT INTO duplicate_looks (case_id, found, looked_at) VALUES ($1, $2::text::jsonb, $3)"
        " ON CONFLICT (case_id) DO UPDATE SET found = EXCLUDED.found, looked_at = EXCLUDED.looked_at",
        [case_id, found, now()],
    )


async def candidates(actor: Actor, case: dict[str, Any]) -> list[dict[str, Any]]:
    """What the reader of a case row may know of cases about the same matter, the likeliest first, each with its reasons
    and whether it can be merged into; before the look was made it is made now."""
    row = await fetch_one("SELECT found FROM duplicate_looks WHERE case_id = $1", [case["id"]], json=("found",))
    found = [read(one) for one in row["found"]] if row else await look(case["id"])
    if not found:
        return []
    mine = await _identities(case["id"])
    where = visible_cases(actor)
    where.add("c.id = ANY({}::uuid[])", [one.id for one in found])
    rows = await fetch(
        f"SELECT c.*, {CO_UNITS}, ARRAY(SELECT p.identity FROM appeals p WHERE p.case_id = c.id) AS identities"
        f" FROM cases c WHERE {where.sql} AND c.state NOT IN ('merged', 'voided', 'withdrawn')",
        where.values,
        json=("recused",),
    )
    seen = {other["id"]: other for other in rows}
    shaped = []
    for one in found:
        other = seen.get(one.id)
        if other is None:
            continue
        personal = _open(actor, case, mine) and _open(actor, other, other["identities"])
        if personal or stands_without_person(one):
            shaped.append(_shape(one, case, other, personal=personal))
    return shaped[:BEST]


def _shape(found: Likeness, case: dict[str, Any], other: dict[str, Any], *, personal: bool) -> dict[str, Any]:
    again = personal and found.linked and other["received_at"] <= case["received_at"]
    return {
        "id": str(found.id), "name": other["number"], "number": other["number"], "title": other["title"],
        "state": other["state"], "reasons": reasons(found, personal=personal), "repeat": again,
        "mergeable": other["ended_at"] is None,
    }  # fmt: skip


def _open(actor: Actor, case: dict[str, Any], identities: list[str]) -> bool:
    return all(identity != "anonymous" and identity_open(identity, facts(case), actor) for identity in identities)


async def _identities(case_id: UUID) -> list[str]:
    return [row["identity"] for row in await fetch("SELECT identity FROM appeals WHERE case_id = $1", [case_id])]


async def _bounds(case: dict[str, Any], reach: Reach) -> list[Any]:
    """The parameters of the narrowing: places, time, people, the square around the position."""
    window = timedelta(days=reach.window_days)
    square: list[float | None] = [None] * 4
    if case["lat"] is not None and reach.radius_m:
        high = reach.radius_m / DEGREE_M
        wide = high * 2  # a degree of longitude is at least half as long up to 60° north
        square = [case["lat"] - high, case["lat"] + high, case["lon"] - wide, case["lon"] + wide]
    return [
        case["id"], await _places(case), case["received_at"] - window, case["received_at"] + window,
        case["phones"] or [], case["people"] or [], case["household_id"], *square, case["kind"], case["topic"],
    ]  # fmt: skip


async def _places(case: dict[str, Any]) -> list[str]:
    """The codes of the village and its grids; of a place above the villages only its own."""
    village = code_on(case["area_path"], "village")
    if not village:
        return [case["area_code"]]
    return [village, *(row["code"] for row in await fetch("SELECT code FROM areas WHERE parent_code = $1", [village]))]


def _known(row: dict[str, Any]) -> Known:
    position = None if row["lon"] is None or row["lat"] is None else (row["lon"], row["lat"], row["datum"] or "")
    return Known(
        id=row["id"], received_at=row["received_at"], text=row["text"] or row["title"], topic=row["topic"],
        village=code_on(row["area_path"], "village"), household_id=row["household_id"],
        phones=frozenset(row["phones"] or ()), people=frozenset(row["people"] or ()), position=position,
    )  # fmt: skip
