"""Items of a phone: applied once each, in order, through the same actions as online; what is wrong with one is its own."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from domain.access.models import Staff
from domain.attachments.models import Attachment
from domain.cases.models import Case
from domain.clock import now
from domain.households.models import Household
from domain.sql import fetch
from domain.sync.models import Device
from domain.visits.models import Visit
from server.rules import stable_id
from tests.support.cast import WORKER, Cast

pytestmark = pytest.mark.anyio
HOUSE = str(stable_id("household", "360781100001:1"))
FOREIGN = str(stable_id("household", "360781100002:1"))
GRID = "360781100001001"


def visit(sequence: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()), "sequence": sequence, "verb": "visit", "version": 1, "entity_id": str(uuid4()),
        "occurred_at": now().isoformat(), "body": {"household_id": HOUSE, "purposes": ["visit"], "outcome": "met"}, **changes,
    }  # fmt: skip


def event(sequence: int, **changes: Any) -> dict[str, Any]:
    body = {"event_type": "E4", "level": "ordinary", "grid_code": GRID, "description": "水管破了"}
    return visit(sequence, verb="event", body=body, **changes)


def move(sequence: int, case_id: str, action: str, base: int | None = None, **body: Any) -> dict[str, Any]:
    return visit(sequence, verb=f"case:{action}", entity_id=case_id, base_version=base, body=body)


class Phone:
    """One device of a signed-in worker, as bare requests."""

    def __init__(self, who: httpx.AsyncClient) -> None:
        self.who, self.device = who, str(uuid4())

    async def post(self, *items: Any, **envelope: Any) -> httpx.Response:
        return await self.who.post(f"{WORKER}/sync", json={"device_id": self.device, "items": list(items), **envelope})

    async def send(self, *items: Any, **envelope: Any) -> list[dict[str, Any]]:
        answer = await self.post(*items, **envelope)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["results"])

    async def one(self, item: Any, **envelope: Any) -> dict[str, Any]:
        (result,) = await self.send(item, **envelope)
        return result


@pytest.fixture
async def phone(cast: Cast) -> Phone:
    return Phone(await cast.worker())


async def stored(item: dict[str, Any]) -> dict[str, Any]:
    rows = await fetch("SELECT * FROM sync_items WHERE id = $1", [item["id"]])
    assert len(rows) == 1
    return rows[0]


async def test_a_visit_and_an_event_are_applied_and_answered_in_order(phone: Phone) -> None:
    first, second = visit(1), event(2)
    answer = (await phone.post(first, second)).json()
    assert [(r["id"], r["status"], r["entity_version"]) for r in answer["results"]] == [
        (first["id"], "done", 1), (second["id"], "done", 1),
    ]  # fmt: skip
    assert (await Visit.get(id=first["entity_id"])).household_id == UUID(HOUSE)
    assert (await Case.get(id=second["entity_id"])).state == "submitted"
    assert {"epoch", "changes", "next_cursor", "more", "revoked", "backup_watermark", "server_time", "limits"} <= set(answer)
    assert (answer["limits"]["items"], answer["limits"]["bytes"]) == (100, 1024 * 1024)
    assert (await stored(first))["body"] == ""  # the words of a visit live once, where they can be erased


async def test_the_same_item_again_is_a_duplicate_with_its_first_result(phone: Phone) -> None:
    item = visit(1)
    first = await phone.one(item)
    shuffled = dict(reversed(item.items()))
    again = await phone.one(shuffled)
    assert again == {**first, "status": "duplicate", "first": "done"}
    assert await Visit.filter(id=item["entity_id"]).count() == 1


async def test_the_same_id_with_other_content_is_refused_and_the_first_stays(phone: Phone) -> None:
    item = visit(1)
    await phone.one(item)
    other = await phone.one({**item, "body": {**item["body"], "outcome": "absent"}})
    assert (other["status"], other["code"]) == ("rejected", "op-id-reuse")
    assert (await Visit.get(id=item["entity_id"])).outcome == "met"


async def test_a_taken_place_in_the_sequence_is_a_cloned_phone(phone: Phone) -> None:
    await phone.one(visit(1))
    clone = visit(1)
    result = await phone.one(clone)
    assert (result["status"], result["code"]) == ("rejected", "clone")
    assert not await Visit.exists(id=clone["entity_id"])
    assert msgspec.json.decode((await stored(clone))["body"]) == clone
    assert (await phone.one(clone))["first"] == "rejected"


async def test_a_bad_item_does_not_sink_the_batch(phone: Phone) -> None:
    good, foreign, wordless = visit(1), visit(2), visit(3)
    foreign["body"]["household_id"] = FOREIGN
    wordless["body"]["outcome"] = "danced"
    nameless = {"hello": 1}
    broken = {**visit(4), "sequence": "four"}
    last = visit(5)
    results = await phone.send(good, foreign, wordless, nameless, broken, last)
    assert [(r["status"], r.get("code")) for r in results] == [
        ("done", None), ("rejected", "not-found"), ("rejected", "invalid-fields"), ("rejected", "invalid-fields"),
        ("rejected", "invalid-fields"), ("done", None),
    ]  # fmt: skip
    assert results[3]["id"] is None
    assert "走访结果(不在可选的范围内)" in results[2]["message"]
    assert msgspec.json.decode((await stored(foreign))["body"]) == foreign
    assert msgspec.json.decode((await stored(broken))["body"]) == broken
    assert not await Visit.exists(id=foreign["entity_id"])


async def test_unknown_fields_in_an_item_are_kept_and_not_refused(phone: Phone) -> None:
    item = visit(1, mood="good")
    item["body"] |= {"weather": "rain"}
    assert (await phone.one(item))["status"] == "done"


async def test_an_unknown_field_of_the_envelope_is_refused(phone: Phone) -> None:
    answer = await phone.post(colour="red")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-field")


async def test_a_note_that_comes_before_its_event_is_held_and_then_released_in_order(phone: Phone) -> None:
    made = event(1)
    notes = [move(n, made["entity_id"], "add-note", text=f"第{n}条") for n in (2, 3)]
    early = await phone.send(*reversed(notes))
    assert [(r["status"], r["code"]) for r in early] == [("held", "waiting-for-entity")] * 2
    assert (await phone.one(made))["status"] == "done"
    assert [(await stored(note))["status"] for note in notes] == ["done", "done"]
    texts = await fetch("SELECT text FROM case_texts WHERE case_id = $1 AND action = 'add-note' ORDER BY id", [made["entity_id"]])
    assert [row["text"] for row in texts] == ["第2条", "第3条"]
    assert (await phone.one(notes[0])) | {"entity_version": 0} == {
        "id": notes[0]["id"], "status": "duplicate", "first": "done", "entity_version": 0,
    }  # fmt: skip


async def test_what_waits_for_an_online_call_is_done_at_the_next_sync(phone: Phone) -> None:
    case_id = str(uuid4())
    note = move(1, case_id, "add-note", text="先写的")
    assert (await phone.one(note))["status"] == "held"
    body = {"id": case_id, "occurred_at": now().isoformat(), "event_type": "E4", "level": "ordinary", "grid_code": GRID}
    assert (await phone.who.post(f"{WORKER}/events", json=body)).status_code == 201
    await phone.send()
    assert (await stored(note))["status"] == "done"


async def test_a_newer_verb_or_version_is_held_and_does_not_stand_in_the_way(phone: Phone) -> None:
    made = event(1)
    await phone.one(made)
    dance = visit(2, verb="dance", entity_id=made["entity_id"])
    newer = visit(3, version=7)
    note = move(4, made["entity_id"], "add-note", text="照常")
    results = await phone.send(dance, newer, note)
    assert [(r["status"], r.get("code")) for r in results] == [
        ("held", "unknown-verb"), ("held", "newer-version"), ("done", None),
    ]  # fmt: skip


async def test_a_version_that_the_server_has_not_is_held(phone: Phone) -> None:
    made = event(1)
    await phone.one(made)
    ahead = move(2, made["entity_id"], "self-handle", base=4, result="修好了")
    assert (await phone.one(ahead))["code"] == "waiting-for-version"


async def test_an_overtaken_move_is_a_conflict_and_its_words_are_appended(cast: Cast, phone: Phone) -> None:
    made = event(1)
    await phone.one(made)
    await cast.act("dispatcher", made["entity_id"], "add-note", text="请尽快")
    late = move(2, made["entity_id"], "self-handle", base=1, result="换了水管")
    result = await phone.one(late)
    assert (result["status"], result["code"]) == ("conflict", "changed-meanwhile")
    assert result["now"]["current"] == 2
    texts = await fetch("SELECT text FROM case_texts WHERE case_id = $1", [made["entity_id"]])
    assert "换了水管" in {row["text"] for row in texts}
    assert msgspec.json.decode((await stored(late))["body"]) == late


async def test_a_synced_visit_and_the_same_call_online_are_one_visit(phone: Phone) -> None:
    item = visit(1)
    body = {**item["body"], "id": item["entity_id"], "occurred_at": item["occurred_at"]}
    assert (await phone.who.post(f"{WORKER}/visits", json=body)).status_code == 201
    assert (await phone.one(item))["status"] == "done"
    assert await Visit.filter(id=item["entity_id"]).count() == 1


async def test_too_many_items_or_bytes_are_refused_whole(phone: Phone) -> None:
    many = await phone.post(*[visit(n) for n in range(1, 102)])
    assert (many.status_code, many.json()["code"], many.json()["detail"]) == (
        413, "too-many-items", "一次最多发送 100 条记录。",
    )  # fmt: skip
    fat = visit(1)
    fat["body"]["note"] = "x" * (1024 * 1024)
    assert (await phone.post(fat)).status_code == 413
    assert not await fetch("SELECT 1 FROM sync_items WHERE device = $1", [phone.device])


async def test_clocks_that_are_years_off_reject_nothing_and_move_no_deadline(phone: Phone) -> None:
    right, mad = event(1), event(2, occurred_at="2036-01-01T00:00:00+08:00")
    ancient = event(3, occurred_at="1999-01-01T00:00:00+08:00")
    results = await phone.send(right, mad, ancient, clock={"wall": "2036-01-01T00:10:00+08:00"})
    assert [r["status"] for r in results] == ["done"] * 3
    cases = [await Case.get(id=item["entity_id"]) for item in (right, mad, ancient)]
    clocks = await fetch("SELECT case_id, started_at FROM deadlines WHERE case_id = ANY($1::uuid[])", [[c.id for c in cases]])
    received = {case.id: case.received_at for case in cases}
    assert clocks
    assert [row for row in clocks if row["started_at"] != received[row["case_id"]]] == []
    assert max(received.values()) - min(received.values()) < timedelta(minutes=1)
    row = await stored(mad)
    assert row["clock_quality"] == "shifted"
    assert 590 < (now() - row["occurred_at"]).total_seconds() < 660
    assert row["skew_s"] > 9 * 365 * 86400


async def test_the_clock_that_nobody_can_set_is_believed(phone: Phone) -> None:
    item = visit(1, occurred_at="2001-01-01T00:00:00+08:00", clock={"boot_id": "b", "mono_ms": 1000})
    await phone.one(item, clock={"wall": "2001-01-01T01:00:00+08:00", "boot_id": "b", "mono_ms": 61_000})
    row = await stored(item)
    assert row["clock_quality"] == "steady"
    assert 59 < (now() - row["occurred_at"]).total_seconds() < 75


async def test_photos_that_come_later_are_waited_for_by_nobody_and_tied_on_arrival(cast: Cast, phone: Phone) -> None:
    photo = uuid4()
    item = event(1, attachments=[{"id": str(photo), "sha256": "0" * 64}])
    assert (await phone.one(item))["status"] == "done"
    pending = (await phone.who.get(f"{WORKER}/cases/{item['entity_id']}")).json()["attachments_pending"]
    assert pending == [str(photo)]
    owner = f"worker:{stable_id('staff', '13800000001')}"
    await Attachment.create(id=photo, owner=owner, kind="image", mime="image/jpeg", bytes=1, sha256="0" * 64, created_at=now())
    await phone.send()
    assert str((await Attachment.get(id=photo)).case_id) == item["entity_id"]


async def test_the_stored_result_is_mine_alone(cast: Cast, phone: Phone) -> None:
    item = visit(1)
    await phone.one(item)
    mine = await phone.who.get(f"{WORKER}/sync/items/{item['id']}")
    assert (mine.status_code, mine.json()["status"], mine.json()["verb"]) == (200, "done", "visit")
    other = await cast.worker("13800000002")
    assert (await other.get(f"{WORKER}/sync/items/{item['id']}")).status_code == 404
    assert (await phone.who.get(f"{WORKER}/sync/items/none")).status_code == 404


async def test_nobody_else_syncs(cast: Cast) -> None:
    body = {"device_id": str(uuid4()), "items": []}
    assert (await cast.anybody().post(f"{WORKER}/sync", json=body)).status_code == 401
    assert (await (await cast.staff("dispatcher")).post(f"{WORKER}/sync", json=body)).status_code == 403


async def test_a_revoked_phone_is_told_to_forget_and_what_it_sends_is_kept_for_a_person(phone: Phone) -> None:
    cursor = (await phone.post()).json()["next_cursor"]
    await Device.filter(id=phone.device).update(revoked_at=now())
    item = visit(1)
    answer = (await phone.post(item, cursor=cursor)).json()
    assert (answer["results"][0]["status"], answer["results"][0]["code"]) == ("rejected", "quarantined")
    assert (answer["revoked"], answer["changes"]) == (["360781100001001", "360781100001002"], [])
    assert not await Visit.exists(id=item["entity_id"])


async def test_a_disabled_worker_hands_over_by_the_key_of_the_phone(cast: Cast, phone: Phone) -> None:
    key = (await phone.post()).json()["device_key"]
    worker = stable_id("staff", "13800000001")
    await Staff.filter(id=worker).update(active=False)
    item = visit(1)
    assert (await phone.post(item)).status_code == 401
    parcel = {"device_id": phone.device, "device_key": key, "items": [item]}
    answer = await cast.anybody().post(f"{WORKER}/sync/quarantine", json=parcel)
    assert answer.json()["results"][0]["code"] == "quarantined"
    row = await stored(item)
    assert (row["worker"], msgspec.json.decode(row["body"])) == (worker, item)
    forged = await cast.anybody().post(f"{WORKER}/sync/quarantine", json={**parcel, "device_key": "0" * 64})
    assert forged.status_code == 401


async def test_a_held_item_of_a_worker_disabled_meanwhile_goes_to_quarantine(cast: Cast, phone: Phone) -> None:
    other = Phone(await cast.worker("13800000002"))
    case_id = str(uuid4())
    note = move(1, case_id, "add-note", text="等着")
    assert (await other.one(note))["status"] == "held"
    await Staff.filter(id=stable_id("staff", "13800000002")).update(active=False)
    await phone.one(event(1, entity_id=case_id))
    row = await stored(note)
    assert (row["status"], row["code"]) == ("rejected", "quarantined")


async def test_rights_are_those_of_the_moment_of_sending(phone: Phone) -> None:
    item = visit(1)
    await Household.filter(id=HOUSE).update(state="demolished")
    assert (await phone.one(item))["code"] == "not-found"
