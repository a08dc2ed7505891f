"""A database that has forgotten what phones were told is safe is not served before the restore tool has run."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from domain.sync.epoch import FILE, Marker, read_marker, write_marker
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


def test_the_counter_never_falls_within_an_epoch(tmp_path: Path) -> None:
    write_marker(tmp_path, Marker(1, 7))
    write_marker(tmp_path, Marker(1, 5))
    assert read_marker(tmp_path) == Marker(1, 7)
    write_marker(tmp_path, Marker(2, 0))
    assert read_marker(tmp_path) == Marker(2, 0)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_backup_is_noted_by_an_instant_with_a_zone(cluster: Cluster, stage: str, tmp_path: Path) -> None:
    with cluster.database(stage) as dsn:
        assert command(dsn, tmp_path, "epoch", "backed-up", "2026-01-01T02:00:00").returncode == 2
        assert command(dsn, tmp_path, "epoch", "backed-up", "2026-01-01T02:00:00+08:00").returncode == 0
        with psycopg.connect(dsn) as connection:
            (at,) = connection.execute("SELECT backed_up_at FROM server_epoch").fetchone() or (None,)
        assert at.isoformat(timespec="minutes")[:13] in ("2025-12-31T18", "2026-01-01T02")
