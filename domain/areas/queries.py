"""Readers of the area tree."""

from typing import Any
from uuid import UUID

from domain.access.scope import Where, area_condition, like_below
from domain.areas.models import Area
from domain.rulebook import rulebook
from domain.sql import fetch, load

CODE_LENGTH = 20
MOST_GRIDS = 500


async def area(code: str) -> Area | None:
    """The area of a code; what is too long for a code names none."""
    return await Area.get_or_none(code=code) if len(code) <= CODE_LENGTH else None


async def place(area_path: str) -> str:
    """An area in words from town to grid, as on a plate: 象湖镇 解放路居委会 第1网格."""
    rows = await fetch(
        "SELECT name, kind FROM areas WHERE code = ANY($1::text[]) AND kind IN ('town', 'village', 'grid')"
        " ORDER BY length(path)",
        [area_path.split(".")],
    )
    return " ".join(row["name"] for row in rows)


async def served(code: str) -> Area | None:
    """The area of a code where this deployment works: a letter to a city or province above it reaches its base."""
    county = rulebook().county
    known = {one.code: one for one in await load(Area, "SELECT * FROM areas WHERE code = ANY($1::text[])", [[code, county]])}
    found, base = known.get(code), known.get(county)
    return base if found and base and base.path.startswith(f"{found.path}.") else found


async def children(parent: Area, kind: str | None, after: str, limit: int) -> list[dict[str, Any]]:
    """The areas below a parent, its children or all of one kind in its subtree, by code after a code; one more than
    the limit."""
    where = Where()
    if kind:
        where.add("kind = {}", kind)
        where.add("path LIKE {}", like_below(parent.path))
    else:
        where.add("parent_code = {}", parent.code)
    if after:
        where.add("code > {}", after)
    return await fetch(
        f"SELECT code, name, kind, parent_code, path, phone FROM areas WHERE {where.sql}"
        f" ORDER BY code LIMIT {limit + 1}",
        where.values,
    )


async def public_worker(grid_code: str) -> dict[str, Any] | None:
    """The public card of the worker of a grid: name, phone, commitment."""
    rows = await fetch(
        "SELECT w.id, w.name, w.public_phone AS phone, w.commitment FROM grid_duties d"
        " JOIN grid_workers w ON w.id = d.worker_id WHERE d.grid_code = $1 ORDER BY d.since_on, d.id LIMIT 1",
        [grid_code],
    )
    return rows[0] if rows else None


async def grids_of(worker_id: UUID) -> list[dict[str, Any]]:
    """The grids that a worker looks after, leads or helps in, with the village of each, in the order of their codes."""
    held = await fetch(
        "SELECT a.path FROM grid_duties d JOIN areas a ON a.code = d.grid_code WHERE d.worker_id = $1 UNION"
        " SELECT area_path FROM assignments WHERE staff_id = $1 AND role IN ('grid_leader', 'volunteer')",
        [worker_id],
    )
    return await grids_within([row["path"] for row in held], MOST_GRIDS)


async def grids_within(paths: list[str], limit: int) -> list[dict[str, Any]]:
    """The grids in some subtrees, with the village of each, in the order of their codes."""
    where = Where()
    where.conditions.append(area_condition(where, "a.path", paths))
    return await fetch(
        "SELECT a.code, a.name, a.path, v.code AS village_code, v.name AS village FROM areas a"
        f" JOIN areas v ON v.code = a.parent_code WHERE a.kind = 'grid' AND ({where.sql})"
        f" ORDER BY a.code LIMIT {limit}",
        where.values,
    )
