"""How the links of a survey reach people: WeChat while there is a credit, else SMS, else the inbox or a grid worker."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from domain.notices.models import Delivery, Notice, SubscribeCredit, TellTask
from domain.people.models import Resident
from domain.sql import execute, fetch
from server.jobs import Run
from server.reactions import TASKS
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.gateways import StandIn, sms_standin, wechat_standin
from tests.support.life import bring_to
from tests.support.ways import WAYS_APP_ID, WAYS_SECRET, by_sms, by_wechat

pytestmark = pytest.mark.anyio
TEMPLATE, SMS_CODE, PHONE, OPENID = "S" * 43, "SMS_200", "13712345678", "demo-li"
PAGE = "pages/survey/survey"
WAVE = {"name": "六月四问", "area_code": "360781", "closed_from": "2026-05-01", "closed_to": "2026-05-31", "size": 9,
        "seed": 1, "modes": ["link"]}  # fmt: skip
WELL = {"solved": "yes", "satisfied": 4, "staff": "active"}


@pytest.fixture(scope="module")
def wechat() -> Iterator[StandIn]:
    template = f"{TEMPLATE}=thing1,character_string2"
    with wechat_standin("--app-id", WAYS_APP_ID, "--app-secret", WAYS_SECRET, "--template", template, "--page", PAGE) as running:
        yield running


@pytest.fixture(scope="module")
def sms() -> Iterator[StandIn]:
    with sms_standin("--template", f"{SMS_CODE}=number,token") as running:
        yield running


@pytest.fixture
async def posts(cast: Cast, wechat: StandIn, sms: StandIn) -> AsyncIterator[Cast]:
    """The cast with real gateways and templates for the survey only."""
    fields = "thing1:title|character_string2:number"
    async with by_sms(cast, sms, {"survey": SMS_CODE}), by_wechat(cast, wechat, {"survey": f"{TEMPLATE}|{fields}"}):
        yield cast


async def opened(cast: Cast, at: Callable[[str], None], **appeal: Any) -> Run:
    """A closed case that is drawn in a wave; the job that sends its link."""
    at("2026-05-11T10:00")
    await bring_to(cast, "closed", **appeal)
    at("2026-06-01T10:00")
    wave = await (await cast.staff("supervisor")).post(f"{DESK}/surveys", json=WAVE)
    assert wave.status_code == 201, wave.text
    rows = await fetch("SELECT id, args, lock FROM jobs.procrastinate_jobs WHERE task_name = 'send_surveys'", json=("args",))
    return Run(rows[0]["id"], "send_surveys", rows[0]["args"], rows[0]["lock"], 1)


async def send(cast: Cast, run: Run, attempt: int = 1) -> None:
    await TASKS["send_surveys"](cast.app.ctx.services)(replace(run, attempt=attempt))


async def fate() -> dict[str, str]:
    return {found.way: found.state for found in await Delivery.filter(event="survey")}


async def credit(cast: Cast, wechat: StandIn) -> None:
    await cast.resident("li")
    resident = await Resident.get(openid=OPENID)
    await SubscribeCredit.create(id=uuid4(), resident_id=resident.id, template=TEMPLATE, credits=1)
    wechat.tell("person", openid=OPENID, template=TEMPLATE, credits=1)


@pytest.mark.mechanism("000-16")
async def test_a_credit_carries_the_link_once_and_it_can_be_answered(
    posts: Cast, wechat: StandIn, sms: StandIn, at: Callable[[str], None]
) -> None:
    await credit(posts, wechat)
    run = await opened(posts, at)
    for attempt in (1, 2):
        await send(posts, run, attempt)
    assert await fate() == {"wechat": "sent"}
    [message] = wechat.tell("sent")["messages"]
    [token] = parse_qs(urlsplit(message["page"]).query)["token"]
    assert sms.tell("messages")["messages"] == []
    [notice] = await Notice.filter(event="survey")
    assert notice.text.endswith(f"://huying.test/s/{token}"), "phones take what follows a link for a part of it"
    page = await posts.anybody().get(f"/s/{token}")
    assert (page.status_code, "请您回答四个问题" in page.text) == (200, True)
    kept = await fetch("SELECT token_hash FROM survey_invites")
    assert token not in str(kept), "the database keeps a digest only"
    issued = await fetch("SELECT 1 AS x FROM journal WHERE event = 'survey.link-issued'")
    assert len(issued) == 1
    answer = await posts.anybody().post(f"{RESIDENT}/surveys/{token}/answers", json=WELL)
    assert answer.status_code == 201
    await send(posts, run, 3)
    assert len(wechat.tell("sent")["messages"]) == 1, "who has answered is asked no more"


async def test_without_a_credit_an_sms_carries_the_same_link(
    posts: Cast, wechat: StandIn, sms: StandIn, at: Callable[[str], None]
) -> None:
    run = await opened(posts, at, contact={"name": "李四", "phone": PHONE})
    await send(posts, run)
    await send(posts, run, 2)
    assert await fate() == {"sms": "sent"}
    [text] = sms.tell("messages")["messages"]
    [notice] = await Notice.filter(event="survey")
    assert text["params"]["token"] in notice.text
    assert wechat.tell("sent")["messages"] == []


async def test_whom_nothing_reaches_the_inbox_keeps_it_or_a_grid_worker_goes(
    posts: Cast, sms: StandIn, at: Callable[[str], None]
) -> None:
    run = await opened(posts, at)
    await send(posts, run)
    assert (await fate(), await Notice.filter(event="survey").count()) == ({}, 1), "the inbox keeps it"
    await execute("UPDATE appeals SET resident_id = NULL")
    await execute("UPDATE survey_invites SET token_hash = NULL")
    await execute("DELETE FROM notices WHERE event = 'survey'")
    for attempt in (1, 2):
        await send(posts, run, attempt)
    assert await fate() == {"task": "sent"}
    [task] = await TellTask.all()
    assert "四个问题" in task.text
    assert "/s/" not in task.text, "no link in other hands"


async def test_a_wave_without_links_sends_nothing(posts: Cast, sms: StandIn, at: Callable[[str], None]) -> None:
    run = await opened(posts, at, contact={"name": "李四", "phone": PHONE})
    await execute("UPDATE survey_waves SET modes = '[\"phone\"]'")
    await send(posts, run)
    assert (await fate(), sms.tell("messages")["messages"]) == ({}, [])
    await execute("UPDATE survey_waves SET modes = '[\"link\"]'")
    at("2026-07-01T10:00")
    await send(posts, run)
    assert await fate() == {}, "a wave that is over asks nobody"
