"""Several people on one case: each is answered, heard and satisfied for himself, and nothing of theirs gets lost."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.cast import DESK, RESIDENT, Cast
from tests.support.life import AFTER_ANSWER, GOOD, REGISTER, ROAD, again, bring_to
from tests.support.uploads import photo

pytestmark = pytest.mark.anyio
At = Callable[[str], None]
ANGRY = {"process": 1, "result": 1, "solved": "no", "staff": "inactive"}
HAPPY = {"process": 5, "result": 5, "solved": "yes", "staff": "active"}


async def seen(cast: Cast, case_id: str, login: str = "dispatcher") -> dict[str, Any]:
    answer = await (await cast.staff(login)).get(f"{DESK}/cases/{case_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def handling_due(cast: Cast, case_id: str) -> str:
    clocks = (await seen(cast, case_id))["clocks"]
    return str(next(clock["due_at"] for clock in clocks if clock["name"] == "handling"))


async def rate(who: httpx.AsyncClient, appeal: dict[str, Any], body: dict[str, Any]) -> str:
    answer = await who.post(f"{RESIDENT}/appeals/{appeal['id']}/ratings", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["status"])


async def joint(cast: Cast) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Two people's appeals, the second merged into the case of the first; the case of both."""
    one = await cast.appeal(await cast.resident("li"))
    other = await cast.appeal(await cast.resident("wang"), content="路灯也坏了")
    into, merged = await cast.case_of(one), await cast.case_of(other)
    for case_id in (into, merged):
        await cast.act("dispatcher", case_id, "register", **REGISTER)
    await cast.act("dispatcher", merged, "merge", into=into)
    return one, other, into


async def answered(cast: Cast, case_id: str) -> None:
    for _, login, action, body in ROAD[1:]:
        await cast.act(login, case_id, action, **body)
    for login, action, body in AFTER_ANSWER:
        await cast.act(login, case_id, action, **body)


async def test_nobody_is_merged_into_a_case_that_is_answered_already_nor_out_of_one(cast: Cast) -> None:
    done, fresh = await bring_to(cast, "answered"), await bring_to(cast, "registered", content="我家门口也坏了")
    for one, other in ((fresh, done), (done, fresh)):
        refused = await cast.act("dispatcher", one, "merge", expect=422, into=other)
        assert refused["errors"][0]["field"] == "into"
    await cast.act("supervisor", done, "rework", reason="灯还是不亮")
    await cast.act("dispatcher", done, "merge", expect=422, into=fresh)
    assert (await seen(cast, fresh))["state"] == "registered"


async def test_satisfaction_of_one_person_does_not_settle_the_dissatisfaction_of_another(cast: Cast) -> None:
    li, wang = await cast.resident("li"), await cast.resident("wang")
    one, other, case_id = await joint(cast)
    await answered(cast, case_id)
    assert await rate(li, one, ANGRY) == "rework"
    await again(cast, case_id)
    assert await rate(wang, other, HAPPY) == "answered"
    case = await seen(cast, case_id, "supervisor")
    assert [(s["trigger"], s["state"]) for s in case["supervision"]] == [("dissatisfied", "open")]
    tasks = (await (await cast.staff("callback")).get(f"{DESK}/callbacks")).json()["items"]
    assert [task["id"] for task in tasks] == [case_id], "the first one has not been heard in this round"
    assert await rate(li, one, HAPPY) == "closed"
    case = await seen(cast, case_id, "supervisor")
    assert [(s["trigger"], s["state"]) for s in case["supervision"]] == [("dissatisfied", "closed")]


async def test_a_case_closes_only_when_each_of_its_appellants_was_heard(cast: Cast) -> None:
    one, other, case_id = await joint(cast)
    await answered(cast, case_id)
    first = await cast.act("callback", case_id, "callback", **GOOD)
    assert first["state"] == "answered"
    assert "callback" in [clock["name"] for clock in first["clocks"] if not clock["stopped_at"]]
    assert (await cast.act("callback", case_id, "close", expect=409))["missing"] == ["回访"]
    second = await cast.act("callback", case_id, "callback", **GOOD)
    assert second["state"] == "closed"
    called = {call["appeal_id"] for call in second["callbacks"]}
    assert called == {one["id"], other["id"]}, "without a name the next one who was not heard is meant"


async def test_what_was_added_goes_with_the_appeal_and_comes_back_with_it(cast: Cast) -> None:
    wang = await cast.resident("wang")
    appeal = await cast.appeal(wang, content="我家门口路灯也坏了")
    stored = await wang.post(f"{RESIDENT}/attachments", files={"file": ("a.jpg", photo())})
    added = {"text": "有电线掉下来,危险", "attachment_ids": [stored.json()["id"]]}
    assert (await wang.post(f"{RESIDENT}/appeals/{appeal['id']}/messages", json=added)).status_code == 201
    own, into = await cast.case_of(appeal), await bring_to(cast, "signed")
    await cast.act("dispatcher", own, "register", **REGISTER)
    await cast.act("dispatcher", own, "merge", into=into)
    joined = next(a for a in (await seen(cast, into, "handler"))["appeals"] if a["id"] == appeal["id"])
    assert [message["text"] for message in joined["messages"]] == ["有电线掉下来,危险"]
    picture = f"{DESK}/attachments/{stored.json()['id']}"
    assert (await (await cast.staff("handler")).get(picture)).status_code == 200
    await cast.act("dispatcher", own, "unmerge")
    assert (await seen(cast, own))["appeals"][0]["messages"]
    assert (await (await cast.staff("handler")).get(picture)).status_code == 404


async def test_the_own_date_counts_again_when_the_earlier_one_has_left(cast: Cast, at: At) -> None:
    cases = []
    for day, words in (("16", "东头的灯"), ("17", "中间的灯"), ("18", "西头的灯")):
        at(f"2026-03-{day}T09:00")
        cases.append(await bring_to(cast, "accepted", content=words))
    first, second, third = [await handling_due(cast, case_id) for case_id in cases]
    assert first < second < third
    for case_id, due in ((cases[1], second), (cases[0], first)):
        await cast.act("dispatcher", case_id, "merge", into=cases[2])
        assert await handling_due(cast, cases[2]) == due
    await cast.act("dispatcher", cases[0], "unmerge")
    assert await handling_due(cast, cases[2]) == second, "the second one is still joined"
    await cast.act("dispatcher", cases[1], "unmerge")
    assert await handling_due(cast, cases[2]) == third


async def test_a_date_is_not_lost_in_a_case_that_has_no_such_clock_yet(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    early = await bring_to(cast, "accepted")
    due = await handling_due(cast, early)
    at("2026-03-18T09:00")
    late = await bring_to(cast, "registered", content="另一盏")
    await cast.act("dispatcher", early, "merge", expect=422, into=late)
    await cast.act("dispatcher", late, "accept")
    await cast.act("dispatcher", early, "merge", into=late)
    assert await handling_due(cast, late) == due
