"""A worker's lists are walked reason by reason and cut to pages: together they hold exactly what the worker may see."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import httpx
import pytest

from domain.access.actor import Actor, Grant, within
from domain.access.models import Assignment
from domain.cases.models import Case, Deadline
from domain.cases.queries import visible_cases
from domain.cases.states import ENDED
from domain.clock import local_date, now
from domain.sql import fetch
from server.rules import stable_id
from tests.api.test_grid_cases import COLLEAGUE, ME, all_items
from tests.support.cast import WORKER, Cast

pytestmark = pytest.mark.anyio

VILLAGE = "360781100001"
PLACES = (VILLAGE, f"{VILLAGE}001", f"{VILLAGE}002", "360781100002001", "360781100")
STATES = ("submitted", "handling", "reviewing", "reviewing", "closed", "voided")
UNIT, OTHER = stable_id("unit", "one"), stable_id("unit", "another")
CASES = 150


@pytest.fixture(autouse=True)
def friday(cast: Cast, at: Callable[[str], None]) -> None:
    at("2026-03-13T16:30")


async def paths_of(places: tuple[str, ...]) -> dict[str, str]:
    rows = await fetch("SELECT code, path FROM areas WHERE code = ANY($1::text[])", [list(places)])
    return {row["code"]: row["path"] for row in rows}


@pytest.fixture
async def crowd(cast: Cast) -> None:
    """Cases of every mixture: place, kind, state, reporter, handler, unit complained of; some run out today."""
    chance, paths = Random(20260313), await paths_of(PLACES)
    cases: list[Case] = []
    clocks: list[Deadline] = []
    for number in range(CASES):
        place, state = chance.choice(PLACES), chance.choice(STATES)
        case = Case(
            number=f"GD{number}", kind=chance.choice(("appeal", "event", "event")), state=state, origin="grid_found",
            area_code=place, area_path=paths[place], title="路灯坏了", reporter_id=chance.choice((None, ME, COLLEAGUE)),
            handler_id=chance.choice((None, ME, COLLEAGUE)), received_at=now(), received_on=local_date(now()),
            complained_department_id=chance.choice((None, None, UNIT, OTHER)), ended_at=now() if state in ENDED else None,
        )  # fmt: skip
        clock = Deadline(
            case_id=case.id, area_path=case.area_path, name="handling", started_at=now(), stopped_at=case.ended_at,
            due_at=now() + timedelta(days=chance.choice((0, 2))),
        )  # fmt: skip
        cases.append(case)
        clocks.append(clock)
    await Case.bulk_create(cases)
    await Deadline.bulk_create(clocks)


async def expected(actor: Actor) -> dict[str, list[str]]:
    """All cases looked through one by one: those that may be seen, and of them each list's."""
    where = visible_cases(actor)
    rows = await fetch(f"SELECT c.* FROM cases c WHERE {where.sql} ORDER BY c.id DESC", where.values)
    grids = [grant.area_path for grant in actor.grants if grant.role == "grid_worker"]

    def in_my_grids(row: dict[str, Any]) -> bool:
        return row["kind"] == "event" and any(within(row["area_path"], grid) for grid in grids)

    chosen: dict[str, Callable[[dict[str, Any]], bool]] = {
        "": lambda _: True,
        "assigned": lambda row: row["handler_id"] == ME,
        "reported": lambda row: row["reporter_id"] == ME,
        "grid": in_my_grids,
        "inspection": lambda row: in_my_grids(row) and row["state"] == "reviewing" and row["handler_id"] != ME,
    }
    return {mine: [str(row["id"]) for row in rows if chosen[mine](row)] for mine in chosen}


async def shown(who: httpx.AsyncClient, **query: str) -> dict[str, list[str]]:
    """The lists as the door gives them, page by page to the end."""
    lists = {}
    for mine in ("", "assigned", "reported", "grid", "inspection"):
        narrow = {"limit": "5", **query, **({"mine": mine} if mine else {})}
        lists[mine] = [each["id"] for each in await all_items(who, "cases", **narrow)]
    return lists


async def actor(role: str, *places: str) -> Actor:
    """The worker with one role in some places and no other, as a member of a unit."""
    await Assignment.filter(staff_id=ME).delete()
    paths = await paths_of(places)
    for place, path in paths.items():
        await Assignment.create(staff_id=ME, role=role, area_code=place, area_path=path)
    await fetch("UPDATE staff SET department_id = $1 WHERE id = $2 RETURNING id", [UNIT, ME])
    return Actor("worker", ME, grants=tuple(Grant(role, path) for path in paths.values()), department_id=UNIT)


@pytest.mark.parametrize(
    ("role", "places"),
    [
        ("grid_worker", (f"{VILLAGE}001", f"{VILLAGE}002")),
        ("grid_worker", (VILLAGE, f"{VILLAGE}001")),  # a subtree, and once more a part of it
        ("volunteer", (f"{VILLAGE}001",)),  # who looks after no grid sees what is their own
    ],
)
async def test_every_list_of_a_worker_holds_what_visible_cases_allows_and_nothing_else(
    cast: Cast, crowd: None, role: str, places: tuple[str, ...]
) -> None:
    me = await actor(role, *places)
    who = await cast.worker()
    allowed = await expected(me)
    assert await shown(who) == allowed
    rows = await fetch("SELECT c.id, c.ended_at, t.due_at FROM cases c JOIN deadlines t ON t.case_id = c.id")
    going = {str(row["id"]): row["due_at"] for row in rows if row["ended_at"] is None}
    due = {one for one, at in going.items() if local_date(at) == local_date(now())}
    narrowings: list[tuple[dict[str, str], set[str]]] = [
        ({"state": "ended"}, set(allowed[""]) - set(going)), ({"state": "open"}, set(going)), ({"due": "today"}, due),
    ]  # fmt: skip
    for query, kept in narrowings:
        assert await shown(who, **query) == {mine: [one for one in allowed[mine] if one in kept] for mine in allowed}, query
    home = (await who.get(f"{WORKER}/home")).json()
    assert home["cases"] == {mine: len(set(allowed[mine]) & set(going)) for mine in home["cases"]}
    assert home["tasks_due"] == len(due & set(allowed["assigned"]))


async def test_the_crowd_holds_cases_of_several_reasons_and_walled_ones(cast: Cast, crowd: None) -> None:
    me = await actor("grid_worker", f"{VILLAGE}001", f"{VILLAGE}002")
    seen = {mine: set(ids) for mine, ids in (await expected(me)).items()}
    assert seen["assigned"] & seen["reported"] & seen["grid"]
    assert min(len(seen[mine]) for mine in seen) > 5, "every list has several pages"
    walled = await fetch(
        "SELECT id FROM cases WHERE complained_department_id = $1 AND (reporter_id = $2 OR handler_id = $2)", [UNIT, ME]
    )
    assert walled and not {str(row["id"]) for row in walled} & seen[""]
