"""The whole life of a case through the desk, from filing to closing, with what must hold on the way."""

from collections.abc import Callable

import pytest

from tests.support.cast import DESK, Cast
from tests.support.life import BAD, CITY, GOOD, WATER, again, bring_to, finish

pytestmark = pytest.mark.anyio

At = Callable[[str], None]


@pytest.mark.mechanism("000-05", "000-08", "000-09", "000-15", "000-20", "000-36", "003-11", "004-26")
async def test_the_whole_life_with_a_bad_rating_rework_and_a_good_one(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered", dispatch={"co_units": [WATER]})
    await cast.act("handler", case_id, "contact", stage="answer")
    await cast.act("handler", case_id, "follow-up", note="已回访")
    after = await cast.act("callback", case_id, "callback", **BAD)
    assert (after["state"], after["rework_no"], after["round"]) == ("rework", 1, 2)
    assert [(s["trigger"], s["state"]) for s in after["supervision"]] == [("dissatisfied", "open")]
    await again(cast, case_id)
    waiting = await cast.act("callback", case_id, "callback", **GOOD)
    assert waiting["state"] == "answered", "the co-unit's part is still open"
    assert waiting["supervision"][0]["state"] == "closed"
    refused = await cast.act("callback", case_id, "close", expect=409)
    assert (refused["code"], refused["missing"]) == ("guard-not-met", ["协办任务"])
    await cast.act("handler2", case_id, "co-result", note="沟渠已清")
    closed = await cast.act("callback", case_id, "close")
    assert closed["state"] == "closed"
    assert set(closed["steps"]) == {"accept", "verify", "rectify", "report", "callback"}
    assert {c["stage"] for c in closed["contacts"]} == {"accept", "investigate", "answer"}
    assert [r["round"] for r in closed["ratings"]] == [1, 2]
    assert closed["first_unit_id"] == closed["lead"]["id"]
    assert all(clock["stopped_at"] for clock in closed["clocks"])


async def test_a_good_rating_closes_by_itself_when_nothing_is_missing(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await finish(cast, case_id)
    closed = (await (await cast.staff("supervisor")).get(f"{DESK}/cases/{case_id}")).json()
    assert closed["state"] == "closed"
    again_closed = await cast.act("callback", case_id, "close")
    assert again_closed["version"] == closed["version"], "closing twice changes nothing"


@pytest.mark.mechanism("003-11")
async def test_meetings_told_with_a_report_count_as_contacts_and_stand_in_the_file(cast: Cast) -> None:
    case_id = await bring_to(cast, "investigating")
    early = {"meetings": [{"stage": "answer"}]}
    refused = await cast.act("handler", case_id, "grade", grade="clear", facts="灯泡损坏", **early, expect=409)
    assert (refused["code"], refused["missing"]) == ("guard-not-met", ["grade"])
    wrong = {"meetings": [{"stage": "somewhere"}]}
    faulty = await cast.act("handler", case_id, "grade", grade="clear", facts="灯泡损坏", **wrong, expect=422)
    assert faulty["errors"][0]["field"].startswith("meetings")
    seen = {"stage": "investigate", "mode": "in_person", "note": "到现场看过"}
    graded = await cast.act("handler", case_id, "grade", grade="clear", facts="灯泡损坏", meetings=[seen])
    assert [(c["stage"], c["mode"], c["note"]) for c in graded["contacts"]][-1] == tuple(seen.values())
    lines = [(line["event"], line["text"], line["data"].get("stage")) for line in graded["timeline"]]
    assert lines[-2:] == [("case.contacted", "到现场看过", "investigate"), ("case.graded", "灯泡损坏", None)]


@pytest.mark.mechanism("003-11")
async def test_the_answer_handed_over_at_the_follow_up_is_the_third_meeting(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await cast.act("handler", case_id, "follow-up", note="已回访", meetings=[{"stage": "answer", "mode": "in_person"}])
    refused = await cast.act("callback", case_id, "close", expect=409)
    assert refused["missing"] == ["回访"]


@pytest.mark.mechanism("000-08")
async def test_close_names_everything_that_is_missing(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    refused = await cast.act("callback", case_id, "close", expect=409)
    assert refused["missing"] == ["快回访", "答复见面", "回访"]


@pytest.mark.mechanism("000-15", "004-26")
async def test_the_second_bad_rating_opens_supervision_but_no_rework(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    first = await cast.act("callback", case_id, "callback", **BAD)
    sheet = first["supervision"][0]["id"]
    await (await cast.staff("supervisor")).post(f"{DESK}/supervisions/{sheet}/verdict", json={"verdict": "已约谈"})
    await again(cast, case_id)
    second = await cast.act("callback", case_id, "callback", **BAD)
    assert (second["state"], second["rework_no"]) == ("answered", 1)
    assert [s["state"] for s in second["supervision"]] == ["closed", "open"]
    decided = await cast.act("supervisor", case_id, "rework", reason="须重办")
    assert (decided["state"], decided["rework_no"], decided["round"]) == ("rework", 2, 3)


async def test_three_calls_on_two_days_that_nobody_answers_are_enough_to_close(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "answered")
    await cast.act("handler", case_id, "contact", stage="answer")
    await cast.act("handler", case_id, "follow-up", note="已回访")
    for moment in ("2026-03-16T15:00", "2026-03-16T19:00"):
        at(moment)
        called = await cast.act("callback", case_id, "callback", reached=False)
        assert [c["stopped_at"] for c in called["clocks"] if c["name"] == "callback"] == [None]
    assert (await cast.act("callback", case_id, "close", expect=409))["missing"] == ["回访"]
    at("2026-03-17T10:00")
    called = await cast.act("callback", case_id, "callback", reached=False)
    assert [c["met"] for c in called["clocks"] if c["name"] == "callback"] == [True]
    assert (await cast.act("callback", case_id, "close"))["state"] == "closed"


async def test_a_case_can_be_dispatched_anew_from_rework(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await cast.act("callback", case_id, "callback", **BAD)
    moved = await cast.act("dispatcher", case_id, "dispatch", lead=WATER)
    assert (moved["state"], moved["lead"]["name"]) == ("dispatched", WATER)
    signed = await cast.act("handler2", case_id, "sign")
    first = (await (await cast.staff("supervisor")).get(f"{DESK}/departments", params={"text": CITY})).json()
    assert signed["first_unit_id"] == first["items"][0]["id"], "the first unit stays the first (000-20)"
