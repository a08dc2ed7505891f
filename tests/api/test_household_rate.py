"""The rate of households walked to (户户走到) as any past day knew it: from the journal, not from the tables."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from domain.sql import execute
from tests.support.cast import DESK, WORKER, Cast

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
VILLAGE = "360781100001"
GRID = f"{VILLAGE}001"
RATE = f"{DESK}/rates/household_coverage"


async def house(cast: Cast, door: int) -> str:
    body = {"village_code": VILLAGE, "grid_code": GRID, "door_text": f"新街{door}号"}
    made = await (await cast.staff("villagedesk")).post(f"{DESK}/households", json=body)
    assert made.status_code in (200, 201), made.text
    return str(made.json()["id"])


async def visit(cast: Cast, house_id: str, day: str, outcome: str = "met", *, note: bool = False) -> None:
    worker = await cast.worker()
    body = {"id": str(uuid4()), "household_id": house_id, "occurred_at": f"2026-{day}T09:30:00+08:00",
            "purposes": ["大走访"], "outcome": outcome}  # fmt: skip
    answer = await worker.post(f"{WORKER}/visits", json=body)
    assert answer.status_code == 201, answer.text
    if note:
        agreed = await worker.post(f"{WORKER}/visits/{body['id']}/agreement", json={"notice_left": True})
        assert agreed.status_code == 200, agreed.text


async def happens(cast: Cast, house_id: str, action: str, **body: Any) -> None:
    answer = await (await cast.staff("villagedesk")).post(f"{DESK}/households/{house_id}/{action}", json=body)
    assert answer.status_code == 200, answer.text


async def rate(cast: Cast, query: str, login: str = "villagedesk") -> tuple[int, int, int]:
    """Visited, away with a note, households."""
    answer = await (await cast.staff(login)).get(f"{RATE}?{query}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["numerator"] == found["visited"] + found["absent_with_notice"]
    return found["visited"], found["absent_with_notice"], found["denominator"]


async def listed(cast: Cast, query: str, login: str = "villagedesk") -> dict[str, str]:
    answer = await (await cast.staff(login)).get(f"{RATE}/households?{query}")
    assert answer.status_code == 200, answer.text
    return {row["household_id"]: row["outcome"] for row in answer.json()["items"]}


@pytest.mark.mechanism("003-04")
async def test_a_past_day_says_the_same_whatever_became_of_its_households_and_visits(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    met, away, declined, shut, late = [await house(cast, door) for door in range(1, 6)]
    at("2026-06-03T18:00")
    await visit(cast, met, "06-02")
    await visit(cast, met, "06-03", "absent")
    await visit(cast, away, "06-02", "absent", note=True)
    await visit(cast, declined, "06-03", "declined")
    await visit(cast, shut, "06-03", "absent")
    past = "on=2026-06-04&since=2026-06-01"
    at("2026-06-05T09:00")
    shown = (await (await cast.staff("villagedesk")).get(f"{RATE}?{past}")).json()
    assert (shown["value"], shown["visited_value"], shown["denominator"]) == ("60.00", "40.00", 5)
    outcomes = {met: "visited", away: "noticed", declined: "visited", shut: "missing", late: "missing"}
    assert await listed(cast, past) == outcomes
    for part, of in (("hits", {met, away, declined}), ("misses", {shut, late}), ("noticed", {away}), ("visited", {met, declined})):
        assert set(await listed(cast, f"{past}&part={part}")) == of, part
    at("2026-06-08T09:00")
    await visit(cast, shut, "06-03")  # a phone that was offline for days
    await happens(cast, late, "emptying", reason="demolished")
    await happens(cast, met, "emptying", reason="vacant")
    new = await house(cast, 6)
    await execute("DELETE FROM visits")
    await execute("UPDATE households SET state = 'demolished', area_path = '36'")
    assert await rate(cast, past) == (2, 1, 5)
    assert await listed(cast, past) == outcomes
    now = "on=2026-06-08&since=2026-06-01"
    assert await rate(cast, now) == (2, 1, 4)
    assert await listed(cast, now) == {away: "noticed", declined: "visited", shut: "visited", new: "missing"}
    assert await rate(cast, "on=2026-06-08&since=2026-06-04") == (0, 0, 4), "a visit counts for the day it was made"
    assert await rate(cast, "on=2026-05-31") == (0, 0, 0)


async def test_a_house_that_is_lived_in_again_counts_again_and_a_note_taken_back_does_not(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    one, other = await house(cast, 1), await house(cast, 2)
    await happens(cast, one, "emptying", reason="vacant")
    at("2026-06-02T09:00")
    await happens(cast, one, "occupation", head_name="新住户")
    at("2026-06-03T09:00")
    assert await rate(cast, "on=2026-06-01") == (0, 0, 1)
    assert await rate(cast, "on=2026-06-02") == (0, 0, 2)
    await happens(cast, other, "merge", into=one)
    assert await rate(cast, "") == (0, 0, 1)
    worker = await cast.worker()
    body = {"id": str(uuid4()), "household_id": one, "occurred_at": "2026-06-03T08:30:00+08:00", "purposes": ["visit"],
            "outcome": "absent"}  # fmt: skip
    await worker.post(f"{WORKER}/visits", json=body)
    for left, found in ((True, (0, 1, 1)), (False, (0, 0, 1))):
        await worker.post(f"{WORKER}/visits/{body['id']}/agreement", json={"notice_left": left})
        assert await rate(cast, "") == found


async def test_scopes_pages_and_refusals(cast: Cast, at: Move) -> None:
    at("2026-06-01T09:00")
    mine = [await house(cast, door) for door in (1, 2, 3)]
    await visit(cast, mine[0], "06-01")
    at("2026-06-01T18:00")
    assert await rate(cast, "", "supervisor") == (1, 0, 3)
    assert await rate(cast, f"area={GRID}", "supervisor") == (1, 0, 3)
    assert await rate(cast, "area=360781100002", "supervisor") == (0, 0, 0)
    shown = (await (await cast.staff("handler")).get(RATE)).json()
    assert (shown["denominator"], shown["value"]) == (0, "—"), "a unit has no households"
    assert set(await listed(cast, "", "admin")) == set(mine)
    desk = await cast.staff("villagedesk")
    page = (await desk.get(f"{RATE}/households?limit=2")).json()
    rest = (await desk.get(f"{RATE}/households?limit=2&cursor={page['next']}")).json()
    assert [row["household_id"] for row in (*page["items"], *rest["items"])] == sorted(mine, reverse=True)
    assert rest["next"] is None
    assert all(row.keys() == {"household_id", "serial", "plate_text", "grid", "village", "outcome", "outcome_name"}
               for row in page["items"])  # fmt: skip
    assert (await (await cast.staff("supervisor")).get(f"{RATE}/households")).status_code == 403
    assert (await (await cast.staff("admin")).get(RATE)).status_code == 403
    for bad in ("on=2026-06-02", "on=x", "since=2026-06-02", "area=99", "unit=x"):
        assert (await desk.get(f"{RATE}?{bad}")).status_code == 422, bad
        assert (await desk.get(f"{RATE}/households?{bad}")).status_code == 422, bad
    assert (await desk.get(f"{RATE}/households?part=none")).status_code == 422
