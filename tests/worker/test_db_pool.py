"""The pool and its time limits: directly, behind pgbouncer, under asyncio and uvloop."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import uvloop
from tortoise import Tortoise, connections
from tortoise.transactions import in_transaction

from server.db import APP, ROLE_SETTINGS, credentials, model_modules, opened, tortoise_config
from server.jobs import Job, JobRunner, Pace, Run, enqueue
from server.migrate import migrate
from tests.support.cluster import Cluster
from tests.support.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.own_pool]

MODULES = {APP: ["tests.support.tiny_models"]}
SHOWN = {"statement_timeout": "10s", "lock_timeout": "3s", "idle_in_transaction_session_timeout": "15s"}
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


async def limits(run: Callable[[str], Any]) -> dict[str, str]:
    return {name: (await run(f"SHOW {name}"))[1][0][name] for name in ROLE_SETTINGS}


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://huying@/huying?host=/run/x&port=5433", ("/run/x", 5433, "huying", None, "huying")),
        ("postgres://a%40b:p%2F%3A@db.example:6000/name", ("db.example", 6000, "a@b", "p/:", "name")),
        ("postgresql:///name", (None, 5432, None, None, "name")),
    ],
)
async def test_urls_are_read(dsn: str, expected: tuple[object, ...]) -> None:
    assert (
        tuple(credentials(dsn)[name] for name in ("host", "port", "user", "password", "database")) == expected
    )


@pytest.mark.parametrize(
    "dsn",
    [
        "mysql://h/x",
        "postgresql://h",
        "postgresql://h:x/y",
        "postgresql://h/y?pool=3",
        "postgresql://h/y?port=a",
    ],
)
async def test_bad_urls_are_refused(dsn: str) -> None:
    with pytest.raises(ValueError, match="数据库地址"):
        credentials(dsn)


async def test_every_model_module_is_found_on_disk() -> None:
    found = model_modules()[APP]
    on_disk = Path(__file__).parents[2].glob("domain/*/models.py")
    assert found == sorted(f"domain.{path.parent.name}.models" for path in on_disk)


async def test_every_task_sees_the_pool_and_its_limits(database: str) -> None:
    async with opened(tortoise_config(database, MODULES, 3)):
        # A fresh context, as a request handler has that was not started by the task that opened the pool.
        shown = await asyncio.create_task(limits(connections.get("default").execute_query))
        assert shown == SHOWN
    assert not Tortoise.is_inited()


async def test_a_statement_and_a_wait_for_a_lock_end(database: str) -> None:
    holder = await asyncpg.connect(**credentials(database))
    await holder.execute("CREATE TABLE t (n int)")
    await holder.execute("BEGIN; LOCK TABLE t")
    config = tortoise_config(database, MODULES, 3, settings={"statement_timeout": "50", "lock_timeout": "20"})
    async with opened(config):
        with pytest.raises(asyncpg.QueryCanceledError):
            await connections.get("default").execute_query("SELECT pg_sleep(30)")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await connections.get("default").execute_query("SELECT * FROM t")
    await holder.close()


async def test_an_unreachable_database_is_an_error_at_opening(cluster: Cluster) -> None:
    with pytest.raises(Exception, match="nobody_made_this"):
        async with opened(tortoise_config(cluster.dsn("nobody_made_this"), MODULES, 1)):
            pytest.fail("opened")
    assert not Tortoise.is_inited()


@pytest.fixture
def pooled(cluster: Cluster, database: str) -> Iterator[str]:
    """A pgbouncer in transaction mode before `database`; its URL."""
    if PGBOUNCER is None:
        pytest.skip("no pgbouncer binary on this machine (Debian: apt install pgbouncer)")
    login = credentials(database)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = cluster.folder / f"pgbouncer-{port}"
    folder.mkdir(mode=0o755)
    (folder / "users.txt").write_text('"huying" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{login['database']} = host={login['host']} user=huying\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 2\n"
    )
    # It refuses root, and peer authentication wants the server's own user.
    user = pwd.getpwuid(cluster.embedded.place.user.pw_uid) if os.geteuid() == 0 else None
    process = subprocess.Popen(
        [PGBOUNCER, str(folder / "pgbouncer.ini")],
        stderr=subprocess.DEVNULL,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
    )
    try:
        yield f"postgresql://huying@127.0.0.1:{port}/{login['database']}"
    finally:
        process.terminate()
        process.wait()


async def answering(dsn: str) -> None:
    async def connects() -> bool:
        try:
            await (await asyncpg.connect(**credentials(dsn))).close()
        except OSError:
            return False
        return True

    await eventually(connects)


async def test_behind_pgbouncer_statements_work_and_the_limits_hold(pooled: str, database: str) -> None:
    await migrate(database)
    dsn = f"{pooled}?statement_cache_size=0"
    await answering(dsn)
    async with opened(tortoise_config(dsn, MODULES, 6)):
        run = connections.get("default").execute_query
        assert await limits(run) == SHOWN

        async def unit(n: int) -> int:
            async with in_transaction() as transaction:
                await transaction.execute_query("SELECT $1::int", [n])
                await enqueue(transaction._connection, [Job("a", {"n": n}, f"k{n % 3}")])  # type: ignore[attr-defined]
                return int((await transaction.execute_query("SELECT $1::int + 1 AS n", [n]))[1][0]["n"])

        assert await asyncio.gather(*(unit(n) for n in range(60))) == list(range(1, 61))
        assert (await run("SELECT count(*) AS n FROM jobs.procrastinate_jobs"))[1][0]["n"] == 60


@pytest.mark.parametrize(
    "loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_pool_migrations_and_jobs_run_on_either_event_loop(
    database: str, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def whole() -> list[int]:
        await migrate(database)
        ran: asyncio.Queue[int] = asyncio.Queue()

        async def task(run: Run) -> None:
            ran.put_nowait(run.args["n"])

        runner = JobRunner(database, {"a": task}, Pace(poll=1))
        async with opened(tortoise_config(database, MODULES, 2)):
            await runner.start()
            async with in_transaction() as transaction:
                await enqueue(transaction._connection, [Job("a", {"n": n}, "k") for n in range(5)])  # type: ignore[attr-defined]
            got = [await asyncio.wait_for(ran.get(), 20) for _ in range(5)]
            await runner.stop()
        return got

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(whole()) == list(range(5))
