"""Writes the facts of a unit of work: chain, feed and jobs, in three statements whatever their number."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

import msgspec

from domain.clock import now
from domain.journal.unit import Fact, Unit
from domain.reactions import REACTIONS


class Connection(Protocol):
    """What the flush needs of an asyncpg connection."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]:
        """The rows of a query."""

    async def execute(self, query: str, *args: Any) -> Any:
        """The status of a statement."""


@dataclass(frozen=True)
class ReactionJob:
    """A reaction to one journal row, to be run at least once, in order per key."""

    name: str
    args: dict[str, Any]
    key: str
    unique_key: str


Enqueue = Callable[[Any, Sequence[ReactionJob]], Awaitable[None]]

_LOCK_HEADS = """
INSERT INTO journal_heads AS h (area, n, feed_n, hash)
SELECT area, k, f, ''::bytea FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS u(area, k, f) ORDER BY area
ON CONFLICT (area) DO UPDATE SET n = h.n + EXCLUDED.n, feed_n = h.feed_n + EXCLUDED.feed_n
RETURNING area, n, feed_n, hash
"""

_WRITE = """
WITH j AS (
  INSERT INTO journal (key, area, n, at, actor, event, case_id, subject_id, data, hash)
  SELECT area || ':' || n, area, n, $3, actor, event, case_id, subject_id, data::jsonb, hash
  FROM unnest($1::text[], $2::bigint[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::bytea[])
    AS u(area, n, actor, event, case_id, subject_id, data, hash)
), f AS (
  INSERT INTO feed (key, area, seq, entity, entity_id, version)
  SELECT area || ':' || seq, area, seq, entity, entity_id, version
  FROM unnest($10::text[], $11::bigint[], $12::text[], $13::uuid[], $14::int[])
    AS u(area, seq, entity, entity_id, version)
)
UPDATE journal_heads SET hash = u.hash
FROM unnest($15::text[], $16::bytea[]) AS u(area, hash) WHERE journal_heads.area = u.area
"""


def chain_hash(previous: bytes, row: Sequence[Any]) -> bytes:
    """The hash of a journal row: SHA-256 over the hash before it and the row in canonical JSON."""
    return sha256(previous + msgspec.json.encode(list(row), order="deterministic")).digest()


def chained_row(area: str, n: int, at: datetime, fact: "Line") -> list[Any]:
    """What the hash of a row covers."""
    return [area, n, at.isoformat(timespec="microseconds"), fact.actor, fact.event, fact.case_id, fact.subject_id,
            fact.data]


@dataclass(frozen=True)
class Line:
    """The hashed content of a journal row."""

    actor: str
    event: str
    case_id: UUID | None
    subject_id: UUID | None
    data: Any


async def flush(connection: Connection, unit: Unit, enqueue: Enqueue) -> None:
    """Write all facts of the unit; the last statements before commit."""
    if not unit.facts:
        return
    by_area: dict[str, list[Fact]] = {}
    for fact in unit.facts:
        by_area.setdefault(fact.area, []).append(fact)
    areas = sorted(by_area)
    heads = await connection.fetch(
        _LOCK_HEADS,
        areas,
        [len(by_area[area]) for area in areas],
        [sum(fact.feed is not None for fact in by_area[area]) for area in areas],
    )
    at = now()
    rows: list[tuple[Any, ...]] = []
    feed: list[tuple[Any, ...]] = []
    tips: list[tuple[str, bytes]] = []
    jobs: list[ReactionJob] = []
    for head in heads:
        area, facts, tip = head["area"], by_area[head["area"]], bytes(head["hash"])
        n, seq = head["n"] - len(facts), head["feed_n"] - sum(fact.feed is not None for fact in facts)
        for fact in facts:
            n += 1
            line = Line((fact.actor or unit.actor).label, fact.event, fact.case_id, fact.subject_id, fact.data)
            tip = chain_hash(tip, chained_row(area, n, at, line))
            data = msgspec.json.encode(fact.data, order="deterministic").decode()
            rows.append((area, n, line.actor, line.event, line.case_id, line.subject_id, data, tip))
            if fact.feed:
                seq += 1
                feed.append((area, seq, *fact.feed))
            jobs += _jobs(area, n, fact, at)
        tips.append((area, tip))
    r, f = _columns(rows, 8), _columns(feed, 5)
    await connection.execute(_WRITE, r[0], r[1], at, *r[2:], *f, *_columns(tips, 2))
    if jobs:
        await enqueue(connection, jobs)


def _jobs(area: str, n: int, fact: Fact, at: datetime) -> list[ReactionJob]:
    args = {
        "event": fact.event,
        "case_id": str(fact.case_id) if fact.case_id else None,
        "subject_id": str(fact.subject_id) if fact.subject_id else None,
        "data": fact.data,
        "at": at.isoformat(),
    }
    key = f"case:{fact.case_id or fact.subject_id or area}"
    return [
        ReactionJob(name, {**args, "row": f"{area}:{n}"}, f"{name}:{key}", f"{name}:{area}:{n}")
        for name in REACTIONS.get(fact.event, ())
    ]


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
