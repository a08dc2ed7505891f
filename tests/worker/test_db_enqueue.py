"""Enqueueing belongs to the transaction of the fact: one statement, rolled back with it, no duplicates."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from server.db import credentials
from server.jobs import Job, JobRunner, Pace, Run, enqueue, parked
from tests.support.cluster import Cluster

pytestmark = [pytest.mark.anyio, pytest.mark.own_pool]

QUICK = Pace(attempts=2, first_wait=0.1, poll=0.1, heartbeat=0.1)


@pytest.fixture
def dsn(cluster: Cluster, migrated: str) -> Iterator[str]:
    with cluster.database(migrated) as url:
        yield url


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(**credentials(dsn))
    yield opened
    await opened.close()


async def stored(connection: asyncpg.Connection) -> list[tuple[object, ...]]:
    rows = await connection.fetch(
        "SELECT task_name, args::text, lock, queueing_lock, scheduled_at"
        " FROM jobs.procrastinate_jobs ORDER BY id"
    )
    return [tuple(row) for row in rows]


async def test_a_batch_is_stored_in_order_with_all_it_says(connection: asyncpg.Connection) -> None:
    at = datetime(2030, 1, 1, tzinfo=UTC)
    jobs = [Job("b", {"名": ["路", 1, None]}, "k", "u", at), Job("a", {}, None, None)]
    assert await enqueue(connection, jobs) == 2
    assert await stored(connection) == [
        ("b", '{"名": ["路", 1, null]}', "k", "u", at),
        ("a", "{}", None, None, None),
    ]
    assert await enqueue(connection, []) == 0


async def test_a_rolled_back_transaction_leaves_no_job(connection: asyncpg.Connection) -> None:
    transaction = connection.transaction()
    await transaction.start()
    assert await enqueue(connection, [Job("a", {}, "k")]) == 1
    await transaction.rollback()
    assert await stored(connection) == []


async def test_living_unique_keys_are_enqueued_once(connection: asyncpg.Connection) -> None:
    first = [
        Job("a", {"n": 1}, "k", "u"),
        Job("a", {"n": 2}, "k", "u"),
        Job("a", {"n": 3}, "k"),
        Job("a", {"n": 4}),
    ]
    assert await enqueue(connection, first) == 3
    assert await enqueue(connection, [Job("a", {"n": 5}, "k", "u"), Job("a", {"n": 6}, "k", "v")]) == 1
    assert [row[1] for row in await stored(connection)] == [f'{{"n": {n}}}' for n in (1, 3, 4, 6)]


@pytest.mark.parametrize(
    ("state", "again"), [("doing", 0), ("failed", 0), ("succeeded", 1), ("cancelled", 1)]
)
async def test_a_unique_key_lives_as_long_as_its_job(
    connection: asyncpg.Connection, state: str, again: int
) -> None:
    await enqueue(connection, [Job("a", {}, "k", "u")])
    await connection.execute(f"UPDATE jobs.procrastinate_jobs SET status = '{state}'")
    assert await enqueue(connection, [Job("a", {}, "k", "u")]) == again


async def test_transactions_of_one_key_wait_for_each_other(dsn: str, connection: asyncpg.Connection) -> None:
    """Otherwise a job with a higher id could be committed, and run, before one with a lower id."""
    other = await asyncpg.connect(**credentials(dsn))
    first = connection.transaction()
    await first.start()
    await enqueue(connection, [Job("a", {"n": 1}, "k"), Job("a", {"n": 2}, "free", "u")])
    await other.execute("SET lock_timeout = '50ms'")
    for blocked in (Job("a", {"n": 3}, "k"), Job("a", {"n": 4}, "else", "u")):
        with pytest.raises(asyncpg.LockNotAvailableError):
            await enqueue(other, [blocked])
    assert await enqueue(other, [Job("a", {"n": 5}, "another")]) == 1
    await first.commit()
    assert await enqueue(other, [Job("a", {"n": 3}, "k"), Job("a", {"n": 4}, "else", "u")]) == 1
    await other.close()


async def test_crossing_batches_do_not_deadlock(dsn: str) -> None:
    pool = await asyncpg.create_pool(**credentials(dsn), min_size=4, max_size=4)
    forth = [Job("a", {}, f"k{n}", f"u{n}") for n in range(50)]
    counts = await asyncio.gather(*(enqueue(pool, batch) for batch in (forth, forth[::-1]) * 20))
    assert sum(counts) == 50
    await pool.close()


async def test_a_job_runs_not_before_its_time(dsn: str, connection: asyncpg.Connection) -> None:
    ran: asyncio.Queue[int] = asyncio.Queue()

    async def task(run: Run) -> None:
        ran.put_nowait(run.args["n"])

    later = datetime.now(UTC) + timedelta(hours=1)
    await enqueue(connection, [Job("a", {"n": 1}, run_at=later), Job("a", {"n": 2})])
    runner = JobRunner(dsn, {"a": task}, QUICK)
    await runner.start()
    assert await asyncio.wait_for(ran.get(), 20) == 2
    assert runner.beat_age() < 20
    await connection.execute("UPDATE jobs.procrastinate_jobs SET scheduled_at = now() WHERE args->>'n' = '1'")
    assert await asyncio.wait_for(ran.get(), 20) == 1
    await runner.stop()


async def test_a_retry_survives_that_its_unique_key_was_enqueued_meanwhile(
    dsn: str, connection: asyncpg.Connection
) -> None:
    """Under the library's own index the first job's retry would hit the second one and hang for ever."""
    attempts: asyncio.Queue[int] = asyncio.Queue()

    async def task(run: Run) -> None:
        assert await enqueue(connection, [Job("a", {}, "k", "u")]) == 0
        attempts.put_nowait(run.attempt)
        raise RuntimeError

    await enqueue(connection, [Job("a", {}, "k", "u")])
    runner = JobRunner(dsn, {"a": task}, QUICK)
    await runner.start()
    assert [await asyncio.wait_for(attempts.get(), 20) for _ in range(2)] == [1, 2]
    await runner.stop()
    assert [job.attempts for job in await parked(connection)] == [2]
