"""Visits through the worker door: little to fill in, counted once, only in one's own grids."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from domain.sql import fetch
from domain.visits.models import Visit
from server.rules import stable_id
from tests.support.cast import WORKER, Cast
from tests.support.server import RunningServer

pytestmark = pytest.mark.anyio

HOUSE = str(stable_id("household", "360781100001:1"))
FOREIGN = str(stable_id("household", "360781100002:1"))


def visit(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()), "household_id": HOUSE, "occurred_at": "2026-03-13T09:30:00+08:00",
        "purposes": ["大走访", "大宣讲"], "outcome": "met", **changes,
    }  # fmt: skip


@pytest.fixture
def spring(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T16:30")


@pytest.mark.mechanism("003-04", "003-05")
async def test_a_scanned_plate_and_two_taps_are_a_visit(cast: Cast, spring: None) -> None:
    worker = await cast.worker()
    body = visit(plate_code=await cast.plate())
    del body["household_id"]
    answer = await worker.post(f"{WORKER}/visits", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["plate_text"] == "一组1号"
    assert [each["name"] for each in answer.json()["purposes"]] == ["大走访", "大宣讲"]
    listed = (await worker.get(f"{WORKER}/visits")).json()["items"]
    assert [(each["id"], each["outcome"], each["by_me"]) for each in listed] == [(body["id"], "met", True)]


async def test_sent_twice_it_is_one_visit_and_another_content_is_refused(cast: Cast, spring: None) -> None:
    worker, body = await cast.worker(), visit(note="老人在家")
    first = await worker.post(f"{WORKER}/visits", json=body)
    again = await worker.post(f"{WORKER}/visits", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await worker.post(f"{WORKER}/visits", json={**body, "outcome": "absent"})
    assert (other.status_code, other.json()["code"]) == (409, "same-id-other-content")
    assert await Visit.filter(id=body["id"]).count() == 1
    assert len(await fetch("SELECT 1 FROM journal WHERE event = 'visit.logged' AND subject_id = $1", [body["id"]])) == 1


async def test_the_id_of_another_workers_visit_is_taken(cast: Cast, spring: None) -> None:
    body = visit()
    await (await cast.worker()).post(f"{WORKER}/visits", json=body)
    other = await cast.worker("13800000002")
    answer = await other.post(f"{WORKER}/visits", json={**body, "household_id": FOREIGN})
    assert (answer.status_code, answer.json()["code"]) == (409, "same-id-other-content")


async def test_a_need_becomes_a_lead_for_help_without_personal_words_in_the_journal(cast: Cast, spring: None) -> None:
    worker = await cast.worker()
    body = visit(needs=["防返贫", "想装一个扶手"], note="李大爷摔伤")
    answer = await worker.post(f"{WORKER}/visits", json=body)
    assert answer.json()["referred"] is True
    assert [each["name"] for each in answer.json()["needs"]] == ["防返贫帮扶", "想装一个扶手"]
    rows = await fetch(
        "SELECT data::text AS data FROM journal WHERE event = 'visit.needs-found' AND subject_id = $1", [body["id"]]
    )
    assert '"poverty_return"' in rows[0]["data"] and "扶手" not in rows[0]["data"]
    found = (await worker.get(f"{WORKER}/visits", params={"needs": "true"})).json()["items"]
    assert [each["id"] for each in found] == [body["id"]]


@pytest.mark.mechanism("003-04")
async def test_absent_is_no_blame_and_stays_on_the_list_of_houses_to_walk_to(cast: Cast, spring: None) -> None:
    worker = await cast.worker()
    waiting = (await worker.get(f"{WORKER}/visits/waiting")).json()["items"]
    assert len(waiting) == 3
    await worker.post(f"{WORKER}/visits", json=visit(outcome="absent"))
    waiting = (await worker.get(f"{WORKER}/visits/waiting")).json()["items"]
    assert {each["household_id"]: each["last_outcome"] for each in waiting}[HOUSE] == "absent"
    await worker.post(f"{WORKER}/visits", json=visit(outcome="declined"))
    waiting = (await worker.get(f"{WORKER}/visits/waiting")).json()["items"]
    assert HOUSE not in {each["household_id"] for each in waiting}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"occurred_at": "1900-01-01T00:00:00+08:00"}, "absurd-time"),
        ({"occurred_at": "2026-03-13T09:30:00"}, "absurd-time"),
        ({"occurred_at": "2026-03-16T09:30:00+08:00"}, "absurd-time"),
        ({"purposes": ["打卡"]}, "invalid-fields"),
        ({"purposes": []}, "invalid-fields"),
        ({"outcome": "bad"}, "invalid-fields"),
        ({"id": "seven"}, "invalid-fields"),
        ({"household_id": None}, "invalid-fields"),
        ({"location": {"lon": 116.0, "lat": 25.9, "datum": "wgs84"}}, "unknown-field"),
        ({"attachment_ids": [str(uuid4())]}, "unknown-attachment"),
    ],
)
async def test_bad_visits_are_refused_and_nothing_is_kept(
    cast: Cast, spring: None, changes: dict[str, Any], code: str
) -> None:
    answer = await (await cast.worker()).post(f"{WORKER}/visits", json=visit(**changes))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await Visit.all().count() == 0
    assert await fetch("SELECT 1 FROM client_records") == []


async def test_houses_and_plates_of_another_village_do_not_exist(cast: Cast, spring: None) -> None:
    worker = await cast.worker()
    by_id = await worker.post(f"{WORKER}/visits", json=visit(household_id=FOREIGN))
    by_plate = await worker.post(f"{WORKER}/visits", json=visit(household_id=None, plate_code=await cast.plate(1)))
    unknown = await worker.post(f"{WORKER}/visits", json=visit(household_id=str(uuid4())))
    assert {each.status_code for each in (by_id, by_plate, unknown)} == {404}
    await (await cast.worker("13800000002")).post(f"{WORKER}/visits", json=visit(household_id=FOREIGN))
    assert (await worker.get(f"{WORKER}/visits")).json()["items"] == []


async def test_only_grid_workers_log_visits(cast: Cast, spring: None) -> None:
    for who, status in ((cast.anybody(), 401), (await cast.resident(), 403), (await cast.staff("handler"), 403)):
        assert (await who.post(f"{WORKER}/visits", json=visit())).status_code == status
        assert (await who.get(f"{WORKER}/visits")).status_code == status


async def test_five_phones_sending_one_visit_at_once_make_one(server: RunningServer) -> None:
    signed = server.client().post(f"{WORKER}/sessions", json={"phone": "13800000001", "password": "Huying-demo-2026"})
    client, body = server.client(signed.json()["token"]), visit(occurred_at="2026-01-05T09:30:00+08:00")
    answers = await asyncio.gather(
        *(asyncio.to_thread(client.post, f"{WORKER}/visits", json=body) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    listed = client.get(f"{WORKER}/visits", params={"household_id": HOUSE}).json()["items"]
    assert [each["id"] for each in listed] == [body["id"]]
