"""What a phone reads: a copy of its grids, then what changed; nothing outside its scope, and what it lost comes first."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.access.models import Assignment
from domain.areas.models import Area
from domain.cases.models import Case
from domain.clock import now
from domain.households.models import Household
from domain.ids import new_id
from domain.journal.models import FeedRow
from domain.sql import execute
from domain.sync.epoch import backed_up
from server.rules import stable_id
from tests.api.test_sync_push import GRID, Phone, event, visit
from tests.support.cast import WORKER, Cast
from web.shapes import local

pytestmark = pytest.mark.anyio
GRIDS = ["360781100001001", "360781100001002"]
STAFF = stable_id("staff", "13800000001")


@pytest.fixture
async def phone(cast: Cast) -> Phone:
    return Phone(await cast.worker())


async def read(phone: Phone, cursor: str | None = None, expect: int = 200, **more: Any) -> dict[str, Any]:
    envelope = {"cursor": cursor} if cursor else {}
    answer: httpx.Response = await phone.post(**envelope, **more)
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


def seen(answer: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(change["entity"], change["kind"], change.get("id", "")) for change in answer["changes"]}


async def grant(grid: str) -> None:
    area = await Area.get(code=grid)
    await Assignment.create(id=new_id(), staff_id=STAFF, role="grid_worker", area_code=grid, area_path=area.path)


async def test_a_new_phone_gets_a_copy_of_its_grids_and_then_only_changes(phone: Phone) -> None:
    first = await read(phone)
    houses = await Household.filter(grid_code__in=GRIDS).values_list("id", flat=True)
    assert seen(first) == {("household", "upsert", str(each)) for each in houses}
    assert {change["scope"] for change in first["changes"]} == {GRID}
    assert first["more"] is False
    quiet = await read(phone, first["next_cursor"])
    assert (quiet["changes"], quiet["more"]) == ([], False)
    made, gone_to = event(1), visit(2)
    both = (await phone.post(made, gone_to, cursor=quiet["next_cursor"])).json()
    assert seen(both) == {("case", "upsert", made["entity_id"]), ("visit", "upsert", gone_to["entity_id"])}


async def test_a_page_shows_a_row_once_at_its_latest_version(phone: Phone) -> None:
    start = (await read(phone))["next_cursor"]
    made = event(1)
    await phone.one(made)
    case_row = await Case.get(id=made["entity_id"])
    case_row.version = 5
    await case_row.save()
    page = await read(phone, start)
    versions = [change["version"] for change in page["changes"] if change["id"] == made["entity_id"]]
    assert versions == [5]


async def test_pages_hold_at_most_five_hundred_rows_and_lose_none(phone: Phone) -> None:
    area = await Area.get(code=GRIDS[1])
    houses = [
        Household(
            id=uuid4(), village_code="360781100001", grid_code=area.code, area_path=area.path, door_text=f"{n}号",
            serial=f"SYNC{n:06d}", import_key=f"sync:{n}", created_at=now(), changed_at=now(),
        )
        for n in range(1100)
    ]  # fmt: skip
    await Household.bulk_create(houses)
    cursor, got, pages = None, [], 0
    while True:
        page = await read(phone, cursor)
        assert len(page["changes"]) <= 500
        got += [change["id"] for change in page["changes"]]
        cursor, pages = page["next_cursor"], pages + 1
        if not page["more"]:
            break
    assert pages == 3
    assert set(got) >= {str(house.id) for house in houses}
    assert len(got) == len(set(got))


async def test_a_lost_grid_is_said_before_anything_else_and_a_new_one_is_copied(phone: Phone) -> None:
    start = (await read(phone))["next_cursor"]
    await phone.one(event(1))
    await Assignment.filter(staff_id=STAFF, area_code=GRID).delete()
    lost = await read(phone, start)
    assert (lost["revoked"], lost["changes"], lost["more"]) == ([GRID], [], True)
    after = await read(phone, lost["next_cursor"])
    assert (after["revoked"], {change["scope"] for change in after["changes"]} - {"own"}) == ([], set())
    await grant("360781100002001")
    new = await read(phone, after["next_cursor"])
    assert {change["scope"] for change in new["changes"] if change["entity"] == "household"} == {"360781100002001"}


async def test_what_i_reported_stays_mine_after_the_grid_is_gone(phone: Phone) -> None:
    made = event(1)
    start = (await phone.post(made)).json()["next_cursor"]
    await Assignment.filter(staff_id=STAFF, area_code=GRID).delete()
    start = (await read(phone, start))["next_cursor"]
    page = await read(phone, start)
    assert [(c["scope"], c["kind"]) for c in page["changes"]] == [("own", "reset"), ("own", "upsert")]
    assert page["changes"][1]["id"] == made["entity_id"]
    assert (await read(phone, page["next_cursor"]))["changes"] == []


async def test_an_appeal_of_my_grid_that_is_not_mine_is_not_even_hinted_at(cast: Cast, phone: Phone) -> None:
    start = (await read(phone))["next_cursor"]
    await cast.appeal(area_code=None, plate_code=await cast.plate(0, 1))
    page = await read(phone, start)
    assert not [change for change in page["changes"] if change["entity"] == "case"]


async def test_a_household_that_left_my_grid_is_gone(phone: Phone) -> None:
    house = await Household.filter(grid_code=GRID).first()
    assert house is not None
    start = (await read(phone))["next_cursor"]
    await house.filter(id=house.id).update(grid_code="360781100002001")
    await put_in_feed(GRID, "household", house.id)
    assert seen(await read(phone, start)) == {("household", "gone", str(house.id))}


async def put_in_feed(area: str, entity: str, row_id: Any) -> None:
    await execute(
        "INSERT INTO journal_heads (area, n, feed_n, hash) VALUES ($1, 0, 1, ''::bytea)"
        " ON CONFLICT (area) DO UPDATE SET feed_n = journal_heads.feed_n + 1", [area])  # fmt: skip
    await execute(
        "INSERT INTO feed (key, area, seq, entity, entity_id, version) SELECT area || ':' || feed_n, area, feed_n, $2,"
        " $3, 2 FROM journal_heads WHERE area = $1", [area, entity, row_id])  # fmt: skip


async def test_a_cursor_whose_successor_is_gone_is_too_old(phone: Phone) -> None:
    start = (await read(phone))["next_cursor"]
    await phone.send(event(1), event(2))
    await FeedRow.filter(area=GRID, seq=1).delete()
    assert (await read(phone, start, 410))["code"] == "cursor-too-old"
    assert (await read(phone))["changes"]


async def test_a_forged_cursor_is_refused_and_another_workers_too(cast: Cast, phone: Phone) -> None:
    start = (await read(phone))["next_cursor"]
    raw = bytearray(urlsafe_b64decode(start + "=" * (-len(start) % 4)))
    raw[3] ^= 1
    assert (await read(phone, urlsafe_b64encode(bytes(raw)).decode(), 422))["code"] == "invalid-cursor"
    assert (await read(phone, "no cursor", 422))["code"] == "invalid-cursor"
    other = Phone(await cast.worker("13800000002"))
    assert (await read(other, start, 410))["code"] == "cursor-too-old"


async def test_another_epoch_is_said_before_anything_is_taken(phone: Phone) -> None:
    start = await read(phone)
    await execute("UPDATE server_epoch SET epoch = epoch + 1")
    item = visit(1)
    for envelope in ({"epoch": start["epoch"]}, {"cursor": start["next_cursor"]}):
        answer = await phone.post(item, **envelope)
        assert (answer.status_code, answer.json()["code"]) == (409, "epoch-changed")
        assert answer.json()["epoch"] == start["epoch"] + 1
    assert (await phone.who.get(f"{WORKER}/sync/items/{item['id']}")).status_code == 404
    assert (await phone.one(item, epoch=start["epoch"] + 1))["status"] == "done"


async def test_the_backup_watermark_only_rises(phone: Phone) -> None:
    assert (await read(phone))["backup_watermark"] is None
    at = now()
    await backed_up(at)
    await backed_up(at.replace(year=2020))
    assert (await read(phone))["backup_watermark"] == local(at)


async def test_every_answer_carries_the_mark_of_the_api(phone: Phone) -> None:
    assert (await phone.post()).headers["x-huying-api"] == "1"
    assert (await phone.post(colour="red")).headers["x-huying-api"] == "1"
