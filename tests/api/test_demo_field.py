"""What the demo shows in the field: houses on the map, a grid leader, a volunteer, a duty officer with a roster."""

from collections.abc import Callable

import pytest

from domain.access.models import Department
from domain.households.models import Household
from server.demo.accounts import PASSWORD
from server.demo.company import DUTY_LOGIN, DUTY_UNIT
from server.demo.county import settle
from server.demo.rosters import make_rosters
from tests.support.cast import DESK, WORKER, Cast

pytestmark = pytest.mark.anyio

GRIDS = ["360781100001001", "360781100001002"]
HERE = {"lon": "116.0240", "lat": "25.8830", "datum": "gcj02", "radius": "2000", "limit": "100"}


async def test_the_demo_has_houses_on_the_map_and_people_around_the_worker(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-12T09:00")
    await Household.all().delete()  # those of the stage stand where the demo builds
    for _ in range(2):
        await settle(cast.app.ctx.services)
        await make_rosters()
    worker = await cast.worker()
    houses = (await worker.get(f"{WORKER}/near", params=HERE)).json()["households"]
    assert {each["grid_code"] for each in houses} == set(GRIDS)
    assert len(houses) == 60
    shapes = (await worker.get(f"{WORKER}/grids/geojson")).json()["features"]
    assert [each["properties"]["grid_code"] for each in shapes] == GRIDS
    for house in houses[::7]:
        found = await worker.get(f"{WORKER}/grids/suggestion", params=house["location"])
        assert found.json()["grid"]["code"] == house["grid_code"], house
    leader, volunteer = await cast.worker("13800000003"), await cast.worker("13800000004")
    assert [each["grid_code"] for each in (await leader.get(f"{WORKER}/team")).json()["items"]] == GRIDS
    assert len((await volunteer.get(f"{WORKER}/grids/geojson")).json()["features"]) == 1
    proof = {"phone": "13800000004", "password": PASSWORD}
    signed = (await cast.anybody().post(f"{WORKER}/sessions", json=proof)).json()
    assert [each["code"] for each in signed["worker"]["grids"]] == GRIDS[:1]
    unit = await Department.get(name=DUTY_UNIT)
    roster = await (await cast.staff(DUTY_LOGIN)).get(f"{DESK}/units/{unit.id}/roster?since=2026-03-13&until=2026-03-19")
    assert (roster.status_code, roster.json()["gaps"]) == (200, [])
    assert len(roster.json()["shifts"]) >= 7
