"""Readers of notices: the inbox of one person."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.scope import Where
from domain.clock import now
from domain.sql import fetch, fetch_one


async def inbox(actor: Actor, before: UUID | None, limit: int, *, unread: bool = False) -> list[dict[str, Any]]:
    """The actor's own notices, newest first, one more than the limit when there is another page."""
    where = _own(actor)
    if before:
        where.add("n.id < {}", before)
    if unread:
        where.conditions.append("n.read_at IS NULL")
    return await fetch(
        "SELECT n.id, n.event, n.case_id, n.appeal_id, n.title, n.text, n.visible_at, n.read_at, c.number AS case_number"
        f" FROM notices n LEFT JOIN cases c ON c.id = n.case_id WHERE {where.sql} ORDER BY n.id DESC LIMIT {limit + 1}",
        where.values,
    )


async def unread_count(actor: Actor) -> int:
    """How many notices wait to be read."""
    where = _own(actor)
    row = await fetch_one(
        "SELECT count(*) AS n FROM notices n LEFT JOIN cases c ON c.id = n.case_id"
        f" WHERE {where.sql} AND n.read_at IS NULL",
        where.values,
    )
    return int(row["n"]) if row else 0


def _own(actor: Actor) -> Where:
    where = Where()
    where.add("n.recipient_id = {} AND n.visible_at <= {}", actor.id, now())
    if actor.departments:  # a case may turn out to be against the own unit after its notice was written
        where.add("NOT COALESCE(c.complained_department_id = ANY({}::uuid[]), FALSE)", list(actor.departments))
    return where
