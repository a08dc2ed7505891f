"""Who signs, when, and for how long: two persons, principals, meetings, returns, late calls."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.access.models import Assignment
from domain.areas.models import Area
from domain.clock import SHANGHAI, now
from domain.sql import fetch
from server.rules import stable_id
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import AFTER_ANSWER, BAD, GOOD, REGISTER, ROAD, WATER, bring_to

pytestmark = pytest.mark.anyio

HOLD = {"opinion": "需立项", "explanation": "资金未到位", "plan": "列入明年计划", "review_on": "2026-04-01"}
REFUSAL = {"reason_code": "no_facts", "next_channel": "12345", "reason": "缺少事实"}


async def test_a_callback_after_the_rating_window_counts_and_ends_the_task(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-16T09:00")
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    for login, action, body in [row[1:] for row in ROAD] + list(AFTER_ANSWER):
        await cast.act(login, case_id, action, **body)
    at("2026-04-20T09:00")
    own = {"process": 5, "result": 5, "solved": "yes", "staff": "active"}
    late = await li.post(f"{RESIDENT}/appeals/{receipt['id']}/ratings", json=own)
    assert (late.status_code, late.json()["code"]) == (409, "rating-window-closed")
    await cast.act("callback", case_id, "callback", **GOOD)
    assert (await (await cast.staff("callback")).get(f"{DESK}/callbacks")).json()["items"] == []


async def test_a_request_to_return_lapses_when_the_unit_goes_to_work(cast: Cast) -> None:
    case_id = await bring_to(cast, "signed")
    await cast.act("handler", case_id, "return", reason="不属于我局职责范围")
    for _, login, action, body in ROAD[4:]:
        await cast.act(login, case_id, action, **body)
    (old,) = await fetch("SELECT state FROM return_requests WHERE case_id = $1", [case_id])
    assert old["state"] == "lapsed"
    assert await fetch("SELECT id FROM deadlines WHERE name = 'return_decision' AND stopped_at IS NULL", []) == []
    for login, action, body in AFTER_ANSWER:
        await cast.act(login, case_id, action, **body)
    await cast.act("callback", case_id, "callback", **BAD)
    await cast.act("dispatcher", case_id, "dispatch", lead=WATER)
    await cast.act("dispatcher", case_id, "grant-return", expect=409)
    await cast.act("handler2", case_id, "sign")
    await cast.act("handler2", case_id, "return", reason="此事属于城管局职责")
    decided = await cast.act("dispatcher", case_id, "grant-return")
    assert [(one["unit"], one["state"]) for one in decided["returns"]] == [("市城管局", "lapsed"), (WATER, "granted")]


async def test_a_first_signature_ends_when_the_case_moves(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    await cast.act("dispatcher", case_id, "register", **REGISTER)
    await cast.act("dispatcher", case_id, "not-accept", **REFUSAL)
    await cast.act("dispatcher", case_id, "ask-info", items=["照片"])
    await li.post(f"{RESIDENT}/appeals/{receipt['id']}/messages", json={"text": "补充了完整事实和证据"})
    again = await cast.act("dispatcher2", case_id, "not-accept", **REFUSAL)
    assert again["state"] == "registered"
    assert [one["action"] for one in again["second_signatures"]] == ["not-accept"]
    await cast.act("dispatcher2", case_id, "not-accept", **REFUSAL)  # asked twice by one person is asked once
    assert (await cast.act("dispatcher", case_id, "not-accept", **REFUSAL))["state"] == "not_accepted"


async def test_a_note_or_a_message_ends_no_first_signature(cast: Cast) -> None:
    li = await cast.resident("li")
    receipt = await cast.appeal(li)
    case_id = await cast.case_of(receipt)
    await cast.act("dispatcher", case_id, "register", **REGISTER)
    await cast.act("dispatcher", case_id, "not-accept", **REFUSAL)
    said = await li.post(f"{RESIDENT}/appeals/{receipt['id']}/messages", json={"text": "我再说一遍"})
    assert said.status_code == 201, said.text
    noted = await cast.act("dispatcher2", case_id, "add-note", text="已看过")
    assert [one["action"] for one in noted["second_signatures"]] == ["not-accept"]
    assert (await cast.act("dispatcher2", case_id, "not-accept", **REFUSAL))["state"] == "not_accepted"


async def test_a_first_signature_ends_with_a_leaders_instruction(cast: Cast) -> None:
    case_id = await bring_to(cast, "registered")
    await cast.act("dispatcher", case_id, "not-accept", **REFUSAL)
    await cast.act("leader", case_id, "instruct", text="请市水利局今日接办", unit=WATER)
    shown = await cast.act("dispatcher2", case_id, "not-accept", **REFUSAL)
    assert shown["state"] == "registered", "the first one signed before the instruction"


@pytest.mark.mechanism("000-29")
async def test_a_first_signature_ends_when_another_appeal_joins_the_case(cast: Cast) -> None:
    case_id, other = [await bring_to(cast, "registered") for _ in range(2)]
    await cast.act("dispatcher", case_id, "not-accept", **REFUSAL)
    await cast.act("dispatcher", other, "merge", into=case_id)
    shown = await cast.act("dispatcher2", case_id, "not-accept", **REFUSAL)
    assert shown["state"] == "registered", "what was signed was about one appeal"
    assert (await cast.act("dispatcher", case_id, "not-accept", **REFUSAL))["state"] == "not_accepted"


@pytest.mark.parametrize("order", [("unitlead", "handler"), ("handler", "unitlead")])
async def test_either_of_two_signers_may_come_first(cast: Cast, at: Callable[[str], None], order: tuple[str, str]) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "handling")
    await cast.act(order[0], case_id, "hold-long-term", **HOLD)
    assert (await cast.act(order[1], case_id, "hold-long-term", **HOLD))["state"] == "long_term"


async def test_two_signers_without_a_leader_are_refused(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "handling")
    await _also(cast, "reviewer", "handler", "市城管局")
    await cast.act("handler", case_id, "hold-long-term", **HOLD)
    await cast.act("reviewer", case_id, "hold-long-term", expect=403, **HOLD)


async def test_only_the_principal_of_the_unit_signs_a_major_answer(cast: Cast) -> None:
    case_id = await bring_to(cast, "submitted")
    await cast.act("dispatcher", case_id, "register", **REGISTER, major=True)
    for _, login, action, body in ROAD[1:8]:
        await cast.act(login, case_id, action, **body)
    await _also(cast, "reviewer", "principal", WATER)
    await cast.act("reviewer", case_id, "answer", expect=403, text="路灯已修好。")
    assert (await cast.act("principal", case_id, "answer", text="路灯已修好。"))["state"] == "answered"


async def test_a_meeting_is_not_in_the_future_and_the_answer_is_told_after_the_finding(cast: Cast) -> None:
    case_id = await bring_to(cast, "signed")
    ahead = (now() + timedelta(hours=2)).astimezone(SHANGHAI).isoformat()
    await cast.act("handler", case_id, "contact", expect=422, stage="investigate", at=ahead)
    await cast.act("handler", case_id, "contact", expect=409, stage="answer")
    await cast.act("handler", case_id, "contact", stage="investigate", occurred_at=ahead)  # a phone that is ahead
    (kept,) = await fetch("SELECT at FROM contacts WHERE case_id = $1 AND stage = 'investigate'", [case_id])
    assert kept["at"] <= now()
    await cast.act("handler", case_id, "contact", expect=409, stage="answer")
    await cast.act("handler", case_id, "grade", grade="clear", facts="三盏灯灯泡损坏")
    await cast.act("handler", case_id, "contact", stage="answer")


async def _also(cast: Cast, login: str, role: str, unit: str) -> None:
    """Give somebody one more role for a unit."""
    (found,) = await fetch("SELECT id FROM departments WHERE name = $1", [unit])
    county = await Area.get(code="360781")
    await Assignment.create(
        id=uuid4(), staff_id=stable_id("staff", login), role=role, area_code=county.code, area_path=county.path,
        department_id=found["id"],
    )  # fmt: skip
