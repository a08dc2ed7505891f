"""Readers of what phones sent: one result, the number on the home page, the quarantine of an area."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.problems import NotFound
from domain.sql import fetch, fetch_one


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
    row = await fetch_one(
        "SELECT count(*) AS n FROM sync_items WHERE worker = $1 AND status IN ('rejected', 'conflict')", [actor.id]
    )
    return int(row["n"]) if row else 0


async def quarantine(workers: list[UUID], before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Refused, overtaken and held items of these workers, verbatim, newest first; one more than the limit."""
    return await fetch(
        "SELECT id, device, worker, verb, entity, body, status, code, result, received_at FROM sync_items"
        " WHERE worker = ANY($1::uuid[]) AND status <> 'done' AND ($2::uuid IS NULL OR id < $2::uuid)"
        " ORDER BY id DESC LIMIT $3",
        [workers, before, limit + 1],
        json=("result",),
    )
