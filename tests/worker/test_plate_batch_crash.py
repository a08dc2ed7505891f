"""A batch whose process is killed while it issues and again while it prints ends whole, with no code issued twice."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pypdfium2
import pytest
from typer.testing import CliRunner, Result

from qr.readback import Wear, read_page
from server.commands.line import app
from tests.support.cluster import Cluster

VILLAGE = "360781100002"
COUNT = 900
WITHIN_S = 90.0
RUN = """
import asyncio, sys
from functools import partial
from uuid import UUID
from config.settings import load_settings
from server.printing import batch
from server.printing.batch import BatchPrinter
from server.services import open_services

batch.issue_chunk = partial(batch.issue_chunk, size=200)

async def main():
    settings = load_settings()
    async with open_services(settings, settings.database_url) as services:
        await BatchPrinter(services, UUID(sys.argv[1])).run()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def crowded(cluster: Cluster, stage: str) -> Iterator[str]:
    """A committed database with a crowded village."""
    with cluster.database(stage) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO households (id, village_code, grid_code, area_path, group_name, door_text, serial,"
                " external_no, head_name, phone, import_key, state, version, route_key, created_at, changed_at)"
                " SELECT gen_random_uuid(), a.parent_code, a.code, a.path, '', '长街' || n || '号', 'C' || n, '', '', '',"
                " 'crowd' || n, 'active', 1, lpad(n::text, 6, '0'), now(), now()"
                " FROM areas a, generate_series(1, %(count)s) n WHERE a.code = %(grid)s",
                {"grid": f"{VILLAGE}002", "count": COUNT},
            )
        yield dsn


def environment(dsn: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ, "DATABASE_URL": dsn, "DATA_DIR": str(folder), "WECHAT_MODE": "sandbox", "ENVIRONMENT": "test",
        "PUBLIC_URL": "http://huying.test",
    }  # fmt: skip


@contextmanager
def printing(batch_id: UUID, dsn: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", RUN, str(batch_id)]
    with subprocess.Popen(command, env=environment(dsn, folder)) as process:
        try:
            yield process
        finally:
            process.kill()


def kill_when(process: subprocess.Popen[bytes], connection: Any, condition: str, batch_id: UUID) -> None:
    """Kill the process at the first sight of the condition."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        if connection.execute(f"SELECT 1 FROM plate_batches WHERE id = %s AND {condition}", [batch_id]).fetchone():
            break
    assert process.poll() is None, "it ended before it could be killed"
    process.kill()
    process.wait()


@pytest.mark.mechanism("000-02")
def test_a_killed_batch_goes_on_without_a_second_code(crowded: str, tmp_path: Path) -> None:
    batch_id = uuid4()
    with psycopg.connect(crowded, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO plate_batches (id, area_code, area_path, selection, layout, format, duplex, per_file, state,"
            " stage, total, issued, listed, done, read_back, unread, missing_glyphs, cramped, samples, files, reason,"
            " created_at) SELECT %s, code, path, '{\"only\":\"unprinted\",\"household_ids\":[]}', 'a4-21', 'pdf', false,"
            " 500, 'waiting', 'issuing', %s, 0, 0, 0, 0, '[]', '{}', '[]', '[]', '[]', '', now()"
            " FROM areas WHERE code = %s",
            [batch_id, COUNT, f"{VILLAGE}002"],
        )
        with printing(batch_id, crowded, tmp_path) as process:
            kill_when(process, connection, "listed > 0", batch_id)
        issued = connection.execute("SELECT code_id FROM household_codes WHERE batch_id = %s", [batch_id]).fetchall()
        assert issued
        with printing(batch_id, crowded, tmp_path) as process:
            kill_when(process, connection, "stage = 'printing' AND done > 0", batch_id)
        with printing(batch_id, crowded, tmp_path) as process:
            assert process.wait(WITHIN_S) == 0
        state, done, total, files = connection.execute(
            "SELECT state, done, issued, files FROM plate_batches WHERE id = %s", [batch_id]
        ).fetchone()
        assert (state, done, total) == ("done", COUNT, COUNT)
        assert [file["plates"] for file in files] == [500, 400]
        houses, codes, numbers = connection.execute(
            "SELECT count(DISTINCT household_id), count(DISTINCT code_id), count(DISTINCT number) FROM plate_prints"
            " WHERE batch_id = %s", [batch_id],
        ).fetchone()  # fmt: skip
        assert (houses, codes, numbers) == (COUNT, COUNT, COUNT)
        live = connection.execute("SELECT count(*) FROM household_codes WHERE batch_id = %s", [batch_id]).fetchone()
        assert live == (COUNT,)
        again = connection.execute("SELECT code_id FROM household_codes WHERE batch_id = %s", [batch_id]).fetchall()
        assert set(issued) <= set(again)
    assert not list((tmp_path / "files" / "incoming").iterdir())


def test_the_command_line_prints_a_village_with_a_list_beside_it(cluster: Cluster, stage: str, tmp_path: Path) -> None:
    out = tmp_path / "plates.pdf"
    command = [sys.executable, "-m", "server", "plates", "print", "--area", VILLAGE, "--out", str(out)]
    with cluster.database(stage) as dsn:
        done = subprocess.run(command, env=environment(dsn, tmp_path / "data"), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        page = pypdfium2.PdfDocument(out.read_bytes())[0].render(scale=150 / 72, grayscale=True).to_pil()
        assert len(list(read_page(page, Wear()))) == 3
        assert out.with_suffix(".csv").read_text("utf-8-sig").count("http://huying.test/h/") == 3
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT count(*) FROM jobs.procrastinate_jobs").fetchone() == (0,)
        again = subprocess.run(command, env=environment(dsn, tmp_path / "data"), capture_output=True, text=True)
        assert again.returncode == 1
        assert "没有要印的户" in again.stdout


def test_keys_are_rotated_and_a_leaked_one_is_marked(tmp_path: Path) -> None:
    environ = environment("postgresql:///nowhere", tmp_path)

    def keys(*words: str) -> Result:
        return CliRunner().invoke(app, ["plates", "keys", *words], env=environ)

    assert keys("show").stdout.split() == ["1", "当前"]
    assert keys("db-only", "1").exit_code == 1
    assert keys("rotate").exit_code == 0
    assert keys("db-only", "1").exit_code == 0
    assert keys("show").stdout.split() == ["1", "已泄露", "2", "当前"]
    assert (tmp_path / "keys" / "household.json").stat().st_mode & 0o777 == 0o600
