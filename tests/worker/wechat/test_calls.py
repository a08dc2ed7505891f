"""Every call of the gateway against the stand-in: what works and what WeChat refuses."""

from __future__ import annotations

import asyncio

import pytest

from domain.ports import (
    CodeImage,
    ContentScene,
    CreditSpent,
    MediaKind,
    Store,
    SubscribeMessage,
    Suggest,
    WeChat,
    WeChatMisconfigured,
    WeChatMisused,
    WeChatRefused,
)
from server.gateways.wechat import WeChatGateway, WeChatSettings
from tests.support.gateways import (
    AT_ONCE,
    CASE,
    DRAW,
    LOGIN,
    MESSAGE,
    OPENID,
    PAGE,
    SEND,
    TEMPLATE,
    TEXT,
    StandIn,
    now,
)

pytestmark = pytest.mark.anyio


# --- what works ------------------------------------------------------------------------------------------


async def test_it_answers_the_port(gateway: WeChatGateway) -> None:
    port: WeChat = gateway
    assert port is gateway


async def test_login(sim: StandIn, gateway: WeChatGateway) -> None:
    code = sim.tell("code", openid=OPENID, unionid="u1")["code"]
    login = await gateway.login(code)
    assert (login.openid, login.unionid) == (OPENID, "u1")
    request = sim.tell("received")["requests"][0]
    assert (request["path"], "access_token" in request["query"]) == (LOGIN, False)
    assert sim.times("cgi-bin/stable_token") == 0


async def test_login_without_a_unionid(sim: StandIn, gateway: WeChatGateway) -> None:
    login = await gateway.login(sim.tell("code", openid=OPENID)["code"])
    assert login.unionid is None


async def test_phone_number(sim: StandIn, gateway: WeChatGateway) -> None:
    code = sim.tell("code", kind="phone", openid=OPENID, phone="13800001111")["code"]
    assert await gateway.phone_number(code, OPENID) == "13800001111"
    with pytest.raises(WeChatRefused):
        await gateway.phone_number(code, OPENID)


async def test_a_message_arrives_as_it_was_written(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.subscribed()
    await gateway.send_subscribe(MESSAGE)
    (sent,) = sim.tell("sent")["messages"]
    assert sent["touser"] == OPENID
    assert sent["data"] == {key: {"value": value} for key, value in CASE.items()}
    assert (sent["miniprogram_state"], sent["lang"], sent["page"]) == ("formal", "zh_CN", PAGE + "?id=1")
    body = sim.tell("received", path=SEND)["requests"][0]["body"]
    assert "路灯已修好" in body


async def test_long_text_is_cut_before_it_is_sent(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.subscribed()
    long = {**CASE, "thing1": "村口\n路灯" + "坏了" * 20}
    await gateway.send_subscribe(SubscribeMessage(OPENID, TEMPLATE, long))
    text = sim.tell("sent")["messages"][0]["data"]["thing1"]["value"]
    assert (len(text), text[-1], "\n" in text) == (20, "…", False)


async def test_messages_to_one_person_go_one_after_the_other(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.subscribed(credits=3)
    sim.tell("account", sending_takes_s=0.05)
    await asyncio.gather(*(gateway.send_subscribe(MESSAGE) for _ in range(3)))
    assert len(sim.tell("sent")["messages"]) == 3


@pytest.mark.parametrize(
    ("text", "suggest", "label"),
    [("路灯坏了", Suggest.PASS, 100), ("聚众赌博", Suggest.RISKY, 20006), ("返利", Suggest.REVIEW, 10001)],
)
async def test_texts_are_judged(
    sim: StandIn, gateway: WeChatGateway, text: str, suggest: Suggest, label: int
) -> None:
    sim.tell("person", openid=OPENID)
    verdict = await gateway.check_text(text, OPENID, ContentScene.COMMENT)
    assert (verdict.suggest, verdict.label, bool(verdict.trace_id)) == (suggest, label, True)


async def test_the_worst_piece_of_a_long_text_counts(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.tell("person", openid=OPENID)
    text = "返利" + "好" * 2497 + "赌博" + "好" * 3000
    assert (await gateway.check_text(text, OPENID, ContentScene.FORUM)).suggest is Suggest.RISKY
    assert sim.times(TEXT) == 3


@pytest.mark.parametrize(("length", "pieces"), [(1, 1), (2500, 1), (2501, 2), (4980, 2), (4981, 3)])
async def test_no_character_of_a_long_text_is_left_out(
    sim: StandIn, gateway: WeChatGateway, length: int, pieces: int
) -> None:
    sim.tell("person", openid=OPENID)
    assert (await gateway.check_text("好" * (length - 1) + "坏", OPENID, ContentScene.FORUM)).label == 100
    bodies = [r["body"] for r in sim.tell("received", path=TEXT)["requests"]]
    assert len(bodies) == pieces
    assert "坏" in bodies[-1]


async def test_a_picture_is_checked_under_a_trace_id(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.tell("person", openid=OPENID)
    assert await gateway.check_media(f"{sim.url}/a.jpg", MediaKind.IMAGE, OPENID)


# --- what is refused -------------------------------------------------------------------------------------


async def test_a_login_code_works_once(sim: StandIn, gateway: WeChatGateway) -> None:
    code = sim.tell("code", openid=OPENID)["code"]
    await gateway.login(code)
    with pytest.raises(WeChatRefused) as caught:
        await gateway.login(code)
    assert caught.value.code == "40163"
    assert sim.times(LOGIN) == 2


@pytest.mark.parametrize(("blocked", "waited_s", "code"), [(True, 0, "40226"), (False, 301, "40029")])
async def test_login_codes_that_are_refused(
    sim: StandIn, gateway: WeChatGateway, blocked: bool, waited_s: int, code: str
) -> None:
    text = sim.tell("code", openid=OPENID, blocked=blocked)["code"]
    sim.tell("clock", seconds=waited_s)
    with pytest.raises(WeChatRefused) as caught:
        await gateway.login(text)
    assert caught.value.code == code


async def test_without_a_credit_the_message_is_refused_for_good(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.subscribed(credits=0)
    with pytest.raises(CreditSpent) as caught:
        await gateway.send_subscribe(MESSAGE)
    assert (caught.value.code, sim.times(SEND)) == ("43101", 1)


async def test_a_missing_field_is_named(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.subscribed()
    with pytest.raises(WeChatMisused) as caught:
        await gateway.send_subscribe(SubscribeMessage(OPENID, TEMPLATE, {"thing1": "路灯"}))
    assert (caught.value.code, caught.value.field) == ("47003", "date2")
    assert sim.credits_left() == 1


async def test_an_impossible_field_never_leaves_the_house(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.subscribed()
    with pytest.raises(WeChatMisused) as caught:
        await gateway.send_subscribe(SubscribeMessage(OPENID, TEMPLATE, {**CASE, "date2": "soon"}))
    assert (caught.value.field, sim.times(SEND)) == ("date2", 0)


async def test_an_idle_person_s_text_is_a_refusal_not_an_error(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.tell("person", openid=OPENID)
    sim.tell("clock", seconds=7201)
    with pytest.raises(WeChatRefused) as caught:
        await gateway.check_text("路灯坏了", OPENID, ContentScene.COMMENT)
    assert caught.value.code == "61010"


async def test_a_foreign_address_is_the_operator_s_business(sim: StandIn, gateway: WeChatGateway) -> None:
    sim.tell("account", allowed_ips=["203.0.113.9"])
    with pytest.raises(WeChatMisconfigured) as caught:
        await gateway.code_image(DRAW)
    assert (caught.value.code, sim.times("cgi-bin/stable_token")) == ("40164", 1)


async def test_a_wrong_host_is_the_operator_s_business(settings: WeChatSettings, local_store: Store) -> None:
    astray = WeChatSettings(settings.app_id, settings.app_secret, settings.api_url + "/elsewhere")
    gateway = WeChatGateway(astray, local_store, now, AT_ONCE)
    with pytest.raises(WeChatMisconfigured):
        await gateway.login("code")
    await gateway.close()


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        (CodeImage("x" * 33, PAGE), "40169"),
        (CodeImage("户", PAGE), "40129"),
        (CodeImage("A", "pages/nowhere"), "41030"),
        (CodeImage("A", PAGE, env_version="beta"), "40097"),
        (CodeImage("A", PAGE, width=99), "40097"),
    ],
)
async def test_a_code_we_ask_for_wrongly(gateway: WeChatGateway, code: CodeImage, wrong: str) -> None:
    with pytest.raises(WeChatMisused) as caught:
        await gateway.code_image(code)
    assert caught.value.code == wrong
