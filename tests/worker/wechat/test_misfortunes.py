"""Quotas, lost answers, broken connections: what is asked again, and what nobody can know."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.ports import (
    ContentScene,
    CreditSpent,
    SendUnknown,
    Store,
    Suggest,
    WeChatQuotaExceeded,
    WeChatUnavailable,
)
from server.gateways.wechat import WeChatGateway, WeChatSettings
from tests.support.gateways import (
    AT_ONCE,
    DRAW,
    DRAWING,
    LOGIN,
    MESSAGE,
    OPENID,
    SEND,
    TEXT,
    StandIn,
    free_port,
    now,
    wechat_standin,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


# --- quotas and rates ------------------------------------------------------------------------------------


async def test_a_used_up_day_quota_opens_the_circuit_for_every_process(
    sim: StandIn, settings: WeChatSettings, gateway: WeChatGateway, local_store: Store
) -> None:
    sim.tell("person", openid=OPENID)
    sim.tell("fault", path=TEXT, kind="errcode", value=45009)
    other = WeChatGateway(settings, local_store, now, AT_ONCE)
    for asked in (gateway, gateway, other):
        with pytest.raises(WeChatQuotaExceeded) as caught:
            await asked.check_text("路灯", OPENID, ContentScene.COMMENT)
        assert 0 < caught.value.retry_after_s <= 86400
    assert sim.times(TEXT) == 1
    assert await gateway.code_image(DRAW)
    await other.close()


async def test_a_code_quota_is_a_minute_s(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.tell("spend", name=f"code:{gateway._app_id}", window_s=60, times=5000)
    sim.tell("spend", name=f"code:{gateway._app_id}", window_s=60, times=5000)
    with pytest.raises(WeChatQuotaExceeded) as caught:
        await gateway.code_image(DRAW)
    assert 0 < caught.value.retry_after_s <= 60


async def test_a_rate_says_when_to_come_back(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.tell("fault", path=LOGIN, kind="errcode", value=45011)
    with pytest.raises(WeChatUnavailable) as caught:
        await gateway.login("code")
    assert 1 <= caught.value.retry_after_s <= 60


async def test_five_failures_in_a_row_let_wechat_rest(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.tell("fault", path=LOGIN, kind="html", times=None)
    for _ in range(8):
        with pytest.raises(WeChatUnavailable) as caught:
            await gateway.login("code")
    assert sim.times(LOGIN) == 5
    assert 0 < caught.value.retry_after_s <= 15


async def test_failures_count_only_in_a_row(sim: StandIn, gateway: WeChatGateway) -> None:
    for _ in range(2):
        sim.tell("fault", path=LOGIN, kind="html", times=4)
        for _ in range(4):
            with pytest.raises(WeChatUnavailable):
                await gateway.login("code")
        assert (await gateway.login(sim.tell("code", openid=OPENID)["code"])).openid == OPENID
    assert sim.times(LOGIN) == 10


async def test_a_friendly_body_under_an_error_status_is_not_believed(
    sim: StandIn, gateway: WeChatGateway
) -> None:
    sim.subscribed()
    for path in (SEND, LOGIN):
        sim.tell("fault", path=path, kind="status", value=504)
    with pytest.raises(SendUnknown):
        await gateway.send_subscribe(MESSAGE)
    with pytest.raises(WeChatUnavailable):
        await gateway.login(sim.tell("code", openid=OPENID)["code"])


async def test_after_its_rest_wechat_is_asked_again(
    sim: StandIn, settings: WeChatSettings, local_store: Store
) -> None:
    ahead = dt.timedelta()
    gateway = WeChatGateway(settings, local_store, lambda: now() + ahead, AT_ONCE)
    sim.tell("fault", path=LOGIN, kind="html", times=5)
    for _ in range(6):
        with pytest.raises(WeChatUnavailable):
            await gateway.login("code")
    ahead = dt.timedelta(seconds=16)
    assert (await gateway.login(sim.tell("code", openid=OPENID)["code"])).openid == OPENID
    await gateway.close()


# --- misfortunes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "image", "reset", "close", "half"])
async def test_an_unreadable_answer_is_asked_for_again(
    sim: StandIn, gateway: WeChatGateway, kind: str
) -> None:
    sim.tell("person", openid=OPENID)
    sim.tell("fault", path=TEXT, kind=kind, times=3)
    verdict = await gateway.check_text("路灯", OPENID, ContentScene.COMMENT)
    assert (verdict.suggest, sim.times(TEXT)) == (Suggest.PASS, 4)


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "image", "reset", "close", "half"])
async def test_an_answer_that_stays_unreadable_is_unavailable(
    sim: StandIn, gateway: WeChatGateway, kind: str
) -> None:
    sim.tell("person", openid=OPENID)
    sim.tell("fault", path=TEXT, kind=kind, times=None)
    with pytest.raises(WeChatUnavailable):
        await gateway.check_text("路灯", OPENID, ContentScene.COMMENT)
    assert sim.times(TEXT) == 4


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "reset", "close", "half"])
async def test_a_login_is_never_replayed(sim: StandIn, gateway: WeChatGateway, kind: str) -> None:
    sim.tell("fault", path=LOGIN, kind=kind)
    with pytest.raises(WeChatUnavailable):
        await gateway.login(sim.tell("code", openid=OPENID)["code"])
    assert sim.times(LOGIN) == 1


async def test_a_login_is_not_replayed_after_a_read_time_out(sim: StandIn, hasty: WeChatGateway) -> None:
    code = sim.tell("code", openid=OPENID)["code"]
    sim.tell("fault", path=LOGIN, kind="latency", value=3)
    with pytest.raises(WeChatUnavailable):
        await hasty.login(code)
    assert sim.times(LOGIN) == 1


async def test_a_slow_check_is_asked_again(sim: StandIn, hasty: WeChatGateway) -> None:
    sim.tell("person", openid=OPENID)
    sim.tell("fault", path=TEXT, kind="latency", value=3)
    assert (await hasty.check_text("路灯", OPENID, ContentScene.COMMENT)).suggest is Suggest.PASS
    assert sim.times(TEXT) == 2


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "image", "reset", "close", "half"])
async def test_a_lost_answer_to_a_send_is_unknown_and_the_credit_is_gone(
    sim: StandIn, gateway: WeChatGateway, kind: str
) -> None:
    sim.subscribed()
    sim.tell("fault", path=SEND, kind=kind)
    with pytest.raises(SendUnknown):
        await gateway.send_subscribe(MESSAGE)
    assert sim.times(SEND) == 1
    assert sim.credits_left() == 0
    with pytest.raises(CreditSpent):
        await gateway.send_subscribe(MESSAGE)


async def test_a_send_that_takes_too_long_is_unknown(sim: StandIn, hasty: WeChatGateway) -> None:
    sim.subscribed()
    sim.tell("fault", path=SEND, kind="latency", value=3)
    with pytest.raises(SendUnknown):
        await hasty.send_subscribe(MESSAGE)

    async def spent() -> bool:
        return sim.credits_left() == 0

    await eventually(spent)
    assert sim.times(SEND) == 1


async def test_a_send_that_never_left_is_unavailable(
    settings: WeChatSettings, gateway: WeChatGateway
) -> None:
    await gateway.code_image(DRAW)
    nobody = WeChatSettings(settings.app_id, settings.app_secret, f"http://127.0.0.1:{free_port()}")
    away = WeChatGateway(nobody, gateway._store, now, AT_ONCE)
    with pytest.raises(WeChatUnavailable):
        await away.send_subscribe(MESSAGE)
    await away.close()


async def test_minus_one_is_asked_again_only_where_that_is_harmless(
    sim: StandIn, gateway: WeChatGateway
) -> None:
    sim.subscribed()
    for path in (TEXT, SEND, LOGIN):
        sim.tell("fault", path=path, kind="errcode", value=-1)
    assert (await gateway.check_text("路灯", OPENID, ContentScene.COMMENT)).suggest is Suggest.PASS
    with pytest.raises(WeChatUnavailable):
        await gateway.send_subscribe(MESSAGE)
    with pytest.raises(WeChatUnavailable):
        await gateway.login("code")
    assert [sim.times(path) for path in (TEXT, SEND, LOGIN)] == [2, 1, 1]


@pytest.mark.parametrize("reply", ["image where JSON is due", "JSON where an image is due"])
async def test_the_wrong_kind_of_answer(sim: StandIn, gateway: WeChatGateway, reply: str) -> None:
    if reply.startswith("JSON"):
        sim.tell("fault", path=DRAWING, kind="errcode", value=45009)
        with pytest.raises(WeChatQuotaExceeded):
            await gateway.code_image(DRAW)
        return
    sim.tell("fault", path=SEND, kind="image")
    sim.subscribed()
    with pytest.raises(SendUnknown):
        await gateway.send_subscribe(MESSAGE)


async def test_a_certificate_that_nobody_trusts_is_not_accepted(local_store: Store) -> None:
    with wechat_standin("--tls", "--easy") as running:
        settings = WeChatSettings("wxba5fad812f8e6fb9", "standin-secret", running.url)
        gateway = WeChatGateway(settings, local_store, now, AT_ONCE)
        with pytest.raises(WeChatUnavailable):
            await gateway.login("anybody")
        await gateway.close()
