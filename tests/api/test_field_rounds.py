"""Today's round, agreements, coverage and referrals: suggestions and help, never pressure."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.households.models import Household
from domain.sql import fetch
from server.rules import stable_id
from tests.support.cast import DESK, WORKER, Cast

pytestmark = pytest.mark.anyio

VILLAGE = "360781100001"
HOUSES = [str(stable_id("household", f"{VILLAGE}:{door}")) for door in (1, 2, 3)]
FOREIGN = str(stable_id("household", "360781100002:1"))


@pytest.fixture(autouse=True)
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T16:30")


async def visit(who: httpx.AsyncClient, house: str = HOUSES[0], expect: int = 201, **changes: Any) -> str:
    body = {
        "id": str(uuid4()), "household_id": house, "occurred_at": "2026-03-13T09:30:00+08:00", "purposes": ["大走访"],
        "outcome": "met", **changes,
    }  # fmt: skip
    answer = await who.post(f"{WORKER}/visits", json=body)
    assert answer.status_code == expect, answer.text
    return str(body["id"])


async def today(who: httpx.AsyncClient, **query: Any) -> dict[str, list[str]]:
    answer = await who.get(f"{WORKER}/rounds/today", params=query)
    assert answer.status_code == 200, answer.text
    return {each["household_id"]: [why["code"] for why in each["why"]] for each in answer.json()["items"]}


@pytest.mark.mechanism("003-04")
async def test_the_round_holds_who_was_not_visited_and_what_was_agreed_for_today(
    cast: Cast, at: Callable[[str], None]
) -> None:
    worker = await cast.worker()
    assert set(await today(worker)) == set(HOUSES)
    met = await visit(worker)
    assert set(await today(worker)) == set(HOUSES[1:])
    agreed = await worker.post(f"{WORKER}/visits/{met}/agreement", json={"next_contact_on": "2026-03-20"})
    assert agreed.json()["next_contact_on"] == "2026-03-20"
    at("2026-03-19T09:00")
    assert HOUSES[0] not in await today(worker)
    at("2026-03-20T09:00")
    assert (await today(worker))[HOUSES[0]] == ["agreed"]
    await visit(worker, occurred_at="2026-03-20T08:30:00+08:00")
    assert HOUSES[0] not in await today(worker)


async def test_a_need_comes_back_after_a_week(cast: Cast, at: Callable[[str], None]) -> None:
    worker = await cast.worker()
    await visit(worker, needs=["看病"])
    assert HOUSES[0] not in await today(worker)
    at("2026-03-21T09:30")
    assert (await today(worker))[HOUSES[0]] == ["follow_up"]


async def test_a_knock_at_a_closed_door_settles_neither_a_need_nor_an_agreement(
    cast: Cast, at: Callable[[str], None]
) -> None:
    worker = await cast.worker()
    await visit(worker, needs=["看病"])
    met = await visit(worker, HOUSES[1])
    path = f"{WORKER}/visits/{met}/agreement"
    assert (await worker.post(path, json={"next_contact_on": "2026-03-22"})).status_code == 200
    at("2026-03-21T18:00")
    for house in HOUSES[:2]:
        await visit(worker, house, outcome="absent", occurred_at="2026-03-21T17:00:00+08:00")
    at("2026-03-22T09:00")
    found = await today(worker)
    assert (found[HOUSES[0]], found[HOUSES[1]]) == (["follow_up"], ["agreed"])
    await worker.post(path, json={})  # withdrawn
    assert HOUSES[1] not in await today(worker)
    await visit(worker, occurred_at="2026-03-22T08:00:00+08:00")
    assert HOUSES[0] not in await today(worker)


async def test_what_neighbours_say_and_what_is_agreed_by_telephone_counts_too(
    cast: Cast, at: Callable[[str], None]
) -> None:
    worker = await cast.worker()
    await visit(worker, outcome="absent", needs=["看病"])
    away = await visit(worker, HOUSES[1], outcome="absent")
    await worker.post(f"{WORKER}/visits/{away}/agreement", json={"next_contact_on": "2026-03-21"})
    assert HOUSES[1] not in await today(worker)
    at("2026-03-21T09:30")
    found = await today(worker)
    assert ("follow_up" in found[HOUSES[0]], found[HOUSES[1]]) == (True, ["agreed"])


async def test_the_nearest_comes_first_and_those_without_a_position_last(cast: Cast) -> None:
    await Household.filter(id=HOUSES[2]).update(lon=116.027, lat=25.886, datum="gcj02")
    await Household.filter(id=HOUSES[1]).update(lon=116.030, lat=25.886, datum="gcj02")
    worker = await cast.worker()
    answer = await worker.get(f"{WORKER}/rounds/today", params={"lon": 116.0271, "lat": 25.886, "datum": "gcj02"})
    found = [(each["household_id"], each["distance_m"]) for each in answer.json()["items"]]
    assert [house for house, _ in found] == [HOUSES[2], HOUSES[1], HOUSES[0]]
    assert (found[0][1], found[2][1]) == (10, None)


async def test_the_round_is_bounded_and_a_half_position_is_refused(cast: Cast) -> None:
    worker = await cast.worker()
    page = (await worker.get(f"{WORKER}/rounds/today", params={"limit": 1})).json()
    assert (len(page["items"]), page["total"]) == (1, 3)
    assert (await worker.get(f"{WORKER}/rounds/today", params={"lon": 116.0})).status_code == 422
    assert (await worker.get(f"{WORKER}/rounds/today", params={"limit": 1000})).status_code == 422


async def test_an_agreement_is_only_the_visitors_and_must_make_sense(cast: Cast) -> None:
    worker = await cast.worker()
    met = await visit(worker)
    path = f"{WORKER}/visits/{met}/agreement"
    for wrong in ({"notice_left": True}, {"next_contact_on": "2026-03-01"}, {"next_contact_on": "soon"}):
        assert (await worker.post(path, json=wrong)).status_code == 422, wrong
    assert (await (await cast.worker("13800000002")).post(path, json={})).status_code == 404
    assert (await worker.post(f"{WORKER}/visits/{uuid4()}/agreement", json={})).status_code == 404
    assert (await worker.post(f"{WORKER}/visits/nothing/agreement", json={})).status_code == 404


@pytest.mark.mechanism("003-04")
async def test_coverage_counts_each_household_once_at_its_best_and_names_the_missing(cast: Cast) -> None:
    worker = await cast.worker()
    await visit(worker, HOUSES[0], outcome="absent")
    await visit(worker, HOUSES[0], outcome="met")
    away = await visit(worker, HOUSES[1], outcome="absent")
    grid = await coverage(worker)
    assert (grid["households"], grid["met"], grid["absent_with_notice"], grid["missing"]) == (3, 1, 0, 2)
    await worker.post(f"{WORKER}/visits/{away}/agreement", json={"notice_left": True})
    await visit(worker, HOUSES[2], outcome="declined")
    grid = await coverage(worker)
    assert (grid["met"], grid["declined"], grid["absent_with_notice"], grid["missing"]) == (1, 1, 1, 0)
    assert (grid["rate"], grid["rate_visited"]) == ("100.00", "66.67")
    assert (await worker.get(f"{WORKER}/coverage/missing")).json()["items"] == []


async def coverage(who: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    answer = await who.get(f"{WORKER}/coverage", params=query)
    return next(each for each in answer.json()["items"] if each["code"] == f"{VILLAGE}001")


async def test_a_campaign_has_its_own_days_and_the_missing_are_paged(cast: Cast) -> None:
    worker = await cast.worker()
    await visit(worker, occurred_at="2026-02-01T09:00:00+08:00")
    march = {"since": "2026-03-01", "until": "2026-03-31"}
    assert (await coverage(worker, **march))["missing"] == 3
    assert (await coverage(worker, since="2026-02-01", until="2026-02-01"))["missing"] == 2
    first = (await worker.get(f"{WORKER}/coverage/missing", params={**march, "limit": "2"})).json()
    rest = await worker.get(f"{WORKER}/coverage/missing", params={**march, "limit": "2", "cursor": first["next"]})
    names = [each["household_id"] for each in first["items"] + rest.json()["items"]]
    assert (sorted(names), rest.json()["next"]) == (sorted(HOUSES), None)
    assert (await worker.get(f"{WORKER}/coverage", params={"since": "2026-04-01"})).status_code == 422


async def test_the_desk_sees_coverage_by_area_in_its_scope(cast: Cast) -> None:
    await visit(await cast.worker())
    village, admin = await cast.staff("villagedesk"), await cast.staff("admin")
    own = (await village.get(f"{DESK}/visits/coverage", params={"by": "village"})).json()["items"]
    assert [(each["code"], each["households"], each["met"]) for each in own] == [(VILLAGE, 3, 1)]
    county = (await admin.get(f"{DESK}/visits/coverage", params={"by": "county"})).json()["items"]
    assert [(each["code"], each["households"], each["rate"]) for each in county] == [("360781", 6, "16.67")]
    missing = (await village.get(f"{DESK}/visits/missing", params={"area": VILLAGE})).json()["items"]
    assert sorted(each["household_id"] for each in missing) == sorted(HOUSES[1:])
    for outside in ("360781100002", "9" * 40):
        assert (await village.get(f"{DESK}/visits/coverage", params={"area": outside})).status_code == 404
    assert (await (await cast.staff("handler")).get(f"{DESK}/visits/coverage")).status_code == 403
    assert (await village.get(f"{DESK}/visits/coverage", params={"by": "planet"})).status_code == 422


async def test_a_need_for_relief_is_referred_acknowledged_and_done(cast: Cast) -> None:
    worker, desk = await cast.worker(), await cast.staff("towndesk")
    await visit(worker, needs=["防返贫", "想装扶手"])
    await visit(worker, needs=["防返贫"])
    [made] = (await desk.get(f"{DESK}/referrals")).json()["items"]
    assert (made["kind"]["name"], made["state"], made["household"]["head_name"]) == ("防返贫帮扶", "made", "李**")
    path = f"{DESK}/referrals/{made['id']}"
    early = await desk.post(f"{path}/completion", json={"note": "已办"})
    assert (early.status_code, early.json()["code"]) == (409, "guard-not-met")
    taken = await desk.post(f"{path}/acknowledgement", json={"department": "市水利局", "receipt": "防返贫〔2026〕7号"})
    assert (taken.status_code, taken.json()["department"]["name"]) == (200, "市水利局")
    assert (await desk.post(f"{path}/acknowledgement", json={})).status_code == 409
    done = await desk.post(f"{path}/completion", json={"note": "李甲已纳入监测,落实公益岗位"})
    assert done.json()["state"] == "done"
    [seen] = (await worker.get(f"{WORKER}/referrals", params={"state": "done"})).json()["items"]
    assert (seen["household_id"], seen["unit"]) == (HOUSES[0], "市水利局")
    rows = await fetch("SELECT event, data::text AS data FROM journal WHERE subject_id = $1 ORDER BY n", [made["id"]])
    assert [row["event"] for row in rows] == ["referral.made", "referral.acknowledged", "referral.done"]
    assert "李甲" not in "".join(row["data"] for row in rows)


async def test_referrals_stay_in_their_area_and_ask_for_a_department(cast: Cast) -> None:
    await visit(await cast.worker("13800000002"), FOREIGN, needs=["低保"])
    town, village = await cast.staff("towndesk"), await cast.staff("villagedesk")
    [made] = (await town.get(f"{DESK}/referrals", params={"kind": "relief"})).json()["items"]
    path = f"{DESK}/referrals/{made['id']}/acknowledgement"
    assert (await village.get(f"{DESK}/referrals")).json()["items"] == []
    assert (await village.post(path, json={})).status_code == 404
    assert (await town.post(path, json={"department": "没有的单位"})).status_code == 422
    assert (await town.post(path, json={"rank": 1})).status_code == 422
    assert (await (await cast.staff("handler")).post(path, json={})).status_code == 403
    assert (await town.post(f"{DESK}/referrals/none/acknowledgement", json={})).status_code == 404


async def test_only_those_who_visit_see_rounds(cast: Cast) -> None:
    for who, status in ((cast.anybody(), 401), (await cast.resident(), 403), (await cast.staff("admin"), 403)):
        for path in ("rounds/today", "coverage", "coverage/missing", "referrals"):
            assert (await who.get(f"{WORKER}/{path}")).status_code == status
