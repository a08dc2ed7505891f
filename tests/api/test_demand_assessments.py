"""X4: what a third-party panel finds about a demand changes the rates of satisfaction and resolution, and nothing else."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.access.models import Assignment, Department, Staff
from domain.areas.models import Area
from domain.clock import real_now
from domain.ids import new_id
from domain.sql import fetch
from server.rules import stable_id
from tests.api.test_rates import cases, rates
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import BAD, CITY, RESULT, ROAD, WATER, bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
WHY = {"reason": "要求超出政策规定的标准"}
FOUND = {"unreasonable": True, "finding": "评议组一致认为诉求没有政策依据"}
LEFT_OUT = ("solved_rate", "satisfied_process", "satisfied_result", "satisfied_both")
OWN_WORDS = {"process": 2, "result": 1, "solved": "no", "staff": "average"}


@pytest.fixture
async def assessor(cast: Cast) -> httpx.AsyncClient:
    """Somebody of another unit who writes down what the panel finds."""
    return await hired(cast, "联席办")


async def hired(cast: Cast, unit: str, area_code: str = "360781") -> httpx.AsyncClient:
    login, department = f"panel of {unit}", await Department.get(name=unit)
    staff_id = stable_id("staff", login)
    await Staff.create(
        id=staff_id, login=login, name="评议员", kind="staff", password_hash="!", created_at=real_now(),
        department_id=department.id,
    )  # fmt: skip
    await appointed(staff_id, area_code, department.id)
    return await cast.staff(login)


async def appointed(staff_id: UUID, area_code: str = "360781", department_id: UUID | None = None) -> None:
    await Assignment.create(
        id=new_id(), staff_id=staff_id, role="third_party_assessor", area_code=area_code,
        area_path=(await Area.get(code=area_code)).path, department_id=department_id,
    )  # fmt: skip


async def answered(
    cast: Cast, disposition: str = "explained_unreasonable", co_units: tuple[str, ...] = (), **appeal: Any
) -> tuple[str, str]:
    """A case whose demand the answer explains to be unreasonable; its id and that of the appeal."""
    receipt = await cast.appeal(**appeal)
    case_id = await cast.case_of(receipt)
    for _, login, action, body in ROAD:
        more = {"submit-result": {"disposition": disposition}, "dispatch": {"co_units": list(co_units)}}
        await cast.act(login, case_id, action, **{**body, **more.get(action, {})})
    return case_id, receipt["id"]


async def ask(cast: Cast, case_id: str, login: str = "unitlead", **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/cases/{case_id}/demand-assessments", json=body or WHY)


async def give(panel: httpx.AsyncClient, assessment: str, **body: Any) -> httpx.Response:
    return await panel.post(f"{DESK}/demand-assessments/{assessment}/finding", json=body or FOUND)


async def test_ratings_of_a_demand_found_unreasonable_are_left_out_from_that_day_on(
    cast: Cast, at: Move, assessor: httpx.AsyncClient
) -> None:
    at("2026-06-01T09:00")
    (judged, _), (plain, _) = await answered(cast), await answered(cast)
    asked = (await ask(cast, judged)).json()
    at("2026-06-02T10:00")
    for case_id in (judged, plain):
        await cast.act("callback", case_id, "callback", **BAD)
    earlier = await rates(cast, "?on=2026-06-02&since=2026-06-01")
    before = {row["name"]: row for row in earlier["rates"]}
    assert [(before[name]["denominator"], before[name]["excluded"]) for name in LEFT_OUT] == [(2, 0)] * 4
    at("2026-06-03T10:00")
    assert (await give(assessor, asked["id"])).status_code == 200
    query = "?on=2026-06-03&since=2026-06-01"
    found = {row["name"]: row for row in (await rates(cast, query))["rates"]}
    for name in LEFT_OUT:
        assert (found[name]["denominator"], found[name]["excluded"]) == (1, 1), name
        reasons = {one["id"]: one["excluded"] for one in await cases(cast, name, query)}
        assert reasons == {judged: "X4", plain: None}, name
    assert {row["excluded"] for name, row in found.items() if name not in LEFT_OUT} == {0}
    assert found["participation_rate"]["denominator"] == 2, "taking part, response and time still count it"
    assert await rates(cast, "?on=2026-06-02&since=2026-06-01") == earlier, "the past day says what it said"


async def test_a_demand_that_the_panel_finds_reasonable_counts(cast: Cast, at: Move, assessor: httpx.AsyncClient) -> None:
    at("2026-06-01T09:00")
    case_id, _ = await answered(cast)
    asked = (await ask(cast, case_id)).json()
    given = await give(assessor, asked["id"], unreasonable=False, finding="诉求合理,应当办理")
    assert (given.status_code, given.json()["unreasonable"]) == (200, False)
    await cast.act("callback", case_id, "callback", **BAD)
    row = next(one for one in (await rates(cast))["rates"] if one["name"] == "solved_rate")
    assert (row["numerator"], row["denominator"], row["excluded"]) == (0, 1, 0)


async def test_it_refuses_nothing_slows_nothing_and_takes_nothing_from_the_appellant(
    cast: Cast, at: Move, assessor: httpx.AsyncClient
) -> None:
    at("2026-06-01T09:00")
    case_id, appeal = await answered(cast)
    li, desk = await cast.resident("li"), await cast.staff("supervisor")
    fixed = ("state", "version", "clocks", "can", "round")
    before = (await desk.get(f"{DESK}/cases/{case_id}")).json()
    own = (await li.get(f"{RESIDENT}/appeals/{appeal}")).json()
    asked = (await ask(cast, case_id)).json()
    await give(assessor, asked["id"])
    after = (await desk.get(f"{DESK}/cases/{case_id}")).json()
    assert [after[name] for name in fixed] == [before[name] for name in fixed]
    assert (await li.get(f"{RESIDENT}/appeals/{appeal}")).json() == own, "the appellant loses neither reply nor rights"
    rated = await li.post(f"{RESIDENT}/appeals/{appeal}/ratings", json=OWN_WORDS)
    assert rated.status_code == 201, rated.text
    shown = (await desk.get(f"{DESK}/cases/{case_id}")).json()
    assert [(one["source"], one["counts"]) for one in shown["ratings"]] == [("self", True)], "the rating is shown"
    assert shown["state"] == "rework", "a bad rating sends it back all the same"


async def test_the_case_shows_it_and_the_journal_holds_codes_only(cast: Cast, assessor: httpx.AsyncClient) -> None:
    case_id, _ = await answered(cast)
    asked = (await ask(cast, case_id)).json()
    assert (asked["state"], asked["round"], asked["unreasonable"]) == ("open", 1, None)
    await give(assessor, asked["id"])
    shown = (await (await cast.staff("handler")).get(f"{DESK}/cases/{case_id}")).json()["demand_assessments"]
    assert [(one["unit"], one["state"], one["reason"], one["unreasonable"], one["finding"]) for one in shown] == [
        (CITY, "given", WHY["reason"], True, FOUND["finding"])
    ]
    lines = await fetch(
        "SELECT event, data FROM journal WHERE case_id = $1 AND event LIKE 'assessment.%' ORDER BY n", [case_id],
        json=("data",),
    )  # fmt: skip
    assert [(line["event"], sorted(line["data"])) for line in lines] == [
        ("assessment.asked", ["round", "text_digest"]), ("assessment.given", ["round", "text_digest", "unreasonable"]),
    ]


async def test_the_panel_reads_what_it_is_asked_and_never_who_appealed(cast: Cast, assessor: httpx.AsyncClient) -> None:
    case_id, _ = await answered(cast, contact={"name": "李大山", "phone": "13912340001"})
    other, _ = await answered(cast)
    asked = (await ask(cast, case_id)).json()
    answer = await assessor.get(f"{DESK}/demand-assessments?state=open")
    [line] = answer.json()["items"]
    assert (line["demands"], line["answers"]) == (["村口的路灯坏了,晚上看不见路"], ["路灯已于今日修好。"])
    assert "李大山" not in answer.text and "13912340001" not in answer.text and other not in answer.text
    assert (await assessor.get(f"{DESK}/cases/{case_id}")).status_code == 403
    await give(assessor, asked["id"])
    [line] = (await assessor.get(f"{DESK}/demand-assessments")).json()["items"]
    assert (line["state"], line["demands"], line["answers"]) == ("given", [], [])
    assert (await assessor.get(f"{DESK}/demand-assessments?state=x")).status_code == 422


async def test_who_may_ask_when_and_how_often(cast: Cast, assessor: httpx.AsyncClient) -> None:
    case_id, _ = await answered(cast)
    for login in ("handler", "supervisor", "dispatcher", "admin"):
        assert (await ask(cast, case_id, login)).status_code == 403, login
    for body in ({"reason": ""}, {"reason": " \u200b"}, {"reason": 1}, {"why": "x"}):
        assert (await ask(cast, case_id, **body)).status_code == 422, body
    for missing in ("x", str(new_id())):
        assert (await ask(cast, missing)).status_code == 404
    early = await ask(cast, await bring_to(cast, "handling"))
    assert (early.status_code, early.json()["code"]) == (409, "guard-not-met")
    granted = await ask(cast, (await answered(cast, RESULT["disposition"]))[0])
    assert (granted.status_code, granted.json()["code"]) == (409, "guard-not-met"), "the answer found it reasonable"
    first = await ask(cast, case_id)
    assert first.status_code == 201, first.text
    second = await ask(cast, case_id, "principal")
    assert (second.status_code, second.json()["detail"]) == (409, "这次答复已经提请过第三方评议,每次答复只评议一次。")
    assert (await give(assessor, first.json()["id"])).status_code == 200
    assert (await ask(cast, case_id)).status_code == 409, "once for each answer, whatever was found"


async def test_a_leader_who_declared_a_conflict_does_not_ask(cast: Cast) -> None:
    case_id, _ = await answered(cast)
    await cast.act("unitlead", case_id, "recuse", reason="与诉求人有亲属关系")
    refused = await ask(cast, case_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict-of-interest")
    assert (await ask(cast, case_id, "principal")).status_code == 201


async def test_who_may_give_the_finding(cast: Cast, assessor: httpx.AsyncClient) -> None:
    case_id, _ = await answered(cast)
    asked = (await ask(cast, case_id)).json()["id"]
    for body in ({"unreasonable": True}, {"unreasonable": "yes", "finding": "x"}, {"unreasonable": True, "finding": " "}):
        assert (await give(assessor, asked, **body)).status_code == 422, body
    for missing in ("x", str(new_id())):
        assert (await give(assessor, missing)).status_code == 404
    assert (await give(await cast.staff("supervisor"), asked)).status_code == 403
    away = await hired(cast, "叶坪镇", "360781101")
    assert (await give(away, asked)).status_code == 404
    assert (await away.get(f"{DESK}/demand-assessments")).json()["items"] == []
    inside = await hired(cast, CITY)
    assert (await give(inside, asked)).json()["code"] == "not-allowed", "nobody of the handling unit"
    assert (await inside.get(f"{DESK}/demand-assessments")).json()["items"] == []
    assert (await give(assessor, asked)).status_code == 200
    twice = await give(assessor, asked, unreasonable=False, finding="改主意了")
    assert (twice.status_code, twice.json()["detail"]) == (409, "第三方评议已有结论。")


async def test_a_unit_that_only_helps_neither_asks_nor_judges(cast: Cast) -> None:
    case_id, _ = await answered(cast, co_units=(WATER,))
    water, helper = (await Department.get(name=WATER)).id, stable_id("staff", "handler2")
    await Assignment.filter(staff_id=helper).update(role="unit_lead")
    assert (await (await cast.staff("handler2")).get(f"{DESK}/cases/{case_id}")).status_code == 200
    assert (await ask(cast, case_id, "handler2")).json()["code"] == "not-allowed"
    asked = (await ask(cast, case_id)).json()["id"]
    await appointed(helper, department_id=water)
    refused = await give(await cast.staff("handler2"), asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")


async def test_whoever_asked_does_not_judge_in_another_unit_either(cast: Cast) -> None:
    case_id, _ = await answered(cast)
    asked, lead = (await ask(cast, case_id)).json()["id"], stable_id("staff", "unitlead")
    elsewhere = (await Department.get(name="联席办")).id
    await Staff.filter(id=lead).update(department_id=elsewhere)
    await Assignment.filter(staff_id=lead).delete()
    await appointed(lead, department_id=elsewhere)
    refused = await give(await cast.staff("unitlead"), asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "same-officer")


async def test_the_unit_complained_of_meets_no_assessment_of_its_case(cast: Cast, assessor: httpx.AsyncClient) -> None:
    case_id, _ = await answered(cast)
    asked = (await ask(cast, case_id)).json()["id"]
    complained = (await Department.get(name="联席办")).id
    await fetch("UPDATE cases SET complained_department_id = $1 WHERE id = $2 RETURNING id", [complained, case_id])
    assert (await assessor.get(f"{DESK}/demand-assessments")).json()["items"] == []
    assert (await give(assessor, asked)).status_code == 404
