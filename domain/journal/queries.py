"""Readers of the journal as a log; the timeline of one case is read in domain/cases."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.access.scope import Where, area_condition
from domain.sql import fetch


async def journal_page(
    area: str, before: int | None, limit: int, *, event: str | None = None, case_id: UUID | None = None
) -> list[dict[str, Any]]:
    """Lines of one chain from its end, one more than the limit; `id` carries the number for the cursor."""
    where = Where()
    where.add("area = {}", area)
    if before is not None:
        where.add("n < {}", min(before, 2**63 - 1))
    if event:
        where.add("event = {}", event)
    if case_id:
        where.add("case_id = {}", case_id)
    rows = await fetch(
        "SELECT n, at, actor, event, case_id, subject_id, data, hash FROM journal"
        f" WHERE {where.sql} ORDER BY n DESC LIMIT {limit + 1}",
        where.values,
        json=("data",),
    )
    return [{**row, "id": UUID(int=row["n"])} for row in rows]


async def chains(areas: Sequence[str]) -> list[dict[str, Any]]:
    """The chains that lie within the area subtrees, with their number of lines."""
    where = Where()
    where.conditions.append(area_condition(where, "a.path", list(areas)))
    return await fetch(
        "SELECT h.area, a.name, a.kind, h.n AS lines FROM journal_heads h JOIN areas a ON a.code = h.area"
        f" WHERE {where.sql} ORDER BY h.area LIMIT 5000",
        where.values,
    )
