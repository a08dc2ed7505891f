"""A database that has forgotten what phones were told is safe is not served before the restore tool has run."""

import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import psycopg

from domain.sync.epoch import Marker, read_marker, write_marker
from tests.support.cluster import Cluster
from tests.support.gateways import free_port
from tests.support.server import serving


def command(dsn: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ, "DATABASE_URL": dsn, "DATA_DIR": str(folder), "ENVIRONMENT": "test", "WECHAT_MODE": "sandbox",
        "WECHAT_APP_ID": "wx0000000000000001", "WECHAT_APP_SECRET": "0" * 32, "PORT": str(free_port()),
    }  # fmt: skip
    return subprocess.run([sys.executable, "-m", "server", *words], env=env, capture_output=True, text=True, timeout=90)


def test_a_restored_database_is_refused_until_the_epoch_is_bumped(cluster: Cluster, stage: str, tmp_path: Path) -> None:
    write_marker(tmp_path, Marker(1, 7))  # seven items were answered, the database knows of none
    with cluster.database(stage) as dsn:
        refused = command(dsn, tmp_path, "serve")
        assert refused.returncode == 3
        assert "huying epoch bump" in refused.stderr
        assert command(dsn, tmp_path, "epoch", "bump").returncode == 0
        assert read_marker(tmp_path) == Marker(2, 0)
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT epoch FROM server_epoch").fetchone() == (2,)
        with serving(dsn, tmp_path) as running:
            assert running.client().get("/healthz").status_code == 200


def test_the_counter_never_falls(tmp_path: Path) -> None:
    write_marker(tmp_path, Marker(1, 7))
    write_marker(tmp_path, Marker(1, 5))
    assert read_marker(tmp_path) == Marker(1, 7)
    write_marker(tmp_path, Marker(2, 0))
    write_marker(tmp_path, Marker(1, 9))
    assert read_marker(tmp_path) == Marker(2, 0)
    assert not list(tmp_path.glob("*.draft"))


def count_up(folder: Path, numbers: Iterable[int]) -> None:
    """What one writer does; whatever it wrote, it reads a counter that is no lower."""
    for number in numbers:
        write_marker(folder, Marker(1, number))
        found = read_marker(folder)
        assert found is not None
        assert found.number >= number


def test_writers_in_many_threads_and_processes_do_not_disturb_each_other(tmp_path: Path) -> None:
    """As when many phones are answered at once: a push must never fail, and no number be lost, by the file."""
    most = 240
    work = [range(first, most + 1, 12) for first in range(1, 13)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes, ThreadPoolExecutor(10) as threads:
        running = [processes.submit(count_up, tmp_path, numbers) for numbers in work[:2]]
        running += [threads.submit(count_up, tmp_path, numbers) for numbers in work[2:]]
        for each in running:
            each.result(60)
    assert read_marker(tmp_path) == Marker(1, most)


def test_a_backup_is_noted_by_an_instant_with_a_zone(cluster: Cluster, stage: str, tmp_path: Path) -> None:
    with cluster.database(stage) as dsn:
        assert command(dsn, tmp_path, "epoch", "backed-up", "2026-01-01T02:00:00").returncode == 2
        assert command(dsn, tmp_path, "epoch", "backed-up", "2026-01-01T02:00:00+08:00").returncode == 0
        with psycopg.connect(dsn) as connection:
            (at,) = connection.execute("SELECT backed_up_at FROM server_epoch").fetchone() or (None,)
        assert at.isoformat(timespec="minutes")[:13] in ("2025-12-31T18", "2026-01-01T02")
