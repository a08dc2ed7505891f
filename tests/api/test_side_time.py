"""More time, a pause, another track, an unreachable person: each guard, who may, and what the appellant is told."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from config.rules import load_profile
from domain.cases.models import Case
from domain.rulebook import install, rulebook
from server.timers import Timers
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import GOOD, RESULT, bring_to

pytestmark = pytest.mark.anyio
At = Callable[[str], None]
EXTEND = {"amount": 3, "reason": "需要采购灯具", "done": "已勘察现场"}
SUSPEND = {"reason": "expert_test", "until_on": "2026-03-19", "note": "等待质量鉴定"}
LONGER = {"track": "STATUTORY", "grounds": ["complex"], "reason": "涉及多个单位"}


@pytest.fixture
def more_tracks() -> Iterator[None]:
    """The tracks of 滁州 beside those of the stage."""
    before = rulebook()
    install(replace(before, tracks={**before.tracks, **load_profile("chuzhou").tracks}))
    yield
    install(before)


def handling(case: dict[str, Any]) -> dict[str, Any]:
    return next(clock for clock in case["clocks"] if clock["name"] == "handling")


async def told(cast: Cast) -> list[tuple[str, str]]:
    await cast.react()
    notices = (await (await cast.resident()).get(f"{RESIDENT}/me/inbox")).json()["items"]
    return [(notice["event"], notice["text"]) for notice in notices]


async def statutory(cast: Cast) -> str:
    case_id = await bring_to(cast, "submitted")
    done = await cast.act("dispatcher", case_id, "register", appeal_type="help", topic="0901", complex=True)
    assert done["handling_track"] == "STATUTORY"
    await cast.act("dispatcher", case_id, "accept")
    await cast.act("dispatcher", case_id, "dispatch", lead="市城管局")
    return case_id


# ---- extension


async def test_a_short_limit_is_extended_once_by_the_supervision_section(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")  # Monday; five working days end on Monday 03-23
    case_id = await bring_to(cast, "signed")
    assert (await cast.act("handler2", case_id, "extend", expect=404, **EXTEND))["code"] == "not-found"
    await cast.act("supervisor", case_id, "grant-extension", expect=409)
    asked = await cast.act("handler", case_id, "extend", **EXTEND)
    assert handling(asked)["due_at"] == "2026-03-23T23:59:59+08:00", "asking moves nothing"
    assert (await cast.act("handler", case_id, "extend", expect=409, **EXTEND))["code"] == "guard-not-met"
    await cast.act("principal", case_id, "grant-extension", expect=403)
    granted = await cast.act("supervisor", case_id, "grant-extension")
    assert handling(granted)["due_at"] == "2026-03-26T23:59:59+08:00"
    assert [one["state"] for one in granted["extensions"]] == ["granted"]
    again = await cast.act("handler", case_id, "extend", expect=409, **EXTEND)
    assert "一次" in again["detail"]
    event, text = (await told(cast))[0]
    assert event == "extend" and "需要采购灯具" in text and "2026年3月26日" in text


async def test_a_refused_extension_leaves_the_date_and_nobody_decides_the_own_request(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await statutory(cast)
    await cast.act("unitlead", case_id, "extend", **{**EXTEND, "amount": 30})
    assert (await cast.act("unitlead", case_id, "grant-extension", expect=403))["code"] == "same-officer"
    await cast.act("supervisor", case_id, "grant-extension", expect=403)
    refused = await cast.act("principal", case_id, "refuse-extension", note="可以按期办结")
    assert [one["state"] for one in refused["extensions"]] == ["refused"]
    await cast.act("handler", case_id, "extend", **{**EXTEND, "amount": 30})
    granted = await cast.act("principal", case_id, "grant-extension")
    before, after = (granted["extensions"][-1][name] for name in ("due_before", "due_after"))
    assert before < after == handling(granted)["due_at"]


async def test_what_cannot_be_extended(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "signed")
    too_much = await cast.act("handler", case_id, "extend", expect=422, **{**EXTEND, "amount": 6})
    assert too_much["errors"][0]["field"] == "amount"
    early = await bring_to(cast, "accepted")
    await cast.act("dispatcher", early, "extend", expect=403, **EXTEND)
    at("2026-03-24T09:00")
    late = await cast.act("handler", case_id, "extend", expect=409, **EXTEND)
    assert "已过" in late["detail"]


# ---- suspension


async def test_a_suspension_takes_two_moves_the_short_limit_and_ends_by_itself(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    receipt = await cast.appeal()
    case_id = await cast.case_of(receipt)
    await cast.act("dispatcher", case_id, "register", appeal_type="help", topic="0901")
    await cast.act("dispatcher", case_id, "accept")
    await cast.act("dispatcher", case_id, "dispatch", lead="市城管局")
    first = await cast.act("supervisor", case_id, "suspend", expect=409, **SUSPEND)
    assert "承办单位" in first["detail"]
    asked = await cast.act("handler", case_id, "suspend", **SUSPEND)
    assert asked["suspended_until"] is None
    await cast.act("unitlead", case_id, "suspend", expect=403, **SUSPEND)
    waiting = await cast.act("supervisor", case_id, "suspend", **SUSPEND)
    assert (waiting["suspended_until"], waiting["state"]) == ("2026-03-19", "dispatched")
    assert handling(waiting)["due_at"] == "2026-03-26T23:59:59+08:00", "three working days later"
    await cast.act("handler", case_id, "suspend", expect=409, **SUSPEND)
    resident = await cast.resident()
    own = (await resident.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()
    assert own["suspensions"][0]["until_on"] == "2026-03-19" and "object" in own["can"]
    objected = await resident.post(f"{RESIDENT}/appeals/{receipt['id']}/objections", json={"reason": "不同意等"})
    assert objected.status_code == 201, objected.text
    assert any(event == "suspend" and "等待质量鉴定" in text for event, text in await told(cast))
    at("2026-03-18T23:59")
    assert (await Case.get(id=case_id)).suspended_until is not None
    at("2026-03-19T00:00")
    timers = Timers(cast.app.ctx.services)
    await timers.tick()
    await timers.tick()
    ended = (await (await cast.staff("supervisor")).get(f"{DESK}/cases/{case_id}")).json()
    assert (ended["suspended_until"], ended["suspended_days"], ended["suspensions"][0]["days"]) == (None, 3, 3)
    assert [one["trigger"] for one in ended["supervision"]] == ["objected"]
    assert handling(ended)["due_at"] == "2026-03-26T23:59:59+08:00"


async def test_ending_early_gives_back_the_days_not_waited(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "signed")
    await cast.act("supervisor", case_id, "unsuspend", expect=409)
    await cast.act("handler", case_id, "suspend", **SUSPEND)
    await cast.act("supervisor", case_id, "suspend", **SUSPEND)
    await cast.act("handler", case_id, "unsuspend", expect=403)
    at("2026-03-17T09:00")
    ended = await cast.act("supervisor", case_id, "unsuspend", note="鉴定已出")
    assert handling(ended)["due_at"] == "2026-03-24T23:59:59+08:00"
    assert ended["suspended_days"] == 1


async def test_statutory_time_runs_on_and_nothing_overdue_is_suspended(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await statutory(cast)
    late = await bring_to(cast, "signed")
    before = handling((await (await cast.staff("leader")).get(f"{DESK}/cases/{case_id}")).json())["due_at"]
    long = {**SUSPEND, "until_on": "2026-04-16"}
    await cast.act("handler", case_id, "suspend", expect=422, **long)
    await cast.act("handler", case_id, "suspend", **SUSPEND)
    waiting = await cast.act("supervisor", case_id, "suspend", **SUSPEND)
    assert handling(waiting)["due_at"] == before
    assert waiting["suspensions"][0]["stops_clock"] is False
    at("2026-03-24T09:00")
    over = await cast.act("handler", late, "suspend", expect=409, **{**SUSPEND, "until_on": "2026-03-27"})
    assert "已过" in over["detail"]


# ---- another track


@pytest.mark.mechanism("000-34")
async def test_a_longer_limit_needs_approval_before_the_shorter_lapses(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "investigating")
    for grounds in (["repeat"], ["skipped_level"], ["repeat", "skipped_level"]):
        refused = await cast.act("handler", case_id, "regrade", expect=409, **{**LONGER, "grounds": grounds})
        assert "本身不能延长" in refused["detail"]
    asked = await cast.act("handler", case_id, "regrade", **LONGER)
    assert asked["handling_track"] == "HOTLINE_5WD"
    await cast.act("unitlead", case_id, "regrade", expect=403, **LONGER)
    longer = await cast.act("supervisor", case_id, "regrade", **LONGER)
    assert (longer["handling_track"], handling(longer)["limit"]) == ("STATUTORY", "60日")
    assert "情况复杂" in longer["track_reasons"][0]
    event, text = (await told(cast))[0]
    assert event == "regrade" and "涉及多个单位" in text and "2026年5月15日" in text
    back = await cast.act("handler", case_id, "regrade", track="HOTLINE_5WD", grounds=["simple"], reason="核实后情况简单")
    assert handling(back)["due_at"] == "2026-03-23T23:59:59+08:00", "a shorter limit acts at once"


@pytest.mark.mechanism("000-34")
async def test_no_longer_limit_once_the_shorter_has_lapsed(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "investigating")
    at("2026-03-24T00:00")
    assert "已过" in (await cast.act("handler", case_id, "regrade", expect=409, **LONGER))["detail"]


async def test_regrading_refuses_unknown_and_unfit_tracks(cast: Cast) -> None:
    case_id = await bring_to(cast, "investigating")
    for code in ("NOWHERE", "URGENT", "HOTLINE_5WD"):
        bad = await cast.act("handler", case_id, "regrade", expect=422, **{**LONGER, "track": code})
        assert bad["errors"][0]["field"] == "track"
    await cast.act("callback", case_id, "regrade", expect=403, **LONGER)


async def test_a_repeat_opens_supervision_and_lengthens_nothing(cast: Cast) -> None:
    case_id = await bring_to(cast, "submitted")
    done = await cast.act("dispatcher", case_id, "register", appeal_type="help", topic="0901", repeat=True)
    assert done["handling_track"] == "HOTLINE_5WD"
    assert [one["trigger"] for one in done["supervision"]] == ["repeat"]


# ---- an unreachable person, steps


async def answered_on(cast: Cast, track: str) -> str:
    case_id = await bring_to(cast, "handling")
    body = {"track": track, "grounds": ["difficult"], "reason": "按三日闭环办理"}
    asked = await cast.act("handler", case_id, "regrade", **body)
    if asked["handling_track"] != track:
        await cast.act("supervisor", case_id, "regrade", **body)
    await cast.act("handler", case_id, "submit-result", **RESULT)
    await cast.act("reviewer", case_id, "answer", text="路灯已修好。")
    await cast.act("handler", case_id, "contact", stage="answer")
    await cast.act("handler", case_id, "follow-up", note="已回访")
    return case_id


@pytest.mark.usefixtures("more_tracks")
async def test_three_attempts_on_two_days_move_a_closing_limit_by_one_day_once(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await answered_on(cast, "CLOSE_3WD")
    for moment, due in (
        ("2026-03-18T09:00", "2026-03-19"), ("2026-03-18T15:00", "2026-03-19"), ("2026-03-19T10:00", "2026-03-20"),
        ("2026-03-19T15:00", "2026-03-20"),
    ):  # fmt: skip
        at(moment)
        called = await cast.act("callback", case_id, "callback", reached=False)
        assert handling(called)["due_at"] == f"{due}T23:59:59+08:00", moment
    assert (await cast.act("callback", case_id, "close"))["state"] == "closed"


@pytest.mark.usefixtures("more_tracks")
@pytest.mark.mechanism("000-09")
async def test_six_plus_six_closes_only_after_a_look_and_tells_what_each_step_took(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await answered_on(cast, "SIX_SIX_6WD")
    at("2026-03-17T09:00")
    called = await cast.act("callback", case_id, "callback", **GOOD)
    assert called["state"] == "answered"
    assert (await cast.act("callback", case_id, "close", expect=409))["missing"] == ["督查查看"]
    await cast.act("callback", case_id, "look", expect=403, note="已看")
    looked = await cast.act("supervisor", case_id, "look", note="手续齐全")
    assert [step["step"] for step in looked["elapsed"]["plus"] if step["at"]] == [
        "approve", "assign", "investigate", "dispose", "review", "supervise",
    ]  # fmt: skip
    assert looked["elapsed"]["plus"][-1]["seconds"] >= 86000
    assert [step["step"] for step in looked["elapsed"]["fast"] if step["at"]] == [
        "accept", "verify", "rectify", "report", "callback",
    ]  # fmt: skip
    assert (await cast.act("callback", case_id, "close"))["state"] == "closed"


@pytest.mark.mechanism("000-09")
async def test_a_fast_step_is_left_out_only_with_a_reason_and_a_leaders_agreement(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    body = {"step": "callback", "reason": "群众明确表示不需要回访"}
    await cast.act("handler", case_id, "skip-step", expect=422, step="callback")
    done = await cast.act("handler", case_id, "skip-step", expect=422, **{**body, "step": "accept"})
    assert done["errors"][0]["field"] == "step"
    asked = await cast.act("handler", case_id, "skip-step", **body)
    assert asked["skipped"] == {}
    again = await cast.act("handler", case_id, "skip-step", **body)
    assert again["skipped"] == {}, "the same person twice is one person"
    agreed = await cast.act("principal", case_id, "skip-step", **body)
    assert set(agreed["skipped"]) == {"callback"}
    assert [step["skipped"] for step in agreed["elapsed"]["fast"]] == [False] * 4 + [True]
    await cast.act("handler", case_id, "contact", stage="answer")
    assert (await cast.act("callback", case_id, "callback", **GOOD))["state"] == "closed"
