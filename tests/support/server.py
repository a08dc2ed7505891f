"""A real server process on a real socket with its own committed database, for races, aborts, limits and crashes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.support.cluster import Cluster
from tests.support.gateways import free_port
from tests.support.loopback import NO_TLS
from tests.support.nursery import Born, fork

START_WITHIN = 30.0
Process = subprocess.Popen[bytes] | Born


@dataclass
class RunningServer:
    """A started server, and the clients made for it (closed with it)."""

    url: str
    dsn: str
    process: Process
    log: Path
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, token: str | None = None) -> httpx.Client:
        """A blocking client."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        made = httpx.Client(verify=NO_TLS, base_url=self.url, headers=headers, timeout=20)
        self.clients.append(made)
        return made

    def resident(self, name: str) -> httpx.Client:
        """A resident signed in by the sandbox."""
        answer = self.client().post("/api/miniprogram/v1/sessions", json={"wechat_code": f"demo:{name}"})
        return self.client(answer.json()["token"])


@contextmanager
def serving(dsn: str, folder: Path, **environ: str) -> Iterator[RunningServer]:
    """Start `huying serve` as a process and stop it at the end."""
    port = free_port()
    env = {
        **os.environ, "DATABASE_URL": dsn, "DATA_DIR": str(folder), "PORT": str(port), "WECHAT_MODE": "sandbox",
        "ENVIRONMENT": "test", "WECHAT_APP_ID": "wx0000000000000001", "WECHAT_APP_SECRET": "0" * 32,
        "PUBLIC_URL": f"http://127.0.0.1:{port}", **environ,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    process = _started(env, log)
    try:
        _await(f"http://127.0.0.1:{port}/healthz", process, log)
        running = RunningServer(f"http://127.0.0.1:{port}", dsn, process, log)
        yield running
        for made in running.clients:
            made.close()
    finally:
        process.terminate()
        try:
            process.wait(45)
        except subprocess.TimeoutExpired:
            process.kill()


def _started(env: dict[str, str], log: Path) -> Process:
    """One server is forked from a process that has imported everything; several are started as in production."""
    if "WORKERS" not in env:
        return fork(["serve"], env, log)
    with log.open("wb") as out:
        return subprocess.Popen([sys.executable, "-m", "server", "serve"], env=env, stdout=out, stderr=out)


def _ended(process: Process) -> bool:
    return not process.alive() if isinstance(process, Born) else process.poll() is not None


def _await(url: str, process: Process, log: Path) -> None:
    until = time.monotonic() + START_WITHIN
    while time.monotonic() < until:
        try:
            if httpx.get(url, verify=NO_TLS, timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if _ended(process):
            break
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {json.dumps(log.read_text()[-3000:], ensure_ascii=False)}")


@pytest.fixture(scope="session")
def server(cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One real server for the session, on its own copy of the stage."""
    with cluster.database(stage) as dsn, serving(dsn, tmp_path_factory.mktemp("server")) as running:
        yield running
