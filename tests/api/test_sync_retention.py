"""What phones left behind goes in time; a phone that was away for longer than the feed is told so and fetches anew."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import pytest

from domain.attachments.models import Attachment
from domain.clock import now, real_now
from domain.journal.models import FeedRow
from domain.sql import execute, fetch
from domain.sync.epoch import Marker, last_number, restored, write_marker
from domain.sync.models import Device, SyncItem
from server.retention import purge
from server.rules import stable_id
from tests.api.test_sync_push import GRID, HOUSE, Phone, event, stored, visit
from tests.support.cast import DESK, Cast
from tests.support.phone import SYNC
from tests.support.phone import Phone as Reference

pytestmark = pytest.mark.anyio

T = TypeVar("T")


class Pocket:
    """The reference phone in a thread of its own (its file belongs to one), on the app of this process."""

    def __init__(self, who: httpx.AsyncClient, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._loop = asyncio.get_running_loop()
        self._who, self._path = who, path
        self.statuses: list[int] = []
        self.phone: Reference

    def _send(self, envelope: dict[str, Any]) -> httpx.Response:
        answer = asyncio.run_coroutine_threadsafe(self._who.post(SYNC, json=envelope), self._loop).result(60)
        self.statuses.append(answer.status_code)
        return answer

    async def start(self) -> None:
        self.phone = await self.do(lambda: Reference(self._path, self._send, real_now))

    async def do(self, work: Callable[[], T]) -> T:
        """Run in the phone's thread, in the transaction of this test."""
        return await self._loop.run_in_executor(self._thread, copy_context().run, work)

    async def sync(self) -> dict[tuple[str, str, str], tuple[int, Any]]:
        await self.do(self.phone.sync_all)
        return await self.do(self.phone.rows)

    def close(self) -> None:
        self._thread.submit(self.phone.close).result(20)
        self._thread.shutdown()


@pytest.fixture
def pockets() -> Iterator[list[Pocket]]:
    found: list[Pocket] = []
    yield found
    for pocket in found:
        pocket.close()


async def pocket(cast: Cast, pockets: list[Pocket], folder: Path) -> Pocket:
    made = Pocket(await cast.worker(), folder / f"{len(pockets)}.phone")
    await made.start()
    pockets.append(made)
    return made


async def age_feed(days: int) -> None:
    await execute("UPDATE feed SET at = at - make_interval(days => $1)", [days])


async def test_a_phone_that_was_away_longer_than_the_feed_gets_410_and_fetches_everything(
    cast: Cast, tmp_path: Path, pockets: list[Pocket]
) -> None:
    away, here = await pocket(cast, pockets, tmp_path), await pocket(cast, pockets, tmp_path)
    await away.sync()
    own = await away.do(lambda: away.phone.record("visit", str(uuid4()), {"household_id": HOUSE, "purposes": ["visit"], "outcome": "met"}))
    others = Phone(await cast.worker())
    made = [event(n) for n in range(1, 4)]
    await others.send(*made)
    await here.sync()
    await age_feed(181)
    late = event(4)
    await others.one(late)
    assert (await purge(cast.app.ctx.services, dry_run=True))["变更流"] == 3
    await purge(cast.app.ctx.services, dry_run=False)
    assert [row.seq for row in await FeedRow.filter(area=GRID)] == [4]
    await away.sync()
    assert away.statuses.count(410) == 1
    assert (await away.do(away.phone.results))[own["id"]]["status"] in ("done", "duplicate")  # sent before all was thrown away
    again, fresh = await here.sync(), await (await pocket(cast, pockets, tmp_path)).sync()
    assert here.statuses.count(410) == 0  # it had read up to what is left
    assert await away.sync() == again == fresh
    assert {row for _, kind, row in fresh if kind == "case"} == {each["entity_id"] for each in (*made, late)}
    assert ("visit", own["entity_id"]) in {(kind, row) for _, kind, row in fresh}


async def test_a_feed_that_is_pruned_in_part_hides_nothing(cast: Cast) -> None:
    """A purge goes in batches: between two of them the feed may have a hole in the middle."""
    phone = Phone(await cast.worker())
    start = (await phone.post()).json()["next_cursor"]
    await phone.send(*(event(n) for n in range(1, 5)))
    await FeedRow.filter(area=GRID, seq=3).delete()
    assert (await phone.post(cursor=start)).status_code == 410


async def test_results_go_after_two_years_and_the_database_is_not_taken_for_a_restored_one(
    cast: Cast, tmp_path: Path
) -> None:
    phone = Phone(await cast.worker())
    old, young, last = visit(1), visit(2), visit(3)
    await phone.send(old, young, last)
    write_marker(tmp_path, Marker(1, await last_number()))
    for item, days in ((old, 731), (young, 729), (last, 731)):
        await SyncItem.filter(id=item["id"]).update(received_at=now() - timedelta(days=days))
    assert (await purge(cast.app.ctx.services, dry_run=False))["离线记录"] == 1
    kept = {str(row.id) for row in await SyncItem.all()}
    assert kept == {young["id"], last["id"]}
    assert await restored(tmp_path) is None
    again = await phone.one(old)  # the visit itself remembers
    assert again["status"] in ("done", "conflict")
    assert (await fetch("SELECT count(*) AS n FROM visits"))[0]["n"] == 3


async def test_words_of_what_was_decided_go_after_a_month_undecided_ones_after_a_year(cast: Cast) -> None:
    phone = Phone(await cast.worker())
    items = [visit(n) for n in range(1, 5)]
    for item in items:
        item["body"]["outcome"] = "danced"
    await phone.send(*items)
    decided, fresh, waiting, forgotten = items
    village = await cast.staff("villagedesk")
    for item, days in ((decided, 31), (fresh, 29)):
        await village.post(f"{DESK}/sync-quarantine/{item['id']}/discard", json={"reason": "重复"})
        await SyncItem.filter(id=item["id"]).update(settled_at=now() - timedelta(days=days))
    for item, days in ((waiting, 364), (forgotten, 366)):
        await SyncItem.filter(id=item["id"]).update(received_at=now() - timedelta(days=days))
    assert (await purge(cast.app.ctx.services, dry_run=False))["隔离记录的内容"] == 2
    assert [(await stored(item))["body"] != "" for item in items] == [False, True, True, False]
    gone = await village.post(f"{DESK}/sync-quarantine/{forgotten['id']}/release", json={})
    assert (gone.status_code, gone.json()["code"]) == (409, "guard-not-met")
    seen = await village.post(f"{DESK}/sync-quarantine/{forgotten['id']}/reveal", json={"purpose": "decide"})
    assert (seen.status_code, seen.json()["item"]) == (200, None)


async def test_photos_of_what_a_person_has_to_decide_on_stay(cast: Cast) -> None:
    phone, owner = Phone(await cast.worker()), f"worker:{stable_id('staff', '13800000001')}"
    named, loose = uuid4(), uuid4()
    for photo in (named, loose):
        await Attachment.create(
            id=photo, owner=owner, kind="image", mime="image/jpeg", bytes=1, sha256="0" * 64,
            created_at=now() - timedelta(days=40),
        )  # fmt: skip
    item = event(1, attachments=[{"id": str(named)}])
    item["body"]["event_type"] = "E99"
    assert (await phone.one(item))["status"] == "rejected"
    await purge(cast.app.ctx.services, dry_run=False)
    assert [row.id for row in await Attachment.all()] == [named]
    village = await cast.staff("villagedesk")
    await village.post(f"{DESK}/sync-quarantine/{item['id']}/discard", json={"reason": "重复"})
    await purge(cast.app.ctx.services, dry_run=False)
    assert await Attachment.all().count() == 0


async def test_photos_of_visits_go_after_two_years_and_the_visit_stays(cast: Cast) -> None:
    phone, owner = Phone(await cast.worker()), f"worker:{stable_id('staff', '13800000001')}"
    photo, item = uuid4(), visit(1)
    item["body"]["attachment_ids"] = [str(photo)]
    await Attachment.create(
        id=photo, owner=owner, kind="image", mime="image/jpeg", bytes=1, sha256="0" * 64, created_at=now()
    )
    assert (await phone.one(item))["status"] == "done"
    for days, left in ((729, 1), (731, 0)):
        await Attachment.filter(id=photo).update(created_at=now() - timedelta(days=days))
        await purge(cast.app.ctx.services, dry_run=False)
        assert await Attachment.filter(id=photo).count() == left
    assert (await fetch("SELECT count(*) AS n FROM visits"))[0]["n"] == 1


async def test_phones_go_after_two_years_but_a_revoked_one_is_never_forgotten(cast: Cast) -> None:
    phone, lost = Phone(await cast.worker()), Phone(await cast.worker())
    for each in (phone, lost):
        await each.post()
        await Device.filter(id=each.device).update(seen_at=real_now() - timedelta(days=731))
    await Device.filter(id=lost.device).update(revoked_at=real_now() - timedelta(days=700))
    young = Phone(await cast.worker())
    await young.post()
    assert (await purge(cast.app.ctx.services, dry_run=False))["手机"] == 1
    assert {row.id for row in await Device.all()} == {UUID(lost.device), UUID(young.device)}
