"""What phones could not hand in: seen by the own desk only, every look logged, applied by present rights or discarded."""

from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from domain.access.models import Assignment, Staff
from domain.attachments.models import Attachment
from domain.cases.models import Case
from domain.clock import now
from domain.households.models import Household
from domain.sql import fetch
from domain.sync.models import Device
from domain.visits.models import Visit
from server.rules import stable_id
from tests.api.test_field_patrols import make_worker
from tests.api.test_sync_push import FOREIGN, Phone, event, move, stored, visit
from tests.support.cast import DESK, WORKER, Cast

pytestmark = pytest.mark.anyio

ME, OTHER = stable_id("staff", "13800000001"), stable_id("staff", "13800000002")
LIST = f"{DESK}/sync-quarantine"


@pytest.fixture
async def phone(cast: Cast) -> Phone:
    return Phone(await cast.worker())


async def listed(who: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    answer = await who.get(LIST, params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def facts(event_name: str) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT actor, subject_id, data::text AS data FROM journal WHERE event = $1 ORDER BY n", [event_name]
    )


async def refuse(phone: Phone, item: dict[str, Any]) -> dict[str, Any]:
    """Send an item from a phone that is trusted no longer."""
    await phone.post()
    await Device.filter(id=phone.device).update(revoked_at=now())
    assert (await phone.one(item))["code"] == "quarantined"
    return item


async def test_the_desk_sees_what_waits_and_why_but_not_the_words(cast: Cast, phone: Phone) -> None:
    foreign = visit(1)
    foreign["body"] |= {"household_id": FOREIGN, "note": "户主住院"}
    danced = visit(2)
    danced["body"]["outcome"] = "danced"
    await phone.send(foreign, danced)
    village = await cast.staff("villagedesk")
    items = await listed(village)
    assert [(each["id"], each["reason"]["code"]) for each in items] == [
        (danced["id"], "invalid-fields"), (foreign["id"], "not-found"),
    ]  # fmt: skip
    assert items[1]["reason"]["text"].startswith("不在您现在负责的网格里")
    assert items[1]["reason"] == {
        "text": items[1]["reason"]["text"], "code": "not-found", "technical": None, "advice": "内容不存在,或不在您的管辖范围内。",
    }  # fmt: skip
    assert "走访结果(不在可选的范围内)" in items[0]["reason"]["text"]
    assert (items[0]["worker"], items[0]["verb_name"], items[0]["status_name"]) == (
        {"id": str(ME), "name": "邱小兰", "active": True}, "走访", "未登记",
    )  # fmt: skip
    assert "户主住院" not in (await village.get(LIST)).text
    assert [each["id"] for each in await listed(village, reason="not-found")] == [foreign["id"]]
    assert await listed(village, worker=str(OTHER)) == []
    one = await village.get(f"{LIST}/{foreign['id']}")
    assert (one.status_code, one.json()["reason"], "户主住院" in one.text) == (200, items[1]["reason"], False)


async def test_the_list_is_paged_and_keeps_to_the_own_area(cast: Cast, phone: Phone) -> None:
    wrong = [visit(n) for n in range(1, 4)]
    for item in wrong:
        item["body"]["outcome"] = "danced"
    await phone.send(*wrong)
    other = Phone(await cast.worker("13800000002"))
    theirs = visit(1)
    await other.one(theirs)
    village, county = await cast.staff("villagedesk"), await cast.staff("dispatcher")
    first = (await village.get(LIST, params={"limit": "2"})).json()
    rest = (await village.get(LIST, params={"limit": "2", "cursor": first["next"]})).json()
    assert [each["id"] for each in (*first["items"], *rest["items"])] == [each["id"] for each in reversed(wrong)]
    assert rest["next"] is None
    assert len(await listed(county)) == 4
    for path in (theirs["id"], str(uuid4()), "none"):
        assert (await village.get(f"{LIST}/{path}")).status_code == 404
        assert (await village.post(f"{LIST}/{path}/reveal", json={"purpose": "decide"})).status_code == 404
        assert (await village.post(f"{LIST}/{path}/release", json={})).status_code == 404
        assert (await village.post(f"{LIST}/{path}/discard", json={"reason": "重复"})).status_code == 404
    for query in ({"state": "asleep"}, {"reason": "x y"}, {"worker": "x"}, {"cursor": "%%"}):
        assert (await village.get(LIST, params=query)).status_code == 422
    for who, status in ((cast.anybody(), 401), (phone.who, 403), (await cast.staff("admin"), 403)):
        assert (await who.get(LIST)).status_code == status
        assert (await who.post(f"{LIST}/{wrong[0]['id']}/release", json={})).status_code == status


async def test_every_look_at_the_words_is_logged_with_its_purpose(cast: Cast, phone: Phone) -> None:
    item = visit(1)
    item["body"] |= {"household_id": FOREIGN, "note": "户主住院"}
    await phone.one(item)
    village = await cast.staff("villagedesk")
    for _ in range(2):
        seen = await village.post(f"{LIST}/{item['id']}/reveal", json={"purpose": "decide"})
        assert (seen.status_code, seen.json()["item"]) == (200, item)
    rows = await facts("sync.item-revealed")
    label = f"staff:{stable_id('staff', 'villagedesk')}"
    assert [(row["actor"], str(row["subject_id"])) for row in rows] == [(label, item["id"])] * 2
    assert "户主" not in rows[0]["data"] and '"decide"' in rows[0]["data"]
    for body in ({}, {"purpose": "curious"}):
        assert (await village.post(f"{LIST}/{item['id']}/reveal", json=body)).status_code == 422


async def test_released_it_is_what_the_owner_did_by_the_owners_present_rights(cast: Cast, phone: Phone) -> None:
    item = await refuse(phone, visit(1))
    village = await cast.staff("villagedesk")
    answer = await village.post(f"{LIST}/{item['id']}/release", json={})
    assert (answer.status_code, answer.json()["applied"], answer.json()["status"]) == (200, True, "done"), answer.text
    made = await Visit.get(id=item["entity_id"])
    assert made.worker_id == ME
    logged = await fetch("SELECT actor FROM journal WHERE event = 'visit.logged' AND subject_id = $1", [made.id])
    assert [row["actor"] for row in logged] == [f"worker:{ME}"]
    row = await stored(item)
    assert (row["status"], row["body"], row["settled_by"]) == ("done", "", stable_id("staff", "villagedesk"))
    assert [row["actor"] for row in await facts("sync.item-released")] == [f"staff:{row['settled_by']}"]
    assert await listed(village) == []
    assert [each["id"] for each in await listed(village, state="settled")] == [item["id"]]
    again = await village.post(f"{LIST}/{item['id']}/release", json={})
    assert (again.status_code, again.json()["code"]) == (409, "guard-not-met")
    resent = await phone.one(item)
    assert (resent["status"], resent["first"]) == ("duplicate", "done")
    [notice] = (await phone.who.get(f"{WORKER}/inbox")).json()["items"]
    assert notice["text"].endswith("没有登记上,已由管理人员补登。")


async def test_what_the_owner_may_not_do_stays_refused_and_says_why(cast: Cast, phone: Phone) -> None:
    item = await refuse(phone, visit(1))
    village = await cast.staff("villagedesk")
    await Staff.filter(id=ME).update(active=False)
    disabled = (await village.post(f"{LIST}/{item['id']}/release", json={})).json()
    assert (disabled["applied"], disabled["reason"]["code"]) == (False, "quarantined")
    await Staff.filter(id=ME).update(active=True)
    await Household.filter(id=item["body"]["household_id"]).update(state="demolished")
    gone = (await village.post(f"{LIST}/{item['id']}/release", json={})).json()
    assert (gone["applied"], gone["reason"]["code"]) == (False, "not-found")
    assert not await Visit.exists(id=item["entity_id"])
    assert [each["reason"]["code"] for each in await listed(village)] == ["not-found"]


async def test_given_to_another_worker_it_is_theirs_with_its_photo(cast: Cast, phone: Phone) -> None:
    photo = uuid4()
    item = event(1)
    item["body"] |= {"grid_code": "360781100002001", "attachment_ids": [str(photo)]}
    await Attachment.create(
        id=photo, owner=f"worker:{ME}", kind="image", mime="image/jpeg", bytes=1, sha256="0" * 64, created_at=now()
    )
    assert (await phone.one(item))["code"] == "not-found"
    village, county = await cast.staff("villagedesk"), await cast.staff("dispatcher")
    for stranger in (OTHER, uuid4(), stable_id("staff", "handler")):
        refused = await village.post(f"{LIST}/{item['id']}/release", json={"worker": str(stranger)})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "worker")
    await Staff.filter(id=OTHER).update(active=False)
    assert (await county.post(f"{LIST}/{item['id']}/release", json={"worker": str(OTHER)})).status_code == 422
    await Staff.filter(id=OTHER).update(active=True)
    await make_worker("13900000008", "grid_worker", "360781100001001")
    for taker in (stable_id("staff", "13900000008"), ME):  # neither may, and the photo goes with whoever it is
        refused = (await county.post(f"{LIST}/{item['id']}/release", json={"worker": str(taker)})).json()
        assert (refused["applied"], refused["reason"]["code"]) == (False, "not-found")
        assert (await Attachment.get(id=photo)).owner == f"worker:{taker}"
    answer = await county.post(f"{LIST}/{item['id']}/release", json={"worker": str(OTHER)})
    assert (answer.json()["applied"], answer.json()["given_to"]["id"]) == (True, str(OTHER)), answer.text
    assert (await Case.get(id=item["entity_id"])).reporter_id == OTHER
    found = await Attachment.get(id=photo)
    assert (found.owner, str(found.case_id)) == (f"worker:{OTHER}", item["entity_id"])
    assert (await phone.who.get(f"{WORKER}/cases/{item['entity_id']}")).status_code == 404


async def test_a_note_released_before_its_event_waits_for_it_in_the_new_name(cast: Cast, phone: Phone) -> None:
    made = event(1)
    note = await refuse(phone, move(2, made["entity_id"], "add-note", text="补充一句"))
    county = await cast.staff("dispatcher")
    held = (await county.post(f"{LIST}/{note['id']}/release", json={"worker": str(OTHER)})).json()
    assert (held["applied"], held["status"]) == (False, "held")
    other = Phone(await cast.worker("13800000002"))
    made["body"]["grid_code"] = "360781100002001"
    assert (await other.one(made))["status"] == "done"
    texts = await fetch("SELECT author FROM case_texts WHERE case_id = $1 AND action = 'add-note'", [made["entity_id"]])
    assert [row["author"] for row in texts] == [f"worker:{OTHER}"]


async def test_discarded_with_a_reason_that_the_worker_reads(cast: Cast, phone: Phone) -> None:
    item = visit(1)
    item["body"]["outcome"] = "danced"
    await phone.one(item)
    assert (await phone.who.get(f"{WORKER}/home")).json()["rejected_items"] == 1
    village = await cast.staff("villagedesk")
    for body in ({}, {"reason": " "}, {"reason": "   "}, {"reason": "x" * 151}):
        assert (await village.post(f"{LIST}/{item['id']}/discard", json=body)).status_code == 422
    done = await village.post(f"{LIST}/{item['id']}/discard", json={"reason": "与纸质记录重复"})
    assert (done.status_code, done.json()["settled_note"]) == (200, "与纸质记录重复")
    mine = (await phone.who.get(f"{WORKER}/sync/items/{item['id']}")).json()
    assert (mine["status"], mine["code"]) == ("rejected", "discarded")
    assert mine["message"] == "管理人员决定不予登记:与纸质记录重复"
    assert (await phone.who.get(f"{WORKER}/home")).json()["rejected_items"] == 0
    assert (await phone.who.get(f"{WORKER}/sync/items")).json() == {"items": [], "next": None}
    [notice] = (await phone.who.get(f"{WORKER}/inbox")).json()["items"]
    assert "“走访”没有登记上,管理人员决定不予登记。理由:与纸质记录重复" in notice["text"]
    rows = await facts("sync.item-discarded")
    assert len(rows) == 1 and "重复" not in rows[0]["data"]
    assert (await village.post(f"{LIST}/{item['id']}/discard", json={"reason": "再次"})).status_code == 409
    assert await Visit.filter(id=item["entity_id"]).count() == 0


async def test_what_cannot_be_read_can_only_be_discarded(cast: Cast, phone: Phone) -> None:
    broken = {**visit(1), "sequence": "one"}
    await phone.one(broken)
    village = await cast.staff("villagedesk")
    assert (await village.post(f"{LIST}/{broken['id']}/release", json={})).status_code == 409
    seen = await village.post(f"{LIST}/{broken['id']}/reveal", json={"purpose": "ask_worker"})
    assert seen.json()["item"] == broken
    assert (await village.post(f"{LIST}/{broken['id']}/discard", json={"reason": "无法识别"})).status_code == 200


async def test_an_item_on_a_case_against_the_own_unit_is_behind_the_wall(cast: Cast, phone: Phone) -> None:
    made = event(1)
    await phone.one(made)
    item = move(2, made["entity_id"], "sign", base=1)
    await phone.one(item)
    village, county = await cast.staff("villagedesk"), await cast.staff("dispatcher")
    assert [each["id"] for each in await listed(village)] == [item["id"]]
    rows = await fetch("SELECT department_id FROM assignments WHERE staff_id = $1", [stable_id("staff", "villagedesk")])
    await Case.filter(id=made["entity_id"]).update(complained_department_id=rows[0]["department_id"])
    assert await listed(village) == []
    assert (await village.get(f"{LIST}/{item['id']}")).status_code == 404
    assert [each["id"] for each in await listed(county)] == [item["id"]]


async def test_what_somebody_without_any_grid_left_behind_is_the_countys(cast: Cast, phone: Phone) -> None:
    item = visit(1)
    item["body"]["outcome"] = "danced"
    await phone.one(item)
    await Assignment.filter(staff_id=ME).delete()
    assert await listed(await cast.staff("villagedesk")) == []
    assert [each["id"] for each in await listed(await cast.staff("dispatcher"))] == [item["id"]]


async def test_a_lost_phone_is_revoked_told_to_forget_and_trusted_again(cast: Cast, phone: Phone) -> None:
    cursor = (await phone.post()).json()["next_cursor"]
    admin = await cast.staff("admin")
    path = f"{DESK}/workers/{ME}/devices"
    [shown] = (await admin.get(path)).json()["items"]
    assert (shown["id"], shown["state"], shown["revoked_at"]) == (phone.device, "trusted", None)
    assert set(shown) == {"id", "worker_id", "first_sync_at", "last_sync_at", "revoked_at", "clock", "state"}
    lost = await admin.post(f"{DESK}/devices/{phone.device}/revocation", json={"reason": "lost"})
    assert (lost.status_code, lost.json()["state"]) == (200, "revoked"), lost.text
    assert (await phone.post()).status_code == 401  # the finder has no session any more
    cast._clients.pop("worker:13800000001")
    back = Phone(await cast.worker())
    back.device = phone.device
    forget = (await back.post(visit(1), cursor=cursor)).json()
    assert (forget["revoked"], forget["results"][0]["code"]) == (["360781100001001", "360781100001002"], "quarantined")
    fresh = Phone(await cast.worker())
    assert (await fresh.one(visit(1)))["status"] == "done"
    assert (await admin.post(f"{DESK}/devices/{phone.device}/revocation", json={"reason": "lost"})).status_code == 409
    found = await admin.post(f"{DESK}/devices/{phone.device}/restoration")
    assert (found.status_code, found.json()["state"]) == (200, "trusted")
    assert (await admin.post(f"{DESK}/devices/{phone.device}/restoration")).status_code == 409
    assert (await back.one(visit(2)))["status"] == "done"
    for event_name in ("device.revoked", "device.restored"):
        [row] = await facts(event_name)
        assert str(row["subject_id"]) == phone.device
    data = msgspec.json.decode((await facts("device.revoked"))[0]["data"])
    assert data == {"reason": "lost", "worker": str(ME)}


async def test_phones_are_the_administrators_of_the_own_area(cast: Cast, phone: Phone) -> None:
    await phone.post()
    path, device = f"{DESK}/workers/{ME}/devices", f"{DESK}/devices/{phone.device}"
    away = await cast.staff("security")
    assert (await away.get(path)).status_code == 200
    await Assignment.filter(staff_id=stable_id("staff", "admin")).update(area_path="36.3607.360781.360781101")
    admin = await cast.staff("admin")
    for call in (admin.get(path), admin.post(f"{device}/revocation", json={"reason": "lost"})):
        assert (await call).status_code == 404
    assert (await away.get(f"{DESK}/workers/{stable_id('staff', 'handler')}/devices")).status_code == 404
    for bad in (str(uuid4()), "none"):
        assert (await away.post(f"{DESK}/devices/{bad}/revocation", json={"reason": "lost"})).status_code == 404
    for body in ({}, {"reason": "bored"}, {"reason": "lost", "where": "here"}):
        assert (await away.post(f"{device}/revocation", json=body)).status_code == 422
    for who, status in ((cast.anybody(), 401), (phone.who, 403), (await cast.staff("villagedesk"), 403)):
        assert (await who.get(path)).status_code == status
        assert (await who.post(f"{device}/revocation", json={"reason": "lost"})).status_code == status
        assert (await who.post(f"{device}/restoration")).status_code == status
