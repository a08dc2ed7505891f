"""A unit of work that can be wound back to where its entity was locked. The mark is set together with the lock and never
released, so an item that goes well, as nearly all do, pays no round trip for it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from tortoise.connection import connections

from domain.access.actor import Actor
from domain.journal.unit import open_unit, record
from domain.sql import fetch

T = TypeVar("T")


async def lock_entity(entity: UUID) -> None:
    """One at a time per entity, taken before anything is read, so that no backlog is missed."""
    await fetch("SELECT pg_advisory_xact_lock(hashtextextended($1, 5))", [str(entity)])


async def lock_and_mark(entity: UUID) -> None:
    """One at a time per entity, taken before anything is read; then the mark, which an undone part leaves standing."""
    await _run(f"SELECT pg_advisory_xact_lock(hashtextextended('{entity}', 5)); SAVEPOINT item")


async def attempt_from_mark(actor: Actor, work: Callable[[], Awaitable[T]]) -> T:
    """Run the work of a marked unit: where it fails, all that it wrote and recorded is undone, and the unit goes on."""
    try:
        with open_unit(actor) as part:
            result = await work()
    except Exception:
        await _run("ROLLBACK TO SAVEPOINT item")
        raise
    for fact in part.facts:
        record(replace(fact, actor=fact.actor or actor))
    return result


async def _run(script: str) -> None:
    await connections.get("default").execute_script(script)
