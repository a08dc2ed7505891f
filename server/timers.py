"""What time itself brings about: warnings each second, slower rounds beside it. The business clock counts.

Several processes run timers; an advisory lock lets one of them at the work, and each step checks under a row lock what
is still to be done, so nothing happens twice however often and wherever a tick runs.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import TypeVar
from uuid import UUID

import structlog

from domain.access.actor import SYSTEM
from domain.clock import local_date, now
from domain.offices import root_causes
from domain.people.privacy import forget_ended
from domain.rosters import calls, gaps
from domain.sql import fetch_one
from domain.workflow import lapsing, office_overdue, overdue, parts, suspending
from server import alarms
from server.reactions.calendar import recount_by_limits, recount_stale
from server.reactions.content import recheck_waiting
from server.retention import purge
from server.services import Services
from web.unit_of_work import run_unit, shielded

T = TypeVar("T")
Find = Callable[[datetime, UUID | None, int], Awaitable[Sequence[UUID]]]
Act = Callable[[UUID, datetime], Awaitable[bool]]

EVERY = 1.0
SWEEP_EVERY = 600.0
LOOK_EVERY = 15.0
PAUSE_AFTER_FAILURE = 5.0
BATCH = 100
LOCK = 0x68757974  # "huyt"
_ALONE = "SELECT pg_try_advisory_xact_lock($1) AS alone"
log = structlog.get_logger("timers")


class Timers:
    """The timers of one process; tests call `tick` and `sweep` themselves."""

    def __init__(self, services: Services, every: float = EVERY) -> None:
        self._services = services
        self._every = every
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End; a transaction under way is finished (it runs shielded)."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
            self._loop = None

    async def tick(self) -> int:
        """Record every warning level that has been reached and end every wait that is over; how many there were."""
        at = now()
        warned = await self._warn(at)
        warned += await self._each(office_overdue.warned_by, office_overdue.warn_office, at)
        warned += await self._each(calls.waiting, calls.ring_next, at)
        lapsed = await self._each(lapsing.lapsed, lapsing.lapse, at)
        lapsed += await self._each(suspending.over, suspending.end, at)
        alarms.ticked()
        return warned + lapsed

    async def sweep(self) -> None:
        """The slow round: close what is complete, ask again for verdicts, throw away what is past its time."""
        at = now()
        await self._each(lapsing.ripe, lapsing.close_ripe, at)
        await self._each(lapsing.stalled, lapsing.supervise_stalled, at)
        await self._each(parts.late_parts, parts.warn_part, at)
        await self._careful(lambda: gaps.note_gaps(at), 0)
        await self._careful(lambda: root_causes.follow_assignments(at), 0)
        for step in (recheck_waiting, recount_stale, recount_by_limits, _purge_daily):
            try:
                await step(self._services)
            except Exception as error:
                log.exception("sweep step failed", step=step.__name__, error=type(error).__name__)

    async def _warn(self, at: datetime) -> int:
        """All that is due, batch after batch; a batch that fails is taken apart, so one row stops no other."""
        warned, after = 0, None
        while rows := await shielded(overdue.due_warnings(at, after, BATCH)):
            ids = [row["id"] for row in rows]
            after = (rows[-1]["next_at"], rows[-1]["id"])
            try:
                warned += await self._alone(lambda ids=ids: overdue.warn(ids, at), 0)
            except Exception:
                for one in ids:
                    warned += await self._careful(lambda one=one: overdue.warn([one], at), 0)
        return warned

    async def _each(self, find: Find, act: Act, at: datetime) -> int:
        done, after = 0, None
        while ids := await shielded(find(at, after, BATCH)):
            after = ids[-1]
            for one in ids:
                done += await self._careful(lambda one=one: act(one, at), False)
        return done

    async def _careful(self, work: Callable[[], Awaitable[T]], otherwise: T) -> T:
        try:
            return await self._alone(work, otherwise)
        except Exception as error:
            log.exception("timer step failed", error=type(error).__name__)
            return otherwise

    async def _alone(self, work: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """Do the work in one transaction unless another process is at it."""

        async def held() -> T:
            row = await fetch_one(_ALONE, [LOCK])
            return await work() if row and row["alone"] else otherwise

        return await run_unit(SYSTEM, held, self._services.enqueue)

    async def _run(self) -> None:
        swept = looked = float("-inf")
        while True:
            pause = self._every
            try:
                await self.tick()
                if monotonic() - looked >= LOOK_EVERY:
                    looked = monotonic()
                    await shielded(alarms.look())
                if monotonic() - swept >= SWEEP_EVERY:
                    swept = monotonic()
                    await self.sweep()
            except Exception as error:
                log.warning("timers failed", error=type(error).__name__)
                pause = PAUSE_AFTER_FAILURE
            await asyncio.sleep(pause)


async def _purge_daily(services: Services) -> None:
    today = f"purged:{local_date(now()).isoformat()}"
    if await services.store.set(today, "1", ttl_s=2 * 86400, only_if_absent=True):
        await purge(services, dry_run=False)
        await run_unit(SYSTEM, forget_ended, services.enqueue)
