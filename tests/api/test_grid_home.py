"""Every number of the home page is the length of the list it stands for, whatever was done before, by whomever."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.sql import fetch
from server.rules import stable_id
from tests.api.test_grid_cases import assert_home_equals_lists
from tests.api.test_grid_tasks import task
from tests.api.test_sync_push import GRID, HOUSE, Phone, event, visit
from tests.support.app import client
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.life import bring_to

pytestmark = pytest.mark.anyio

GRIDS = (GRID, "360781100001002")
PHONES = ("13800000001", "13800000002")
STEPS = 14


class Village:
    """The acts that a series is made of; each does what it can where the cases stand, and is refused where not."""

    def __init__(self, cast: Cast, random: Random) -> None:
        self.cast, self.random = cast, random

    async def worker(self) -> httpx.AsyncClient:
        return await self.cast.worker(self.random.choice(PHONES))

    async def case(self) -> tuple[str, str]:
        """Some event and its state."""
        rows = await fetch("SELECT id, state FROM cases WHERE kind = 'event' ORDER BY number")
        row = self.random.choice(rows) if rows else {"id": uuid4(), "state": ""}
        return str(row["id"]), row["state"]

    async def report(self) -> None:
        worker = await self.worker()
        grids = [each["code"] for each in (await worker.get(f"{WORKER}/me")).json()["grids"]]
        body: dict[str, Any] = {
            "id": str(uuid4()), "occurred_at": "2026-03-13T16:00:00+08:00", "event_type": "E4",
            "level": self.random.choice(["ordinary", "serious", "urgent"]),
            "grid_code": self.random.choice(grids or [GRID]),
        }  # fmt: skip
        if self.random.random() < 0.4:
            body["self_handled"] = {"result": "已扶正"}
        await worker.post(f"{WORKER}/events", json=body)

    async def dispatch(self) -> None:
        case_id, _ = await self.case()
        body = {"lead": "市城管局", "rule_reasons": ["市政设施"]}
        await (await self.cast.staff("dispatcher")).post(f"{DESK}/cases/{case_id}/dispatch", json=body)

    async def take(self) -> None:
        case_id, _ = await self.case()
        await (await self.cast.staff("villagedesk")).post(f"{DESK}/workbench/{case_id}/take", json={})

    async def handle(self) -> None:
        """A worker is given an event by the village and goes on with it as far as it lets them."""
        case_id, state = await self.case()
        if state == "submitted":
            await fetch(
                "UPDATE cases SET state = 'handling', handler_id = $2 WHERE id = $1 RETURNING id",
                [UUID(case_id), stable_id("staff", self.random.choice(PHONES))],
            )
        worker = await self.worker()
        result = {"result": "已处理", "basis": "村规民约", "disposition": "solved_reasonable"}
        await worker.post(f"{WORKER}/cases/{case_id}/submit-result", json=result)

    async def inspect(self) -> None:
        case_id, _ = await self.case()
        who = await self.worker() if self.random.random() < 0.5 else await self.cast.staff("villagedesk")
        door = WORKER if self.random.random() < 0.5 else DESK
        await who.post(f"{door}/cases/{case_id}/inspect", json={"passed": self.random.random() < 0.6, "note": "看过"})

    async def escalate(self) -> None:
        case_id, _ = await self.case()
        await (await self.worker()).post(f"{WORKER}/cases/{case_id}/escalate", json={"reason": "超出能力"})

    async def hand_over(self) -> None:
        grid, admin = self.random.choice(GRIDS), await self.cast.staff("admin")
        for phone in PHONES:  # whoever has it already is refused
            body = {"to": str(stable_id("staff", phone))}
            if (await admin.post(f"{DESK}/grids/{grid}/handover", json=body)).status_code == 200:
                return

    async def visit(self) -> None:
        worker = await self.worker()
        houses = (await worker.get(f"{WORKER}/households")).json().get("items") or [{"id": HOUSE}]
        body = {
            "id": str(uuid4()), "household_id": self.random.choice(houses)["id"], "occurred_at": "2026-03-13T16:00:00+08:00",
            "purposes": ["visit"], "outcome": self.random.choice(["met", "absent", "declined"]),
        }  # fmt: skip
        await worker.post(f"{WORKER}/visits", json=body)

    async def sync(self) -> None:
        phone, bad = Phone(await self.worker()), visit(2)
        bad["body"]["outcome"] = "danced"
        assert len(await phone.send(event(1), bad)) == 2

    async def settle(self) -> None:
        desk = await self.cast.staff("dispatcher")
        for each in (await desk.get(f"{DESK}/sync-quarantine", params={"limit": "1"})).json()["items"]:
            await desk.post(f"{DESK}/sync-quarantine/{each['id']}/discard", json={"reason": "重复"})

    async def rate(self) -> None:
        """An appeal of the village is answered and rated badly, so that it comes back."""
        li = await self.cast.resident("li")
        case_id = await bring_to(self.cast, "answered")
        [appeal] = await fetch("SELECT id FROM appeals WHERE case_id = $1", [UUID(case_id)])
        rating = {"process": 1, "result": 1, "solved": "no", "staff": "inactive"}
        rated = await li.post(f"{RESIDENT}/appeals/{appeal['id']}/ratings", json=rating)
        assert rated.status_code == 201, rated.text

    async def tell(self) -> None:
        waiting = await task(self.cast, self.random.randrange(2))
        if self.random.random() < 0.5:
            await (await self.worker()).post(f"{WORKER}/tasks/{waiting.id}/done", json={})

    @property
    def acts(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self.report, self.report, self.dispatch, self.take, self.handle, self.handle, self.inspect, self.escalate,
            self.hand_over, self.visit, self.visit, self.sync, self.settle, self.rate, self.tell,
        ]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_series_of_acts_every_number_is_the_length_of_its_list(
    cast: Cast, at: Callable[[str], None], seed: int
) -> None:
    at("2026-03-13T16:30")
    village = Village(cast, Random(seed))
    series = village.acts * 2
    village.random.shuffle(series)
    moved: set[str] = set()
    for number, act in enumerate([village.report, village.report, village.report, *series]):
        await act()
        if number % 4 == 3:
            for phone in PHONES:
                home = await client_home(cast, phone)
                moved |= {f"{name}={count}" for name, count in home.items()}
    assert len(moved) > 10, "the series moves nothing"
    happened = {row["event"] for row in await fetch("SELECT DISTINCT event FROM journal")}
    assert {
        "event.reported", "case.result-submitted", "rating.given", "visit.logged", "grid.handed-over", "sync.item-discarded",
    } <= happened  # fmt: skip


async def client_home(cast: Cast, phone: str) -> dict[str, int]:
    """The numbers of a worker, compared with the lists; one who gave away the last grid has no home page."""
    who = await cast.worker(phone)
    if (await who.get(f"{WORKER}/home")).status_code == 403:
        return {}
    home = await assert_home_equals_lists(who)
    return {**home["cases"], **{name: home[name] for name in ("tasks_due", "unvisited_households", "tell_tasks", "rejected_items")}}


async def test_home_is_the_workers_own(cast: Cast) -> None:
    for who, status in ((cast.anybody(), 401), (await cast.staff("villagedesk"), 403), (await cast.resident(), 403)):
        assert (await who.get(f"{WORKER}/home")).status_code == status
        assert (await who.get(f"{WORKER}/sync/items")).status_code == status
    async with client(cast.app, "hhs_" + "A" * 43) as stranger:
        assert (await stranger.get(f"{WORKER}/sync/items")).status_code == 401
    worker = await cast.worker()
    assert (await worker.get(f"{WORKER}/sync/items", params={"cursor": "%%"})).status_code == 422


async def test_the_list_of_what_was_refused_is_paged_and_mine(cast: Cast) -> None:
    phone, other = Phone(await cast.worker()), Phone(await cast.worker("13800000002"))
    bad = [visit(n) for n in range(1, 4)]
    for item in bad:
        item["body"]["outcome"] = "danced"
    await phone.send(*bad, event(4))
    await other.one(visit(1))
    first = (await phone.who.get(f"{WORKER}/sync/items", params={"limit": "2"})).json()
    rest = (await phone.who.get(f"{WORKER}/sync/items", params={"limit": "2", "cursor": first["next"]})).json()
    assert [each["id"] for each in (*first["items"], *rest["items"])] == [item["id"] for item in reversed(bad)]
    assert (first["items"][0]["status"], first["items"][0]["code"], first["items"][0]["verb"]) == (
        "rejected", "invalid-fields", "visit",
    )  # fmt: skip
