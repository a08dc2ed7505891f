"""Real server processes in a quarter of a second: everything is imported once, then each server is a fork that can be
killed for real. Run as `python -m tests.support.sync_nursery`; one line of JSON on stdin starts one server."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sanic import Sanic

from tests.support.app import test_settings
from tests.support.loopback import NO_TLS


class Nursery:
    """The process that forks servers, as the test holds it."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.sync_nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, text=True,
        )  # fmt: skip
        # One client for all servers: to make one costs more than to start a server.
        self.http = httpx.Client(verify=NO_TLS, timeout=60, trust_env=False, limits=httpx.Limits(max_connections=None))

    def start(self, dsn: str, folder: Path, *, bump: bool = False, mistake: str = "") -> tuple[int, str]:
        """Start a server on a database; its process id and address. `bump`: the restore tool ran before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"dsn": dsn, "folder": str(folder), "bump": bump, "mistake": mistake}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        url = f"http://127.0.0.1:{answer['port']}"
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if self.http.get(f"{url}/healthz", timeout=5).status_code == 200:
                    return answer["pid"], url
            except httpx.TransportError:
                time.sleep(0.01)
        raise RuntimeError(f"the forked server did not answer, see {self._log.name}")

    def close(self) -> None:
        """End the nursery; its servers are killed by those who started them."""
        self.http.close()
        self._process.terminate()
        self._process.wait(20)
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            if pipe:
                pipe.close()


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """One nursery of this test process, for all worlds."""
    made = Nursery(tmp_path_factory.mktemp("nursery") / "servers.log")
    yield made
    made.close()


# ---- the known mistakes, each put into a server on purpose


def _no_dedupe() -> None:
    from domain.cases import events as field
    from domain.sync import intake
    from domain.visits import actions

    look = intake._look

    async def first(*given: Any) -> Any:
        return replace(await look(*given), known=None, taken=False)

    async def always(*_: object) -> bool:
        return True

    intake._look = first
    intake._INSERT += " ON CONFLICT (id) DO NOTHING"
    field.first_time = actions.first_time = always  # type: ignore[assignment]


def _no_release() -> None:
    from domain.sync import intake
    from grid_api import sync

    async def nothing(*_: object) -> None:
        return None

    intake.release = sync.release = nothing  # type: ignore[assignment]


def _no_lock() -> None:
    """Neither the lock of an entity nor that of a row."""
    from tortoise.queryset import QuerySet

    from domain.cases import move
    from domain.sync import intake, mark, quarantine
    from grid_api import sync

    async def nothing(*_: object) -> None:
        return None

    async def only_mark(*_: object) -> None:
        await mark._run("SAVEPOINT item")

    sync.lock_entity = quarantine.lock_entity = nothing
    intake.lock_and_mark = only_mark
    assert move._LOCK.endswith(" FOR UPDATE")
    move._LOCK = move._LOCK.removesuffix(" FOR UPDATE")
    QuerySet.select_for_update = lambda self, *_, **__: self  # type: ignore[method-assign,misc,assignment]


MISTAKES = {"no-dedupe": _no_dedupe, "no-release": _no_release, "no-lock": _no_lock}


def _made_once(order: dict[str, Any]) -> Sanic[Any, Any]:
    """The app with its routes compiled, which takes longer than all the rest of a start; each fork fills in its order."""
    from server import app as product

    open_services = product.open_services
    product.open_services = lambda *_: open_services(test_settings(Path(order["folder"]), pool_size=6), order["dsn"])
    made = product.create_app(test_settings(Path()), "", with_worker=False)
    made.finalize()
    Sanic.finalize = lambda self: None  # type: ignore[method-assign]
    return made


def _serve(app: Sanic[Any, Any], order: dict[str, Any], sock: socket.socket) -> None:
    from domain.sync.epoch import bump, restored
    from server.db import model_modules, opened, tortoise_config

    async def before() -> str | None:
        async with opened(tortoise_config(order["dsn"], model_modules(), 1)):
            if order["bump"]:
                await bump(Path(order["folder"]), "test")
            return None if order["mistake"] == "no-epoch" else await restored(Path(order["folder"]))

    if refusal := asyncio.run(before()):
        sys.exit(refusal)
    MISTAKES.get(order["mistake"], lambda: None)()
    app.run(sock=sock, single_process=True, access_log=False, motd=False)


def main() -> None:
    """Fork a server for each line on stdin."""
    from server.observe import configure_logging

    configure_logging("warning")  # structlog's own default draws every local of a fault: minutes, and a gigabyte
    order: dict[str, Any] = {}
    app = _made_once(order)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", 0))
        sock.listen(64)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            order.update(json.loads(line))
            _serve(app, order, sock)
            os._exit(0)
        port = sock.getsockname()[1]
        sock.close()
        print(json.dumps({"pid": pid, "port": port}), flush=True)


if __name__ == "__main__":
    main()
