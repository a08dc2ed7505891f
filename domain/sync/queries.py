"""Readers of what phones sent: one result, and what was refused and waits for a person."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.problems import NotFound
from domain.sql import fetch, fetch_one

REFUSED = "status IN ('rejected', 'conflict') AND settled_at IS NULL"


async def item_result(actor: Actor, item_id: UUID) -> dict[str, Any]:
    """The stored result of an item of mine; 404 for any other."""
    row = await fetch_one(
        "SELECT id, sequence, verb, entity, result, received_at, occurred_at, clock_quality, skew_s FROM sync_items"
        " WHERE id = $1 AND worker = $2",
        [item_id, actor.id],
        json=("result",),
    )
    if row is None:
        raise NotFound
    return row


async def refused_count(actor: Actor) -> int:
    """How many of my items were refused or overtaken and wait for a person."""
    row = await fetch_one(f"SELECT count(*) AS n FROM sync_items WHERE worker = $1 AND {REFUSED}", [actor.id])
    return int(row["n"]) if row else 0


async def refused_items(actor: Actor, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of these items, newest receipt first, one row more than the limit; `id` is the place of the cursor."""
    rows = await fetch(
        "SELECT id AS item, number, sequence, verb, entity, result, received_at, occurred_at FROM sync_items"
        f" WHERE worker = $1 AND {REFUSED} AND number < $2 ORDER BY number DESC LIMIT {limit + 1}",
        [actor.id, place(before)],
        json=("result",),
    )
    return [{**row, "id": UUID(int=row["number"])} for row in rows]


def place(before: UUID | None) -> int:
    """The number of receipt after which a page goes on; items are listed by it, for their ids are made by phones."""
    return min(before.int, 2**63 - 1) if before else 2**63 - 1
