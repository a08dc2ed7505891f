"""A grid goes to another worker with everything that waits in it; the team is seen by grid and never ranked."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.access.models import Assignment
from domain.areas.models import Area
from domain.cases.models import Case
from domain.people.models import GridDuty
from domain.sql import fetch
from server.rules import stable_id
from tests.api.test_field_patrols import make_worker
from tests.support.cast import DESK, WORKER, Cast
from tests.support.cluster import Cluster
from tests.support.server import RunningServer, serving

pytestmark = pytest.mark.anyio

VILLAGE = "360781100001"
GRID, OTHER = f"{VILLAGE}001", f"{VILLAGE}002"
GIVER, TAKER = stable_id("staff", "13800000001"), stable_id("staff", "13800000002")
PATH = f"{DESK}/grids/{GRID}/handover"


@pytest.fixture
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T16:30")


async def report(who: httpx.AsyncClient, grid: str = GRID, **changes: Any) -> str:
    body = {"id": str(uuid4()), "occurred_at": "2026-03-13T16:00:00+08:00", "event_type": "E4", "grid_code": grid, **changes}
    answer = await who.post(f"{WORKER}/events", json=body)
    assert answer.status_code == 201, answer.text
    return str(body["id"])


async def home(who: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await who.get(f"{WORKER}/home")).json())


async def given(cast: Cast, case_id: str) -> None:
    await Case.filter(id=case_id).update(state="handling", handler_id=GIVER)


@pytest.mark.usefixtures("friday")
async def test_duty_cases_and_counts_move_at_once_and_both_are_told(cast: Cast) -> None:
    giver, taker, admin = await cast.worker(), await cast.worker("13800000002"), await cast.staff("admin")
    moving, staying = await report(giver), await report(giver, OTHER)
    await given(cast, moving)
    await given(cast, staying)
    before, other_before = await home(giver), await home(taker)
    answer = await admin.post(PATH, json={"to": str(TAKER), "note": "轮岗"})
    assert (answer.status_code, answer.json()["cases"]) == (200, 1), answer.text
    after, other_after = await home(giver), await home(taker)
    assert (before["cases"]["assigned"], after["cases"]["assigned"], other_after["cases"]["assigned"]) == (2, 1, 1)
    assert before["unvisited_households"] - after["unvisited_households"] == 3
    assert other_after["unvisited_households"] - other_before["unvisited_households"] == 3
    assert [grid["code"] for grid in (await giver.get(f"{WORKER}/me")).json()["grids"]] == [OTHER]
    case = (await taker.get(f"{WORKER}/cases/{moving}")).json()
    assert (case["assigned_to_me"], case["version"], "submit-result" in case["can"]) == (True, 2, True)
    for who, word in ((giver, "已移交给黄东生"), (taker, "由邱小兰移交给您")):
        [notice] = (await who.get(f"{WORKER}/inbox")).json()["items"]
        assert (notice["event"], word in notice["text"]) == ("grid.handed-over", True)
    rows = await fetch("SELECT event, data::text AS data FROM journal WHERE event LIKE '%handed-over' ORDER BY event")
    assert [row["event"] for row in rows] == ["case.handed-over", "grid.handed-over"]
    assert not any("邱小兰" in row["data"] or "轮岗" in row["data"] for row in rows)


@pytest.mark.usefixtures("friday")
async def test_what_was_reported_stays_followed_and_a_done_result_keeps_its_handler(cast: Cast) -> None:
    giver, taker, admin = await cast.worker(), await cast.worker("13800000002"), await cast.staff("admin")
    done = await report(giver, self_handled={"result": "已扶正", "attachment_ids": []})
    await admin.post(PATH, json={"to": str(TAKER)})
    assert (await Case.get(id=done)).handler_id == GIVER
    assert (await giver.get(f"{WORKER}/cases/{done}")).status_code == 200
    own = await giver.post(f"{WORKER}/cases/{done}/inspect", json={"passed": True})
    assert own.status_code == 403  # the grid is gone, and with it the right; the handler inspects nothing anyhow
    seen = await taker.post(f"{WORKER}/cases/{done}/inspect", json={"passed": True})
    assert (seen.status_code, seen.json()["state"]) == (200, "closed")


@pytest.mark.usefixtures("friday")
async def test_a_worker_who_gave_away_the_last_grid_still_reads_the_inbox(cast: Cast) -> None:
    giver, admin = await cast.worker(), await cast.staff("admin")
    for code in (GRID, OTHER):
        await admin.post(f"{DESK}/grids/{code}/handover", json={"to": str(TAKER)})
    assert (await giver.get(f"{WORKER}/me")).json()["grids"] == []
    assert len((await giver.get(f"{WORKER}/inbox")).json()["items"]) == 2
    assert (await giver.get(f"{WORKER}/households")).status_code == 403


@pytest.mark.usefixtures("friday")
async def test_several_workers_share_a_grid_and_the_giver_is_named(cast: Cast) -> None:
    giver, admin = await cast.worker(), await cast.staff("admin")
    area = await Area.get(code=GRID)
    await make_worker("13900000003", "grid_worker", GRID)
    third = stable_id("staff", "13900000003")
    await GridDuty.create(worker_id=third, grid_code=GRID, since_on="2026-03-01")
    case = await report(giver)
    await given(cast, case)
    unclear = await admin.post(PATH, json={"to": str(TAKER)})
    assert (unclear.status_code, unclear.json()["errors"][0]["field"]) == (422, "from")
    moved = await admin.post(PATH, json={"to": str(TAKER), "from": str(third)})
    assert (moved.status_code, moved.json()["cases"]) == (200, 0)
    merged = await admin.post(PATH, json={"to": str(TAKER), "from": str(GIVER)})
    assert (merged.status_code, merged.json()["cases"]) == (200, 1)
    assert [str(duty.worker_id) for duty in await GridDuty.filter(grid_code=GRID)] == [str(TAKER)]
    held = await Assignment.filter(area_path=area.path, role="grid_worker").values_list("staff_id", flat=True)
    assert list(held) == [TAKER]


@pytest.mark.parametrize(
    "body",
    [{"to": str(GIVER)}, {"to": str(uuid4())}, {"to": str(stable_id("staff", "handler"))}, {}, {"to": "x"},
     {"to": str(TAKER), "from": str(uuid4())}, {"to": str(TAKER), "rank": 1}],
)  # fmt: skip
@pytest.mark.usefixtures("friday")
async def test_bad_hand_overs_change_nothing(cast: Cast, body: dict[str, Any]) -> None:
    assert (await (await cast.staff("admin")).post(PATH, json=body)).status_code == 422
    assert [duty.worker_id for duty in await GridDuty.filter(grid_code=GRID)] == [GIVER]


@pytest.mark.usefixtures("friday")
async def test_only_the_area_administrator_hands_over_and_only_grids(cast: Cast) -> None:
    admin, body = await cast.staff("admin"), {"to": str(TAKER)}
    for code in ("360781999999001", VILLAGE, "9" * 40):
        assert (await admin.post(f"{DESK}/grids/{code}/handover", json=body)).status_code == 404
    for who, status in ((cast.anybody(), 401), (await cast.worker(), 403), (await cast.staff("villagedesk"), 403)):
        assert (await who.post(PATH, json=body)).status_code == status


@pytest.mark.usefixtures("friday")
async def test_a_leader_sees_grids_with_what_is_open_and_nobody_else_does(cast: Cast) -> None:
    await make_worker("13900000002", "grid_leader", VILLAGE)
    leader, worker = await cast.worker("13900000002"), await cast.worker()
    await report(worker)
    team = (await leader.get(f"{WORKER}/team")).json()["items"]
    assert [(each["grid_code"], each["open"]["events"], each["open"]["unvisited_households"]) for each in team] == [
        (GRID, 1, 3), (OTHER, 0, 0),
    ]  # fmt: skip
    assert [person["name"] for person in team[0]["workers"]] == ["邱小兰"]
    assert set(team[0]) == {"grid_code", "grid", "village", "workers", "open", "households"}
    assert set(team[0]["workers"][0]) == {"id", "name", "phone"}
    assert (await leader.get(f"{WORKER}/households")).status_code == 403
    for who, status in ((cast.anybody(), 401), (worker, 403), (await cast.staff("admin"), 403)):
        assert (await who.get(f"{WORKER}/team")).status_code == status


@pytest.fixture
def own_server(cluster: Cluster, stage: str, tmp_path: Path) -> Iterator[RunningServer]:
    """A server of its own: the grid that changes hands is everybody's in the shared one."""
    with cluster.database(stage) as dsn, serving(dsn, tmp_path) as running:
        yield running


async def test_of_five_hand_overs_at_once_one_moves_the_grid(own_server: RunningServer) -> None:
    server = own_server
    password = {"password": "Huying-demo-2026"}
    admin = server.client(server.client().post(f"{DESK}/sessions", json={"login": "admin", **password}).json()["token"])
    signed = server.client().post(f"{WORKER}/sessions", json={"phone": "13800000002", **password})
    taker = server.client(signed.json()["token"])
    body = {"to": str(TAKER)}
    answers = await asyncio.gather(*(asyncio.to_thread(admin.post, PATH, json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422]
    assert GRID in {grid["code"] for grid in taker.get(f"{WORKER}/me").json()["grids"]}
    assert [notice["event"] for notice in taker.get(f"{WORKER}/inbox").json()["items"]] == ["grid.handed-over"]
