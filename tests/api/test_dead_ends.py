"""No way through the workflow ends where nobody can go on, and none leads round the one who has to decide."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from config.rules import load_profile
from domain.access.models import Assignment, Department
from domain.cases.models import Case
from domain.rulebook import install, rulebook
from server.rules import stable_id
from server.timers import Timers
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.life import AFTER_ANSWER, BAD, CITY, GOOD, REGISTER, RESULT, ROAD, WATER, bring_to

pytestmark = pytest.mark.anyio
At = Callable[[str], None]
GRID = "360781100001001"
WHY = {"reason": "村里解决不了"}
SHORT = {"track": "CLOSE_3WD", "grounds": ["simple"], "reason": "事实清楚"}


@pytest.fixture
def more_tracks() -> Iterator[None]:
    """The tracks of 滁州 beside those of the stage."""
    before = rulebook()
    install(replace(before, tracks={**before.tracks, **load_profile("chuzhou").tracks}))
    yield
    install(before)


async def seen(cast: Cast, case_id: str, login: str = "dispatcher") -> dict[str, Any]:
    answer = await (await cast.staff(login)).get(f"{DESK}/cases/{case_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def clock(case: dict[str, Any], name: str) -> dict[str, Any]:
    return next(found for found in case["clocks"] if found["name"] == name)


async def post(cast: Cast, login: str, path: str, **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/{path}", json=body)


# ---- contests: whoever decided does not decide again


async def contest(cast: Cast, appeal: dict[str, Any]) -> None:
    path = f"{RESIDENT}/appeals/{appeal['id']}/objections"
    assert (await (await cast.resident()).post(path, json={"reason": "不同意"})).status_code == 201


async def test_the_officer_who_ended_it_is_barred_and_not_the_one_who_only_registered_it(cast: Cast) -> None:
    appeal = await cast.appeal()
    case_id = await cast.case_of(appeal)
    court = {"legal_path": "litigation", "body": "法院"}
    await cast.act("dispatcher", case_id, "register", **REGISTER)
    await cast.act("dispatcher2", case_id, "redirect", **court)
    await contest(cast, appeal)
    assert (await cast.act("dispatcher2", case_id, "redirect", expect=403, **court))["code"] == "same-officer"
    assert "register" not in (await seen(cast, case_id, "dispatcher2"))["can"]
    await cast.act("dispatcher", case_id, "register", **REGISTER)
    assert (await cast.act("dispatcher", case_id, "accept"))["state"] == "accepted"


async def test_both_who_voided_it_are_barred_and_its_author_is_told_and_may_contest(cast: Cast) -> None:
    appeal = await cast.appeal()
    case_id = await cast.case_of(appeal)
    for login in ("dispatcher", "dispatcher2"):
        await cast.act(login, case_id, "void", reason_code="spam")
    await cast.react()
    notices = (await (await cast.resident()).get(f"{RESIDENT}/me/inbox")).json()["items"]
    told = next(notice["text"] for notice in notices if notice["event"] == "void")
    assert "作废" in told and "无实际诉求" in told and "异议" in told and "{" not in told
    await contest(cast, appeal)
    for login in ("dispatcher", "dispatcher2"):
        assert (await cast.act(login, case_id, "register", expect=403, **REGISTER))["code"] == "same-officer"


async def test_what_another_body_sent_back_bars_nobody(cast: Cast) -> None:
    case_id = await bring_to(cast, "registered")
    await cast.act("dispatcher", case_id, "transfer-out", target="市公安局", basis="管辖")
    await cast.act("dispatcher", case_id, "transfer-refused", note="不属于我局")
    assert (await cast.act("dispatcher", case_id, "accept"))["state"] == "accepted"


# ---- village units


async def test_a_reviewer_of_the_town_answers_what_the_village_took(cast: Cast) -> None:
    case_id = await bring_to(cast, "accepted")
    assert (await post(cast, "villagedesk", f"workbench/{case_id}/take")).status_code == 200
    for stage in ("accept", "investigate"):
        await cast.act("villagedesk", case_id, "contact", stage=stage)
    await cast.act("villagedesk", case_id, "grade", grade="clear", facts="灯泡损坏")
    await cast.act("villagedesk", case_id, "submit-result", **RESULT)
    assert {"answer", "reject"} <= set((await seen(cast, case_id, "townreviewer"))["can"])
    assert (await cast.act("reviewer", case_id, "answer", expect=404, text="修好了"))["code"] == "not-found"
    assert (await cast.act("townreviewer", case_id, "answer", text="修好了"))["state"] == "answered"


async def test_the_village_takes_no_appeal_that_nobody_could_answer(cast: Cast) -> None:
    await Assignment.filter(staff_id=stable_id("staff", "townreviewer")).delete()
    case_id = await bring_to(cast, "accepted")
    refused = await post(cast, "villagedesk", f"workbench/{case_id}/take")
    assert (refused.status_code, refused.json()["missing"]) == (409, ["reviewer"])
    assert (await seen(cast, case_id))["state"] == "accepted"


async def test_a_village_does_its_part_answers_supervision_and_reports_what_it_verified(cast: Cast) -> None:
    village = str((await Department.filter(kind="village").first()).id)  # type: ignore[union-attr]
    part = await bring_to(cast, "dispatched", dispatch={"co_units": [village]})
    assert "co-result" in (await seen(cast, part, "villagedesk"))["can"]
    await cast.act("villagedesk", part, "co-result", note="已配合")
    handed = await bring_to(cast, "accepted", content="水渠塌了")
    await cast.act("dispatcher", handed, "dispatch", lead="象湖镇")
    await cast.act("townhandler", handed, "transfer-down", unit=village, task="请核实")
    assert (await cast.act("villagedesk", handed, "report-verification", note="属实", found="true"))["state"] == "dispatched"
    role = await Assignment.get(staff_id=stable_id("staff", "townreviewer"))
    await role.delete()
    led = await bring_to(cast, "accepted", content="村道坏了")
    assert (await cast.act("dispatcher", led, "dispatch", expect=409, lead=village))["missing"] == ["reviewer"]
    await role.save(force_create=True)
    await cast.act("dispatcher", led, "dispatch", lead=village)
    await cast.act("supervisor", led, "supervise", requirement="请说明")
    demand = (await seen(cast, led, "villagedesk"))["supervision"][0]["id"]
    assert (await post(cast, "villagedesk", f"supervisions/{demand}/response", text="已办")).status_code == 200
    assert (await post(cast, "towndesk", f"supervisions/{demand}/response", text="已办")).status_code == 403


# ---- raised cases


async def test_who_raised_a_case_no_longer_decides_on_it_by_any_other_move(cast: Cast) -> None:
    case_id, other = await bring_to(cast, "accepted"), await bring_to(cast, "accepted", content="别的事")
    await cast.act("villagedesk", case_id, "escalate", **WHY)
    for action, body in (
        ("transfer-out", {"target": "某单位", "basis": "职责"}),
        ("merge", {"into": other}),
        ("regrade", {"track": "CONSULT", "grounds": ["simple"], "reason": "简单"}),
    ):
        refused = await cast.act("villagedesk", case_id, action, expect=409, **body)
        assert refused["code"] == "guard-not-met" and "提级" in refused["detail"], action
    await cast.act("dispatcher", case_id, "dispatch", lead=CITY)
    await cast.act("villagedesk", case_id, "add-co-unit", expect=409, department_id="市水利局")
    await cast.act("handler", case_id, "return", reason="不属于我局职责")
    for action in ("grant-return", "refuse-return"):
        assert (await cast.act("villagedesk", case_id, action, expect=409))["code"] == "guard-not-met"
    assert (await cast.act("dispatcher", case_id, "grant-return"))["state"] == "accepted"


async def test_a_raised_appeal_counts_as_accepted_and_comes_to_its_end(cast: Cast) -> None:
    case_id = await bring_to(cast, "registered")
    await cast.act("dispatcher", case_id, "ask-info", items=["照片"])
    raised = await cast.act("villagedesk", case_id, "escalate", **WHY)
    assert (raised["state"], list(raised["steps"])) == ("accepted", ["accept"])
    assert [found["name"] for found in raised["clocks"] if not found["stopped_at"]] == ["handling"]
    for _, login, action, body in ROAD[2:]:
        await cast.act(login, case_id, action, **body)
    for login, action, body in AFTER_ANSWER:
        await cast.act(login, case_id, action, **body)
    assert (await cast.act("callback", case_id, "callback", **GOOD))["state"] == "closed"


# ---- clocks


async def test_the_time_of_an_appeal_does_not_count_from_the_event_it_came_from(cast: Cast, at: At) -> None:
    at("2026-03-02T09:00")
    event = {"id": str(uuid4()), "occurred_at": "2026-03-02T09:00:00+08:00", "event_type": "E4", "grid_code": GRID,
             "description": "水管破了"}  # fmt: skip
    assert (await (await cast.worker()).post(f"{WORKER}/events", json=event)).status_code == 201
    await cast.act("dispatcher", event["id"], "dispatch", lead=CITY, co_units=[WATER])
    assert (await (await cast.staff("handler2")).get(f"{DESK}/cases/{event['id']}")).status_code == 200
    at("2026-03-23T09:00")
    said = {"content": "水管破了三周没人管", "channel": next(iter(rulebook().channels))}
    await cast.act("dispatcher", event["id"], "convert", appeal_type="help", topic="0901", appeal=said)
    accepted = await cast.act("dispatcher", event["id"], "accept")
    assert clock(accepted, "handling")["started_at"].startswith("2026-03-23")
    assert clock(accepted, "handling")["level"] == "none"
    assert accepted["units"] == []
    assert (await (await cast.staff("handler2")).get(f"{DESK}/cases/{event['id']}")).status_code == 404


async def test_more_time_once_granted_stays_granted_and_used_up_on_another_track(
    cast: Cast, at: At, more_tracks: None
) -> None:
    at("2026-03-16T09:00")
    case_id, bare = await bring_to(cast, "signed"), await bring_to(cast, "signed", content="另一盏")
    more = {"amount": 3, "reason": "需要采购灯具", "done": "已勘察现场"}
    await cast.act("handler", case_id, "extend", **more)
    await cast.act("supervisor", case_id, "grant-extension")
    changed = await cast.act("handler", case_id, "regrade", **SHORT)
    plain = await cast.act("handler", bare, "regrade", **SHORT)
    assert clock(plain, "handling")["due_at"].startswith("2026-03-19")
    assert clock(changed, "handling")["due_at"].startswith("2026-03-24"), "three working days more"
    assert (await cast.act("handler", case_id, "extend", expect=409, **more))["code"] == "guard-not-met"


async def test_waiting_goes_along_to_another_short_track_and_never_lengthens_statutory_time(
    cast: Cast, at: At, more_tracks: None
) -> None:
    at("2026-03-16T09:00")
    wait = {"reason": "expert_test", "until_on": "2026-03-19", "note": "等待质量鉴定"}
    longer = {"track": "STATUTORY", "grounds": ["complex"], "reason": "涉及多个单位"}
    short, legal, bare = [await bring_to(cast, "signed", content=words) for words in ("东头", "西头", "南头")]
    for case_id in (short, legal):
        for login in ("handler", "supervisor"):
            await cast.act(login, case_id, "suspend", **wait)
    changed = await cast.act("handler", short, "regrade", **SHORT)
    assert clock(changed, "handling")["due_at"].startswith("2026-03-24"), "three working days of waiting more"
    for case_id in (legal, bare):
        for login in ("handler", "supervisor"):
            changed = await cast.act(login, case_id, "regrade", **longer)
    plain = clock(changed, "handling")["due_at"]
    assert clock(await seen(cast, legal), "handling")["due_at"] == plain
    await cast.act("supervisor", legal, "unsuspend")
    assert clock(await seen(cast, legal), "handling")["due_at"] == plain


async def test_a_case_sent_back_from_the_long_term_list_is_not_reviewed_there_any_more(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "handling")
    body = {"opinion": "需立项", "explanation": "资金未到位", "plan": "列入明年计划", "review_on": "2026-04-01"}
    for login in ("handler", "unitlead"):
        await cast.act(login, case_id, "hold-long-term", **body)
    back = await cast.act("supervisor", case_id, "rework", reason="可以办")
    assert [found["name"] for found in back["clocks"] if not found["stopped_at"]] == ["rework"]


async def test_a_case_that_ends_while_it_waits_does_not_wait_on_when_it_is_opened_again(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    appeal = await cast.appeal()
    case_id = await cast.case_of(appeal)
    for _, login, action, body in ROAD[:4]:
        await cast.act(login, case_id, action, **body)
    wait = {"reason": "expert_test", "note": "等待质量鉴定"}
    for login in ("handler", "supervisor"):
        await cast.act(login, case_id, "suspend", until_on="2026-03-19", **wait)
    await (await cast.resident()).post(f"{RESIDENT}/appeals/{appeal['id']}/withdrawal", json={})
    ended = await seen(cast, case_id)
    assert (ended["suspended_until"], [one["ended_at"] is None for one in ended["suspensions"]]) == (None, [False])
    await contest(cast, appeal)
    for action, body in (("accept", {}), ("dispatch", {"lead": CITY})):
        await cast.act("dispatcher2", case_id, action, **body)
    before = clock(await cast.act("handler", case_id, "sign"), "handling")["due_at"]
    for login in ("handler", "supervisor"):
        await cast.act(login, case_id, "suspend", until_on="2026-03-18", **wait)
    at("2026-03-18T00:01")
    await Timers(cast.app.ctx.services).tick()
    after = await seen(cast, case_id)
    assert (after["suspended_until"], [one["days"] for one in after["suspensions"]]) == (None, [0, 2])
    assert (before[:10], clock(after, "handling")["due_at"][:10]) == ("2026-03-23", "2026-03-25")


async def test_another_track_in_a_rework_leaves_one_handling_clock(cast: Cast, at: At, more_tracks: None) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "registered")
    await Case.filter(id=case_id).update(track="CLOSE_3WD", handling_track="CLOSE_3WD")
    for _, login, action, body in ROAD[1:]:
        await cast.act(login, case_id, action, **body)
    for login, action, body in AFTER_ANSWER:
        await cast.act(login, case_id, action, **body)
    await cast.act("callback", case_id, "callback", **BAD)
    again = await cast.act("handler", case_id, "take-up", plan="重修")
    assert {"handling", "rework"} <= {found["name"] for found in again["clocks"] if not found["stopped_at"]}
    changed = await cast.act("handler", case_id, "regrade", track="MSHY_2D", grounds=["simple"], reason="简单")
    running = [found["name"] for found in changed["clocks"] if not found["stopped_at"]]
    assert running.count("handling") == 1 and clock(changed, "handling")["due_at"].startswith("2026-03-18")
    await cast.act("handler", case_id, "submit-result", **RESULT)
    await cast.act("reviewer", case_id, "answer", text="这次真的修好了")
