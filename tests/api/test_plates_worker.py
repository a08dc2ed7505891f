"""Plates and households at the worker door: my grids only."""

import pytest

from domain.households.models import Household, HouseholdCode
from tests.support.cast import WORKER, Cast

pytestmark = pytest.mark.anyio
VILLAGE = "360781100001"
HERE = {"lon": 116.0271, "lat": 25.8859, "datum": "gcj02"}
FAR = {"lon": 116.0371, "lat": 25.8859, "datum": "gcj02"}  # a kilometre to the east


async def state_of(household: Household) -> str:
    return (await HouseholdCode.get(household_id=household.id, ended_at=None)).state


async def house(door: int = 1) -> Household:
    return await Household.get(village_code=VILLAGE, door_text=f"一组{door}号")


@pytest.mark.mechanism("000-02")
async def test_a_plate_of_my_grid_is_activated_once(cast: Cast) -> None:
    code, worker = await cast.plate(0, 1, "printed"), await cast.worker()
    first = await worker.post(f"{WORKER}/plates/{code}/activation", json={"location": HERE})
    assert (first.status_code, first.json()["status"]) == (200, "active")
    again = await worker.post(f"{WORKER}/plates/{code.lower()}/activation", json={})
    assert again.json() == first.json()
    one = await house()
    assert (one.lon, one.version) == (HERE["lon"], 2)
    row = await HouseholdCode.get(household_id=one.id)
    assert row.activated_by is not None


async def test_without_a_position_it_works_too(cast: Cast) -> None:
    answer = await (await cast.worker()).post(f"{WORKER}/plates/{await cast.plate(0, 1, 'printed')}/activation", json={})
    assert answer.json()["status"] == "active"
    assert (await house()).lon is None


async def test_a_plate_far_from_its_house_is_suspect_until_seen_at_home(cast: Cast) -> None:
    code, worker, one = await cast.plate(0, 1, "printed"), await cast.worker(), await house()
    await Household.filter(id=one.id).update(**HERE)
    path = f"{WORKER}/plates/{code}/activation"
    far = (await worker.post(path, json={"location": FAR})).json()
    assert far["status"] == "suspect"
    assert "300" in far["message"]
    assert await state_of(one) == "suspect"
    blind = await worker.post(path, json={})
    assert (blind.status_code, blind.json()["code"]) == (409, "code-not-printed")
    assert (await worker.post(path, json={"location": HERE})).json()["status"] == "active"
    assert (await worker.post(path, json={"location": FAR})).json()["status"] == "suspect"


async def test_positions_of_both_datums_agree(cast: Cast) -> None:
    """The phone's WGS 84 of the same doorstep differs from GCJ-02 by half a kilometre as numbers."""
    code, one = await cast.plate(0, 1, "printed"), await house()
    await Household.filter(id=one.id).update(lon=116.41024, lat=39.91640, datum="gcj02")
    at = {"lon": 116.404, "lat": 39.915, "datum": "wgs84"}
    answer = await (await cast.worker()).post(f"{WORKER}/plates/{code}/activation", json={"location": at})
    assert answer.json()["status"] == "active"


async def test_plates_of_another_grid_are_unknown_and_dead_ones_gone(cast: Cast) -> None:
    worker, other = await cast.worker(), await cast.plate(1, 1, "printed")
    dead, dead_elsewhere = await cast.plate(0, 2, "revoked"), await cast.plate(1, 2, "revoked")
    for method, tail, body in (("GET", "", None), ("POST", "/activation", {})):
        for code, status in ((other, 404), (dead_elsewhere, 404), ("A" * 32, 404), (dead, 410)):
            answer = await worker.request(method, f"{WORKER}/plates/{code}{tail}", json=body)
            assert answer.status_code == status, (method, code, answer.text)
    found = await HouseholdCode.filter(state="printed").count()
    assert found == 1


async def test_a_scan_shows_the_household(cast: Cast) -> None:
    answer = await (await cast.worker()).get(f"{WORKER}/plates/{await cast.plate(0, 1)}")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["head_name"], shown["phone_masked"], shown["code_state"]) == ("李甲", "137****0001", "active")


async def test_households_are_those_of_my_grids(cast: Cast) -> None:
    worker = await cast.worker()
    first = (await worker.get(f"{WORKER}/households?limit=2")).json()
    rest = (await worker.get(f"{WORKER}/households?limit=2&cursor={first['next']}")).json()
    items = [*first["items"], *rest["items"]]
    assert sorted(item["plate_text"] for item in items) == ["一组1号", "一组2号", "一组3号"]
    assert {item["grid_code"][:12] for item in items} == {VILLAGE}
    one = (await worker.get(f"{WORKER}/households/{items[0]['id']}")).json()
    assert one["phone"].startswith("137")
    there = await Household.filter(village_code="360781100002").first()
    assert there is not None
    assert (await worker.get(f"{WORKER}/households/{there.id}")).status_code == 404
    assert (await worker.get(f"{WORKER}/households/nonsense")).status_code == 404
    assert (await worker.get(f"{WORKER}/households?grid=360781100002001")).status_code == 404
    assert (await worker.get(f"{WORKER}/households?limit=0")).status_code == 422


async def test_who_may_and_malformed_positions(cast: Cast) -> None:
    code, worker = await cast.plate(0, 1, "printed"), await cast.worker()
    path = f"{WORKER}/plates/{code}/activation"
    assert (await cast.anybody().post(path, json={})).status_code == 401
    assert (await (await cast.staff("admin")).post(path, json={})).status_code == 403
    assert (await (await cast.resident()).get(f"{WORKER}/households")).status_code == 403
    for bad in ({"location": {"lon": 200, "lat": 1, "datum": "gcj02"}}, {"location": {"lon": 1, "lat": 1}}, {"x": 1}):
        assert (await worker.post(path, json=bad)).status_code == 422
    assert await state_of(await house()) == "printed"
