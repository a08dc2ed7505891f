"""Migrations: written by Tortoise from models, applied by one starter at a time, whole or not at all."""

import asyncio
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from domain.cases.file import rare_tables
from server.db import APP, credentials
from server.migrate import ADVISORY_LOCK, migrate, pending
from tests.support.cluster import Cluster
from tests.support.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.own_pool]

ROOT = Path(__file__).parents[2]
RAW = """
CREATE SEQUENCE tree_numbers;
CREATE UNIQUE INDEX trees_tall ON trees (name) WHERE height > 100;
CREATE FUNCTION grow(by int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE total int;
BEGIN
    UPDATE trees SET height = height + by;
    SELECT sum(height) INTO total FROM trees;
    RETURN total;
END $$;
"""


class Package:
    """A throw-away migrations package for the models of tests/support/tiny_models.py."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name

    @property
    def config(self) -> dict[str, Any]:
        return {APP: {"models": ["tests.support.tiny_models"], "migrations": self.name}}

    def tortoise(self, *args: str) -> str:
        """Run Tortoise's command line over this package, as a developer does."""
        settings = self.folder.parent / f"{self.name}_settings.py"
        settings.write_text(f"from server.migrate import MAKE\n\nMAKE['apps'] = {self.config!r}\n")
        return subprocess.run(
            [sys.executable, "-m", "tortoise", "-c", f"{self.name}_settings.MAKE", *args],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{self.folder.parent}:{ROOT}"},
        ).stdout

    def write(self, name: str, operations: str, after: str | None, more: str = "") -> None:
        needs = f"[({APP!r}, {after!r})]" if after else "[]"
        (self.folder / f"{name}.py").write_text(
            "from tortoise import migrations\nfrom tortoise.migrations import operations as ops\n\n\n"
            f"class Migration(migrations.Migration):\n    dependencies = {needs}\n    {more}\n"
            f"    operations = [{operations}]\n"
        )
        importlib.invalidate_caches()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    monkeypatch.syspath_prepend(str(tmp_path))
    made = Package(tmp_path / f"migrations_{os.urandom(4).hex()}", "")
    made.folder.mkdir()
    made.name = made.folder.name
    (made.folder / "__init__.py").touch()
    yield made
    for name in [name for name in sys.modules if name.startswith(made.name)]:
        del sys.modules[name]


async def query(dsn: str, sql: str) -> Any:
    connection = await asyncpg.connect(**credentials(dsn))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_the_command_line_writes_what_migrate_applies(package: Package, database: str) -> None:
    assert "Created" in package.tortoise("makemigrations", "-n", "initial")
    assert "No changes detected" in package.tortoise("makemigrations")
    package.write("0002_raw", f"ops.RunSQL({RAW!r}, reverse_sql='DROP FUNCTION grow')", "0001_initial")
    assert await pending(database, package.config) == ["0001_initial", "0002_raw"]
    assert await query(database, "SELECT to_regclass('trees')") is None
    assert await migrate(database, package.config) == ["0001_initial", "0002_raw"]
    assert await migrate(database, package.config) == await pending(database, package.config) == []
    await query(database, "INSERT INTO trees (id, name, tags) VALUES (gen_random_uuid(), 'oak', '[]')")
    assert await query(database, "SELECT height FROM trees WHERE planted_at <= now()") == 3
    assert await query(database, "SELECT grow(4)") == 7
    assert await query(database, "SELECT nextval('tree_numbers')") == 1
    assert await query(database, "SELECT indexdef FROM pg_indexes WHERE indexname = 'trees_tall'") is not None
    assert "No changes detected" in package.tortoise("makemigrations")


async def test_four_starters_at_once_all_succeed_and_one_migrates(package: Package, database: str) -> None:
    package.tortoise("makemigrations", "-n", "initial")
    package.write("0002_raw", f"ops.RunSQL({RAW!r})", "0001_initial")
    program = (
        "import asyncio, json, sys; from server.migrate import migrate;"
        "print(json.dumps(asyncio.run(migrate(sys.argv[1], json.loads(sys.argv[2])))))"
    )
    starters = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, database, json.dumps(package.config)),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": f"{package.folder.parent}:{ROOT}"},
        )
        for _ in range(4)
    ]
    said = [json.loads((await starter.communicate())[0]) for starter in starters]
    assert sorted(said, key=len) == [[], [], [], ["0001_initial", "0002_raw"]]


async def test_a_starter_waits_for_the_one_that_migrates(package: Package, database: str) -> None:
    package.write("0001_one", "ops.RunSQL('CREATE TABLE one ()')", None)
    other = await asyncpg.connect(**credentials(database))
    await other.execute(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
    waiting = asyncio.create_task(migrate(database, package.config))
    asked = (
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()"
        " AND query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()"
    )
    await eventually(lambda: other.fetchval(asked))
    assert not waiting.done()
    assert await query(database, "SELECT to_regclass('one')") is None
    await other.close()
    assert await waiting == ["0001_one"]


async def test_a_failing_migration_is_undone_whole_and_earlier_ones_stay(
    package: Package, database: str
) -> None:
    package.write("0001_one", "ops.RunSQL('CREATE TABLE one ()')", None)
    package.write("0002_two", "ops.RunSQL(['CREATE TABLE two ()', 'SELECT 1/0'])", "0001_one")
    with pytest.raises(OperationalError, match="division by zero"):
        await migrate(database, package.config)
    assert await query(database, "SELECT to_regclass('one')") == "one"
    assert await query(database, "SELECT to_regclass('two')") is None
    assert await pending(database, package.config) == ["0002_two"]
    assert await query(database, f"SELECT pg_try_advisory_lock({ADVISORY_LOCK})") is True


async def test_a_migration_and_its_record_are_one_transaction(package: Package, database: str) -> None:
    """A start killed between the two would otherwise meet its own tables and never start again."""
    package.write("0001_one", "ops.RunSQL('CREATE TABLE one ()')", None)
    await migrate(database, package.config)
    await query(database, "ALTER TABLE tortoise_migrations ADD CHECK (name <> '0002_two')")
    package.write("0002_two", "ops.RunSQL('CREATE TABLE two ()')", "0001_one")
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        del sys.modules[name]
    with pytest.raises(Exception, match="violates check constraint"):
        await migrate(database, package.config)
    assert await query(database, "SELECT to_regclass('two')") is None


async def test_a_migration_outside_a_transaction_can_build_an_index_concurrently(
    package: Package, database: str
) -> None:
    package.write("0001_one", "ops.RunSQL('CREATE TABLE one (n int)')", None)
    package.write(
        "0002_index", "ops.RunSQL('CREATE INDEX CONCURRENTLY slow ON one (n)')", "0001_one", "atomic = False"
    )
    assert await migrate(database, package.config) == ["0001_one", "0002_index"]
    assert await query(database, "SELECT to_regclass('slow')") == "slow"


async def test_migrations_have_no_time_limit_but_leave_one_with_the_role(
    package: Package, database: str
) -> None:
    shown = (
        "CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS l,"
        " current_setting('statement_timeout') AS s"
    )
    package.write("0001_seen", f"ops.RunSQL({shown!r})", None)
    package.write("0002_again", f"ops.RunSQL({shown.replace('seen', 'again')!r})", "0001_seen")
    assert await migrate(database, package.config) == ["0001_seen", "0002_again"]
    assert (
        await query(database, "SELECT l || s FROM seen")
        == await query(database, "SELECT l || s FROM again")
        == "00"
    )
    assert await query(database, "SHOW lock_timeout") == "3s"


async def test_an_unreachable_database_is_an_error_and_not_an_empty_plan(
    cluster: Cluster, package: Package
) -> None:
    with pytest.raises(Exception, match="nobody_made_this"):
        await pending(cluster.dsn("nobody_made_this"), package.config)


async def test_our_own_migrations_apply_and_put_the_queue_into_its_own_schema(database: str) -> None:
    applied = await migrate(database)
    assert applied[0] == "0001_jobs"
    assert await pending(database) == []
    tables = "SELECT array_agg(schemaname::text) FROM pg_tables WHERE tablename LIKE 'procrastinate%'"
    assert set(await query(database, tables)) == {"jobs"}
    assert await query(database, "SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql'") == 0


async def test_each_table_that_a_case_file_reads_only_when_marked_marks_its_case(database: str) -> None:
    await migrate(database)
    marking = "SELECT array_agg(tgrelid::regclass::text) FROM pg_trigger WHERE tgname = 'mark_case_part'"
    assert set(await query(database, marking)) == rare_tables()
