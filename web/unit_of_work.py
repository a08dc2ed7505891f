"""The only place that opens a transaction. The work runs in its own shielded task: a client that hangs up, or a
response time-out, cancels the waiting handler but never a transaction half-way, which would leave its connection
"idle in transaction" until the pool is gone (docs/decisions/0001)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from tortoise.transactions import in_transaction

from domain.access.actor import Actor
from domain.journal.flush import Enqueue, flush
from domain.journal.unit import open_unit, record

T = TypeVar("T")

_live: set[asyncio.Task[Any]] = set()


async def run_unit(actor: Actor, work: Callable[[], Awaitable[T]], enqueue: Enqueue) -> T:
    """Run the work in one transaction with its journal; commit, or roll everything back."""

    async def body() -> T:
        async with in_transaction("default") as connection:
            with open_unit(actor) as unit:
                result = await work()
                await flush(connection._connection, unit, enqueue)
                return result

    return await shielded(body())


async def attempt(actor: Actor, work: Callable[[], Awaitable[T]]) -> T:
    """Run a part of the unit under way that may fail alone: then what it wrote and recorded is undone, the rest stays."""
    async with in_transaction("default"):
        with open_unit(actor) as part:
            result = await work()
    for fact in part.facts:
        record(replace(fact, actor=fact.actor or actor))
    return result


async def shielded(work: Awaitable[T]) -> T:
    """Run to the end whatever happens to the waiter; reads go this way too, so no query is cut off half-way."""
    task = asyncio.ensure_future(work)
    _live.add(task)
    task.add_done_callback(_settle)
    return await asyncio.shield(task)


def _settle(task: asyncio.Task[Any]) -> None:
    _live.discard(task)
    if not task.cancelled():
        task.exception()  # taken, so an abandoned failure is not reported as "never retrieved"


async def drain(seconds: float) -> None:
    """Wait for the units still running; called before the database closes."""
    if _live:
        await asyncio.wait(set(_live), timeout=seconds)
