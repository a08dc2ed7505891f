"""Jobs: enqueued inside the transaction of the fact, run at least once, in order per key.

procrastinate stores and fetches them (docs/decisions/0002-jobs-procrastinate.md). Added here is what it
leaves to its user: a batch in one statement, jobs of dead workers taken back, a worker that comes back
after the database was away, and log lines without arguments, which may say too much.
"""

import asyncio
import contextlib
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Protocol

import msgspec
import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job as StoredJob
from procrastinate.worker import Worker

from domain.clock import real_now
from server.db import credentials
from server.job_connector import AsyncpgConnector

# Its lines carry the arguments of jobs; ours carry id, name and kind of error.
logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
log = structlog.get_logger("jobs")


class ParkError(Exception):
    """Raised by a task when trying again cannot help: the job is parked at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work to do after the commit, not before `run_at`; later jobs of `key` wait for it.

    A job whose `unique_key` is alive (waiting, running or parked) is not enqueued a second time.
    """

    name: str
    args: Mapping[str, Any]
    key: str | None = None
    unique_key: str | None = None
    run_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt (from 1) at a job, as its task sees it; `id` stays the same over all attempts."""

    id: int
    name: str
    args: Mapping[str, Any]
    key: str | None
    attempt: int


Task = Callable[[Run], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how long (seconds): 14 attempts, waiting from 5 s doubling up to 1 h, take 4.4 hours."""

    concurrency: int = 4
    attempts: int = 14
    first_wait: float = 5
    longest_wait: float = 3600
    poll: float = 5
    heartbeat: float = 5
    stalled_after: float = 20
    stop_within: float = 20


class Connection(Protocol):
    """What enqueueing and the operator's functions need of an asyncpg connection."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]:
        """Run a query and return its rows."""
        ...


async def enqueue(connection: Connection, jobs: Sequence[Job]) -> int:
    """Enqueue `jobs` in this order with the connection's transaction; return how many were new.

    Call it once a transaction, last: it holds its keys until the commit.
    """
    if not jobs:
        return 0
    rows = await connection.fetch(
        "SELECT jobs.enqueue($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])",
        [job.name for job in jobs],
        [msgspec.json.encode(job.args).decode() for job in jobs],
        [job.key for job in jobs],
        [job.unique_key for job in jobs],
        [job.run_at for job in jobs],
    )
    return int(rows[0][0])


class _BackOff(BaseRetryStrategy):
    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def get_retry_decision(self, *, exception: BaseException, job: StoredJob) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_at=real_now())  # we are stopping, the job did nothing wrong
        if isinstance(exception, ParkError) or job.attempts + 1 >= self._pace.attempts:
            return None
        wait = min(self._pace.longest_wait, self._pace.first_wait * 2.0**job.attempts)
        return RetryDecision(retry_at=real_now() + timedelta(seconds=wait))


# One statement, so that two processes that look at once cannot both take a job back: the second waits for
# no lock (SKIP LOCKED) and sees the state that the first has written.
_TAKE_BACK = """
WITH stalled AS (
    SELECT job.id FROM procrastinate_jobs AS job
      LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
     WHERE job.status = 'doing'
       AND (job.worker_id IS NULL OR job.id = ANY(%(lost)s::bigint[])
            OR worker.last_heartbeat < now() - make_interval(secs => %(stalled_after)s))
       FOR UPDATE OF job SKIP LOCKED
)
UPDATE procrastinate_jobs AS job
   SET attempts = attempts + 1, error = 'worker died', scheduled_at = now(), worker_id = NULL,
       status = (CASE WHEN attempts + 1 >= %(attempts)s THEN 'failed' ELSE 'todo' END)
                ::procrastinate_job_status
  FROM stalled WHERE job.id = stalled.id
RETURNING job.id, job.task_name AS name, job.status = 'failed' AS parked
"""
_MINE = "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker)s"
_REMEMBER_ERROR = "UPDATE procrastinate_jobs SET error = %(error)s WHERE id = %(id)s"


class JobRunner:
    """Runs jobs inside this process's event loop, over its own few direct connections."""

    def __init__(self, dsn: str, tasks: Mapping[str, Task], pace: Pace | None = None) -> None:
        """Prepare a worker for `tasks` (name → coroutine function); `dsn` must not lead to a pooler."""
        self._pace = pace or Pace()
        # A crash may forget that a job was begun or done: then it runs again, as any job may. So nobody waits for the disk.
        settings = {"search_path": "jobs", "synchronous_commit": "off", "application_name": "huying jobs"}
        self._connector = AsyncpgConnector(credentials(dsn), settings)
        self._app = App(connector=self._connector)
        for name, task in tasks.items():
            self._register(name, task)
        self._worker: Worker | None = None
        self._loops: list[asyncio.Task[None]] = []
        self._active: set[int] = set()
        self._stopping = False
        self._beat_at = float("-inf")

    async def start(self) -> None:
        """Connect and begin; raises when the database does not answer within 10 s."""
        await self._connector.open_async()
        self._beat_at = monotonic()
        self._loops = [asyncio.create_task(self._work()), asyncio.create_task(self._look_after())]

    async def stop(self) -> None:
        """Fetch no more, let running jobs end (cut off and retried after `stop_within`), disconnect."""
        self._stopping = True
        if self._worker is not None:
            self._worker.stop()
        if self._loops:
            working, looking = self._loops
            await asyncio.wait([working], timeout=self._pace.stop_within + 5)
            for loop in (working, looking):
                loop.cancel()
            await asyncio.gather(working, looking, return_exceptions=True)
            self._loops = []
        await self._connector.close_async()

    def beat_age(self) -> float:
        """Return the seconds since this runner last reached the database (for /readyz: unwell above 30)."""
        return monotonic() - self._beat_at

    def _register(self, name: str, task: Task) -> None:
        async def run(context: JobContext, /, **args: Any) -> None:
            job = context.job
            assert job.id is not None  # a fetched job has one
            self._active.add(job.id)
            try:
                await task(Run(job.id, name, args, job.lock, job.attempts + 1))
            except Exception as error:
                await self._remember(job, error)
                raise
            finally:
                self._active.discard(job.id)

        self._app.task(name=name, pass_context=True, retry=_BackOff(self._pace))(run)

    async def _remember(self, job: StoredJob, error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__qualname__} at {place.name}:{place.lineno}"
        log.warning("job.failed", id=job.id, name=job.task_name, attempt=job.attempts + 1, error=kind)
        with contextlib.suppress(Exception):  # the attempt has failed already; the reason is a courtesy
            await self._connector.execute_query_async(_REMEMBER_ERROR, id=job.id, error=kind)

    async def _work(self) -> None:
        while not self._stopping:
            self._worker = Worker(
                self._app,
                concurrency=self._pace.concurrency,
                fetch_job_polling_interval=self._pace.poll,
                update_heartbeat_interval=self._pace.heartbeat,
                stalled_worker_timeout=self._pace.stalled_after,
                shutdown_graceful_timeout=self._pace.stop_within,
                delete_jobs="successful",
                install_signal_handlers=False,
            )
            try:
                # It ends by itself when the database goes away.
                await self._worker.run()
            except Exception as error:
                log.warning("jobs.worker-ended", error=type(error).__qualname__)
            if not self._stopping:
                await asyncio.sleep(self._pace.heartbeat)

    async def _look_after(self) -> None:
        suspects: set[int] = set()
        while True:
            try:
                suspects = await self._take_back(suspects)
                self._beat_at = monotonic()
            except Exception as error:
                log.warning("jobs.database-away", error=type(error).__qualname__)
            await asyncio.sleep(self._pace.heartbeat)

    async def _take_back(self, suspects: set[int]) -> set[int]:
        """Return jobs of dead workers, and our own that we lost sight of in two looks, to the queue.

        The second kind comes about when a job ended while the database was away: its end was not written,
        and its worker lives, so nobody else would ever take it back.
        """
        worker = self._worker.worker_id if self._worker else None
        mine = await self._connector.execute_query_all_async(_MINE, worker=worker)
        unseen = {int(row["id"]) for row in mine} - self._active
        taken = await self._connector.execute_query_all_async(
            _TAKE_BACK,
            lost=sorted(unseen & suspects),
            stalled_after=self._pace.stalled_after,
            attempts=self._pace.attempts,
        )
        for row in taken:
            log.warning("job.taken-back", id=row["id"], name=row["name"], parked=row["parked"])
        return unseen


@dataclass(frozen=True, slots=True)
class ParkedJob:
    """A job that was given up; it blocks no other, and waits for an operator."""

    id: int
    name: str
    args: str
    key: str | None
    attempts: int
    error: str | None
    parked_at: datetime | None


async def parked(connection: Connection, *, after: int = 0, limit: int = 100) -> list[ParkedJob]:
    """Return parked jobs with an id above `after`, oldest first."""
    rows = await connection.fetch(
        "SELECT id, task_name, args::text, lock, attempts, error, parked_at"
        " FROM jobs.procrastinate_jobs WHERE status = 'failed' AND id > $1 ORDER BY id LIMIT $2",
        after,
        limit,
    )
    return [ParkedJob(*row) for row in rows]


async def retry(connection: Connection, job_id: int) -> bool:
    """Queue a parked job again with all attempts, before its key's waiting jobs; False if none is parked."""
    return bool(
        await connection.fetch(
            "WITH again AS (UPDATE jobs.procrastinate_jobs SET status = 'todo', attempts = 0,"
            " scheduled_at = NULL WHERE id = $1 AND status = 'failed' RETURNING id)"
            """ SELECT pg_notify('procrastinate_any_queue_v1', '{"type": "job_inserted"}') FROM again""",
            job_id,
        )
    )


async def discard(connection: Connection, job_id: int) -> bool:
    """Delete a parked job for good; False if none of that id is parked."""
    return bool(
        await connection.fetch(
            "DELETE FROM jobs.procrastinate_jobs WHERE id = $1 AND status = 'failed' RETURNING id", job_id
        )
    )
