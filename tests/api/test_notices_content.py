"""Content security: an appeal is stored first and classified later; nothing is refused because of it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from domain.appeals.models import Appeal
from domain.notices.models import Notice
from domain.ports import WeChatFailure
from domain.rulebook import install, rulebook
from domain.sql import execute, fetch
from server.gateways.store import LocalStore
from server.gateways.wechat import WeChatGateway, WeChatSettings
from server.jobs import Run
from server.reactions import TASKS
from server.reactions.content import recheck_waiting
from tests.support.cast import Cast
from tests.support.gateways import AT_ONCE, StandIn, now, wechat_standin

pytestmark = pytest.mark.anyio
APP_ID, SECRET, OPENID = "wx0000000000000009", "stand-in-secret", "demo-li"
CHECK = "wxa/msg_sec_check"


@pytest.fixture(scope="module")
def wechat() -> Iterator[StandIn]:
    with wechat_standin("--app-id", APP_ID, "--app-secret", SECRET) as running:
        yield running


@pytest.fixture
async def judged(cast: Cast, wechat: StandIn) -> AsyncIterator[Cast]:
    """The cast with a stand-in that judges texts; li is active."""
    wechat.tell("reset")
    wechat.tell("words", bad={"骗子": ["review", 20008], "炸弹": ["risky", 20006]})
    wechat.tell("person", openid=OPENID)
    services = cast.app.ctx.services
    kept = services.wechat, services.settings
    services.wechat = WeChatGateway(WeChatSettings(APP_ID, SECRET, wechat.url), LocalStore(), now, AT_ONCE)
    services.settings = replace(services.settings, wechat_api_url=wechat.url)
    book = rulebook()
    install(replace(book, content_judged=True))
    yield cast
    install(book)
    await services.wechat.close()
    services.wechat, services.settings = kept


async def check(cast: Cast, content: str, **changes: Any) -> tuple[str, Run]:
    receipt = await cast.appeal(content=content, **changes)
    args = {"row": "x:1", "event": "appeal.submitted", "case_id": await cast.case_of(receipt),
            "subject_id": receipt["id"], "data": {}}  # fmt: skip
    return receipt["id"], Run(1, "check_content", args, None, 1)


async def run(cast: Cast, job: Run) -> None:
    await TASKS["check_content"](cast.app.ctx.services)(job)


async def verdict(appeal_id: str) -> str:
    return (await Appeal.get(id=appeal_id)).content_check


@pytest.mark.parametrize(("content", "expected"), [("路灯坏了", "pass"), ("有骗子", "review"), ("有炸弹", "risky")])
async def test_each_verdict_is_kept_and_only_a_doubtful_one_calls_a_person(judged: Cast, content: str, expected: str) -> None:
    appeal_id, job = await check(judged, content)
    assert await verdict(appeal_id) == "waiting"
    await run(judged, job)
    await run(judged, job)
    assert await verdict(appeal_id) == expected
    flagged = await fetch("SELECT data FROM journal WHERE event = 'appeal.content-flagged'")
    assert len(flagged) == (expected != "pass")
    await judged.react()
    assert await Notice.exists(event="appeal.content-flagged") == (expected != "pass")


async def test_a_long_text_is_judged_to_its_end(judged: Cast) -> None:
    appeal_id, job = await check(judged, "路" * 4000 + "炸弹")
    await run(judged, job)
    assert await verdict(appeal_id) == "risky"


async def test_whoever_was_away_waits_until_they_are_back(judged: Cast, wechat: StandIn) -> None:
    appeal_id, job = await check(judged, "路灯坏了")
    wechat.tell("clock", seconds=3 * 3600)
    await run(judged, job)
    assert await verdict(appeal_id) == "waiting"
    await execute("UPDATE appeals SET received_at = received_at - interval '1 day' WHERE id = $1", [appeal_id])
    wechat.tell("person", openid=OPENID)
    await recheck_waiting(judged.app.ctx.services)
    assert await verdict(appeal_id) == "pass"


async def test_a_service_that_is_down_is_asked_again_and_nothing_is_lost(judged: Cast, wechat: StandIn) -> None:
    appeal_id, job = await check(judged, "路灯坏了")
    wechat.tell("fault", path=CHECK, kind="html", times=None)
    with pytest.raises(WeChatFailure):
        await run(judged, job)
    assert await verdict(appeal_id) == "waiting"
    wechat.tell("faults/clear")
    await run(judged, job)
    assert await verdict(appeal_id) == "pass"


async def test_without_a_wechat_nothing_waits_for_its_judgement(cast: Cast) -> None:
    receipt = await cast.appeal(content="有炸弹")
    assert await verdict(receipt["id"]) == "off"
    queued = await fetch("SELECT task_name FROM jobs.procrastinate_jobs")
    assert {row["task_name"] for row in queued} == {"find_duplicates", "tell_resident"}


async def test_a_guest_without_wechat_is_not_judged(judged: Cast, wechat: StandIn) -> None:
    receipt = await judged.appeal(await judged.guest(), content="有炸弹")
    args = {"row": "x:1", "event": "appeal.submitted", "case_id": None, "subject_id": receipt["id"], "data": {}}
    await run(judged, Run(1, "check_content", args, None, 1))
    assert await verdict(receipt["id"]) == "off"
    assert wechat.times(CHECK) == 0


async def test_without_any_wechat_nothing_waits(cast: Cast) -> None:
    appeal_id, job = await check(cast, "路灯坏了")
    await run(cast, job)
    assert await verdict(appeal_id) == "off"
