"""Every verb of a phone runs the handler of the call online; photos come when they come, and everybody sees them come."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.clock import now
from domain.households.models import HouseholdCode
from domain.sql import fetch
from domain.visits.models import Finding, Patrol, Visit
from domain.visits.patrols import LONGEST
from grid_api.cases import ACTIONS
from grid_api.sync_verbs import verbs
from server.rules import stable_id
from tests.api.test_field_patrols import make_worker
from tests.api.test_grid_tasks import task
from tests.api.test_sync_push import GRID, Phone, event, move, stored, visit
from tests.support.cast import DESK, WORKER, Cast
from tests.support.uploads import photo
from web.routes import Ask

pytestmark = pytest.mark.anyio

ME = stable_id("staff", "13800000001")


@pytest.fixture
async def phone(cast: Cast) -> Phone:
    return Phone(await cast.worker())


def patrol(sequence: int, since: datetime, until: datetime, **changes: Any) -> dict[str, Any]:
    body = {
        "grid_code": GRID, "kind": "dispute", "since": since.isoformat(), "until": until.isoformat(),
        "findings": [{"kind": "potential", "text": "两家争水"}], "policy_talk": "防溺水", **changes,
    }  # fmt: skip
    return visit(sequence, verb="patrol", body=body, occurred_at=until.isoformat())


async def upload(who: httpx.AsyncClient, file_id: str) -> None:
    sent = await who.post(f"{WORKER}/uploads/simple", files={"file": ("a.jpg", photo())}, data={"attachment_id": file_id})
    assert sent.status_code == 201, sent.text


def test_every_call_of_the_contract_that_writes_has_a_verb() -> None:
    assert set(verbs(Ask())) == {
        "visit", "visit:agree", "event", "patrol", "plate:activate", "task:done", "suggestion",
        *(f"case:{action}" for action in ACTIONS),
    }  # fmt: skip


async def test_a_patrol_is_kept_once_as_online(phone: Phone) -> None:
    until = now() - timedelta(minutes=10)
    item = patrol(1, until - timedelta(hours=2), until)
    assert (await phone.one(item))["status"] == "done"
    made = await Patrol.get(id=item["entity_id"])
    assert (made.worker_id, made.until_at - made.since_at, made.policy_talk) == (ME, timedelta(hours=2), "防溺水")
    assert [row.text for row in await Finding.filter(patrol_id=made.id)] == ["两家争水"]
    online = {**item["body"], "id": item["entity_id"]}
    assert (await phone.who.post(f"{WORKER}/patrols", json=online)).status_code == 200
    assert await Patrol.all().count() == 1


async def test_a_patrol_of_a_mad_clock_keeps_its_length_and_ends_when_it_was_noted(phone: Phone) -> None:
    mad = datetime.fromisoformat("2036-01-01T08:00:00+08:00")
    item = patrol(1, mad - timedelta(hours=3), mad)
    clock = {"wall": (mad + timedelta(minutes=30)).isoformat()}
    assert (await phone.one(item, clock=clock))["status"] == "done"
    made = await Patrol.get(id=item["entity_id"])
    assert made.until_at - made.since_at == timedelta(hours=3)
    assert timedelta(minutes=29) < now() - made.until_at < timedelta(minutes=32)


async def test_bad_patrols_are_refused_as_online(phone: Phone) -> None:
    at = now()
    long, foreign = patrol(1, at - LONGEST * 2, at), patrol(2, at, at, grid_code="360781100002001")
    backward, timeless = patrol(3, at, at - timedelta(hours=1)), patrol(4, at, at)
    timeless["body"]["since"] = 7
    results = await phone.send(long, foreign, backward, timeless)
    assert [(r["status"], r["code"]) for r in results] == [
        ("rejected", "invalid-fields"), ("rejected", "not-found"), ("rejected", "invalid-fields"),
        ("rejected", "invalid-fields"),
    ]  # fmt: skip
    assert await Patrol.all().count() == 0


async def test_what_was_agreed_waits_for_its_visit_and_other_phones_see_it(cast: Cast, phone: Phone) -> None:
    await make_worker("13900000007", "grid_worker", GRID)
    other = Phone(await cast.worker("13900000007"))
    cursor = (await other.post()).json()["next_cursor"]
    made, day = visit(1), (now() + timedelta(days=7)).date().isoformat()
    agreed = visit(2, verb="visit:agree", entity_id=made["entity_id"], body={"next_contact_on": day})
    assert (await phone.one(agreed))["code"] == "waiting-for-entity"
    assert (await phone.one(made))["status"] == "done"
    assert (await stored(agreed))["status"] == "done"
    assert (await Visit.get(id=made["entity_id"])).next_contact_on.isoformat() == day
    [seen] = (await other.post(cursor=cursor)).json()["changes"]
    assert (seen["id"], seen["data"]["next_contact_on"]) == (made["entity_id"], day)
    late = visit(1, verb="visit:agree", entity_id=made["entity_id"], body={"notice_left": True})
    assert (await other.one(late))["code"] == "not-found"  # only the visitor says what was agreed


async def test_a_plate_a_task_and_a_word_about_the_app(cast: Cast, phone: Phone) -> None:
    code, waiting = await cast.plate(0, 2, "printed"), await task(cast)
    items = [
        visit(1, verb="plate:activate", body={"code": code}),
        visit(2, verb="task:done", entity_id=str(waiting.id), body={"note": "当面说了"}),
        visit(3, verb="suggestion", body={"text": "字再大一点"}),
    ]
    assert [r["status"] for r in await phone.send(*items)] == ["done"] * 3
    assert await HouseholdCode.filter(state="active", household_id=stable_id("household", "360781100001:2")).count() == 1
    assert (await phone.who.get(f"{WORKER}/tasks", params={"state": "done"})).json()["items"][0]["note"] == "当面说了"
    [said] = (await phone.who.get(f"{WORKER}/suggestions")).json()["items"]
    assert said["text"] == "字再大一点"
    assert [r["first"] for r in await phone.send(*items)] == ["done"] * 3
    assert len((await phone.who.get(f"{WORKER}/suggestions")).json()["items"]) == 1


async def test_two_of_three_photos_received_is_seen_by_everybody_and_so_is_the_third(cast: Cast, phone: Phone) -> None:
    await make_worker("13900000007", "grid_worker", GRID)
    other, photos = Phone(await cast.worker("13900000007")), [str(uuid4()) for _ in range(3)]
    item = event(1, attachments=[{"id": each} for each in photos])
    assert (await phone.one(item))["status"] == "done"
    path = f"{WORKER}/cases/{item['entity_id']}"
    for each in photos[:2]:
        await upload(phone.who, each)

    async def seen(who: httpx.AsyncClient, where: str = path) -> tuple[int, list[str]]:
        shown = (await who.get(where)).json()
        return len(shown["attachments"]), shown["attachments_pending"]

    village = await cast.staff("villagedesk")
    assert await seen(phone.who) == await seen(other.who) == (2, [photos[2]])
    assert await seen(village, f"{DESK}/cases/{item['entity_id']}") == (2, [photos[2]])
    page = (await other.post()).json()
    [row] = [each["data"] for each in page["changes"] if each["entity"] == "case"]
    assert (row["attachments"], row["attachments_pending"]) == (2, 1)
    await upload(phone.who, photos[2])
    [change] = (await other.post(cursor=page["next_cursor"])).json()["changes"]
    assert (change["id"], change["data"]["attachments"], change["data"]["attachments_pending"]) == (item["entity_id"], 3, 0)
    assert await seen(other.who) == (3, [])
    facts = await fetch("SELECT count(*) AS n FROM journal WHERE event = 'attachment.arrived'")
    assert facts[0]["n"] == 3


async def test_a_visits_photo_that_comes_later_is_seen_too(cast: Cast, phone: Phone) -> None:
    await make_worker("13900000007", "grid_worker", GRID)
    other, late = Phone(await cast.worker("13900000007")), str(uuid4())
    item = visit(1)
    item["body"]["attachment_ids"] = [late]
    assert (await phone.one(item))["status"] == "done"
    page = (await other.post()).json()
    [log] = (await other.who.get(f"{WORKER}/visits")).json()["items"]
    assert (log["attachment_ids"], log["attachments_pending"]) == ([], [late])
    await upload(phone.who, late)
    [change] = (await other.post(cursor=page["next_cursor"])).json()["changes"]
    assert (change["entity"], change["data"]["attachments"], change["data"]["attachments_pending"]) == ("visit", 1, 0)
    [log] = (await other.who.get(f"{WORKER}/visits")).json()["items"]
    assert (log["attachment_ids"], log["attachments_pending"]) == ([late], [])


async def test_evidence_of_what_was_put_right_on_the_spot_may_come_later(phone: Phone) -> None:
    proof = str(uuid4())
    item = event(1)
    item["body"]["self_handled"] = {"result": "已扶正", "attachment_ids": [proof]}
    assert (await phone.one(item))["status"] == "done"
    await upload(phone.who, proof)
    case = (await phone.who.get(f"{WORKER}/cases/{item['entity_id']}")).json()
    assert [(each["id"], each["purpose"]) for each in case["attachments"]] == [(proof, "evidence")]


async def test_a_photo_of_a_move_that_has_no_place_for_one_is_tied_to_the_case(phone: Phone) -> None:
    made, here, late = event(1), str(uuid4()), str(uuid4())
    await phone.one(made)
    await upload(phone.who, here)
    note = move(2, made["entity_id"], "add-note", text="又来看了") | {"attachments": [{"id": here}, {"id": late}]}
    assert (await phone.one(note))["status"] == "done"
    await upload(phone.who, late)
    case = (await phone.who.get(f"{WORKER}/cases/{made['entity_id']}")).json()
    assert {each["id"] for each in case["attachments"]} == {here, late}


async def test_an_overtaken_result_leaves_its_words_and_its_photos(cast: Cast, phone: Phone) -> None:
    made, proof = event(1), str(uuid4())
    await phone.one(made)
    await cast.act("dispatcher", made["entity_id"], "add-note", text="请尽快")
    late = move(2, made["entity_id"], "self-handle", base=1, result="换了水管", attachment_ids=[proof])
    assert (await phone.one(late))["status"] == "conflict"
    await upload(phone.who, proof)
    case = (await phone.who.get(f"{WORKER}/cases/{made['entity_id']}")).json()
    assert [each["id"] for each in case["attachments"]] == [proof]


async def test_a_photo_of_others_is_refused(cast: Cast, phone: Phone) -> None:
    theirs = str(uuid4())
    await upload(await cast.worker("13800000002"), theirs)
    item = event(1, attachments=[{"id": theirs}])
    assert (await phone.one(item))["code"] == "unknown-attachment"
