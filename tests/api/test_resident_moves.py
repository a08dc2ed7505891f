"""After filing: messages, supplements, urging, withdrawal, objections; each through the one transition table."""

from typing import Any

import httpx
import pytest

from domain.sql import fetch
from tests.support.cast import RESIDENT, Cast
from tests.support.steps import move, work

pytestmark = pytest.mark.anyio


async def post(who: httpx.AsyncClient, receipt: dict[str, Any], path: str, **body: Any) -> httpx.Response:
    return await who.post(f"{RESIDENT}/appeals/{receipt['id']}/{path}", json=body)


async def test_a_message_is_kept_with_the_appeal_and_only_its_digest_goes_into_the_journal(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    answer = await post(li, receipt, "messages", text="  补充:是东头\u202e第二盏\u200b ")
    assert (answer.status_code, answer.json()["kind"]) == (201, "message")
    seen = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()
    assert [message["text"] for message in seen["messages"]] == ["补充:是东头第二盏"]
    assert seen["timeline"][-1]["text"] == "您补充了留言"
    rows = await fetch("SELECT data::text FROM journal WHERE case_id = $1", [await cast.case_of(receipt)])
    assert "第二盏" not in str(rows)


async def test_what_is_added_reaches_whoever_handles_it(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    await work(cast, await cast.case_of(receipt), "sign")
    await cast.react()
    await post(li, receipt, "messages", text="又灭了一盏")
    await cast.react()
    told = await fetch("SELECT text FROM notices WHERE audience = 'staff' AND event = 'appeal.messaged'")
    assert told
    assert "又灭了一盏" not in str(told)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("messages", {"text": " \u200b\n"}, "text"),
        ("messages", {"text": "长" * 2001}, "text"),
        ("messages", {"text": "a", "attachment_ids": ["x"]}, "attachment_ids[0]"),
        ("urges", {"text": "催" * 1001}, "text"),
        ("objections", {}, "reason"),
        ("objections", {"reason": "\u200b"}, "reason"),
    ],
)
async def test_malformed_moves_name_the_field(cast: Cast, path: str, body: dict[str, Any], field: str) -> None:
    li = await cast.resident("li")
    answer = await post(li, await cast.appeal(li), path, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-fields")
    assert answer.json()["errors"][0]["field"].startswith(field.split("[", maxsplit=1)[0])


@pytest.mark.parametrize("path", ["messages", "urges", "withdrawal", "objections", "ratings"])
async def test_nobody_moves_another_persons_appeal(cast: Cast, path: str) -> None:
    receipt = await cast.appeal(await cast.resident("li"))
    bodies: dict[str, dict[str, Any]] = {
        "messages": {"text": "x"}, "objections": {"reason": "x"},
        "ratings": {"process": 5, "result": 5, "solved": "yes", "staff": "active"},
    }  # fmt: skip
    body = bodies.get(path, {})
    assert (await post(await cast.resident("wang"), receipt, path, **body)).status_code == 404
    assert (await post(await cast.staff("handler"), receipt, path, **body)).status_code == 403
    assert (await post(cast.anybody(), receipt, path, **body)).status_code == 401
    assert (await post(await cast.resident("li"), receipt, path, surprise=1, **body)).json()["code"] == "unknown-field"


async def test_where_information_was_asked_for_a_message_supplies_it(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    await work(cast, case_id, "register")
    await move(cast, "dispatcher", case_id, "ask-info", items=["路灯杆编号"])
    seen = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()
    assert (seen["status"], seen["deadline"]["kind"]) == ("need_info", "info")
    assert seen["timeline"][-1]["text"] == "需要您补充一些情况。请补充:路灯杆编号"
    assert "supply-info" in seen["can"]
    assert "message" not in seen["can"]
    answer = await post(li, receipt, "messages", text="杆号 A-12")
    assert (answer.json()["kind"], answer.json()["status"]) == ("supply-info", "registered")


@pytest.mark.mechanism("004-20")
async def test_urging_is_recorded_and_tells_the_unit(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    await work(cast, await cast.case_of(receipt), "sign")
    answer = await post(li, receipt, "urges")
    assert answer.status_code == 201
    seen = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()
    assert seen["timeline"][-1]["event"] == "case.urged"
    assert "tell_unit" in await cast.react()


async def test_a_withdrawn_appeal_takes_no_message_and_says_what_is_possible(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    assert (await post(li, receipt, "withdrawal", reason="已解决")).json()["status"] == "withdrawn"
    refused = await post(li, receipt, "messages", text="还有")
    assert (refused.status_code, refused.json()["code"]) == (409, "move-not-allowed")
    assert refused.json()["allowed"] == ["contest"]
    assert (await post(li, receipt, "withdrawal")).status_code == 409
    contested = await post(li, receipt, "objections", reason="又坏了")
    assert (contested.status_code, contested.json()["status"]) == (201, "registered")


async def test_an_objection_to_an_answer_opens_supervision_once(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    early = await post(li, receipt, "objections", reason="太慢")
    assert (early.status_code, early.json()["code"]) == (409, "move-not-allowed")
    await work(cast, case_id, "answer")
    for reason in ("并没有修", "还是不亮"):
        answer = await post(li, receipt, "objections", reason=reason)
        assert (answer.status_code, answer.json()["status"]) == (201, "answered")
    rows = await fetch("SELECT trigger, state FROM supervisions WHERE case_id = $1", [case_id])
    assert [(row["trigger"], row["state"]) for row in rows] == [("objected", "open")]
    events = [e["event"] for e in (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()["timeline"]]
    assert events.count("appeal.objected") == 2
    assert events.count("supervision.opened") == 1
