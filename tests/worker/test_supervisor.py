"""Several server processes: shared by Redis, restarted when one is killed, refused without Redis."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.cluster import Cluster
from tests.support.gateways import valkey
from tests.support.loopback import NO_TLS
from tests.support.server import serving
from tests.support.waiting import until


def _children(parent: int) -> set[int]:
    found: set[int] = set()
    for child in psutil.Process(parent).children():
        with contextlib.suppress(psutil.Error):
            if "serve" in child.cmdline():
                found.add(child.pid)
    return found


def test_a_killed_process_is_replaced_and_the_others_go_on(cluster: Cluster, stage: str, tmp_path: Path) -> None:
    with (
        cluster.database(stage) as dsn,
        valkey(tmp_path) as redis,
        serving(dsn, tmp_path / "data", WORKERS="2", REDIS_URL=redis) as running,
    ):
        before = _children(running.process.pid)
        assert len(before) == 2
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        answered = 0

        def children() -> set[int]:
            nonlocal answered
            with contextlib.suppress(httpx.TransportError):
                answered += httpx.get(f"{running.url}/healthz", verify=NO_TLS, timeout=2).status_code == 200
            return _children(running.process.pid)

        until(children, lambda after: len(after) == 2 and victim not in after)
        assert answered


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"WORKERS": "2"}, "REDIS_URL"),
        ({"ENVIRONMENT": "production", "WECHAT_MODE": "sandbox"}, "WECHAT_MODE"),
        ({"ENVIRONMENT": "production", "CLOCK_OFFSET": "60", "PUBLIC_URL": "https://x.cn"}, "CLOCK_OFFSET"),
        ({"ENVIRONMENT": "production", "PUBLIC_URL": "http://x.cn"}, "PUBLIC_URL"),
        ({"PORT": "eighty"}, "PORT"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(environ: dict[str, str], said: str, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **environ}
    done = subprocess.run([sys.executable, "-m", "server", "serve"], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert said in done.stderr
