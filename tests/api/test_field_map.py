"""Near me, and the map: positions are compared in one datum, kept as captured, and a boundary names the grid."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.areas.geometry import Position, to_gcj02
from domain.households.models import Household
from domain.sql import fetch
from server.rules import stable_id
from tests.api.test_field_patrols import make_worker
from tests.support.cast import DESK, WORKER, Cast

pytestmark = pytest.mark.anyio

VILLAGE = "360781100001"
FIRST, SECOND, FOREIGN = f"{VILLAGE}001", f"{VILLAGE}002", "360781100002001"
HERE = {"lon": "116.0270", "lat": "25.8860", "datum": "gcj02"}


@pytest.fixture(autouse=True)
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T16:30")


def square(west: float, south: float, side: float = 0.01) -> dict[str, Any]:
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def collection(**shapes: dict[str, Any]) -> bytes:
    features = [
        {"type": "Feature", "properties": {"grid_code": code.strip("g")}, "geometry": geometry}
        for code, geometry in shapes.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


async def load(who: httpx.AsyncClient, data: bytes, datum: str = "gcj02") -> httpx.Response:
    files = {"file": ("grids.geojson", data, "application/geo+json")}
    return await who.post(f"{DESK}/grids/geometry", files=files, data={"datum": datum})


async def house(village: str, door: int, lon: float, lat: float, datum: str = "gcj02") -> str:
    found = stable_id("household", f"{village}:{door}")
    await Household.filter(id=found).update(lon=lon, lat=lat, datum=datum)
    return str(found)


async def event(who: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    body = {"id": str(uuid4()), "occurred_at": "2026-03-13T16:00:00+08:00", "event_type": "E4", **changes}
    return await who.post(f"{WORKER}/events", json=body)


async def test_what_is_near_comes_by_distance_whatever_datum_it_was_captured_in(cast: Cast) -> None:
    worker = await cast.worker()
    far = await house(VILLAGE, 1, 116.0370, 25.8860)
    near = await house(VILLAGE, 2, 116.0272, 25.8860)
    wgs = await house(VILLAGE, 3, 116.0270, 25.8860, "wgs84")  # the same figures in the other datum lie 400-700 m off
    await house("360781100002", 1, 116.0270, 25.8860)
    at_hand = await event(worker, grid_code=FIRST, location={"lon": 116.0271, "lat": 25.886, "datum": "gcj02"})
    answer = (await worker.get(f"{WORKER}/near", params={**HERE, "radius": "2000"})).json()
    assert [each["id"] for each in answer["households"]] == [near, wgs, far]
    away = [each["distance_m"] for each in answer["households"]]
    assert away[0] == 20
    assert 300 < away[1] < 800
    assert away[2] == 1000
    assert [(each["id"], each["distance_m"]) for each in answer["cases"]] == [(at_hand.json()["id"], 10)]
    assert answer["households"][1]["location"] == {"lon": 116.027, "lat": 25.886, "datum": "wgs84"}
    small = (await worker.get(f"{WORKER}/near", params={**HERE, "radius": "100"})).json()
    assert [each["id"] for each in small["households"]] == [near]


async def test_a_bad_position_is_refused_and_others_are_not_answered(cast: Cast) -> None:
    worker = await cast.worker()
    for wrong in ({"lon": "200"}, {"datum": "mars"}, {"radius": "1"}, {"radius": "50000"}, {"speed": "3"}):
        assert (await worker.get(f"{WORKER}/near", params={**HERE, **wrong})).status_code == 422, wrong
    for who, status in ((cast.anybody(), 401), (await cast.resident(), 403), (await cast.staff("admin"), 403)):
        assert (await who.get(f"{WORKER}/near", params=HERE)).status_code == status


async def test_boundaries_are_loaded_shown_and_name_the_grid_of_a_position(cast: Cast) -> None:
    admin, worker = await cast.staff("admin"), await cast.worker()
    shapes = {f"g{FIRST}": square(116.02, 25.88), f"g{SECOND}": square(116.03, 25.88), f"g{FOREIGN}": square(116.04, 25.88)}
    done = await load(admin, collection(**shapes))
    assert (done.status_code, done.json()) == (200, {"imported": 3, "datum": "gcj02"})
    shown = await worker.get(f"{WORKER}/grids/geojson")
    assert shown.headers["content-type"] == "application/geo+json"
    features = shown.json()["features"]
    assert [each["properties"]["grid_code"] for each in features] == [FIRST, SECOND]
    assert features[0]["geometry"] == shapes[f"g{FIRST}"]
    inside = await event(worker, location={"lon": 116.035, "lat": 25.885, "datum": "gcj02"})
    assert (inside.status_code, inside.json()["area_code"]) == (201, SECOND)
    for lon in (116.045, 116.2):  # in a grid of others, and in none
        outside = await event(worker, location={"lon": lon, "lat": 25.885, "datum": "gcj02"})
        assert (outside.status_code, outside.json()["errors"][0]["field"]) == (422, "grid_code")
    rows = await fetch("SELECT area, data::text AS data FROM journal WHERE event = 'grid.shapes-imported' ORDER BY area")
    assert [row["area"] for row in rows] == [VILLAGE, "360781100002"]


async def test_the_grid_of_a_position_is_suggested_for_the_form_among_my_own(cast: Cast) -> None:
    admin, worker = await cast.staff("admin"), await cast.worker()
    shapes = {f"g{FIRST}": square(116.02, 25.88), f"g{FOREIGN}": square(116.04, 25.88)}
    await load(admin, collection(**shapes))

    async def suggested(lon: float, datum: str = "gcj02", who: httpx.AsyncClient = worker) -> Any:
        answer = await who.get(f"{WORKER}/grids/suggestion", params={"lon": lon, "lat": 25.885, "datum": datum})
        assert answer.status_code == 200, answer.text
        return answer.json()["grid"]

    assert await suggested(116.025) == {"code": FIRST, "name": "第1网格"}
    assert await suggested(116.045) is None  # in a grid of others
    assert await suggested(116.2) is None
    assert await suggested(116.0161, "wgs84") == {"code": FIRST, "name": "第1网格"}  # some 500 m east in GCJ-02
    assert await suggested(116.0161) is None
    await make_worker("13900000004", "volunteer", FIRST)
    assert await suggested(116.025, who=await cast.worker("13900000004")) == {"code": FIRST, "name": "第1网格"}
    path = f"{WORKER}/grids/suggestion"
    for query in ({}, {"lon": "1", "lat": "91", "datum": "gcj02"}, {"lon": "1", "lat": "1", "datum": "bd09"}):
        assert (await worker.get(path, params=query)).status_code == 422
    for who, status in ((cast.anybody(), 401), (admin, 403)):
        assert (await who.get(path, params=HERE)).status_code == status


async def test_a_boundary_that_crosses_itself_is_refused_with_its_number(cast: Cast) -> None:
    bow = [[116.02, 25.88], [116.03, 25.89], [116.03, 25.88], [116.02, 25.89], [116.02, 25.88]]
    shapes = {f"g{FIRST}": square(116.02, 25.88), f"g{SECOND}": {"type": "Polygon", "coordinates": [bow]}}
    answer = await load(await cast.staff("admin"), collection(**shapes))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-fields")
    assert answer.json()["errors"][0]["message"] == "第 2 个:边界自相交叉:第 1 段和第 3 段"
    assert await fetch("SELECT 1 AS one FROM area_shapes") == []


async def test_a_position_and_a_boundary_of_different_datums_meet(cast: Cast) -> None:
    worker = await cast.worker()
    await load(await cast.staff("admin"), collection(**{f"g{FIRST}": square(116.02, 25.88)}), "wgs84")
    lon, lat = to_gcj02(Position(116.0299, 25.8801, "wgs84"))
    found = await event(worker, location={"lon": lon, "lat": lat, "datum": "gcj02"})
    assert (found.status_code, found.json()["area_code"]) == (201, FIRST)
    found = await event(worker, location={"lon": 116.0299, "lat": 25.8801, "datum": "wgs84"})
    assert found.json()["area_code"] == FIRST


async def test_overlapping_boundaries_choose_nothing_and_a_second_import_replaces_the_first(cast: Cast) -> None:
    admin, worker = await cast.staff("admin"), await cast.worker()
    both = {f"g{FIRST}": square(116.02, 25.88), f"g{SECOND}": square(116.02, 25.88)}
    await load(admin, collection(**both))
    spot = {"lon": 116.025, "lat": 25.885, "datum": "gcj02"}
    assert (await event(worker, location=spot)).status_code == 422
    await load(admin, collection(**{f"g{SECOND}": square(116.05, 25.88)}))
    assert (await event(worker, location=spot)).json()["area_code"] == FIRST


@pytest.mark.parametrize(
    ("data", "datum", "word"),
    [
        (b"{", "gcj02", "JSON"),
        (b'{"type": "FeatureCollection", "features": []}', "gcj02", "FeatureCollection"),
        (collection(**{f"g{FIRST}": square(116.02, 25.88)}), "bd09", "坐标系"),
        (collection(**{f"g{FIRST}": square(25.88, 116.02)}), "gcj02", "经纬度次序"),
        (collection(g=square(116.02, 25.88)), "gcj02", "grid_code"),
        (collection(g360781100001999=square(116.02, 25.88)), "gcj02", "没有网格"),
        (collection(g360781100001=square(116.02, 25.88)), "gcj02", "没有网格"),
    ],
)
async def test_a_faulty_file_is_refused_as_a_whole_with_the_reason(cast: Cast, data: bytes, datum: str, word: str) -> None:
    answer = await load(await cast.staff("admin"), data, datum)
    assert (answer.status_code, word in answer.text) == (422, True), answer.text
    assert await fetch("SELECT 1 FROM area_shapes") == []


async def test_one_bad_ring_sinks_the_whole_file_and_says_which(cast: Cast) -> None:
    open_ring = {"type": "Polygon", "coordinates": [square(116.03, 25.88)["coordinates"][0][:-1]]}
    data = collection(**{f"g{FIRST}": square(116.02, 25.88), f"g{SECOND}": open_ring})
    answer = await load(await cast.staff("admin"), data)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"].startswith("第 2 个:边界环没有闭合")
    assert await fetch("SELECT 1 FROM area_shapes") == []


async def test_too_large_files_and_others_are_refused(cast: Cast) -> None:
    big = await load(await cast.staff("admin"), b" " * (5 * 1024 * 1024 + 100_000))
    assert big.status_code == 413
    assert (await load(await cast.staff("villagedesk"), b"{}")).status_code == 403
    assert (await (await cast.staff("admin")).get(f"{WORKER}/grids/geojson")).status_code == 403
