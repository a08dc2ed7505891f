"""Patrols of workers and volunteers: a window of time, a grid, findings; nothing about the way that was walked."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from tortoise import Tortoise

from domain.access.models import Assignment, Staff
from domain.areas.models import Area
from domain.clock import real_now
from domain.sql import fetch
from server.demo.accounts import PASSWORD
from server.rules import stable_id
from tests.support.cast import DESK, WORKER, Cast

pytestmark = pytest.mark.anyio

GRID = "360781100001001"


@pytest.fixture(autouse=True)
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T16:30")


def patrol(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()), "grid_code": GRID, "kind": "safety", "since": "2026-03-12T19:00:00+08:00",
        "until": "2026-03-12T21:00:00+08:00", "policy_talk": "防诈骗", **changes,
    }  # fmt: skip


async def make_worker(login: str, role: str, area_code: str) -> None:
    area = await Area.get(code=area_code)
    staff = await Staff.create(
        id=stable_id("staff", login), login=login, name="志愿者甲", kind="worker", password_hash="-",
        created_at=real_now(),
    )  # fmt: skip
    await Assignment.create(staff_id=staff.id, role=role, area_code=area.code, area_path=area.path)


@pytest.mark.mechanism("002-12", "003-06")
async def test_a_patrol_enters_what_happened_and_what_may_happen_into_the_ledger(cast: Cast) -> None:
    worker = await cast.worker()
    event = {"id": str(uuid4()), "occurred_at": "2026-03-12T20:00:00+08:00", "event_type": "E4", "grid_code": GRID}
    assert (await worker.post(f"{WORKER}/events", json=event)).status_code == 201
    findings = [
        {"kind": "occurred", "text": "路灯不亮", "event_id": event["id"]},
        {"kind": "potential", "text": "两家为水沟积怨"},
    ]
    sent = await worker.post(f"{WORKER}/patrols", json=patrol(findings=findings, source="inspection_feedback"))
    assert sent.status_code == 201, sent.text
    [seen] = (await worker.get(f"{WORKER}/patrols")).json()["items"]
    assert [found["kind_name"] for found in seen["findings"]] == ["已发生的问题", "可能引发矛盾的隐患"]
    desk = await cast.staff("villagedesk")
    rows = (await desk.get(f"{DESK}/findings", params={"source": "inspection_feedback"})).json()["items"]
    assert [(row["kind"], row["source_name"], bool(row["event"])) for row in rows] == [
        ("potential", "巡视反馈", False), ("occurred", "巡视反馈", True),
    ]  # fmt: skip
    kept = await fetch("SELECT data::text AS data FROM journal WHERE event LIKE 'patrol.%'")
    assert len(kept) == 3
    assert "水沟" not in "".join(row["data"] for row in kept)


async def test_sent_twice_it_is_one_patrol_and_other_content_is_refused(cast: Cast) -> None:
    worker, body = await cast.worker(), patrol(findings=[{"kind": "occurred", "text": "井盖松动"}])
    first, again = [await worker.post(f"{WORKER}/patrols", json=body) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await worker.post(f"{WORKER}/patrols", json={**body, "kind": "hazard"})
    assert (other.status_code, other.json()["code"]) == (409, "same-id-other-content")
    assert len((await worker.get(f"{WORKER}/patrols")).json()["items"]) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"until": "2026-03-12T18:00:00+08:00"}, {"until": "2026-03-13T20:00:00+08:00"}, {"since": "yesterday"},
        {"kind": "racing"}, {"findings": [{"kind": "potential", "text": " "}]}, {"track": [[116, 25]]},
        {"findings": [{"kind": "occurred", "text": "灯", "event_id": str(uuid4())}]},
    ],
)  # fmt: skip
async def test_bad_patrols_are_refused_and_nothing_is_kept(cast: Cast, changes: dict[str, Any]) -> None:
    worker = await cast.worker()
    assert (await worker.post(f"{WORKER}/patrols", json=patrol(**changes))).status_code == 422
    assert (await worker.get(f"{WORKER}/patrols")).json()["items"] == []


async def test_grids_of_others_do_not_exist_and_others_do_not_patrol(cast: Cast) -> None:
    worker = await cast.worker()
    for code in ("360781100002001", "360781999999001"):
        assert (await worker.post(f"{WORKER}/patrols", json=patrol(grid_code=code))).status_code == 404
    for who, status in ((cast.anybody(), 401), (await cast.resident(), 403), (await cast.staff("admin"), 403)):
        assert (await who.post(f"{WORKER}/patrols", json=patrol())).status_code == status
        assert (await who.get(f"{WORKER}/patrols")).status_code == status


async def test_the_log_is_paged_and_the_ledger_keeps_to_its_area(cast: Cast) -> None:
    worker = await cast.worker()
    for _ in range(3):
        await worker.post(f"{WORKER}/patrols", json=patrol(findings=[{"kind": "potential", "text": "线路老化"}]))
    first = (await worker.get(f"{WORKER}/patrols", params={"limit": 2})).json()
    rest = (await worker.get(f"{WORKER}/patrols", params={"limit": 2, "cursor": first["next"]})).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    assert (await (await cast.worker("13800000002")).get(f"{WORKER}/patrols")).json()["items"] == []
    desk = await cast.staff("villagedesk")
    assert len((await desk.get(f"{DESK}/findings", params={"kind": "potential"})).json()["items"]) == 3
    assert (await desk.get(f"{DESK}/findings", params={"area": "360781100002"})).status_code == 404
    assert (await (await cast.staff("handler")).get(f"{DESK}/findings")).status_code == 403


@pytest.mark.mechanism("002-12")
async def test_a_volunteer_patrols_and_reports_and_sees_no_household(cast: Cast) -> None:
    await make_worker("13900000001", "volunteer", GRID)
    volunteer, plate = await cast.worker("13900000001"), await cast.plate()
    assert (await volunteer.post(f"{WORKER}/patrols", json=patrol())).status_code == 201
    event = {"id": str(uuid4()), "occurred_at": "2026-03-13T10:00:00+08:00", "event_type": "E4", "grid_code": GRID}
    assert (await volunteer.post(f"{WORKER}/events", json=event)).status_code == 201
    assert [each["id"] for each in (await volunteer.get(f"{WORKER}/cases")).json()["items"]] == [event["id"]]
    assert (await volunteer.get(f"{WORKER}/cases/{event['id']}")).status_code == 200
    for path in ("households", "visits", "rounds/today", "tasks", f"plates/{plate}", "near?lon=116&lat=25&datum=gcj02"):
        assert (await volunteer.get(f"{WORKER}/{path}")).status_code == 403, path
    with_plate = {**event, "id": str(uuid4()), "plate_code": plate}
    assert (await volunteer.post(f"{WORKER}/events", json=with_plate)).status_code == 404
    assert (await volunteer.post(f"{WORKER}/suggestions", json={"text": "字再大一点"})).status_code == 201


async def test_a_volunteer_learns_the_grid_and_need_not_name_it(cast: Cast) -> None:
    await make_worker("13900000001", "volunteer", GRID)
    volunteer = await cast.worker("13900000001")
    [grid] = (await volunteer.get(f"{WORKER}/me")).json()["grids"]
    assert (grid["code"], grid["name"], grid["village_code"]) == (GRID, "第1网格", "360781100001")
    body = patrol()
    del body["grid_code"]
    sent = await volunteer.post(f"{WORKER}/patrols", json=body)
    assert (sent.status_code, sent.json()["grid_code"]) == (201, GRID)
    home = (await volunteer.get(f"{WORKER}/home")).json()
    assert ([each["code"] for each in home["grids"]], home["cases"]["reported"]) == ([GRID], 0)
    assert (home["unvisited_households"], home["tell_tasks"]) == (None, None)
    assert (await volunteer.get(f"{WORKER}/grids/geojson")).json()["features"] == []
    several = await (await cast.worker()).post(f"{WORKER}/patrols", json={**body, "id": str(uuid4())})
    assert (several.status_code, several.json()["errors"][0]["field"]) == (422, "grid_code")


async def test_a_volunteer_and_a_leader_are_told_their_grids_when_they_sign_in(cast: Cast) -> None:
    secret = (await Staff.get(login="13800000001")).password_hash
    for login, role, area, grids in (
        ("13900000001", "volunteer", GRID, [GRID]),
        ("13900000002", "grid_leader", "360781100001", [GRID, "360781100001002"]),
    ):
        await make_worker(login, role, area)
        await Staff.filter(login=login).update(password_hash=secret)
        proof = {"phone": login, "password": PASSWORD}
        answer = await cast.anybody().post(f"{WORKER}/sessions", json=proof)
        assert answer.status_code == 201, answer.text
        assert [each["code"] for each in answer.json()["worker"]["grids"]] == grids
    home = await (await cast.worker("13900000002")).get(f"{WORKER}/home")
    assert (home.status_code, [each["code"] for each in home.json()["grids"]]) == (200, grids)


async def test_a_patrol_that_ends_before_it_begins_names_the_field_that_was_sent(cast: Cast) -> None:
    sent = await (await cast.worker()).post(f"{WORKER}/patrols", json=patrol(until="2026-03-12T18:00:00+08:00"))
    assert (sent.status_code, sent.json()["errors"][0]["field"]) == (422, "until")


async def test_no_table_of_patrols_can_hold_a_way_or_a_place(cast: Cast) -> None:
    for model in ("Patrol", "Finding"):
        columns = set(Tortoise.apps["huying"][model]._meta.fields_db_projection)
        assert not columns & {"lon", "lat", "datum", "position", "location", "track", "distance", "steps"}
