"""Review and re-review (复查复核): who may ask until when, who decides by when, what follows, and how it ends."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from domain.sql import fetch
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import ROAD, again

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]


async def answered(cast: Cast, **appeal: Any) -> tuple[dict[str, Any], str]:
    receipt = await cast.appeal(**appeal)
    case_id = await cast.case_of(receipt)
    for _, login, action, body in ROAD:
        await cast.act(login, case_id, action, **body)
    return receipt, case_id


async def ask(who: httpx.AsyncClient, receipt: dict[str, Any], step: str = "review", **body: Any) -> httpx.Response:
    return await who.post(f"{RESIDENT}/appeals/{receipt['id']}/{step}-requests", json=body or {"reason": "灯还是不亮"})


async def post(cast: Cast, login: str, path: str, **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}{path}", json=body)


async def decided(cast: Cast, review: str, outcome: str = "upheld", login: str = "reviewoffice") -> None:
    for path, body in (("accept", {}), ("begin", {}), ("decision", {"outcome": outcome, "decision": "经复查,理由如下"})):
        answer = await post(cast, login, f"/reviews/{review}/{path}", **body)
        assert answer.status_code == 200, answer.text


@pytest.mark.mechanism("004-16")
async def test_a_review_is_decided_by_the_next_higher_unit_within_its_limits(cast: Cast, at: Move) -> None:
    at("2026-04-30T10:00")
    receipt, _ = await answered(cast)
    li = await cast.resident("li")
    asked = (await ask(li, receipt)).json()
    assert (asked["state"], asked["accept_by"][:10]) == ("requested", "2026-05-08")  # three working days over 1–5 May
    assert asked["decide_by"][:10] == "2026-06-01"  # day 30 is a Saturday: rolled
    office = await cast.staff("reviewoffice")
    listed = (await office.get(f"{DESK}/reviews")).json()["items"]
    assert [(row["id"], row["body"], row["from_unit"], row["can"]) for row in listed] == [
        (asked["id"], "市政府办", "市城管局", ["accept"])
    ]
    await decided(cast, asked["id"])
    shown = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}/reviews")).json()["items"][0]
    assert (shown["state_name"], shown["decision"], shown["body"]) == ("维持", "经复查,理由如下", "市政府办")
    assert "tell_resident" in await cast.react()
    notices = (await li.get(f"{RESIDENT}/me/inbox")).json()["items"]
    assert any("维持原意见" in notice["text"] and "申请复核" in notice["text"] for notice in notices)


@pytest.mark.parametrize(("day", "status"), [("2026-06-01T23:00", 201), ("2026-06-02T00:10", 409)])
async def test_the_request_may_come_until_the_rolled_thirtieth_day(cast: Cast, at: Move, day: str, status: int) -> None:
    at("2026-04-30T10:00")
    receipt, _ = await answered(cast)
    at(day)
    answer = await ask(await cast.resident("li"), receipt)
    assert answer.status_code == status
    if status == 409:
        assert (answer.json()["code"], answer.json()["until"]) == ("review-window-closed", "2026-06-01")


async def test_refusals_of_a_request_name_what_is_missing(cast: Cast) -> None:
    li = await cast.resident("li")
    early = await cast.appeal(li)
    assert (await ask(li, early)).json()["missing"] == ["答复"]
    receipt, _ = await answered(cast)
    assert (await ask(li, receipt, "rereview")).json()["missing"] == ["复查意见"]
    assert (await ask(li, receipt, reason=" \u200b")).status_code == 422
    assert (await ask(li, receipt, reason="x", surprise=1)).json()["code"] == "unknown-field"
    assert (await ask(await cast.resident("wang"), receipt)).status_code == 404
    assert (await ask(await cast.staff("handler"), receipt)).status_code == 403
    assert (await ask(cast.anybody(), receipt)).status_code == 401
    assert (await ask(li, receipt)).status_code == 201
    assert (await ask(li, receipt)).json()["code"] == "guard-not-met"


async def test_no_other_body_and_nobody_who_handled_it_decides(cast: Cast) -> None:
    receipt, _ = await answered(cast)
    review = (await ask(await cast.resident("li"), receipt)).json()["id"]
    assert (await post(cast, "rereviewoffice", f"/reviews/{review}/accept")).status_code == 404
    assert (await post(cast, "reviewer", f"/reviews/{review}/accept")).status_code == 403
    assert (await post(cast, "reviewoffice", "/reviews/nothing/accept")).status_code == 404
    assert (await post(cast, "reviewoffice", f"/reviews/{review}/decision", outcome="upheld", decision="x")).status_code == 409
    assert (await post(cast, "reviewoffice", f"/reviews/{review}/decision", outcome="no", decision="x")).status_code == 422
    await fetch("UPDATE cases SET reviewer_id = (SELECT id FROM staff WHERE login = 'reviewoffice') RETURNING id")
    assert (await post(cast, "reviewoffice", f"/reviews/{review}/accept")).json()["code"] == "same-officer"


async def test_redo_sends_the_case_back_and_the_new_answer_can_be_reviewed_anew(cast: Cast) -> None:
    receipt, case_id = await answered(cast)
    li = await cast.resident("li")
    await decided(cast, (await ask(li, receipt)).json()["id"], "redo")
    seen = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}")).json()
    assert seen["status"] == "rework"
    assert (await ask(li, receipt)).json()["missing"] == ["答复"]
    await again(cast, case_id)
    assert (await ask(li, receipt)).status_code == 201


@pytest.mark.mechanism("004-16")
async def test_the_days_of_a_hearing_are_not_counted_in_a_re_review(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    receipt, _ = await answered(cast)
    li = await cast.resident("li")
    await decided(cast, (await ask(li, receipt)).json()["id"])
    asked = (await ask(li, receipt, "rereview")).json()
    assert asked["decide_by"][:10] == "2026-07-01"
    login, path = "rereviewoffice", f"/reviews/{asked['id']}"
    assert (await post(cast, login, f"{path}/accept")).status_code == 200
    plan = {"reason": "事实有争议", "planned_at": "2026-06-10T09:00:00+08:00", "place": "镇会议室", "publicity": "public",
            "members": [{"name": n, "post": "听证员"} for n in ("甲", "乙", "丙")]}  # fmt: skip
    assert (await post(cast, login, f"{path}/hearings", **{**plan, "members": plan["members"][:1]})).status_code == 422
    assert (await post(cast, "reviewoffice", f"{path}/hearings", **plan)).status_code == 404
    hearing = (await post(cast, login, f"{path}/hearings", **plan)).json()["id"]
    assert (await post(cast, login, f"{path}/begin")).status_code == 200
    refused = await post(cast, login, f"{path}/decision", outcome="upheld", decision="x")
    assert refused.json()["missing"] == ["听证结论"]
    at("2026-06-10T12:00")
    done = await post(cast, login, f"/hearings/{hearing}/conclusion", record="双方陈述", conclusion="多数赞成")
    assert (done.status_code, done.json()["state"]) == (200, "concluded")
    shown = (await li.get(f"{RESIDENT}/appeals/{receipt['id']}/reviews")).json()["items"][1]
    assert (shown["hearing_days"], shown["decide_by"][:10]) == (9, "2026-07-10")
    assert (await post(cast, login, f"{path}/decision", outcome="upheld", decision="维持")).status_code == 200


@pytest.mark.mechanism("004-16")
async def test_after_a_re_review_the_same_facts_are_registered_and_explained_but_not_accepted_again(cast: Cast) -> None:
    receipt, _ = await answered(cast)
    li = await cast.resident("li")
    await decided(cast, (await ask(li, receipt)).json()["id"])
    rereview = (await ask(li, receipt, "rereview")).json()["id"]
    await decided(cast, rereview, login="rereviewoffice")
    assert (await ask(li, receipt)).json()["code"] == "review-final"
    repeat = await cast.appeal(li, content="路灯的事再说一遍")
    case_id = await cast.case_of(repeat)
    await cast.act("dispatcher", case_id, "register", appeal_type="help", topic="0901")
    body = {"review_id": rereview, "verdict": "same_facts", "explanation": "事实和理由与已复核终结的事项相同。"}
    assert (await post(cast, "handler", f"/cases/{case_id}/finality", **body)).status_code == 403
    stranger = await cast.case_of(await cast.appeal(await cast.resident("wang")))
    await cast.act("dispatcher", stranger, "register", appeal_type="help", topic="0901")
    assert (await post(cast, "dispatcher", f"/cases/{stranger}/finality", **body)).status_code == 422
    assert (await post(cast, "dispatcher", f"/cases/{case_id}/finality", **body)).status_code == 201
    waiting = (await (await cast.staff("dispatcher2")).get(f"{DESK}/cases/{case_id}")).json()["second_signatures"]
    signed = {name: value for name, value in waiting[0]["body"].items() if value is not None}
    second = await post(cast, "dispatcher2", f"/cases/{case_id}/not-accept", **signed)
    assert second.json()["state"] == "not_accepted", second.text
    seen = (await li.get(f"{RESIDENT}/appeals/{repeat['id']}")).json()
    assert seen["status"] == "not_accepted"
    assert any("已复核终结" in (line["text"] or "") for line in seen["timeline"])


async def test_new_facts_go_their_way_and_are_linked(cast: Cast) -> None:
    receipt, earlier = await answered(cast)
    li = await cast.resident("li")
    await decided(cast, (await ask(li, receipt)).json()["id"])
    rereview = (await ask(li, receipt, "rereview")).json()["id"]
    await decided(cast, rereview, login="rereviewoffice")
    case_id = await cast.case_of(await cast.appeal(li, content="又有两盏新装的灯坏了"))
    await cast.act("dispatcher", case_id, "register", appeal_type="help", topic="0901")
    body = {"review_id": rereview, "verdict": "new_facts", "explanation": "新装路灯,是新的事实。"}
    linked = await post(cast, "dispatcher", f"/cases/{case_id}/finality", **body)
    assert (linked.json()["earlier_case_id"], linked.json()["verdict"]) == (earlier, "new_facts")
    assert (await cast.act("dispatcher", case_id, "accept"))["state"] == "accepted"


async def test_hearings_on_a_case_are_ordered_by_those_who_may_and_listed(cast: Cast, at: Move) -> None:
    at("2026-06-01T10:00")
    _, case_id = await answered(cast)
    plan = {"reason": "邻里争议", "planned_at": "2026-06-05T09:00:00+08:00", "place": "村部",
            "members": [{"name": n, "post": "村民代表"} for n in "甲乙丙"]}  # fmt: skip
    assert (await post(cast, "handler", f"/cases/{case_id}/hearings", **plan)).status_code == 403
    late = await post(cast, "reviewoffice", f"/cases/{case_id}/hearings", **{**plan, "planned_at": "2026-05-05T09:00:00+08:00"})
    assert late.json()["errors"][0]["field"] == "planned_at"
    made = await post(cast, "reviewoffice", f"/cases/{case_id}/hearings", **plan)
    assert made.status_code == 201
    listed = (await (await cast.staff("reviewoffice")).get(f"{DESK}/cases/{case_id}/hearings")).json()["items"]
    assert [(h["id"], h["publicity"], len(h["members"])) for h in listed] == [(made.json()["id"], "public", 3)]
