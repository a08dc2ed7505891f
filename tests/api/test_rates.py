"""Rates from the journal: what a past day says stays said, each rate names its cases, and 100 % names who fails it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from domain.sql import execute, fetch
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.life import AFTER_ANSWER, BAD, GOOD, ROAD, again, bring_to, finish

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]


async def rates(cast: Cast, query: str = "", login: str = "supervisor") -> dict[str, Any]:
    answer = await (await cast.staff(login)).get(f"{DESK}/rates{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def figures(found: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {row["name"]: (row["numerator"], row["denominator"]) for row in found["rates"]}


async def cases(cast: Cast, name: str, query: str, login: str = "supervisor") -> list[dict[str, Any]]:
    answer = await (await cast.staff(login)).get(f"{DESK}/rates/{name}/cases{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


@pytest.mark.mechanism("001-18", "001-01", "000-48")
async def test_a_past_day_says_the_same_whatever_became_of_its_cases(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")  # Monday; five working days end on Monday 06-08
    good, bad, late = [await bring_to(cast, "handling") for _ in range(3)]
    at("2026-06-03T10:00")
    for case_id in (good, bad):
        for _, login, action, body in ROAD[-2:]:
            await cast.act(login, case_id, action, **body)
        for login, action, body in AFTER_ANSWER:
            await cast.act(login, case_id, action, **body)
    await cast.act("callback", good, "callback", **GOOD)
    await cast.act("callback", bad, "callback", **BAD)
    at("2026-06-10T10:00")
    before = await rates(cast, "?on=2026-06-09&since=2026-06-01")
    found = figures(before)
    assert found["completion_rate"] == (1, 3)
    assert found["on_time_rate"] == (2, 3)
    assert found["answer_in_time"] == (2, 3)
    assert found["replied_rate"] == (2, 3)
    assert found["solved_rate"] == (1, 2)
    assert found["satisfied_both"] == (1, 2)
    assert found["participation_rate"] == (2, 2)
    # process 5 and 2, result 5 and 1: the mean of 100 and (0.4·2 + 0.6·1)/5·100 = 28
    assert before["composite_score"] == {"value": "64.00", "ratings": 2, "weights": {"process": "0.4", "result": "0.6"}}
    assert found["response_rate"] == (3, 3)
    assert found["rework_rate"] == (1, 2)
    assert (before["headline"]["name"], before["headline"]["value"]) == ("solved_rate", "50.00")
    assert {row["system"] for row in before["rates"]} <= {"首办负责", "接诉即办", "同题共答", "事心双解", "未诉先办"}
    misses = await cases(cast, "on_time_rate", "?on=2026-06-09&since=2026-06-01&part=misses")
    assert [row["id"] for row in misses] == [late]
    assert (before["below_hundred"]) == [{"name": "answer_in_time", "failing": 1}]
    # the cases move on, and their tables with them
    for _, login, action, body in ROAD[-2:]:
        await cast.act(login, late, action, **body)
    await finish(cast, late)
    await again(cast, bad)
    for login, action, body in AFTER_ANSWER:
        await cast.act(login, bad, action, **body)
    await cast.act("callback", bad, "callback", **GOOD)
    await execute("UPDATE cases SET state = 'voided', rework_no = 7, lead_id = NULL")
    await execute("UPDATE deadlines SET met = FALSE, due_at = due_at + INTERVAL '9 days'")
    await execute("DELETE FROM ratings")
    assert await rates(cast, "?on=2026-06-09&since=2026-06-01") == before
    later = figures(await rates(cast, "?on=2026-06-10&since=2026-06-01"))
    assert later["completion_rate"] == (3, 3), "the journal knows what came later"
    assert later["solved_rate"] == (3, 4)


@pytest.mark.mechanism("003-18")
async def test_the_three_hundreds_list_the_cases_that_fail_them(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    prompt = await bring_to(cast, "dispatched")
    slow = await bring_to(cast, "submitted")
    at("2026-06-20T10:00")
    await cast.act("dispatcher", slow, "register", appeal_type="help", topic="0901")
    await cast.act("dispatcher", slow, "accept")
    await cast.act("dispatcher", slow, "dispatch", lead="市城管局")
    query = "?on=2026-06-20&since=2026-06-01"
    found = await rates(cast, query)
    assert {row["name"]: row["failing"] for row in found["below_hundred"]} == {
        "transfer_in_time": 1, "notice_in_time": 1, "answer_in_time": 2,
    }  # fmt: skip
    for name in ("transfer_in_time", "notice_in_time"):
        assert [row["id"] for row in await cases(cast, name, f"{query}&part=misses")] == [slow], name
        assert [row["id"] for row in await cases(cast, name, f"{query}&part=hits")] == [prompt], name


@pytest.mark.mechanism("003-20")
async def test_a_first_petition_is_done_once_and_for_all_or_not(cast: Cast, at: Move) -> None:
    at("2026-03-02T09:00")
    people = [await cast.resident(name) for name in ("li", "wang", "zhang")]
    once, redone, again_said = [await bring_to(cast, "answered", who=who) for who in people]
    for case_id in (once, again_said):
        await finish(cast, case_id)
    for login, action, body in AFTER_ANSWER:
        await cast.act(login, redone, action, **body)
    await cast.act("callback", redone, "callback", **BAD)
    await again(cast, redone)
    for login, action, body in AFTER_ANSWER:
        await cast.act(login, redone, action, **body)
    await cast.act("callback", redone, "callback", **GOOD)
    at("2026-04-02T09:00")
    repeat = await cast.case_of(await cast.appeal(people[2]))
    await cast.act("dispatcher", repeat, "register", appeal_type="help", topic="0901")
    at("2026-07-20T10:00")
    query = "?on=2026-06-10&since=2026-05-20"
    rows = {row["id"]: row["hit"] for row in await cases(cast, "first_time_completion_rate", query)}
    assert rows == {once: True, redone: False, again_said: False}
    found = next(r for r in (await rates(cast, query))["rates"] if r["name"] == "first_time_completion_rate")
    assert (found["numerator"], found["denominator"], found["value"]) == (1, 3, "33.33")


async def test_what_never_counts_is_named_with_its_reason_and_nothing_is_a_hundred_of_nothing(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    receipt = await cast.appeal()
    case_id = await cast.case_of(receipt)
    li = await cast.resident("li")
    assert (await li.post(f"{RESIDENT}/appeals/{receipt['id']}/withdrawal", json={})).status_code == 201
    at("2026-06-05T09:00")
    found = await rates(cast, "?on=2026-06-05&since=2026-06-01")
    row = next(one for one in found["rates"] if one["name"] == "timely_acceptance_rate")
    assert (row["numerator"], row["denominator"], row["excluded"], row["value"]) == (0, 0, 1, "—")
    listed = await cases(cast, "timely_acceptance_rate", "?on=2026-06-05&since=2026-06-01")
    assert [(one["id"], one["excluded"]) for one in listed] == [(case_id, "X7")]
    assert found["four_question_index"] == {"value": "—", "answers": 0}


@pytest.mark.mechanism("000-29", "000-47")
async def test_contacts_per_issue_and_proactive_work_are_counted_apart(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    one, two, three = [await bring_to(cast, "registered") for _ in range(3)]
    await cast.act("dispatcher", two, "merge", into=one)
    at("2026-06-02T09:00")
    found = await rates(cast, "?on=2026-06-02&since=2026-06-01")
    assert found["contacts_per_issue"] == {"contacts": 3, "issues": 2, "value": "1.50"}
    assert figures(found)["one_contact_rate"] == (1, 2)
    assert figures(found)["proactive_closed_rate"] == (0, 0)
    worker = await cast.worker()
    grid = (await fetch("SELECT grid_code FROM grid_duties LIMIT 1"))[0]["grid_code"]
    seen = {"id": str(uuid4()), "occurred_at": "2026-06-02T08:00:00+08:00", "event_type": "E1", "level": "ordinary",
            "grid_code": grid, "description": "巡逻发现井盖破损"}  # fmt: skip
    assert (await worker.post(f"{WORKER}/events", json=seen)).status_code == 201
    after = figures(await rates(cast, "?on=2026-06-02&since=2026-06-01"))
    assert after["proactive_closed_rate"] == (0, 1)
    assert {**after, "proactive_closed_rate": (0, 0)} == figures(found), "no rate of appeals counts it"
    hits = await cases(cast, "one_contact_rate", "?on=2026-06-02&since=2026-06-01&part=hits")
    assert [row["id"] for row in hits] == [three]


@pytest.mark.mechanism("004-23")
async def test_a_poor_record_is_taken_in_and_its_flaws_are_shown_to_the_desk(cast: Cast) -> None:
    case_id = await cast.case_of(await cast.appeal(content="灯坏", area_code="360781"))
    shown = (await (await cast.staff("dispatcher")).get(f"{DESK}/cases/{case_id}")).json()["appeals"][0]["flaws"]
    assert {flaw["code"] for flaw in shown} == {"too-short", "no-name", "no-phone", "no-topic", "vague-place"}


async def test_slices_scopes_pages_and_refusals(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    mine = [await bring_to(cast, "dispatched") for _ in range(3)]
    at("2026-06-03T09:00")
    query = "?on=2026-06-03&since=2026-06-01"
    assert figures(await rates(cast, query, "handler"))["dispatch_accuracy_rate"] == (3, 3)
    assert figures(await rates(cast, query, "handler2"))["dispatch_accuracy_rate"] == (0, 0)
    assert figures(await rates(cast, f"{query}&unit=市水利局"))["dispatch_accuracy_rate"] == (0, 0)
    assert figures(await rates(cast, f"{query}&topic=0901&area=360781100"))["dispatch_accuracy_rate"] == (3, 3)
    origins = {name: figures(await rates(cast, f"{query}&origin={name}"))["dispatch_accuracy_rate"]
               for name in ("town_direct", "superior_assigned", "village_direct")}  # fmt: skip
    assert sorted(origins.values()) == [(0, 0), (0, 0), (3, 3)]
    office = await cast.staff("supervisor")
    page = (await office.get(f"{DESK}/rates/dispatch_accuracy_rate/cases{query}&limit=2")).json()
    rest = (await office.get(f"{DESK}/rates/dispatch_accuracy_rate/cases{query}&limit=2&cursor={page['next']}")).json()
    assert [row["id"] for row in (*page["items"], *rest["items"])] == sorted(mine, reverse=True)
    assert rest["next"] is None
    for bad, status in (("?on=2026-06-04", 422), ("?on=x", 422), ("?on=2026-06-03&since=2026-06-04", 422),
                        ("?area=99", 422), ("?unit=没有", 422), ("?surprise=1", 422)):  # fmt: skip
        assert (await office.get(f"{DESK}/rates{bad}")).status_code == status, bad
    assert (await office.get(f"{DESK}/rates/none/cases")).status_code == 404
    assert (await (await cast.staff("admin")).get(f"{DESK}/rates")).status_code == 403
