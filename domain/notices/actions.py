"""Writes notices: the inbox is the truth behind WeChat and SMS, and a reaction that runs twice writes once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.clock import now
from domain.ids import new_id
from domain.problems import NotFound
from domain.sql import execute, fetch, fetch_one


@dataclass(frozen=True, kw_only=True)
class Happening:
    """A journal row that people are told of; `row` is its key."""

    row: str
    event: str
    case_id: UUID | None = None
    subject_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What one notice says, about which case; `visible_at` is when the inbox starts to show it (UTC)."""

    event: str
    title: str
    text: str
    case_id: UUID | None = None
    appeal_id: UUID | None = None
    visible_at: datetime | None = None


_WRITE = """
INSERT INTO notices (id, audience, recipient_id, event, case_id, appeal_id, title, text, dedupe_key, created_at,
                     visible_at)
SELECT u.id, $3, u.recipient, $4, $5, $6, $7, $8, $9 || ':' || u.recipient, $10, $11
FROM unnest($1::uuid[], $2::uuid[]) AS u(id, recipient)
ON CONFLICT (dedupe_key) DO NOTHING RETURNING id
"""


async def tell(audience: str, recipients: Iterable[UUID], key: str, words: Words) -> int:
    """Put a notice into each inbox, once per key and recipient; the number of new ones."""
    people = sorted(set(recipients))
    if not people:
        return 0
    at = now()
    rows = await fetch(
        _WRITE,
        [
            [new_id() for _ in people], people, audience, words.event, words.case_id, words.appeal_id, words.title,
            words.text, key, at, words.visible_at or at,
        ],
    )  # fmt: skip
    return len(rows)


async def notice_id(key: str, recipient: UUID) -> UUID:
    """The id of the notice that was written under a key."""
    row = await fetch_one("SELECT id FROM notices WHERE dedupe_key = $1", [f"{key}:{recipient}"])
    if row is None:
        raise NotFound
    found: UUID = row["id"]
    return found


async def read_notice(actor: Actor, notice: UUID) -> None:
    """Mark one of the actor's own notices as read; 404 for anybody else's."""
    touched = await execute(
        "UPDATE notices SET read_at = COALESCE(read_at, $3) WHERE id = $1 AND recipient_id = $2 AND visible_at <= $3",
        [notice, actor.id, now()],
    )
    if not touched:
        raise NotFound
