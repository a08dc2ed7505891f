"""The acts of the field once through, over HTTP: found, rung, dispatched, returned, raised step by step, become an appeal;
put right on the spot and counted like dispatched work; inspected by another; followed by whoever reported it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.cast import DESK, RESIDENT, WORKER, Cast

pytestmark = pytest.mark.anyio

VILLAGE = "360781100001"
GRID = f"{VILLAGE}001"
REASON = {"reason": "超出本级能力"}


@pytest.fixture(autouse=True)
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T10:30")


async def found(who: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    body = {
        "id": str(uuid4()), "occurred_at": "2026-03-13T10:00:00+08:00", "event_type": "E7", "grid_code": GRID,
        "description": "水渠塌了一段", **changes,
    }  # fmt: skip
    answer = await who.post(f"{WORKER}/events", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def inbox(cast: Cast, login: str) -> set[tuple[str, str]]:
    await cast.react()
    items = (await (await cast.staff(login)).get(f"{DESK}/inbox")).json()["items"]
    return {(notice["event"], notice["case_id"]) for notice in items}


async def followed(who: httpx.AsyncClient, mine: str, state: str = "") -> dict[str, str]:
    """A tracking list: the ids with their states."""
    items = (await who.get(f"{WORKER}/cases", params={"mine": mine, **({"state": state} if state else {})})).json()["items"]
    return {item["id"]: item["state"] for item in items}


@pytest.mark.mechanism("001-06")
async def test_an_urgent_event_goes_all_the_way_up_and_becomes_an_appeal(cast: Cast) -> None:
    worker, village = await cast.worker(), await cast.staff("villagedesk")
    receipt = await found(worker, level="urgent")
    case_id = receipt["id"]
    assert next(iter(receipt)) == "emergency"
    assert receipt["emergency"]["numbers"][:3] == ["110", "119", "120"]
    rung = await inbox(cast, "towndesk")  # who stands in for a duty officer there
    assert {("event.reported", case_id), ("duty.rung", case_id)} <= rung
    assert await followed(worker, "reported", "open") == {case_id: "submitted"}

    # the town gives it to the village, which gives it back once and no second time
    me = (await village.get(f"{DESK}/me")).json()
    lead = next(role["department"] for role in me["roles"] if role.get("department"))
    await cast.act("towndesk", case_id, "dispatch", lead=lead, rule_reasons=["属地"])
    returned = await cast.act("villagedesk", case_id, "return", reason="水渠属水利部门管护")
    assert returned["state"] == "dispatched"
    await cast.act("towndesk", case_id, "grant-return", note="同意")
    await cast.act("towndesk", case_id, "dispatch", lead=lead, rule_reasons=["属地"])
    again = await cast.act("villagedesk", case_id, "return", expect=409, reason="仍不属本村")
    assert again["code"] == "guard-not-met"

    # village → town → joint meeting → county; the village raises once, and above the county there is nothing
    for login in ("villagedesk", "towndesk", "meeting"):
        assert (await cast.act(login, case_id, "escalate", **REASON))["state"] == "accepted"
        assert (await cast.act("villagedesk", case_id, "escalate", expect=409, **REASON))["code"] == "guard-not-met"
    assert (await cast.act("meeting", case_id, "escalate", expect=409, **REASON))["code"] == "guard-not-met"
    timeline = (await worker.get(f"{WORKER}/cases/{case_id}")).json()["timeline"]
    assert [line["event"] for line in timeline].count("case.escalated") == 3
    assert ("case.escalated", case_id) in await inbox(cast, "meeting")
    assert (await village.get(f"{DESK}/workbench", params={"part": "raised"})).json()["items"][0]["id"] == case_id
    late = await village.post(f"{DESK}/workbench/{case_id}/take", json={})
    assert (late.status_code, late.json()["code"]) == (409, "guard-not-met")  # the first right ends where it was raised

    # the villager wants an answer: the event becomes an appeal with its own number and clocks
    said = {"content": "水渠塌了,请给答复", "channel": "grid_worker", "name": "李甲", "phone": "13700001111"}
    turned = await cast.act("dispatcher", case_id, "convert", appeal_type="help", topic="0901", appeal=said)
    assert (turned["kind"], turned["state"]) == ("appeal", "registered")
    assert {clock["name"] for clock in turned["clocks"] if clock["stopped_at"] is None} >= {"accept"}
    pair = {"number": turned["appeals"][0]["number"], "query_code": turned["query_code"]}
    progress = await cast.anybody().post(f"{RESIDENT}/appeal-lookups", json=pair)
    assert (progress.status_code, progress.json()["appeal"]["status"]) == (200, "registered")
    assert await followed(worker, "reported") == {case_id: "registered"}
    assert await followed(worker, "grid") == {}  # an appeal of a grid is not the business of the grid


async def test_put_right_on_the_spot_counts_like_dispatched_work_and_another_inspects(cast: Cast) -> None:
    worker, village = await cast.worker(), await cast.staff("villagedesk")
    spot = (await found(worker, event_type="E3", self_handled={"result": "已扶正"}))["id"]
    sent = (await found(worker, event_type="E4"))["id"]
    taken = await village.post(f"{DESK}/workbench/{sent}/take", json={})
    assert (taken.status_code, taken.json()["state"]) == (200, "signed")
    await cast.act("villagedesk", sent, "contact", stage="investigate", mode="in_person")
    await cast.act("villagedesk", sent, "grade", grade="clear", facts="断线")
    await cast.act("villagedesk", sent, "submit-result", result="已接好")

    own = await worker.post(f"{WORKER}/cases/{spot}/inspect", json={"passed": True})
    assert (own.status_code, own.json()["code"]) == (403, "same-officer")
    assert (await cast.act("villagedesk", sent, "inspect", expect=403, passed=True))["code"] == "same-officer"
    assert await followed(worker, "inspection") == {sent: "reviewing"}
    assert (await cast.act("villagedesk", spot, "inspect", passed=True))["state"] == "closed"
    passed = await worker.post(f"{WORKER}/cases/{sent}/inspect", json={"passed": True})
    assert (passed.status_code, passed.json()["state"]) == (200, "closed")

    closed = (await village.get(f"{DESK}/cases", params={"kind": "event", "state": "closed"})).json()["items"]
    assert {each["id"] for each in closed} == {spot, sent}
    for case_id in (spot, sent):
        case = (await worker.get(f"{WORKER}/cases/{case_id}")).json()
        [handling] = [clock for clock in case["clocks"] if clock["name"] == "handling"]
        assert (handling["met"], case["state"]) == (True, "closed")
    assert await followed(worker, "reported", "ended") == {spot: "closed", sent: "closed"}


async def test_the_tracking_lists_are_what_i_reported_what_is_given_to_me_and_what_is_in_my_grids(cast: Cast) -> None:
    worker, other = await cast.worker(), await cast.worker("13800000002")
    reported, theirs = (await found(worker))["id"], (await found(other, grid_code="360781100002001"))["id"]
    spot = (await found(worker, self_handled={"result": "已清"}))["id"]  # what I put right is in my hands
    assert await followed(worker, "reported") == {reported: "submitted", spot: "reviewing"}
    assert await followed(worker, "assigned") == {spot: "reviewing"}
    assert await followed(worker, "grid") == {reported: "submitted", spot: "reviewing"}
    assert await followed(worker, "inspection") == {}
    assert await followed(other, "reported") == {theirs: "submitted"}
    assert (await other.get(f"{WORKER}/cases/{reported}")).status_code == 404
    assert (await worker.get(f"{WORKER}/cases/{theirs}")).status_code == 404
