"""Jobs of one key run one after the other, in the order of enqueueing, whatever fails or dies."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from server.db import credentials
from server.jobs import Job, JobRunner, Pace, ParkError, Run, discard, enqueue, parked, retry
from tests.support.cluster import Cluster
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

QUICK = Pace(
    concurrency=3, attempts=3, first_wait=0.2, poll=0.1, heartbeat=0.1, stalled_after=0.8, stop_within=5
)
# Only NOTIFY can wake it in time: what passes with this pace did not rely on polling.
PATIENT = Pace(concurrency=3, poll=600, heartbeat=600, stalled_after=1200, stop_within=5)
SOON = 20.0
"""Seconds after which a test gives up; none of them waits so long when it passes."""


@pytest.fixture
def dsn(cluster: Cluster, migrated: str) -> Iterator[str]:
    with cluster.database(migrated) as url:
        yield url


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(**credentials(dsn))
    yield opened
    await opened.close()


class Journal:
    """What ran, in order, and a way to wait for it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._changed = asyncio.Condition()

    async def add(self, line: str) -> None:
        async with self._changed:
            self.lines.append(line)
            self._changed.notify_all()

    async def reach(self, count: int) -> list[str]:
        async with asyncio.timeout(SOON), self._changed:
            await self._changed.wait_for(lambda: len(self.lines) >= count)
        return self.lines


@asynccontextmanager
async def runners(
    dsn: str, task: Callable[[Run], Awaitable[None]], pace: Pace = QUICK, count: int = 1
) -> AsyncIterator[None]:
    running = [JobRunner(dsn, {"note": task}, pace) for _ in range(count)]
    try:
        for runner in running:
            await runner.start()
        yield
    finally:
        for runner in running:
            await runner.stop()


def note(n: int, key: str | None = "case", **more: object) -> Job:
    return Job("note", {"n": n}, key, **more)  # type: ignore[arg-type]


async def left(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM jobs.procrastinate_jobs"))


async def until(connection: asyncpg.Connection, question: str) -> None:
    """Wait for what the database alone can tell."""
    await eventually(lambda: connection.fetchval(question), SOON)


async def test_one_key_in_order_many_keys_at_once_over_three_workers(
    dsn: str, connection: asyncpg.Connection
) -> None:
    journal, most = Journal(), 0
    open_keys: set[str] = set()

    async def task(run: Run) -> None:
        nonlocal most
        assert run.key not in open_keys
        open_keys.add(str(run.key))
        most = max(most, len(open_keys))
        await asyncio.sleep(0)
        await journal.add(f"{run.key}:{run.args['n']}")
        open_keys.discard(str(run.key))

    for n in range(30):
        await enqueue(connection, [note(n, f"case {key}") for key in range(5)])
    async with runners(dsn, task, PATIENT, count=3):
        lines = await journal.reach(150)
    for key in range(5):
        assert [line for line in lines if line.startswith(f"case {key}:")] == [
            f"case {key}:{n}" for n in range(30)
        ]
    assert most > 1
    assert await left(connection) == 0


async def test_a_job_that_is_enqueued_while_workers_listen_runs_without_polling(
    dsn: str, connection: asyncpg.Connection
) -> None:
    journal = Journal()
    async with runners(dsn, lambda run: journal.add(str(run.args["n"])), PATIENT, count=2):
        await until(connection, "SELECT count(*) = 2 FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")
        for n in range(5):
            await enqueue(connection, [note(n)])
        assert await journal.reach(5) == ["0", "1", "2", "3", "4"]


async def test_a_listener_that_is_cut_off_listens_again_at_once(dsn: str, connection: asyncpg.Connection) -> None:
    journal = Journal()
    async with runners(dsn, lambda run: journal.add(str(run.args["n"])), PATIENT):
        listens = "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
        await until(connection, listens)
        cut = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
        gone = await connection.fetchval(cut)
        await until(connection, f"{listens} AND pid <> {gone}")
        await enqueue(connection, [note(1)])
        assert await journal.reach(1) == ["1"]


async def test_the_next_waits_while_the_first_is_tried_again(
    dsn: str, connection: asyncpg.Connection
) -> None:
    journal = Journal()

    async def task(run: Run) -> None:
        await journal.add(f"{run.args['n']}.{run.attempt}")
        if run.args["n"] == 1 and run.attempt < 3:
            raise RuntimeError("not yet")

    await enqueue(connection, [note(1), note(2), note(3, "other")])
    async with runners(dsn, task, count=2):
        lines = await journal.reach(5)
    assert [line for line in lines if line != "3.1"] == ["1.1", "1.2", "1.3", "2.1"]
    assert lines.index("3.1") < lines.index("1.3")  # another key does not wait


async def test_a_parked_job_lets_the_later_ones_pass_and_can_be_retried(
    dsn: str, connection: asyncpg.Connection
) -> None:
    journal = Journal()
    cured = False

    async def task(run: Run) -> None:
        await journal.add(f"{run.args['n']}.{run.attempt}")
        if run.args["n"] == 1 and not cured:
            raise ValueError("13800138000 is nobody's business")

    await enqueue(connection, [note(1), note(2)])
    async with runners(dsn, task):
        assert await journal.reach(4) == ["1.1", "1.2", "1.3", "2.1"]
        [job] = await parked(connection)
        assert (job.name, job.args, job.key, job.attempts) == ("note", '{"n": 1}', "case", 3)
        assert job.error is not None and job.error.startswith("ValueError at task:")
        assert job.parked_at is not None
        cured = True
        assert await retry(connection, job.id)
        assert (await journal.reach(5))[4] == "1.1"
    assert not await retry(connection, job.id)
    assert await parked(connection) == []
    assert await left(connection) == 0


async def test_a_task_can_park_its_job_at_once_and_the_operator_can_drop_it(
    dsn: str, connection: asyncpg.Connection
) -> None:
    journal = Journal()

    async def task(run: Run) -> None:
        await journal.add(str(run.args["n"]))
        if run.args["n"] == 1:
            raise ParkError

    await enqueue(connection, [note(1), note(2), Job("nobody knows this", {}, "case"), note(4)])
    async with runners(dsn, task):
        assert await journal.reach(3) == ["1", "2", "4"]
    jobs = await parked(connection)
    assert [job.name for job in jobs] == ["note", "nobody knows this"]
    assert [job.id for job in await parked(connection, after=jobs[0].id)] == [jobs[1].id]
    assert [await discard(connection, job.id) for job in jobs] == [True, True]
    assert not await discard(connection, jobs[0].id)
    assert await left(connection) == 0


KILLED = """
import asyncio, sys
from server.jobs import JobRunner, Pace
async def task(run):
    print(run.args["n"], run.attempt, flush=True)
    await asyncio.Event().wait()
async def main():
    await JobRunner(sys.argv[1], {"note": task}, Pace(poll=0.1, heartbeat=0.1, stalled_after=0.8)).start()
    await asyncio.Event().wait()
asyncio.run(main())
"""


@asynccontextmanager
async def doomed_worker(dsn: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process that has taken a job and will never finish it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, dsn),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_after_kill_9_the_job_runs_again_before_the_next_of_its_key(
    dsn: str, connection: asyncpg.Connection
) -> None:
    journal = Journal()
    await enqueue(connection, [note(1), note(2)])
    async with doomed_worker(dsn) as process:
        assert process.stdout is not None
        async with asyncio.timeout(SOON):
            assert await process.stdout.readline() == b"1 1\n"
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with runners(dsn, lambda run: journal.add(f"{run.args['n']}.{run.attempt}"), count=2):
        assert await journal.reach(2) == ["1.2", "2.1"]


async def test_a_job_that_kills_its_worker_every_time_is_parked(
    dsn: str, connection: asyncpg.Connection
) -> None:
    journal = Journal()
    await enqueue(connection, [note(1), note(2)])
    await connection.execute("UPDATE jobs.procrastinate_jobs SET attempts = 2 WHERE args->>'n' = '1'")
    async with doomed_worker(dsn) as process:
        assert process.stdout is not None
        async with asyncio.timeout(SOON):
            assert await process.stdout.readline() == b"1 3\n"
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with runners(dsn, lambda run: journal.add(f"{run.args['n']}.{run.attempt}")):
        assert await journal.reach(1) == ["2.1"]
    assert [job.error for job in await parked(connection)] == ["worker died"]


async def test_a_graceful_stop_lets_the_running_job_end(dsn: str, connection: asyncpg.Connection) -> None:
    journal, go = Journal(), asyncio.Event()

    async def task(run: Run) -> None:
        await journal.add("begun")
        await go.wait()
        await journal.add("ended")

    await enqueue(connection, [note(1), note(2)])
    runner = JobRunner(dsn, {"note": task}, QUICK)
    await runner.start()
    await journal.reach(1)
    stopping = asyncio.create_task(runner.stop())
    await asyncio.sleep(0)
    go.set()
    await stopping
    assert journal.lines == ["begun", "ended"]
    assert await left(connection) == 1


async def test_a_job_that_is_cut_off_by_the_stop_runs_again_first(
    dsn: str, connection: asyncpg.Connection
) -> None:
    journal = Journal()

    async def endless(run: Run) -> None:
        await journal.add(f"cut {run.args['n']}")
        await asyncio.Event().wait()

    await enqueue(connection, [note(1), note(2)])
    runner = JobRunner(dsn, {"note": endless}, Pace(poll=0.1, stop_within=0.01))
    await runner.start()
    await journal.reach(1)
    await runner.stop()
    async with runners(dsn, lambda run: journal.add(f"{run.args['n']}")):
        assert await journal.reach(3) == ["cut 1", "1", "2"]


async def test_an_end_that_could_not_be_written_does_not_block_the_key(
    dsn: str, connection: asyncpg.Connection
) -> None:
    """The job ends while the database is away; it is run again, then the next."""
    journal = Journal()

    async def task(run: Run) -> None:
        if run.args["n"] == 1 and run.attempt == 1:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'huying jobs' AND datname = current_database()"
            )
            await connection.execute("ALTER TABLE jobs.procrastinate_jobs RENAME TO away")
            await journal.add("away")
            return
        await journal.add(f"{run.args['n']}.{run.attempt}")

    # The library abandons the task whose end it could not write; the loop would report that as a fault of the test.
    loop = asyncio.get_running_loop()
    reported = loop.get_exception_handler()
    loop.set_exception_handler(lambda *_: None)
    await enqueue(connection, [note(1), note(2)])
    async with runners(dsn, task):
        await journal.reach(1)
        await until(connection, "SELECT count(*) = 0 FROM jobs.procrastinate_workers")
        await connection.execute("ALTER TABLE jobs.away RENAME TO procrastinate_jobs")
        assert await journal.reach(3) == ["away", "1.2", "2.1"]
    gc.collect()
    loop.set_exception_handler(reported)
