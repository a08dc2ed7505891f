"""Every call of the gateway against the stand-in: what works, what is refused, what nobody can know."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from domain.ports import (
    CodeImage,
    ContentScene,
    CreditSpent,
    MediaKind,
    SendUnknown,
    Store,
    SubscribeMessage,
    Suggest,
    WeChat,
    WeChatMisconfigured,
    WeChatMisused,
    WeChatQuotaExceeded,
    WeChatRefused,
    WeChatUnavailable,
)
from server.gateways.store import LocalStore
from server.gateways.wechat import Patience, WeChatGateway, WeChatSettings
from server.gateways.wechat.endpoints import CALLS
from server.gateways.wechat.errors import MEANING, Answer, Meaning, failure
from tests.support.gateways import (  # noqa: F401 (fixtures)
    PAGE,
    TEMPLATE,
    StandIn,
    free_port,
    settings,
    sim,
    wechat_process,
    wechat_standin,
)

pytestmark = pytest.mark.anyio

AT_ONCE = Patience(pauses_s=(0, 0, 0))
HASTY = Patience(total_s=0.4, pauses_s=(0, 0, 0))
OPENID = "o" + "7" * 27
DRAW = CodeImage("ABC", PAGE)
SEND, LOGIN, TEXT, DRAWING = (
    "cgi-bin/message/subscribe/send",
    "sns/jscode2session",
    "wxa/msg_sec_check",
    "wxa/getwxacodeunlimit",
)
CASE = {"thing1": "路灯已修好", "date2": "2026年11月22日"}
MESSAGE = SubscribeMessage(OPENID, TEMPLATE, CASE, PAGE + "?id=1")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def store() -> Store:
    return LocalStore()


@pytest.fixture
async def gateway(settings: WeChatSettings, store: Store) -> AsyncIterator[WeChatGateway]:
    made = WeChatGateway(settings, store, now, AT_ONCE)
    yield made
    await made.close()


@pytest.fixture
async def hasty(
    settings: WeChatSettings, store: Store, gateway: WeChatGateway
) -> AsyncIterator[WeChatGateway]:
    """A gateway with little patience that already has its token."""
    await gateway.code_image(DRAW)
    made = WeChatGateway(settings, store, now, HASTY)
    yield made
    await made.close()


def times(sim: StandIn, path: str) -> int:
    return len(sim.tell("received", path=path)["requests"])


def subscribed(sim: StandIn, credits: int = 1) -> None:
    sim.tell("person", openid=OPENID, template=TEMPLATE, credits=credits)


async def credits_left(sim: StandIn) -> int:
    left: int = sim.tell("person/get", openid=OPENID)["credits"][TEMPLATE]
    return left


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the stand-in has worked off what we no longer wait for."""
    async with asyncio.timeout(5):
        while not await holds():
            await asyncio.sleep(0.01)


# --- what works -------------------------------------------------------------------------------------------


async def test_it_answers_the_port(gateway: WeChatGateway) -> None:
    port: WeChat = gateway
    assert port is gateway


async def test_login(sim: StandIn, gateway: WeChatGateway) -> None:
    code = sim.tell("code", openid=OPENID, unionid="u1")["code"]
    login = await gateway.login(code)
    assert (login.openid, login.unionid) == (OPENID, "u1")
    request = sim.tell("received")["requests"][0]
    assert (request["path"], "access_token" in request["query"]) == (LOGIN, False)
    assert times(sim, "cgi-bin/stable_token") == 0


async def test_login_without_a_unionid(sim: StandIn, gateway: WeChatGateway) -> None:
    login = await gateway.login(sim.tell("code", openid=OPENID)["code"])
    assert login.unionid is None


async def test_phone_number(sim: StandIn, gateway: WeChatGateway) -> None:
    code = sim.tell("code", kind="phone", openid=OPENID, phone="13800001111")["code"]
    assert await gateway.phone_number(code, OPENID) == "13800001111"
    with pytest.raises(WeChatRefused):
        await gateway.phone_number(code, OPENID)


async def test_a_message_arrives_as_it_was_written(sim: StandIn, gateway: WeChatGateway) -> None:
    subscribed(sim)
    await gateway.send_subscribe(MESSAGE)
    (sent,) = sim.tell("sent")["messages"]
    assert sent["touser"] == OPENID
    assert sent["data"] == {key: {"value": value} for key, value in CASE.items()}
    assert (sent["miniprogram_state"], sent["lang"], sent["page"]) == ("formal", "zh_CN", PAGE + "?id=1")
    body = sim.tell("received", path=SEND)["requests"][0]["body"]
    assert "路灯已修好" in body


async def test_long_text_is_cut_before_it_is_sent(sim: StandIn, gateway: WeChatGateway) -> None:
    subscribed(sim)
    long = {**CASE, "thing1": "村口\n路灯" + "坏了" * 20}
    await gateway.send_subscribe(SubscribeMessage(OPENID, TEMPLATE, long))
    text = sim.tell("sent")["messages"][0]["data"]["thing1"]["value"]
    assert (len(text), text[-1], "\n" in text) == (20, "…", False)


async def test_messages_to_one_person_go_one_after_the_other(sim: StandIn, gateway: WeChatGateway) -> None:
    subscribed(sim, credits=3)
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
    assert times(sim, TEXT) == 3


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


# --- what is refused --------------------------------------------------------------------------------------


async def test_a_login_code_works_once(sim: StandIn, gateway: WeChatGateway) -> None:
    code = sim.tell("code", openid=OPENID)["code"]
    await gateway.login(code)
    with pytest.raises(WeChatRefused) as caught:
        await gateway.login(code)
    assert caught.value.code == "40163"
    assert times(sim, LOGIN) == 2


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
    subscribed(sim, credits=0)
    with pytest.raises(CreditSpent) as caught:
        await gateway.send_subscribe(MESSAGE)
    assert (caught.value.code, times(sim, SEND)) == ("43101", 1)


async def test_a_missing_field_is_named(sim: StandIn, gateway: WeChatGateway) -> None:
    subscribed(sim)
    with pytest.raises(WeChatMisused) as caught:
        await gateway.send_subscribe(SubscribeMessage(OPENID, TEMPLATE, {"thing1": "路灯"}))
    assert (caught.value.code, caught.value.field) == ("47003", "date2")
    assert await credits_left(sim) == 1


async def test_an_impossible_field_never_leaves_the_house(sim: StandIn, gateway: WeChatGateway) -> None:
    subscribed(sim)
    with pytest.raises(WeChatMisused) as caught:
        await gateway.send_subscribe(SubscribeMessage(OPENID, TEMPLATE, {**CASE, "date2": "soon"}))
    assert (caught.value.field, times(sim, SEND)) == ("date2", 0)


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
    assert (caught.value.code, times(sim, "cgi-bin/stable_token")) == ("40164", 1)


async def test_a_wrong_host_is_the_operator_s_business(settings: WeChatSettings, store: Store) -> None:
    astray = WeChatSettings(settings.app_id, settings.app_secret, settings.api_url + "/elsewhere")
    gateway = WeChatGateway(astray, store, now, AT_ONCE)
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


# --- quotas and rates -------------------------------------------------------------------------------------


async def test_a_used_up_day_quota_opens_the_circuit_for_every_process(
    sim: StandIn, settings: WeChatSettings, gateway: WeChatGateway, store: Store
) -> None:
    sim.tell("person", openid=OPENID)
    sim.tell("fault", path=TEXT, kind="errcode", value=45009)
    other = WeChatGateway(settings, store, now, AT_ONCE)
    for asked in (gateway, gateway, other):
        with pytest.raises(WeChatQuotaExceeded) as caught:
            await asked.check_text("路灯", OPENID, ContentScene.COMMENT)
        assert 0 < caught.value.retry_after_s <= 86400
    assert times(sim, TEXT) == 1
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
    assert times(sim, LOGIN) == 5
    assert 0 < caught.value.retry_after_s <= 15


async def test_failures_count_only_in_a_row(sim: StandIn, gateway: WeChatGateway) -> None:
    for _ in range(2):
        sim.tell("fault", path=LOGIN, kind="html", times=4)
        for _ in range(4):
            with pytest.raises(WeChatUnavailable):
                await gateway.login("code")
        assert (await gateway.login(sim.tell("code", openid=OPENID)["code"])).openid == OPENID
    assert times(sim, LOGIN) == 10


async def test_a_friendly_body_under_an_error_status_is_not_believed(
    sim: StandIn, gateway: WeChatGateway
) -> None:
    subscribed(sim)
    for path in (SEND, LOGIN):
        sim.tell("fault", path=path, kind="status", value=504)
    with pytest.raises(SendUnknown):
        await gateway.send_subscribe(MESSAGE)
    with pytest.raises(WeChatUnavailable):
        await gateway.login(sim.tell("code", openid=OPENID)["code"])


async def test_after_its_rest_wechat_is_asked_again(
    sim: StandIn, settings: WeChatSettings, store: Store
) -> None:
    ahead = dt.timedelta()
    gateway = WeChatGateway(settings, store, lambda: now() + ahead, AT_ONCE)
    sim.tell("fault", path=LOGIN, kind="html", times=5)
    for _ in range(6):
        with pytest.raises(WeChatUnavailable):
            await gateway.login("code")
    ahead = dt.timedelta(seconds=16)
    assert (await gateway.login(sim.tell("code", openid=OPENID)["code"])).openid == OPENID
    await gateway.close()


# --- misfortunes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "image", "reset", "close", "half"])
async def test_an_unreadable_answer_is_asked_for_again(
    sim: StandIn, gateway: WeChatGateway, kind: str
) -> None:
    sim.tell("person", openid=OPENID)
    sim.tell("fault", path=TEXT, kind=kind, times=3)
    verdict = await gateway.check_text("路灯", OPENID, ContentScene.COMMENT)
    assert (verdict.suggest, times(sim, TEXT)) == (Suggest.PASS, 4)


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "image", "reset", "close", "half"])
async def test_an_answer_that_stays_unreadable_is_unavailable(
    sim: StandIn, gateway: WeChatGateway, kind: str
) -> None:
    sim.tell("person", openid=OPENID)
    sim.tell("fault", path=TEXT, kind=kind, times=None)
    with pytest.raises(WeChatUnavailable):
        await gateway.check_text("路灯", OPENID, ContentScene.COMMENT)
    assert times(sim, TEXT) == 4


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "reset", "close", "half"])
async def test_a_login_is_never_replayed(sim: StandIn, gateway: WeChatGateway, kind: str) -> None:
    sim.tell("fault", path=LOGIN, kind=kind)
    with pytest.raises(WeChatUnavailable):
        await gateway.login(sim.tell("code", openid=OPENID)["code"])
    assert times(sim, LOGIN) == 1


async def test_a_login_is_not_replayed_after_a_read_time_out(sim: StandIn, hasty: WeChatGateway) -> None:
    code = sim.tell("code", openid=OPENID)["code"]
    sim.tell("fault", path=LOGIN, kind="latency", value=3)
    with pytest.raises(WeChatUnavailable):
        await hasty.login(code)
    assert times(sim, LOGIN) == 1


async def test_a_slow_check_is_asked_again(sim: StandIn, hasty: WeChatGateway) -> None:
    sim.tell("person", openid=OPENID)
    sim.tell("fault", path=TEXT, kind="latency", value=3)
    assert (await hasty.check_text("路灯", OPENID, ContentScene.COMMENT)).suggest is Suggest.PASS
    assert times(sim, TEXT) == 2


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "image", "reset", "close", "half"])
async def test_a_lost_answer_to_a_send_is_unknown_and_the_credit_is_gone(
    sim: StandIn, gateway: WeChatGateway, kind: str
) -> None:
    subscribed(sim)
    sim.tell("fault", path=SEND, kind=kind)
    with pytest.raises(SendUnknown):
        await gateway.send_subscribe(MESSAGE)
    assert times(sim, SEND) == 1
    assert await credits_left(sim) == 0
    with pytest.raises(CreditSpent):
        await gateway.send_subscribe(MESSAGE)


async def test_a_send_that_takes_too_long_is_unknown(sim: StandIn, hasty: WeChatGateway) -> None:
    subscribed(sim)
    sim.tell("fault", path=SEND, kind="latency", value=3)
    with pytest.raises(SendUnknown):
        await hasty.send_subscribe(MESSAGE)

    async def spent() -> bool:
        return await credits_left(sim) == 0

    await eventually(spent)
    assert times(sim, SEND) == 1


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
    subscribed(sim)
    for path in (TEXT, SEND, LOGIN):
        sim.tell("fault", path=path, kind="errcode", value=-1)
    assert (await gateway.check_text("路灯", OPENID, ContentScene.COMMENT)).suggest is Suggest.PASS
    with pytest.raises(WeChatUnavailable):
        await gateway.send_subscribe(MESSAGE)
    with pytest.raises(WeChatUnavailable):
        await gateway.login("code")
    assert [times(sim, path) for path in (TEXT, SEND, LOGIN)] == [2, 1, 1]


@pytest.mark.parametrize("reply", ["image where JSON is due", "JSON where an image is due"])
async def test_the_wrong_kind_of_answer(sim: StandIn, gateway: WeChatGateway, reply: str) -> None:
    if reply.startswith("JSON"):
        sim.tell("fault", path=DRAWING, kind="errcode", value=45009)
        with pytest.raises(WeChatQuotaExceeded):
            await gateway.code_image(DRAW)
        return
    sim.tell("fault", path=SEND, kind="image")
    subscribed(sim)
    with pytest.raises(SendUnknown):
        await gateway.send_subscribe(MESSAGE)


async def test_a_certificate_that_nobody_trusts_is_not_accepted(store: Store) -> None:
    with wechat_standin("--tls", "--easy") as running:
        settings = WeChatSettings("wxba5fad812f8e6fb9", "standin-secret", running.url)
        gateway = WeChatGateway(settings, store, now, AT_ONCE)
        with pytest.raises(WeChatUnavailable):
            await gateway.login("anybody")
        await gateway.close()


# --- the table --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meaning", "kind"),
    [
        (Meaning.TRANSIENT, WeChatUnavailable),
        (Meaning.TOKEN, WeChatUnavailable),
        (Meaning.RATE, WeChatUnavailable),
        (Meaning.QUOTA, WeChatQuotaExceeded),
        (Meaning.PERSON, WeChatRefused),
        (Meaning.CREDIT, CreditSpent),
        (Meaning.ACCOUNT, WeChatMisconfigured),
        (Meaning.OURS, WeChatMisused),
    ],
)
def test_every_code_becomes_the_exception_of_its_kind(meaning: Meaning, kind: type[Exception]) -> None:
    codes = [code for code, its in MEANING.items() if its is meaning]
    assert codes
    for code in codes:
        answer = Answer(code, "text rid: 6aac005a-0a0b0c0d-01020304", now())
        problem = failure(answer, CALLS[TEXT])
        assert type(problem) is kind
        assert (problem.code, problem.trace) == (str(code), "6aac005a-0a0b0c0d-01020304")


def test_a_code_nobody_told_us_about_is_not_repeated() -> None:
    assert type(failure(Answer(99999, "new", now()), CALLS[TEXT])) is WeChatMisused


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("argument invalid! data.thing4.value invalid rid: 6aac005a", "thing4"),
        ("argument invalid! data.character_string12.value is empty rid: 6aac005a", "character_string12"),
        ("argument invalid! data.thing4.value is emtpy rid: 6aac005a", "thing4"),
        ("argument invalid! rid: 6aac005a", ""),
    ],
)
def test_the_wrong_field_is_read_from_the_text(text: str, field: str) -> None:
    problem: Any = failure(Answer(47003, text, now()), CALLS[SEND])
    assert problem.field == field


@pytest.mark.parametrize(
    ("at", "left"),
    [("2026-11-22T00:00:00+08:00", 86400), ("2026-11-22T23:59:00+08:00", 60), ("2026-11-22T15:00:00Z", 3600)],
)
def test_a_day_quota_ends_at_midnight_in_beijing(at: str, left: float) -> None:
    problem = failure(Answer(45009, "", dt.datetime.fromisoformat(at)), CALLS[TEXT])
    assert problem.retry_after_s == left
