"""Writes the facts of a unit of work: chain and feed in one statement (server/sql/journal.sql), jobs in another."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

import msgspec

from domain.clock import offset
from domain.journal.unit import Fact, Unit
from domain.reactions import reactions_of


class Connection(Protocol):
    """What the flush needs of an asyncpg connection."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]:
        """The rows of a query."""


@dataclass(frozen=True)
class ReactionJob:
    """A reaction to one journal row, to be run at least once, in order per key."""

    name: str
    args: dict[str, Any]
    key: str
    unique_key: str


Enqueue = Callable[[Any, Sequence[ReactionJob]], Awaitable[None]]

_WRITE = "SELECT * FROM journal_write($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"


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
    facts = sorted(unit.facts, key=lambda fact: fact.area)
    lines = [Line((fact.actor or unit.actor).label, fact.event, fact.case_id, fact.subject_id, fact.data) for fact in facts]
    rows = [
        (fact.area, line.actor, line.event, line.case_id, line.subject_id, _json(line.data), _tail(line),
         *(fact.feed or (None, None, None)))
        for fact, line in zip(facts, lines, strict=True)
    ]  # fmt: skip
    written = (await connection.fetch(_WRITE, offset(), *map(list, zip(*rows, strict=True))))[0]
    at = written["written_at"]
    jobs = [job for fact, n in zip(facts, written["numbers"], strict=True) for job in _jobs(fact.area, n, fact, at)]
    if jobs:
        await enqueue(connection, jobs)


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def _tail(line: "Line") -> str:
    """What the hash covers of a line after area, number and instant, which are known only under the lock."""
    return _json([line.actor, line.event, line.case_id, line.subject_id, line.data])[1:]


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
        for name in reactions_of(fact.event, fact.data)
    ]
