"""The conflict wall (条例 art 30, 46): a unit complained of meets its case at no door; an accused officer gets no action
that could end it and sees no identity. Letters to a level above the county reach the desk that exists."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from domain.areas.models import Area
from domain.rulebook import install, rulebook
from domain.sql import fetch
from server.rules import stable_id
from server.timers import Timers
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import BAD, bring_to

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
WALLED = ("handler", "reviewer", "unitlead", "principal")
LISTS = (
    "/cases", "/cases?text=执法", "/supervisions", "/first-handler-reviews", "/office-clocks", "/inbox", "/me",
    "/workbench", "/reviews", "/retaliation-reports", "/callbacks", "/withdrawal-checks", "/surveys", "/mediations",
    "/referrals", "/jobs",
)  # fmt: skip
OF_CASE = ("", "/suggestions", "/hearings", "/documents/opinion.docx")
WORDS = "执法人员态度恶劣"


async def complaint(cast: Cast) -> tuple[str, str, str]:
    """A complaint about 市城管局, handled by 市水利局, badly rated, with a request for review; case, number, appeal."""
    unit = (await fetch("SELECT id FROM departments WHERE name = '市城管局'"))[0]["id"]
    receipt = await cast.appeal(
        kind="complaint", content=WORDS, identity="named", complained_of={"department_id": str(unit)},
        contact={"name": "李大山", "phone": "13912340001"},
    )  # fmt: skip
    case_id = await cast.case_of(receipt)
    await cast.act("dispatcher", case_id, "register", appeal_type="complaint", topic="0901",
                   petition_class="accusation", complained_of={"department_id": str(unit)})  # fmt: skip
    await cast.act("dispatcher", case_id, "accept")
    await cast.act("dispatcher", case_id, "dispatch", lead="市水利局")
    await cast.act("handler2", case_id, "sign")
    for stage in ("accept", "investigate"):
        await cast.act("handler2", case_id, "contact", stage=stage, mode="in_person")
    await cast.act("handler2", case_id, "grade", grade="clear", facts="已核实")
    await cast.act("handler2", case_id, "submit-result", result="已批评教育", basis="《条例》",
                   disposition="solved_reasonable")  # fmt: skip
    await cast.act("reviewer2", case_id, "answer", text="已经处理,请您监督。")
    li = await cast.resident("li")
    asked = await li.post(f"{RESIDENT}/appeals/{receipt['id']}/review-requests", json={"reason": "不服"})
    assert asked.status_code == 201, asked.text
    await cast.act("callback", case_id, "callback", **BAD)
    return case_id, receipt["number"], receipt["id"]


async def test_the_unit_complained_of_meets_its_case_at_no_read_door(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    case_id, number, appeal_id = await complaint(cast)
    at("2026-06-20T10:00")
    await Timers(cast.app.ctx.services).tick()
    await cast.react()
    case_number = (await fetch("SELECT number FROM cases WHERE id = $1", [case_id]))[0]["number"]
    traces = (case_id, number, case_number, WORDS, "李大山", "13912340001", appeal_id)
    seen = (await (await cast.staff("supervisor")).get(f"{DESK}/cases")).text
    assert case_number in seen, "the case is there for those who may see it"
    for login in WALLED:
        client = await cast.staff(login)
        for path in LISTS:
            answer = await client.get(f"{DESK}{path}")
            assert not [trace for trace in traces if trace in answer.text], f"{login} {path}"
        for path in OF_CASE:
            answer = await client.get(f"{DESK}/cases/{case_id}{path}")
            assert answer.status_code in {403, 404}, f"{login} {path} {answer.status_code}"
        search = {"phone": "13912340001", "purpose": "核对诉求人身份"}
        found = await client.post(f"{DESK}/cases", json=search)
        assert case_id not in found.text, login
        opened = await client.post(f"{DESK}/cases/{case_id}/reveals", json={"appeal_id": appeal_id, "purpose": "核对身份"})
        assert opened.status_code in {403, 404}, login
        noted = await client.post(f"{DESK}/cases/{case_id}/add-note", json={"text": "看看"})
        assert noted.status_code == 404, login


async def test_an_accused_officer_gets_no_ending_action_and_sees_no_identity_any_more(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered", contact={"name": "李大山", "phone": "13912340001"})
    appeal = (await fetch("SELECT id FROM appeals WHERE case_id = $1", [case_id]))[0]["id"]
    before = (await (await cast.staff("callback")).get(f"{DESK}/cases/{case_id}")).json()
    assert "callback" in before["can"]
    assert before["appeals"][0]["appellant"]["name"] == "李**"
    li = await cast.resident("li")
    body = {"text": "回访人员打电话威胁我"}
    report = (await li.post(f"{RESIDENT}/appeals/{appeal}/retaliation-reports", json=body)).json()["id"]
    named = await (await cast.staff("discipline")).post(
        f"{DESK}/retaliation-reports/{report}/accused", json={"staff_ids": [str(stable_id("staff", "callback"))]}
    )
    assert named.status_code == 200
    seen = (await (await cast.staff("callback")).get(f"{DESK}/cases/{case_id}")).json()
    assert not {"close", "merge", "unmerge", "callback"} & set(seen["can"])
    assert seen["appeals"][0]["appellant"] is None
    opened = await (await cast.staff("callback")).post(
        f"{DESK}/cases/{case_id}/reveals", json={"appeal_id": str(appeal), "purpose": "核对身份"}
    )
    assert opened.status_code == 403
    searched = await (await cast.staff("callback")).post(
        f"{DESK}/cases", json={"phone": "13912340001", "purpose": "核对诉求人身份"}
    )
    assert searched.json()["items"] == []
    handler = (await (await cast.staff("handler")).get(f"{DESK}/cases/{case_id}")).json()
    assert handler["appeals"][0]["appellant"]["name"] == "李**", "who is not accused any more reads it again"


async def test_what_may_be_asked_for_stands_in_the_can_of_the_appeal(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    receipt = await cast.appeal()
    li = await cast.resident("li")

    async def can() -> set[str]:
        found = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()["can"]
        return {name for name in found if name in {"request-review", "request-rereview", "report-retaliation"}}

    assert await can() == {"report-retaliation"}
    case_id = await bring_to(cast, "answered")
    receipt = (await fetch("SELECT id, number FROM appeals WHERE case_id = $1", [case_id]))[0]
    assert await can() == {"request-review", "report-retaliation"}
    asked = (await li.post(f"{RESIDENT}/appeals/{receipt['id']}/review-requests", json={"reason": "不服"})).json()["id"]
    assert await can() == {"report-retaliation"}
    office = await cast.staff("reviewoffice")
    for path, body in (("accept", {}), ("begin", {}), ("decision", {"outcome": "upheld", "decision": "维持"})):
        assert (await office.post(f"{DESK}/reviews/{asked}/{path}", json=body)).status_code == 200
    assert await can() == {"request-rereview", "report-retaliation"}
    at("2026-07-20T10:00")
    assert await can() == {"report-retaliation"}, "thirty days are over"
    message = await li.post(f"{RESIDENT}/appeals/{receipt['id']}/objections", json={"reason": "还是不服"})
    assert "report-retaliation" in message.json()["can"]


async def test_a_review_officer_who_worked_on_the_case_is_offered_nothing(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    appeal = (await fetch("SELECT id FROM appeals WHERE case_id = $1", [case_id]))[0]["id"]
    li, office = await cast.resident("li"), await cast.staff("reviewoffice")
    await li.post(f"{RESIDENT}/appeals/{appeal}/review-requests", json={"reason": "不服"})
    assert (await office.get(f"{DESK}/reviews")).json()["items"][0]["can"] == ["accept"]
    me = stable_id("staff", "reviewoffice")
    await fetch("UPDATE cases SET first_handler_id = $1 WHERE id = $2 RETURNING id", [me, case_id])
    assert (await office.get(f"{DESK}/reviews")).json()["items"][0]["can"] == []
    await fetch("UPDATE cases SET first_handler_id = NULL WHERE id = $1 RETURNING id", [case_id])
    await fetch("UPDATE journal SET actor = $1 WHERE case_id = $2 AND event = 'case.answered' RETURNING key",
                [f"staff:{me}", case_id])  # fmt: skip
    assert (await office.get(f"{DESK}/reviews")).json()["items"][0]["can"] == []


@pytest.fixture
def city() -> Iterator[None]:
    """A deployment whose base is the city above the county of the stage."""
    before = rulebook()
    install(replace(before, county="3607"))
    yield
    install(before)


async def test_a_letter_to_the_city_reaches_the_county_where_no_city_desk_exists(cast: Cast) -> None:
    receipt = await cast.appeal(area_code="3607")
    case_id = await cast.case_of(receipt)
    shown = (await (await cast.staff("dispatcher")).get(f"{DESK}/cases/{case_id}")).json()
    assert shown["area_code"] == "360781"
    assert (await cast.appeal(area_code="36"))["id"]
    li = await cast.resident("li")
    gone = await li.post(f"{RESIDENT}/appeals", json={"kind": "help", "content": "x", "area_code": "99"})
    assert gone.status_code == 422


@pytest.mark.mechanism("000-38")
async def test_in_a_city_a_case_goes_from_the_county_to_the_city_and_no_further(cast: Cast, city: None) -> None:
    base = await Area.get(code="3607")
    await fetch("UPDATE assignments SET area_code = '3607', area_path = $1 WHERE staff_id = $2 RETURNING id",
                [base.path, stable_id("staff", "dispatcher2")])  # fmt: skip
    case_id = await bring_to(cast, "dispatched")
    first = await cast.act("handler", case_id, "escalate", reason="跨部门,本单位解决不了")
    assert first["state"] == "accepted"
    await cast.act("meeting", case_id, "escalate", reason="县里权限不够")
    refused = await cast.act("dispatcher", case_id, "dispatch", expect=409, lead="市城管局")
    assert "市级" in refused["detail"]
    await cast.react()
    told = (await (await cast.resident("li")).get(f"{RESIDENT}/me/inbox")).json()["items"]
    assert any("设区市" in notice["text"] for notice in told)
    top = await cast.act("dispatcher2", case_id, "escalate", expect=409, reason="还想再提")
    assert "没有更高一级" in top["detail"]
    given = await cast.act("dispatcher2", case_id, "dispatch", lead="市水利局")
    assert given["state"] == "dispatched"


async def test_the_area_list_goes_on_after_its_limit(cast: Cast) -> None:
    office = await cast.staff("dispatcher")
    whole: list[dict[str, Any]] = (await office.get(f"{DESK}/areas?kind=village")).json()["items"]
    codes, after = [], ""
    while True:
        page = (await office.get(f"{DESK}/areas?kind=village&limit=100&after={after}")).json()
        codes += [row["code"] for row in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert codes == [row["code"] for row in whole]
    assert len(codes) > 100
    assert (await office.get(f"{DESK}/areas?limit=0")).status_code == 422
    assert (await office.get(f"{DESK}/areas?after=abc")).status_code == 422
