"""Readers of households, plate batches and imports; each list starts from the areas of the actor's permission."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition, in_scope
from domain.areas.models import Area
from domain.areas.queries import area
from domain.households.models import LIVE_SQL, Household
from domain.problems import NotFound
from domain.sql import fetch, fetch_one

_LIVE_CODE = (
    f" LEFT JOIN household_codes c ON c.household_id = h.id AND c.state {LIVE_SQL}"
)
_ROW = (
    "SELECT h.*, g.name AS grid_name, v.name AS village_name, t.name AS town_name, c.code_id, c.kid,"
    " c.state AS code_state, c.issued_at, c.printed_at, c.activated_at FROM households h"
    " LEFT JOIN areas g ON g.code = h.grid_code LEFT JOIN areas v ON v.code = h.village_code"
    f" LEFT JOIN areas t ON t.code = v.parent_code{_LIVE_CODE}"
)


@dataclass(frozen=True)
class HouseholdSearch:
    """What the register may be narrowed by."""

    area_path: str | None = None
    text: str = ""
    code_state: str | None = None
    state: str | None = None
    before: UUID | None = None
    limit: int = 20


async def household_rows(actor: Actor, permission: Permission, search: HouseholdSearch) -> list[dict[str, Any]]:
    """A page of households with place and live code, newest first; one row more when there is another page."""
    where = Where()
    in_scope(where, actor, permission, "h.area_path")
    if search.area_path:
        where.conditions.append(area_condition(where, "h.area_path", [search.area_path]))
    if search.text:
        text = where.bind(search.text)
        found = f"strpos(h.door_text, {text}) > 0 OR h.serial = {text} OR h.external_no = {text}"
        if permission is Permission.FIELD_READ or actor.may(Permission.HOUSEHOLD_WRITE):
            # Who may not open a name or phone cannot find out by searching whose it is, either.
            found += f" OR h.phone = {text} OR h.head_name = {text}"
        where.conditions.append(found)
    if search.code_state == "none":
        where.conditions.append("c.code_id IS NULL")
    elif search.code_state:
        where.add("c.state = {}", search.code_state)
    where.add("h.state = {}", search.state) if search.state else where.conditions.append("h.state <> 'merged'")
    if search.before:
        where.add("h.id < {}", search.before)
    return await fetch(f"{_ROW} WHERE {where.sql} ORDER BY h.id DESC LIMIT {search.limit + 1}", where.values)


async def household_row(actor: Actor, permission: Permission, household_id: UUID) -> dict[str, Any]:
    """One household with place and live code; 404 outside the actor's areas."""
    where = Where()
    in_scope(where, actor, permission, "h.area_path")
    where.add("h.id = {}", household_id)
    row = await fetch_one(f"{_ROW} WHERE {where.sql}", where.values)
    if row is None:
        raise NotFound
    return row


async def locked_household(actor: Actor, permission: Permission, household_id: UUID) -> Household:
    """A household to change, locked to the end of the transaction; 404 outside the actor's areas."""
    await household_row(actor, permission, household_id)
    return await Household.select_for_update().get(id=household_id)


async def code_history(household_id: UUID) -> list[dict[str, Any]]:
    """Every code that a household ever had, newest first."""
    return await fetch(
        "SELECT left(encode(code_id, 'hex'), 8) AS fingerprint, kid, state, batch_id, issued_at, printed_at,"
        " activated_at, ended_at"
        " FROM household_codes WHERE household_id = $1 ORDER BY issued_at DESC LIMIT 100",
        [household_id],
    )


async def open_cases(household_id: UUID) -> int:
    """How many cases of a household are still open; they stay where they are when the house changes. A case of somebody
    who wants to stay unknown, or against a unit, is not counted: a number that rises by one tells who it was."""
    row = await fetch_one(
        "SELECT count(*) AS open FROM cases c WHERE household_id = $1 AND ended_at IS NULL"
        " AND complained_department_id IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM appeals a WHERE a.case_id = c.id AND a.identity <> 'named')",
        [household_id],
    )
    return int(row["open"]) if row else 0


async def area_within(actor: Actor, permission: Permission, code: str) -> Area:
    """An area inside those of the actor's permission; 404 otherwise."""
    found = await area(code)
    if found is None or not actor.may(permission, found.path):
        raise NotFound
    return found


async def scoped_rows(
    actor: Actor, permission: Permission, table: str, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of imports, batches or revocations, newest first; one row more when there is another page."""
    where = Where()
    in_scope(where, actor, permission, "area_path")
    if before:
        where.add("id < {}", before)
    return await fetch(
        f"SELECT * FROM {table} WHERE {where.sql} ORDER BY id DESC LIMIT {limit + 1}", where.values, json=_JSON[table]
    )


async def scoped_row(actor: Actor, permission: Permission, table: str, row_id: UUID) -> dict[str, Any]:
    """One import, batch or revocation; 404 outside the actor's areas."""
    where = Where()
    in_scope(where, actor, permission, "area_path")
    where.add("id = {}", row_id)
    row = await fetch_one(f"SELECT * FROM {table} WHERE {where.sql}", where.values, json=_JSON[table])
    if row is None:
        raise NotFound
    return row


_JSON: dict[str, tuple[str, ...]] = {
    "household_imports": (),
    "plate_batches": ("selection", "unread", "missing_glyphs", "cramped", "samples", "files", "cursor"),
    "plate_revocations": (),
}


async def plate_place(household: Household) -> dict[str, str]:
    """Town, village and grid of a household by name, as anybody may read them on its plate."""
    row = await fetch_one(
        "SELECT t.name AS town, v.name AS village, g.name AS grid FROM areas v"
        " LEFT JOIN areas t ON t.code = v.parent_code LEFT JOIN areas g ON g.code = $2 WHERE v.code = $1",
        [household.village_code, household.grid_code],
    )
    return {name: (row[name] if row else "") or "" for name in ("town", "village", "grid")}
