"""WeChat talks to us: verification, plain and encrypted pushes, each once, and what each event sets off."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.appeals.models import Appeal
from domain.attachments.models import Attachment, MediaCheck
from domain.clock import now
from domain.notices.models import Delivery, Notice, SubscribeCredit, WeChatPush
from domain.people.models import Resident
from domain.rulebook import install, rulebook
from domain.sql import fetch
from server.gateways.wechat.reception import Reception
from server.gateways.wechat.settings import WeChatSettings
from tests.support.cast import RESIDENT, Cast
from tests.support.wechat_standin.push import Seal, sign

pytestmark = pytest.mark.anyio

APP_ID, TOKEN, AES_KEY = "wxba5fad812f8e6fb9", "AAAAA", "A" * 43
MOMENT, NONCE = "1714036504", "1514711492"
PATH = f"{RESIDENT}/wechat/push"
TEMPLATE = "T" * 43
OPENID = "demo-li"


def plain(**more: str) -> dict[str, str]:
    return {"timestamp": MOMENT, "nonce": NONCE, "signature": sign(TOKEN, MOMENT, NONCE), **more}


@pytest.fixture
def account(cast: Cast) -> Iterator[Cast]:
    """The server knows the push token; pushes come in plain."""
    yield from _with(cast, "")


@pytest.fixture
def secure(cast: Cast) -> Iterator[Cast]:
    """The server knows the AES key, too."""
    yield from _with(cast, AES_KEY)


def _with(cast: Cast, aes_key: str) -> Iterator[Cast]:
    services = cast.app.ctx.services
    kept = services.push
    services.push = Reception(
        WeChatSettings(APP_ID, "secret", push_token=TOKEN, push_aes_key=aes_key)
    )
    yield cast
    services.push = kept


def event(name: str, **more: Any) -> dict[str, Any]:
    return {"ToUserName": "gh_1", "FromUserName": OPENID, "CreateTime": 1714036504, "MsgType": "event", "Event": name,
            **more}  # fmt: skip


async def push(cast: Cast, body: dict[str, Any]) -> httpx.Response:
    answer = await cast.anybody().post(PATH, params=plain(), content=json.dumps(body).encode())
    assert (answer.status_code, answer.text) == (200, "success"), answer.text
    return answer


async def test_the_address_proves_itself_with_the_echo_alone(account: Cast) -> None:
    answer = await account.anybody().get(PATH, params=plain(echostr="4375120948345356249"))
    assert (answer.status_code, answer.text) == (200, "4375120948345356249")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_wrong_signature_is_refused(account: Cast, method: str) -> None:
    answer = await account.anybody().request(method, PATH, params=plain(signature="0" * 40, echostr="1"), content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (403, "wechat-push-forged")
    assert await WeChatPush.all().count() == 0


async def test_a_signed_body_that_is_no_message_is_malformed(account: Cast) -> None:
    answer = await account.anybody().post(PATH, params=plain(), content=b"{")
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-body")


async def test_without_a_configured_token_nobody_is_let_in(cast: Cast) -> None:
    answer = await cast.anybody().get(PATH, params=plain(echostr="1"))
    assert answer.status_code == 403


async def popup(cast: Cast, form: str = "json", created: int = 1714036504) -> None:
    """The resident agrees to one message."""
    item = {"TemplateId": TEMPLATE, "SubscribeStatusString": "accept", "PopupScene": "0"}
    if form == "json":
        await push(cast, event("subscribe_msg_popup_event", List=item, CreateTime=created))
        return
    xml = (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>{created}</CreateTime>"
        "<MsgType>event</MsgType><Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List>"
        f"<TemplateId>{TEMPLATE}</TemplateId><SubscribeStatusString>accept</SubscribeStatusString>"
        "</List></SubscribeMsgPopupEvent></xml>"
    )
    answer = await cast.anybody().post(PATH, params=plain(), content=xml.encode())
    assert answer.text == "success"


async def credits_left() -> list[int]:
    return list(await SubscribeCredit.filter(template=TEMPLATE).values_list("credits", flat=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_consent_becomes_a_credit_once_and_a_refusal_takes_it(account: Cast, form: str) -> None:
    await account.resident("li")
    for _ in range(3):
        await popup(account, form)
    assert await credits_left() == [1]
    assert await WeChatPush.all().count() == 1
    refusal = {"TemplateId": TEMPLATE, "SubscribeStatusString": "reject"}
    await push(account, event("subscribe_msg_change_event", List=[refusal]))
    assert await credits_left() == [0]


async def test_an_encrypted_push_is_opened_and_a_plain_one_refused(secure: Cast) -> None:
    await secure.resident("li")
    item = {"TemplateId": TEMPLATE, "SubscribeStatusString": "accept"}
    message = json.dumps(event("subscribe_msg_popup_event", List=[item]))
    sealed = Seal(AES_KEY, APP_ID).encrypt(message, b"0" * 16)
    query = {"timestamp": MOMENT, "nonce": NONCE, "encrypt_type": "aes",
             "msg_signature": sign(TOKEN, MOMENT, NONCE, sealed)}  # fmt: skip
    answer = await secure.anybody().post(PATH, params=query, content=json.dumps({"Encrypt": sealed}).encode())
    assert (answer.status_code, answer.text) == (200, "success")
    assert await credits_left() == [1]
    refused = await secure.anybody().post(PATH, params=plain(), content=message.encode())
    assert refused.status_code in {403, 422}


async def test_unknown_events_and_strangers_are_answered_and_change_nothing(account: Cast) -> None:
    await push(account, event("debug_demo", debug_str="hello"))
    await popup(account)
    assert await SubscribeCredit.all().count() == 0


async def test_the_reported_fate_settles_an_unknown_message(account: Cast) -> None:
    await account.resident("li")
    resident = await Resident.get(openid=OPENID)
    book = rulebook()
    install(_with_template(book))
    try:
        notice = await Notice.create(
            id=uuid4(), audience="resident", recipient_id=resident.id, event="answer", title="t", text="t",
            dedupe_key="k", created_at=now(),
        )  # fmt: skip
        await Delivery.create(
            id=uuid4(), notice_id=notice.id, event="answer", way="wechat", state="unknown", created_at=now(),
            changed_at=now(), dedupe_key="k:wechat",
        )  # fmt: skip
        item = {"TemplateId": TEMPLATE, "MsgID": "1", "ErrorCode": "0", "ErrorStatus": "success"}
        await push(account, event("subscribe_msg_sent_event", List=item))
        assert (await Delivery.get(dedupe_key="k:wechat")).state == "sent"
        failed = {**item, "ErrorCode": "1", "ErrorStatus": "failed"}
        await push(account, event("subscribe_msg_sent_event", List=[failed], CreateTime=1714036505))
        assert (await Delivery.get(dedupe_key="k:wechat")).state == "failed"
    finally:
        install(book)


def _with_template(book: Any) -> Any:
    from dataclasses import replace

    return replace(book, wechat_templates={"answer": TEMPLATE})


async def test_a_bad_photo_calls_a_person_and_hides_nothing_from_the_desk(account: Cast) -> None:
    receipt = await account.appeal()
    photo = await Attachment.create(
        id=uuid4(), owner="resident:x", kind="image", mime="image/jpeg", bytes=1, sha256="0" * 64,
        subject_kind="appeal", subject_id=receipt["id"], created_at=now(),
    )  # fmt: skip
    await MediaCheck.create(trace_id="trace-1", attachment_id=photo.id, asked_at=now())
    verdict = event("wxa_media_check", trace_id="trace-1", appid=APP_ID, version=2, errcode=0,
                    result={"suggest": "risky", "label": 20002}, detail=[])  # fmt: skip
    await push(account, verdict)
    await push(account, verdict)
    assert (await Appeal.get(id=receipt["id"])).content_check == "risky"
    rows = await fetch("SELECT data FROM journal WHERE event = 'appeal.content-flagged'", json=("data",))
    assert [row["data"] for row in rows] == [{"label": 20002, "suggest": "risky"}]
    await account.react()
    assert await Notice.exists(event="appeal.content-flagged", audience="staff")


async def test_whoever_takes_back_the_phone_number_is_obeyed(account: Cast) -> None:
    await account.resident("li")
    await Resident.filter(openid=OPENID).update(phone="13712345678")
    await push(account, event("user_authorization_revoke", OpenID=OPENID, RevokeInfo="8"))
    assert (await Resident.get(openid=OPENID)).phone == ""


async def test_whoever_leaves_wechat_is_erased_and_the_case_goes_on(account: Cast) -> None:
    li = await account.resident("li")
    receipt = await account.appeal(contact={"name": "李四", "phone": "13712345678"})
    await push(account, event("user_authorization_cancellation", OpenID=OPENID))
    assert (await li.get(f"{RESIDENT}/me/inbox")).status_code == 401
    assert not await Resident.filter(openid=OPENID, erased_at=None).exists()
    assert await Appeal.exists(id=receipt["id"])


async def test_a_photo_is_shown_to_wechat_for_an_hour_under_its_own_address_only(account: Cast) -> None:
    from server.gateways.wechat.media_links import media_url

    photo = uuid4()
    good = media_url("", "secret", photo).removeprefix(RESIDENT)
    services = account.app.ctx.services
    from domain.attachments.store import Shelf

    await services.files.put(Shelf.SERVED, photo, b"\xff\xd8jpeg")
    shown = await account.anybody().get(RESIDENT + good)
    assert (shown.status_code, shown.content) == (200, b"\xff\xd8jpeg")
    forged = media_url("", "other", photo).removeprefix(RESIDENT)
    for path in (forged, good[:-2], good + "AA", "/wechat/media/x"):
        assert (await account.anybody().get(RESIDENT + path)).status_code == 404
