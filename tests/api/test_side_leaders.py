"""Leaders on a case: instruction, direct dispatch, one leader for a hard case, recusal."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.cases.models import Case
from server.rules import stable_id
from tests.support.cast import DESK, Cast
from tests.support.life import CITY, GOOD, RESULT, WATER, bring_to

pytestmark = pytest.mark.anyio
At = Callable[[str], None]


def person(login: str) -> str:
    return str(stable_id("staff", login))


def plan(leader: str = "leader", **changes: Any) -> dict[str, Any]:
    return {"leader_id": person(leader), "plan": "分户核实,逐户答复", "team": [person("handler")],
            "due_on": "2026-06-30", **changes}  # fmt: skip


# ---- instruction


@pytest.mark.mechanism("000-30")
async def test_what_a_leader_assigns_by_name_is_dispatched_the_same_day(cast: Cast, at: At) -> None:
    at("2026-03-16T10:00")
    case_id = await bring_to(cast, "registered")
    none = await cast.act("supervisor", case_id, "dispatch-instructed", expect=409)
    assert none["missing"] == ["instruct"]
    told = await cast.act("leader", case_id, "instruct", text="请市水利局今日接办", unit=WATER)
    clock = next(one for one in told["clocks"] if one["name"] == "instructed")
    assert clock["due_at"] == "2026-03-16T23:59:00+08:00"
    assert told["instructions"][0]["unit"] == WATER
    await cast.act("handler2", case_id, "dispatch-instructed", expect=404)
    await cast.act("meeting", case_id, "dispatch-instructed", expect=403)
    at("2026-03-16T15:00")
    sent = await cast.act("supervisor", case_id, "dispatch-instructed")
    assert (sent["state"], sent["lead"]["name"], sent["accepted_at"][:10]) == ("dispatched", WATER, "2026-03-16")
    assert sent["timeline"][-1]["data"]["same_day"] is True
    running = {one["name"] for one in sent["clocks"] if not one["stopped_at"]}
    assert {"handling", "sign"} <= running and "instructed" not in running
    assert (await cast.act("handler2", case_id, "sign"))["state"] == "signed"


async def test_a_late_dispatch_says_so_and_an_instruction_serves_once(cast: Cast, at: At) -> None:
    at("2026-03-16T10:00")
    case_id = await bring_to(cast, "accepted")
    paper = {"text": "请城管局办理", "unit": CITY}
    wrong = await cast.act("supervisor", case_id, "instruct", expect=422, **paper)
    assert wrong["errors"][0]["field"] == "leader_id"
    bad = await cast.act("supervisor", case_id, "instruct", expect=422, **paper, leader_id=person("handler"))
    assert bad["errors"][0]["field"] == "leader_id"
    await cast.act("callback", case_id, "instruct", expect=403, **paper)
    await cast.act("supervisor", case_id, "instruct", **paper, leader_id=person("leader"))
    at("2026-03-17T09:00")
    sent = await cast.act("supervisor", case_id, "dispatch-instructed")
    assert sent["timeline"][-1]["data"]["same_day"] is False
    assert (await cast.act("supervisor", case_id, "dispatch-instructed", expect=409))["code"] == "move-not-allowed"


async def weighty(cast: Cast) -> str:
    case_id = await bring_to(cast, "submitted")
    await cast.act("dispatcher", case_id, "register", appeal_type="help", topic="0901", major=True)
    await cast.act("dispatcher", case_id, "accept")
    await cast.act("dispatcher", case_id, "dispatch", lead=CITY)
    await cast.act("handler", case_id, "sign")
    await cast.act("handler", case_id, "contact", stage="accept")
    await cast.act("handler", case_id, "contact", stage="investigate")
    await cast.act("handler", case_id, "grade", grade="clear", facts="属实")
    await cast.act("handler", case_id, "submit-result", **RESULT)
    return case_id


async def answer(cast: Cast, case_id: str) -> None:
    await cast.act("principal", case_id, "answer", text="已解决。")
    await cast.act("handler", case_id, "contact", stage="answer")
    await cast.act("handler", case_id, "follow-up", note="已回访")


@pytest.mark.mechanism("000-21")
async def test_a_major_case_closes_only_with_the_instruction_of_the_principal(cast: Cast) -> None:
    case_id = await weighty(cast)
    await cast.act("reviewer", case_id, "answer", expect=403, text="已解决。")
    await answer(cast, case_id)
    await cast.act("leader", case_id, "instruct", text="抓紧办理")
    assert (await cast.act("callback", case_id, "callback", **GOOD))["state"] == "answered"
    stuck = await cast.act("callback", case_id, "close", expect=409)
    assert stuck["missing"] == ["主要负责人批示"]
    await cast.act("principal", case_id, "instruct", text="已阅,同意办结")
    assert (await cast.act("callback", case_id, "close"))["state"] == "closed"


# ---- one leader for a hard case


@pytest.mark.mechanism("001-11", "004-11", "004-12")
async def test_one_leader_with_team_and_plan_until_the_five_duties_are_done(cast: Cast, at: At) -> None:
    at("2026-03-16T10:00")
    case_id = await bring_to(cast, "reviewing")
    for changes, field in (
        ({"leader_id": person("handler")}, "leader_id"), ({"due_on": "2026-03-16"}, "due_on"),
        ({"team": [str(stable_id("staff", "nobody"))]}, "team"),
    ):  # fmt: skip
        bad = await cast.act("supervisor", case_id, "assign-leader", expect=422, **plan(**changes))
        assert bad["errors"][0]["field"] == field
    await cast.act("handler", case_id, "assign-leader", expect=403, **plan())
    assert (await cast.act("leader", case_id, "leader-duty", expect=409, duty="know", note="x"))["missing"]
    taken = await cast.act("supervisor", case_id, "assign-leader", **plan())
    assert taken["leader_id"] == person("leader")
    second = await cast.act("supervisor", case_id, "assign-leader", expect=409, **plan("principal"))
    assert second["missing"] == ["hand-over-leader"]
    await cast.act("dispatcher", case_id, "leader-duty", expect=403, duty="know", note="已了解")
    early = await cast.act("leader", case_id, "leader-duty", expect=409, duty="settled", note="已确认")
    assert early["missing"] == ["answer"]
    await cast.act("reviewer", case_id, "answer", text="已解决。")
    await cast.act("handler", case_id, "contact", stage="answer")
    await cast.act("handler", case_id, "follow-up", note="已回访")
    await cast.act("callback", case_id, "callback", **GOOD)
    assert (await cast.act("callback", case_id, "close", expect=409))["missing"] == ["包案化解"]
    for login, duty in (("handler", "know"), ("leader", "explain"), ("leader", "resolve"), ("handler", "care")):
        done = await cast.act(login, case_id, "leader-duty", duty=duty, note="已做")
        assert done["leader_cases"][0]["state"] == "open"
    resolved = await cast.act("leader", case_id, "leader-duty", duty="settled", note="本人确认")
    assert (resolved["leader_cases"][0]["state"], resolved["leader_id"]) == ("resolved", None)
    assert (await cast.act("callback", case_id, "close"))["state"] == "closed"


@pytest.mark.mechanism("004-11")
async def test_a_leader_is_changed_only_with_approval(cast: Cast, at: At) -> None:
    at("2026-03-16T10:00")
    case_id = await bring_to(cast, "handling")
    none = await cast.act("supervisor", case_id, "hand-over-leader", expect=409, **plan())
    assert none["missing"] == ["assign-leader"]
    await cast.act("supervisor", case_id, "assign-leader", **plan())
    await cast.act("supervisor", case_id, "hand-over-leader", expect=422, **plan())
    asked = await cast.act("supervisor", case_id, "hand-over-leader", **plan("principal"))
    assert asked["leader_id"] == person("leader")
    await cast.act("dispatcher", case_id, "hand-over-leader", expect=403, **plan("principal"))
    changed = await cast.act("leader", case_id, "hand-over-leader", **plan("principal"))
    assert changed["leader_id"] == person("principal")
    assert [one["state"] for one in changed["leader_cases"]] == ["handed_over", "open"]


# ---- recusal


async def test_who_recuses_reads_on_and_does_nothing_more(cast: Cast) -> None:
    case_id = await bring_to(cast, "handling")
    await cast.act("townhandler", case_id, "recuse", expect=404)
    left = await cast.act("handler", case_id, "recuse", reason="与当事人是亲属")
    assert (left["handler_id"], left["can"]) == (None, [])
    refused = await cast.act("handler", case_id, "submit-result", expect=409, **RESULT)
    assert refused["code"] == "conflict-of-interest"
    assert (await (await cast.staff("handler")).get(f"{DESK}/cases/{case_id}")).status_code == 200
    await cast.act("reviewer", case_id, "recuse")
    assert (await cast.act("unitlead", case_id, "submit-result", **RESULT))["state"] == "reviewing"
    assert (await cast.act("reviewer", case_id, "answer", expect=409, text="好"))["code"] == "conflict-of-interest"
    await cast.act("principal", case_id, "answer", text="已办好。")
    assert (await Case.get(id=case_id)).first_handler_id == stable_id("staff", "handler"), "fixed for good"


async def test_nobody_is_given_a_case_after_recusing(cast: Cast) -> None:
    case_id = await bring_to(cast, "signed")
    await cast.act("handler", case_id, "recuse")
    await cast.act("unitlead", case_id, "return", reason="不属于本单位职责")
    await cast.act("dispatcher", case_id, "grant-return")
    named = await cast.act("dispatcher", case_id, "dispatch", expect=409, lead=CITY, handler_id=person("handler"))
    assert named["code"] == "conflict-of-interest"
    await cast.act("dispatcher", case_id, "dispatch", lead=CITY)
    assert (await cast.act("handler", case_id, "sign", expect=409))["code"] == "conflict-of-interest"
    assert (await cast.act("unitlead", case_id, "sign"))["state"] == "signed"
