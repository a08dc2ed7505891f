"""How an answer reaches the appellant: real calls to the stand-ins of WeChat and the SMS provider."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from domain.access.actor import SYSTEM
from domain.notices import delivery
from domain.notices.models import Delivery, Notice, SubscribeCredit, TellTask
from domain.people.models import Resident
from domain.ports import ProviderFailure
from domain.rulebook import install, rulebook
from domain.sql import execute, fetch
from server.gateways.wechat import WeChatGateway
from server.jobs import ParkError, Run
from server.reactions import TASKS
from server.reactions.residents import PAGE, PATIENCE
from tests.support.cast import Cast
from tests.support.gateways import StandIn, sms_standin, wechat_standin
from tests.support.moves import walk
from tests.support.ways import WAYS_APP_ID, WAYS_SECRET, by_sms, by_wechat
from web.unit_of_work import run_unit

pytestmark = pytest.mark.anyio

TEMPLATE = "T" * 43
SMS_CODE = "SMS_100"
PHONE = "13712345678"
OPENID = "demo-li"
SEND = "cgi-bin/message/subscribe/send"
TEXT = "村口路灯已经修好"


@pytest.fixture(scope="module")
def wechat() -> Iterator[StandIn]:
    template = f"{TEMPLATE}=thing1,character_string2,date3"
    with wechat_standin("--app-id", WAYS_APP_ID, "--app-secret", WAYS_SECRET, "--template", template, "--page", PAGE) as running:
        yield running


@pytest.fixture(scope="module")
def sms() -> Iterator[StandIn]:
    with sms_standin("--template", f"{SMS_CODE}=number") as running:
        yield running


@pytest.fixture
async def posts(cast: Cast, wechat: StandIn, sms: StandIn) -> AsyncIterator[Cast]:
    """The cast with real gateways and templates for the answer only."""
    fields = "thing1:title|character_string2:number|date3:today"
    async with (
        by_sms(cast, sms, {"answer": SMS_CODE}),
        by_wechat(cast, wechat, {"answer": f"{TEMPLATE}|{fields}"}) as gateway,
    ):
        await _warm(gateway, wechat)
        yield cast


async def _warm(gateway: WeChatGateway, wechat: StandIn) -> None:
    """Fetch the token, so that a scripted fault hits the call it is meant for."""
    from domain.ports import CodeImage

    await gateway.code_image(CodeImage("ABC", PAGE))


async def credit(cast: Cast, wechat: StandIn, count: int = 1, theirs: int | None = None) -> Resident:
    """The resident li agreed to so many messages; WeChat may see it differently (`theirs`)."""
    await cast.resident("li")
    resident = await Resident.get(openid=OPENID)
    await SubscribeCredit.create(id=uuid4(), resident_id=resident.id, template=TEMPLATE, credits=count)
    wechat.tell("person", openid=OPENID, template=TEMPLATE, credits=count if theirs is None else theirs)
    return resident


async def answered(cast: Cast, **changes: Any) -> tuple[str, Run]:
    """An appeal that has just been answered; its id and the job that tells of it."""
    receipt = await cast.appeal(**changes)
    await walk(cast, await cast.case_of(receipt), "answer")
    jobs = await fetch(
        "SELECT id, task_name, args, lock FROM jobs.procrastinate_jobs WHERE task_name = 'tell_resident'"
        " AND args->>'event' = 'case.answered' ORDER BY id DESC LIMIT 1",
        json=("args",),
    )
    return receipt["id"], Run(jobs[0]["id"], "tell_resident", jobs[0]["args"], jobs[0]["lock"], 1)


async def tell(cast: Cast, run: Run, attempt: int = 1) -> None:
    await TASKS["tell_resident"](cast.app.ctx.services)(replace(run, attempt=attempt))


async def fate(appeal_id: str) -> dict[str, str]:
    """Way → state of what carried the answer of an appeal."""
    return {found.way: found.state for found in await Delivery.filter(appeal_id=appeal_id, event="answer")}


def texts(sms: StandIn) -> list[dict[str, Any]]:
    return list(sms.tell("messages")["messages"])


CONTACT = {"contact": {"name": "李四", "phone": PHONE}}


async def test_a_credit_carries_the_answer_by_wechat_and_nothing_else(posts: Cast, wechat: StandIn, sms: StandIn) -> None:
    resident = await credit(posts, wechat)
    appeal_id, run = await answered(posts, **CONTACT)
    await tell(posts, run)
    assert await fate(appeal_id) == {"wechat": "sent"}
    [message] = wechat.tell("sent")["messages"]
    assert message["touser"] == OPENID and message["page"] == f"{PAGE}?id={appeal_id}"
    assert message["data"]["thing1"]["value"] == "诉求已有答复"
    assert (await SubscribeCredit.get(resident_id=resident.id)).credits == 0
    assert texts(sms) == []
    notice = await Notice.get(appeal_id=appeal_id, event="answer")
    assert "市城管局 已答复诉求" in notice.text and "{" not in notice.text


async def test_nothing_of_the_case_leaves_the_house(posts: Cast, wechat: StandIn, sms: StandIn) -> None:
    await credit(posts, wechat, 1, theirs=0)
    _, run = await answered(posts, **CONTACT)
    await tell(posts, run)
    asked = list(wechat.tell("received", path=SEND)["requests"])
    sent = str(asked) + str(texts(sms))
    assert asked and texts(sms)
    assert not any(word in sent for word in ("路灯", "灯头", "李四"))


async def test_running_the_job_again_sends_nothing_again(posts: Cast, wechat: StandIn) -> None:
    await credit(posts, wechat, 2)
    appeal_id, run = await answered(posts, **CONTACT)
    await tell(posts, run)
    await tell(posts, run)
    assert len(wechat.tell("sent")["messages"]) == 1
    assert await Notice.filter(appeal_id=appeal_id, event="answer").count() == 1


async def test_a_credit_that_wechat_does_not_know_is_cleared_and_an_sms_goes(
    posts: Cast, wechat: StandIn, sms: StandIn
) -> None:
    resident = await credit(posts, wechat, 3, theirs=0)
    appeal_id, run = await answered(posts, **CONTACT)
    await tell(posts, run)
    assert await fate(appeal_id) == {"wechat": "failed", "sms": "sent"}
    assert (await Delivery.get(appeal_id=appeal_id, way="wechat")).reason == "43101"
    assert (await SubscribeCredit.get(resident_id=resident.id)).credits == 0
    [message] = texts(sms)
    assert message["phone"] == PHONE and list(message["params"]) == ["number"]


@pytest.mark.parametrize("kind", ["reset", "close", "half"])
async def test_an_answer_lost_on_the_way_is_unknown_and_never_sent_by_wechat_again(
    posts: Cast, wechat: StandIn, sms: StandIn, kind: str
) -> None:
    resident = await credit(posts, wechat, 2)
    appeal_id, run = await answered(posts, **CONTACT)
    wechat.tell("fault", path=SEND, kind=kind)
    await tell(posts, run)
    assert await fate(appeal_id) == {"wechat": "unknown", "sms": "sent"}
    await tell(posts, run)
    assert wechat.times(SEND) == 1
    assert len(texts(sms)) == 1
    assert (await SubscribeCredit.get(resident_id=resident.id)).credits == 1


async def test_a_restart_while_sending_is_unknown(posts: Cast, wechat: StandIn, sms: StandIn) -> None:
    await credit(posts, wechat, 2)
    appeal_id, run = await answered(posts, **CONTACT)
    await tell(posts, run)
    await execute("UPDATE deliveries SET state = 'sending' WHERE appeal_id = $1 AND way = 'wechat'", [appeal_id])
    await tell(posts, run)
    assert await fate(appeal_id) == {"wechat": "unknown", "sms": "sent"}
    assert wechat.times(SEND) == 1


async def test_a_busy_wechat_is_tried_again_with_the_same_credit(posts: Cast, wechat: StandIn, sms: StandIn) -> None:
    resident = await credit(posts, wechat)
    appeal_id, run = await answered(posts, **CONTACT)
    wechat.tell("fault", path=SEND, kind="errcode", value=-1, times=None, effect=False)
    with pytest.raises(ProviderFailure):
        await tell(posts, run)
    assert await fate(appeal_id) == {"wechat": "retry"}
    assert texts(sms) == []
    wechat.tell("faults/clear")
    await tell(posts, run, attempt=2)
    assert await fate(appeal_id) == {"wechat": "sent"}
    assert (await SubscribeCredit.get(resident_id=resident.id)).credits == 0


async def test_patience_with_wechat_ends_with_an_sms_and_the_credit_back(
    posts: Cast, wechat: StandIn, sms: StandIn
) -> None:
    resident = await credit(posts, wechat)
    appeal_id, run = await answered(posts, **CONTACT)
    wechat.tell("fault", path=SEND, kind="errcode", value=-1, times=None, effect=False)
    await tell(posts, run, attempt=PATIENCE)
    assert await fate(appeal_id) == {"wechat": "failed", "sms": "sent"}
    assert (await SubscribeCredit.get(resident_id=resident.id)).credits == 1


async def test_a_wrong_template_is_ours_to_mend_but_the_answer_arrives(posts: Cast, wechat: StandIn, sms: StandIn) -> None:
    await credit(posts, wechat)
    appeal_id, run = await answered(posts, **CONTACT)
    wechat.tell("fault", path=SEND, kind="errcode", value=40037, effect=False)
    await tell(posts, run)
    assert await fate(appeal_id) == {"wechat": "failed", "sms": "sent"}
    assert (await Delivery.get(appeal_id=appeal_id, way="wechat")).reason == "operator:40037"


async def test_an_sms_provider_that_is_down_is_tried_again(posts: Cast, sms: StandIn) -> None:
    appeal_id, run = await answered(posts, **CONTACT)
    sms.tell("fault", kind="errcode", text="isp.SYSTEM_ERROR", effect=False)
    with pytest.raises(ProviderFailure):
        await tell(posts, run)
    assert await fate(appeal_id) == {"sms": "retry"}
    await tell(posts, run, attempt=2)
    assert await fate(appeal_id) == {"sms": "sent"}
    assert len(texts(sms)) == 1


async def test_an_sms_whose_answer_was_lost_is_not_sent_again_and_a_grid_worker_goes(posts: Cast, sms: StandIn) -> None:
    appeal_id, run = await answered(posts, **CONTACT)
    sms.tell("fault", kind="close")
    await tell(posts, run)
    await tell(posts, run)
    assert await fate(appeal_id) == {"sms": "unknown", "task": "sent"}
    assert len(texts(sms)) == 1
    assert await TellTask.filter(appeal_id=appeal_id).count() == 1


async def test_whom_nothing_reaches_a_grid_worker_tells(posts: Cast, wechat: StandIn, sms: StandIn) -> None:
    appeal_id, run = await answered(posts)
    await tell(posts, run)
    assert await fate(appeal_id) == {"task": "sent"}
    task = await TellTask.get(appeal_id=appeal_id)
    assert TEXT in task.text and task.area_path.endswith("360781100001") and task.state == "open"
    assert wechat.times(SEND) == 0 and texts(sms) == []


@pytest.mark.parametrize("identity", ["anonymous", "hidden_from_handler"])
async def test_a_person_who_hides_is_not_visited(posts: Cast, sms: StandIn, identity: str) -> None:
    resident = await posts.resident("li")
    assert resident is not None
    await Resident.filter(openid=OPENID).update(phone=PHONE)
    appeal_id, run = await answered(posts, identity=identity)
    await tell(posts, run)
    assert await TellTask.filter(appeal_id=appeal_id).count() == 0
    assert len(texts(sms)) == (0 if identity == "anonymous" else 1)
    assert await Notice.filter(appeal_id=appeal_id, event="answer").count() == 1


async def test_a_provider_that_needs_an_operator_parks_the_job_when_nobody_was_reached(posts: Cast, sms: StandIn) -> None:
    await posts.resident("li")
    appeal_id, run = await answered(posts, identity="hidden_from_handler", **CONTACT)
    sms.tell("fault", kind="errcode", text="isv.AMOUNT_NOT_ENOUGH", effect=False)
    with pytest.raises(ParkError):
        await tell(posts, run)
    assert (await Delivery.get(appeal_id=appeal_id, way="sms")).state == "failed"
    await tell(posts, run)  # the account was topped up, the operator starts the job again
    assert await fate(appeal_id) == {"sms": "sent"}
    await tell(posts, run)
    assert len(texts(sms)) == 1


async def test_a_caller_without_an_account_gets_the_answer_by_sms(posts: Cast, sms: StandIn) -> None:
    appeal_id, run = await answered(posts, **CONTACT)
    await execute("UPDATE appeals SET resident_id = NULL WHERE id = $1", [appeal_id])
    await tell(posts, run)
    assert await fate(appeal_id) == {"sms": "sent"}
    assert texts(sms)[0]["phone"] == PHONE
    assert (await Delivery.get(appeal_id=appeal_id, way="sms")).notice_id is None


async def test_a_small_notice_that_wechat_cannot_carry_stays_in_the_inbox_and_calls_no_operator(
    posts: Cast, wechat: StandIn, sms: StandIn
) -> None:
    await credit(posts, wechat)
    install(replace(rulebook(), wechat_templates={"submit": TEMPLATE}))
    receipt = await posts.appeal(**CONTACT)
    wechat.tell("fault", path=SEND, kind="errcode", value=45009, effect=False)
    assert "tell_resident" in await posts.react()
    carried = await Delivery.filter(appeal_id=receipt["id"]).values_list("way", "state")
    assert list(carried) == [("wechat", "failed")]
    assert texts(sms) == [] and await Notice.exists(appeal_id=receipt["id"], event="submit")


async def test_two_sends_at_once_spend_one_credit(posts: Cast, wechat: StandIn) -> None:
    resident = await credit(posts, wechat)
    parcel = delivery.Parcel(key="k", name="answer", resident_id=resident.id)
    enqueue = posts.app.ctx.services.enqueue
    assert await run_unit(SYSTEM, lambda: delivery.spend_credit(parcel), enqueue)
    assert not await run_unit(SYSTEM, lambda: delivery.spend_credit(parcel), enqueue)
