"""The access token: fetched once, replaced once, forced with care."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.ports import CodeImage, ContentScene, Store, WeChatMisconfigured, WeChatUnavailable
from server.gateways.store import LocalStore, RedisStore, SturdyStore
from server.gateways.wechat import Patience, WeChatGateway, WeChatSettings
from server.gateways.wechat.tokens import FORCES_A_DAY
from tests.support.gateways import APP_ID, PAGE, SECRET, StandIn, free_port, valkey

pytestmark = pytest.mark.anyio

AT_ONCE = Patience(pauses_s=(0, 0, 0))
OPENID = "o" + "7" * 27
DRAW = CodeImage("ABC", PAGE)


class Clock:
    """Real time that can be turned on, for the store and the gateway alike."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def seconds(self) -> float:
        return time.monotonic() + self.ahead_s

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.ahead_s)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    return LocalStore(clock.seconds)


@pytest.fixture
async def gateway(settings: WeChatSettings, store: Store, clock: Clock) -> AsyncIterator[WeChatGateway]:
    made = WeChatGateway(settings, store, clock.now, AT_ONCE)
    yield made
    await made.close()


def calls(sim: StandIn, path: str) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = sim.tell("received", path=path)["requests"]
    return requests


def fetches(sim: StandIn, *, forced: bool) -> int:
    mark = '"force_refresh": true'
    return sum((mark in r["body"]) is forced for r in calls(sim, "cgi-bin/stable_token"))


async def test_fifty_cold_calls_fetch_one_token(sim: StandIn, gateway: WeChatGateway) -> None:
    images = await asyncio.gather(*(gateway.code_image(DRAW) for _ in range(50)))
    assert all(image.startswith(b"\xff\xd8\xff") for image in images)
    assert fetches(sim, forced=False) == 1
    assert len(calls(sim, "wxa/getwxacodeunlimit")) == 50


async def test_processes_share_the_token_through_valkey(
    sim: StandIn, settings: WeChatSettings, clock: Clock, tmp_path: Path
) -> None:
    with valkey(tmp_path) as url:
        stores = [RedisStore(url) for _ in range(4)]
        gateways = [WeChatGateway(settings, store, clock.now, AT_ONCE) for store in stores]
        await asyncio.gather(*(gateway.code_image(DRAW) for gateway in gateways for _ in range(5)))
        for gateway, store in zip(gateways, stores, strict=True):
            await gateway.close()
            await store.close()
    assert fetches(sim, forced=False) == 1


async def test_without_redis_the_token_is_still_obtained(
    sim: StandIn, settings: WeChatSettings, clock: Clock
) -> None:
    dead = RedisStore(f"redis://127.0.0.1:{free_port()}/0")
    gateway = WeChatGateway(settings, SturdyStore(dead), clock.now, AT_ONCE)
    for _ in range(3):
        assert await gateway.code_image(DRAW)
    assert fetches(sim, forced=False) == 1
    await gateway.close()
    await dead.close()


async def test_the_token_is_replaced_before_it_ends(
    sim: StandIn, gateway: WeChatGateway, clock: Clock
) -> None:
    await gateway.code_image(DRAW)
    for ahead in (6800, 200):
        clock.ahead_s += ahead
        sim.tell("clock", seconds=ahead)
        await gateway.code_image(DRAW)
    assert fetches(sim, forced=False) == 2
    tokens = [r["query"]["access_token"] for r in calls(sim, "wxa/getwxacodeunlimit")]
    assert tokens[0] == tokens[1] != tokens[2]


async def test_an_expired_token_is_renewed_and_the_call_repeated_once(
    sim: StandIn, gateway: WeChatGateway
) -> None:
    await gateway.code_image(DRAW)
    sim.tell("clock", seconds=7300)
    assert await gateway.code_image(DRAW)
    assert fetches(sim, forced=False) == 2
    assert len(calls(sim, "wxa/getwxacodeunlimit")) == 3


async def test_fifty_rejected_at_once_renew_one_token(sim: StandIn, gateway: WeChatGateway) -> None:
    await gateway.code_image(DRAW)
    sim.tell("tokens/kill")
    await asyncio.gather(*(gateway.code_image(DRAW) for _ in range(50)))
    assert fetches(sim, forced=False) == 2
    assert fetches(sim, forced=True) == 0


async def test_a_token_that_stays_rejected_is_forced_once(sim: StandIn, gateway: WeChatGateway) -> None:
    await gateway.code_image(DRAW)
    sim.tell("fault", path="wxa/getwxacodeunlimit", kind="errcode", value=40001)
    assert await gateway.code_image(DRAW)
    # Normal mode repeats the very same token, so the renewal itself has to be forced.
    assert fetches(sim, forced=True) == 1
    assert len(calls(sim, "wxa/getwxacodeunlimit")) == 3


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_permanently_rejected_token_ends_in_an_exception(
    sim: StandIn, gateway: WeChatGateway, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sim.tell("fault", path="wxa/getwxacodeunlimit", kind="errcode", value=code, times=None)
    with pytest.raises(WeChatUnavailable) as caught:
        await gateway.code_image(DRAW)
    assert caught.value.retry_after_s >= 30
    assert len(calls(sim, "wxa/getwxacodeunlimit")) == 2
    assert fetches(sim, forced=True) == 1
    for _ in range(20):
        with pytest.raises(WeChatUnavailable):
            await gateway.code_image(DRAW)
    assert fetches(sim, forced=True) == 1
    assert any(record.levelno == logging.ERROR for record in caplog.records)


async def test_forcing_waits_thirty_seconds_and_stops_after_a_day_s_share(
    sim: StandIn, gateway: WeChatGateway, clock: Clock
) -> None:
    clock.ahead_s = 86400 * 2 - time.time() % 86400  # a round hour, so no day ends meanwhile
    sim.tell("fault", path="wxa/getwxacodeunlimit", kind="errcode", value=40001, times=None)
    for round_ in range(FORCES_A_DAY + 4):
        with pytest.raises(WeChatUnavailable):
            await gateway.code_image(DRAW)
        assert fetches(sim, forced=True) == min(round_ + 1, FORCES_A_DAY)
        clock.ahead_s += 40
        sim.tell("clock", seconds=40)


async def test_a_wrong_secret_is_told_to_the_operator_and_not_repeated(
    sim: StandIn, settings: WeChatSettings, store: Store, clock: Clock
) -> None:
    wrong = WeChatSettings(settings.app_id, "another", settings.api_url)
    gateway = WeChatGateway(wrong, store, clock.now, AT_ONCE)
    with pytest.raises(WeChatMisconfigured) as caught:
        await gateway.code_image(DRAW)
    assert caught.value.code == "40125"
    assert caught.value.trace
    assert fetches(sim, forced=False) == 1
    await gateway.close()


async def test_a_token_answer_that_cannot_be_read_is_repeated(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.tell("fault", path="cgi-bin/stable_token", kind="html", times=2)
    assert await gateway.code_image(DRAW)
    assert fetches(sim, forced=False) == 3


async def test_no_secret_reaches_a_log(
    sim: StandIn, gateway: WeChatGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").info("would be heard: %s", SECRET[::-1])
    code = sim.tell("code", openid=OPENID)["code"]
    login = await gateway.login(code)
    sim.tell("fault", path="wxa/msg_sec_check", kind="errcode", value=40001, times=3)
    with pytest.raises(WeChatUnavailable):
        await gateway.check_text("村口的路灯坏了", login.openid, ContentScene.COMMENT)
    sim.tell("fault", path="sns/jscode2session", kind="html")
    with pytest.raises(WeChatUnavailable) as caught:
        await gateway.login(code)
    tokens = {r["query"]["access_token"] for r in calls(sim, "wxa/msg_sec_check")}
    session_key = sim.tell("person/get", openid=OPENID)["session_key"]
    heard = caplog.text + "".join(str(vars(record)) for record in caplog.records) + repr(caught.value)
    assert heard.count("wechat") >= 2
    for secret in (SECRET, SECRET[::-1], code, OPENID, session_key, "路灯", *tokens):
        assert secret not in heard
    assert SECRET not in repr(WeChatSettings(APP_ID, SECRET))
