"""Reports of retaliation: who sees them, the 24 hours, and what the accused may not do any more."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from domain.sql import fetch
from server.rules import stable_id
from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import GOOD, bring_to

pytestmark = pytest.mark.anyio
TEXT = {"text": "反映路灯之后,有人威胁要停我家的水"}


async def report(cast: Cast, state: str = "answered") -> tuple[str, str, dict[str, Any]]:
    case_id = await bring_to(cast, state)
    appeal = (await fetch("SELECT id FROM appeals WHERE case_id = $1", [case_id]))[0]["id"]
    answer = await (await cast.resident("li")).post(f"{RESIDENT}/appeals/{appeal}/retaliation-reports", json=TEXT)
    assert answer.status_code == 201, answer.text
    return case_id, str(appeal), answer.json()


async def listed(cast: Cast, login: str, query: str = "") -> httpx.Response:
    return await (await cast.staff(login)).get(f"{DESK}/retaliation-reports{query}")


async def post(cast: Cast, login: str, path: str, **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/retaliation-reports/{path}", json=body)


async def test_a_report_goes_to_discipline_and_the_next_higher_unit_and_stays_out_of_the_case(cast: Cast) -> None:
    case_id, _, made = await report(cast)
    for login in ("discipline", "reviewoffice"):
        assert [row["id"] for row in (await listed(cast, login)).json()["items"]] == [made["id"]], login
    assert (await listed(cast, "rereviewoffice")).json()["items"] == []
    for login in ("handler", "dispatcher", "callback"):
        assert (await listed(cast, login)).status_code == 403
        case = (await (await cast.staff(login)).get(f"{DESK}/cases/{case_id}")).text
        assert "retaliation" not in case
        assert "停我家的水" not in case
    assert "tell_retaliation" in await cast.react()
    told = await fetch("SELECT s.login, n.text FROM notices n JOIN staff s ON s.id = n.recipient_id"
                       " WHERE n.event = 'retaliation.reported' ORDER BY 1")  # fmt: skip
    assert [row["login"] for row in told] == ["discipline", "reviewoffice"]
    assert "停我家的水" not in str(told)
    inbox = (await (await cast.resident("li")).get(f"{RESIDENT}/me/inbox")).json()["items"]
    assert any(notice["title"] == "已收到您的反映" for notice in inbox)


async def test_the_first_contact_has_24_hours_and_closing_comes_after_it(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-06-05T10:00")
    _, _, made = await report(cast)
    assert made["contact_by"] == "2026-06-06T10:00:00+08:00"
    early = await post(cast, "discipline", f"{made['id']}/outcome", outcome="已查")
    assert early.json()["missing"] == ["首次联系"]
    at("2026-06-06T10:01")
    assert (await listed(cast, "discipline")).json()["items"][0]["overdue"]
    contacted = await post(cast, "discipline", f"{made['id']}/contact")
    assert contacted.json()["state"] == "contacted"
    done = await post(cast, "discipline", f"{made['id']}/outcome", outcome="约谈当事人,当面道歉")
    assert done.json()["state"] == "closed"
    assert (await post(cast, "discipline", f"{made['id']}/contact")).status_code == 409
    facts = await fetch("SELECT event, case_id, data::text AS data FROM journal WHERE event LIKE 'retaliation.%'")
    assert {row["case_id"] for row in facts} == {None}
    assert any('"met": false' in row["data"].replace('":f', '": f') for row in facts)
    assert "道歉" not in str(facts)


async def test_refusals(cast: Cast) -> None:
    _, appeal, made = await report(cast)
    path = f"{RESIDENT}/appeals/{appeal}/retaliation-reports"
    assert (await (await cast.resident("li")).post(path, json={"text": " "})).status_code == 422
    assert (await (await cast.resident("wang")).post(path, json=TEXT)).status_code == 404
    assert (await cast.anybody().post(path, json=TEXT)).status_code == 401
    assert (await post(cast, "rereviewoffice", f"{made['id']}/contact")).status_code == 404
    assert (await post(cast, "handler", f"{made['id']}/contact")).status_code == 403
    assert (await post(cast, "discipline", f"{made['id']}/accused", staff_ids=[made["id"]])).status_code == 422


async def test_the_accused_cannot_close_merge_or_call_back_the_case(cast: Cast) -> None:
    case_id, _, made = await report(cast)
    other = await bring_to(cast, "accepted")
    accused = [str(stable_id("staff", login)) for login in ("callback", "dispatcher")]
    named = await post(cast, "discipline", f"{made['id']}/accused", staff_ids=accused)
    assert named.json()["accused"] == sorted(accused)
    assert (await cast.act("callback", case_id, "callback", expect=409, **GOOD))["code"] == "conflict-of-interest"
    assert (await cast.act("callback", case_id, "close", expect=409))["code"] == "conflict-of-interest"
    assert (await cast.act("dispatcher", case_id, "merge", expect=409, into=other))["code"] == "conflict-of-interest"
    into = await cast.act("dispatcher", other, "merge", expect=409, into=case_id)
    assert into["code"] == "conflict-of-interest"
    past_the_wall = await cast.act("dispatcher2", other, "merge", expect=422, into=case_id)
    assert past_the_wall["errors"][0]["field"] == "into", "only that it was answered already stands against it"


async def test_one_who_is_accused_does_not_handle_the_report(cast: Cast) -> None:
    _, _, made = await report(cast)
    accused = [str(stable_id("staff", "discipline"))]
    assert (await post(cast, "reviewoffice", f"{made['id']}/accused", staff_ids=accused)).status_code == 200
    assert (await listed(cast, "discipline")).json()["items"] == []
    assert (await post(cast, "discipline", f"{made['id']}/contact")).status_code == 404


async def test_those_who_worked_on_the_case_count_as_accused_until_somebody_is_named(cast: Cast) -> None:
    _, _, made = await report(cast)
    rows = (await listed(cast, "discipline")).json()["items"]
    assert str(stable_id("staff", "handler")) in rows[0]["accused"]
    assert rows[0]["id"] == made["id"]


async def accuse(cast: Cast, case_id: str, *logins: str) -> str:
    """A report of retaliation on the first appeal of a case, with these accused; its id."""
    appeal = (await fetch("SELECT id FROM appeals WHERE case_id = $1 ORDER BY id", [case_id]))[0]["id"]
    answer = await (await cast.resident("li")).post(f"{RESIDENT}/appeals/{appeal}/retaliation-reports", json=TEXT)
    people = [str(stable_id("staff", login)) for login in logins]
    assert (await post(cast, "discipline", f"{answer.json()['id']}/accused", staff_ids=people)).status_code == 200
    return str(answer.json()["id"])


async def appellants(cast: Cast, login: str, case_id: str) -> list[bool]:
    """Of each appeal of a case, whether this account may know who it is from."""
    shown = (await (await cast.staff(login)).get(f"{DESK}/cases/{case_id}")).json()
    return [one["appellant"] is not None for one in shown["appeals"]]


async def test_a_report_goes_with_its_appeal_onto_another_case_and_back(cast: Cast) -> None:
    named = {"contact": {"name": "李大山", "phone": "13912340001"}}
    case_id, into, third = [await bring_to(cast, "accepted", **named) for _ in range(3)]
    report_id = await accuse(cast, case_id, "dispatcher")
    assert await appellants(cast, "dispatcher", into) == [True]
    await cast.act("dispatcher2", case_id, "merge", into=into)
    assert await appellants(cast, "dispatcher", into) == [False, False]
    row = (await listed(cast, "discipline")).json()["items"][0]
    assert (row["id"], row["case_id"]) == (report_id, into), "discipline finds the appeal where it lies"
    joined = (await (await cast.staff("dispatcher")).get(f"{DESK}/cases/{into}")).json()
    assert "merge" not in joined["can"]
    for action, other, body in (("merge", into, {"into": third}), ("merge", third, {"into": into}), ("unmerge", case_id, {})):
        refused = await cast.act("dispatcher", other, action, expect=409, **body)
        assert refused["code"] == "conflict-of-interest", (action, refused)
    await cast.act("dispatcher2", case_id, "unmerge")
    assert await appellants(cast, "dispatcher", case_id) == [False]
    assert await appellants(cast, "dispatcher", into) == [True], "whom it does not concern any more is free again"
    await cast.act("dispatcher", third, "merge", into=into)


async def test_a_report_made_on_a_joined_case_leaves_it_with_its_appeal(cast: Cast) -> None:
    case_id, into, third = [await bring_to(cast, "accepted") for _ in range(3)]
    appeal = (await fetch("SELECT id FROM appeals WHERE case_id = $1", [case_id]))[0]["id"]
    await cast.act("dispatcher", case_id, "merge", into=into)
    made = await (await cast.resident("li")).post(f"{RESIDENT}/appeals/{appeal}/retaliation-reports", json=TEXT)
    people = [str(stable_id("staff", "dispatcher"))]
    await post(cast, "discipline", f"{made.json()['id']}/accused", staff_ids=people)
    await cast.act("dispatcher", into, "merge", expect=409, into=third)
    await cast.act("dispatcher2", case_id, "unmerge")
    await cast.act("dispatcher", case_id, "merge", expect=409, into=third)
    assert (await cast.act("dispatcher", third, "merge", into=into))["state"] == "merged"


async def test_the_unit_that_takes_a_joined_case_over_does_not_hear_of_the_report(cast: Cast) -> None:
    case_id = await bring_to(cast, "signed")
    into = await bring_to(cast, "accepted")
    report_id = await accuse(cast, case_id, "handler")
    await fetch("UPDATE staff SET department_id = (SELECT id FROM departments WHERE name = '市水利局') WHERE login ="
                " 'discipline' RETURNING id")  # fmt: skip
    assert [row["id"] for row in (await listed(cast, "discipline")).json()["items"]] == [report_id]
    await cast.act("dispatcher", into, "dispatch", lead="市水利局")
    await cast.act("dispatcher", case_id, "merge", into=into)
    assert (await listed(cast, "discipline")).json()["items"] == []
    assert [row["id"] for row in (await listed(cast, "reviewoffice")).json()["items"]] == [report_id]
