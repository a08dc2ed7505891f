"""Discover and report through the worker door; what was put right on the spot counts like dispatched work."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.cases.models import Case
from domain.sql import fetch
from server.rules import stable_id
from tests.support.cast import DESK, WORKER, Cast
from tests.support.server import RunningServer

pytestmark = pytest.mark.anyio

GRID = "360781100001001"
FOREIGN = "360781100002001"


def event(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()), "occurred_at": "2026-03-13T16:20:00+08:00", "event_type": "E4", "level": "ordinary",
        "grid_code": GRID, "description": "村口路灯不亮", **changes,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T16:30")


async def report(who: httpx.AsyncClient, expect: int = 201, **changes: Any) -> dict[str, Any]:
    answer = await who.post(f"{WORKER}/events", json=event(**changes))
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


@pytest.mark.mechanism("001-06")
async def test_a_report_opens_a_case_whose_clock_runs_at_once(cast: Cast) -> None:
    worker = await cast.worker()
    case = await report(worker, location={"lon": 116.027, "lat": 25.886, "datum": "gcj02"})
    assert (case["state"], case["version"], case["origin"]) == ("submitted", 1, "proactive")
    handling = next(clock for clock in case["clocks"] if clock["name"] == "handling")
    assert handling["due_at"] == "2026-03-18T23:59:59+08:00"
    assert "emergency" not in case
    seen = (await worker.get(f"{WORKER}/cases/{case['id']}")).json()
    assert seen["location"] == {"lon": 116.027, "lat": 25.886, "datum": "gcj02"}
    assert [(line["event"], line["by"], line["text"]) for line in seen["timeline"]] == [
        ("event.reported", "网格员", "村口路灯不亮")
    ]


@pytest.mark.parametrize(
    ("level", "due_at"),
    [("serious", "2026-03-16T23:59:59+08:00"), ("urgent", "2026-03-13T18:30:00+08:00")],
)
async def test_the_level_decides_the_limit(cast: Cast, level: str, due_at: str) -> None:
    case = await report(await cast.worker(), level=level)
    assert next(clock for clock in case["clocks"] if clock["name"] == "handling")["due_at"] == due_at


@pytest.mark.mechanism("001-06")
async def test_an_urgent_event_shows_the_emergency_numbers_first_and_calls_the_duty_officer(cast: Cast) -> None:
    worker = await cast.worker()
    answer = await worker.post(f"{WORKER}/events", json=event(level="urgent", event_type="E7"))
    assert next(iter(answer.json())) == "emergency"
    assert answer.json()["emergency"]["numbers"] == ["110", "119", "120", "122"]
    rows = await fetch("SELECT data->>'level' AS level FROM journal WHERE event = 'event.reported'")
    assert [row["level"] for row in rows] == ["urgent"]
    assert "ring_duty" in await cast.react()
    rung = (await (await cast.staff("towndesk")).get(f"{DESK}/inbox")).json()["items"]
    assert {(notice["event"], notice["case_id"]) for notice in rung} == {
        (event_name, answer.json()["id"]) for event_name in ("event.reported", "duty.rung")
    }


async def test_what_is_put_right_on_the_spot_goes_to_inspection_by_another(cast: Cast) -> None:
    worker = await cast.worker()
    case = await report(worker, self_handled={"result": "换了灯泡,已亮", "attachment_ids": []})
    assert (case["state"], case["version"]) == ("reviewing", 2)
    own = await worker.post(f"{WORKER}/cases/{case['id']}/inspect", json={"passed": True})
    assert (own.status_code, own.json()["code"]) == (403, "same-officer")
    events = await fetch("SELECT event FROM journal WHERE case_id = $1 ORDER BY n", [case["id"]])
    assert [row["event"] for row in events] == ["event.reported", "case.self-handled"]


async def test_sent_twice_it_is_one_case_and_other_content_is_refused(cast: Cast) -> None:
    worker, body = await cast.worker(), event(self_handled={"result": "已扶正", "attachment_ids": []})
    first, again = [await worker.post(f"{WORKER}/events", json=body) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await worker.post(f"{WORKER}/events", json={**body, "level": "serious"})
    assert (other.status_code, other.json()["code"]) == (409, "same-id-other-content")
    assert await Case.filter(kind="event").count() == 1


async def test_a_scanned_plate_says_where_and_that_a_household_told(cast: Cast) -> None:
    case = await report(await cast.worker(), grid_code=None, plate_code=await cast.plate(0, 2), event_type="E5")
    assert (case["area_code"], case["origin"]) == (GRID, "village_direct")


async def test_what_a_household_asked_for_becomes_an_event_at_its_door(cast: Cast) -> None:
    worker, house = await cast.worker(), str(stable_id("household", "360781100001:1"))
    need = {
        "id": str(uuid4()), "household_id": house, "occurred_at": "2026-03-13T16:00:00+08:00", "purposes": ["visit"],
        "outcome": "met", "needs": ["矛盾调解"],
    }  # fmt: skip
    assert (await worker.post(f"{WORKER}/visits", json=need)).status_code == 201
    case = await report(worker, grid_code=None, household_id=house, event_type="E5")
    assert (case["area_code"], case["origin"]) == (GRID, "village_direct")
    assert str((await Case.get(id=case["id"])).household_id) == house
    other = {"grid_code": "360781100001002"}
    for changes, status in (
        ({"household_id": str(stable_id("household", "360781100002:1")), "grid_code": None}, 404),
        ({"household_id": str(uuid4())}, 404), ({"household_id": house, **other}, 422), ({"household_id": "x"}, 422),
        ({"household_id": house, "plate_code": await cast.plate()}, 422),
    ):
        assert (await worker.post(f"{WORKER}/events", json=event(**changes))).status_code == status, changes


async def test_a_position_alone_does_not_choose_between_two_grids(cast: Cast) -> None:
    body = event(grid_code=None, location={"lon": 116.0, "lat": 25.9, "datum": "wgs84"})
    answer = await (await cast.worker()).post(f"{WORKER}/events", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["grid_code"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"event_type": "E77"}, "invalid-fields"),
        ({"level": "awful"}, "invalid-fields"),
        ({"occurred_at": "1900-01-01T00:00:00+08:00"}, "absurd-time"),
        ({"location": {"lon": 216.0, "lat": 25.9, "datum": "wgs84"}}, "invalid-fields"),
        ({"self_handled": {"result": " \u200b", "attachment_ids": []}}, "invalid-fields"),
        ({"attachment_ids": [str(uuid4())]}, "unknown-attachment"),
        ({"checked_in": True}, "unknown-field"),
    ],
)
async def test_bad_reports_are_refused_and_nothing_is_kept(cast: Cast, changes: dict[str, Any], code: str) -> None:
    refused = await report(await cast.worker(), expect=422, **changes)
    assert refused["code"] == code
    assert await Case.all().count() == 0


async def test_grids_and_plates_of_others_do_not_exist(cast: Cast) -> None:
    worker = await cast.worker()
    for changes in ({"grid_code": FOREIGN}, {"grid_code": "360781999999001"},
                    {"grid_code": None, "plate_code": await cast.plate(1)}):  # fmt: skip
        await report(worker, expect=404, **changes)


async def test_only_grid_workers_report(cast: Cast) -> None:
    for who, status in ((cast.anybody(), 401), (await cast.resident(), 403), (await cast.staff("villagedesk"), 403)):
        assert (await who.post(f"{WORKER}/events", json=event())).status_code == status


async def test_five_phones_sending_one_event_at_once_open_one_case(server: RunningServer) -> None:
    signed = server.client().post(f"{WORKER}/sessions", json={"phone": "13800000001", "password": "Huying-demo-2026"})
    client = server.client(signed.json()["token"])
    body = event(occurred_at="2026-01-05T09:30:00+08:00", self_handled={"result": "已扶正", "attachment_ids": []})
    answers = await asyncio.gather(*(asyncio.to_thread(client.post, f"{WORKER}/events", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len({answer.json()["number"] for answer in answers}) == 1
    note = {"id": str(uuid4()), "text": "已拍照留存"}
    path = f"{WORKER}/cases/{body['id']}/add-note"
    moved = await asyncio.gather(*(asyncio.to_thread(client.post, path, json=note) for _ in range(5)))
    assert [answer.status_code for answer in moved] == [200] * 5
    seen = client.get(f"{WORKER}/cases/{body['id']}").json()
    assert [line["event"] for line in seen["timeline"]].count("case.noted") == 1
    assert seen["version"] == 3
