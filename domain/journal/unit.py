"""The unit of work keeps the facts of one transaction; `record` only appends, the door flushes once before commit.

Flushing last matters: the head row of an area is locked from the flush to the commit only, so writers of one village
queue for a millisecond, and areas are locked in sorted order, so they cannot deadlock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from domain.access.actor import Actor


@dataclass(frozen=True)
class Fact:
    """Something that happened, not yet written."""

    event: str
    area: str
    case_id: UUID | None = None
    subject_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)
    feed: tuple[str, UUID, int] | None = None  # entity, id, version
    actor: Actor | None = None


@dataclass
class Unit:
    """The facts of one transaction."""

    actor: Actor
    facts: list[Fact] = field(default_factory=list)


_unit: ContextVar[Unit] = ContextVar("unit_of_work")


@contextmanager
def open_unit(actor: Actor) -> Iterator[Unit]:
    """Collect the facts recorded inside the block."""
    unit = Unit(actor)
    token = _unit.set(unit)
    try:
        yield unit
    finally:
        _unit.reset(token)


def record(fact: Fact) -> None:
    """Add a fact to the journal of this transaction."""
    _unit.get().facts.append(fact)


def pending(case_id: UUID) -> list[tuple[Fact, str]]:
    """The facts of a case in this transaction that are not in the journal yet, each with its actor's label."""
    unit = _unit.get(None)
    facts = unit.facts if unit else []
    return [(fact, (fact.actor or unit.actor).label) for fact in facts if unit and fact.case_id == case_id]


def digest(salt: UUID, text: str) -> str:
    """A salted SHA-256 of a text that lives in an erasable table: proves it unchanged, tells nothing without it."""
    return sha256(salt.bytes + text.encode()).hexdigest()
