"""Editing the working calendar: first see which cases move, then move them, whatever process set their dates."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.cases import calendar
from domain.cases.models import Deadline
from domain.clock import now
from domain.rulebook import install, rulebook
from domain.sql import fetch
from server.reactions.calendar import recount_stale
from server.timers import Timers
from tests.support.cast import DESK, Cast
from tests.support.life import bring_to

pytestmark = pytest.mark.anyio
At = Callable[[str], None]
OFF = {"rows": [{"on": "2026-03-18", "working": False, "name": "防汛停工"}]}


@pytest.fixture(autouse=True)
def same_rules_after() -> Iterator[None]:
    """The calendar of the process as it was, for the tests that follow."""
    before = rulebook()
    yield
    install(before)


async def send(cast: Cast, path: str, body: dict[str, Any], login: str = "admin") -> tuple[int, dict[str, Any]]:
    answer = await (await cast.staff(login)).post(f"{DESK}{path}", json=body)
    return answer.status_code, dict(answer.json())


async def handling(case_id: str) -> Deadline:
    return await Deadline.get(case_id=case_id, name="handling")


async def test_a_preview_lists_what_would_move_and_changes_nothing(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "signed")
    at("2026-03-19T09:00")
    later = await bring_to(cast, "signed")
    status, found = await send(cast, "/calendar/preview", OFF)
    assert status == 200
    moved = [(one["case_id"], one["before"], one["after"]) for one in found["items"] if one["clock"] == "handling"]
    assert moved == [(case_id, "2026-03-23T23:59:59+08:00", "2026-03-24T23:59:59+08:00")]
    assert found["total"] == len(found["items"]) and later not in {one["case_id"] for one in found["items"]}
    status, again = await send(cast, "/calendar/preview", OFF)
    assert again == found
    assert await fetch("SELECT 1 AS x FROM work_calendar") == []


async def test_an_applied_edit_moves_exactly_what_the_preview_listed(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "signed")
    _, listed = await send(cast, "/calendar/preview", OFF)
    status, done = await send(cast, "/calendar", OFF)
    assert (status, done) == (202, {"version": 1})
    assert "recount_deadlines" in await cast.react()
    after = {(str(row.case_id), row.name): row.due_at.isoformat() for row in await Deadline.filter(stopped_at=None)}
    for one in listed["items"]:
        assert after[one["case_id"], one["clock"]].startswith(one["after"][:10])
    assert (await handling(case_id)).calendar_version == 1
    assert await calendar.stale(now(), None, 10) == []
    shown = (await (await cast.staff("admin")).get(f"{DESK}/calendar?year=2026")).json()
    assert {"on": "2026-03-18", "working": False, "name": "防汛停工"} in shown["exceptions"]
    _, back = await send(cast, "/calendar", {"rows": [{"on": "2026-03-18", "working": True}]})
    await cast.react()
    assert back == {"version": 2}
    assert (await handling(case_id)).due_at.isoformat() == "2026-03-23T15:59:59+00:00"


async def test_levels_already_warned_of_are_not_warned_of_again(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "signed")
    timers = Timers(cast.app.ctx.services)
    at("2026-03-20T09:00")  # past yellow of five working days
    await timers.tick()
    warned = (await handling(case_id)).level
    assert warned != "none"
    await send(cast, "/calendar", {"rows": [{"on": day, "working": False} for day in ("2026-03-18", "2026-03-19")]})
    await cast.react()
    clock = await handling(case_id)
    assert (clock.level, clock.due_at.isoformat()) == (warned, "2026-03-25T15:59:59+00:00")
    await timers.tick()
    rows = await fetch(
        "SELECT data->>'level' AS level FROM journal WHERE case_id = $1 AND event = 'deadline.warned'"
        " AND data->>'name' = 'handling'",
        [case_id],
    )
    assert sorted(row["level"] for row in rows) == sorted({row["level"] for row in rows})


async def test_a_date_set_by_a_process_that_had_not_heard_is_found(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    old = rulebook()
    await send(cast, "/calendar", OFF)
    await cast.react()
    new = rulebook()
    install(old)
    case_id = await bring_to(cast, "signed")
    assert (await handling(case_id)).due_at.isoformat() == "2026-03-23T15:59:59+00:00"
    install(new)
    assert await recount_stale(cast.app.ctx.services) >= 1
    assert (await handling(case_id)).due_at.isoformat() == "2026-03-24T15:59:59+00:00"
    assert await recount_stale(cast.app.ctx.services) == 0


async def test_an_extended_date_is_worked_out_again_with_its_extension(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "signed")
    await cast.act("handler", case_id, "extend", amount=3, reason="采购", done="已勘察")
    await cast.act("supervisor", case_id, "grant-extension")
    await send(cast, "/calendar", {"rows": [{"on": "2026-03-25", "working": False}]})
    await cast.react()
    assert (await handling(case_id)).due_at.isoformat() == "2026-03-27T15:59:59+00:00"


async def test_a_year_is_published_by_an_edit(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    desk = await cast.staff("admin")
    assert 2027 in (await desk.get(f"{DESK}/calendar?year=2027")).json()["unpublished_years"]
    body = {"rows": [{"on": "2027-01-01", "working": False, "name": "元旦"}], "published_years": [2027]}
    await send(cast, "/calendar", body)
    await cast.react()
    shown = (await desk.get(f"{DESK}/calendar?year=2027")).json()
    assert shown["published"] and 2027 not in shown["unpublished_years"]


@pytest.mark.parametrize("path", ["/calendar", "/calendar/preview"])
async def test_who_may_not_and_what_is_malformed(cast: Cast, path: str) -> None:
    assert (await send(cast, path, OFF, "dispatcher"))[0] == 403
    for rows in ([], [{"on": "2026-13-01", "working": True}], [*OFF["rows"], *OFF["rows"]],
                 [{"on": "1999-01-01", "working": True}]):  # fmt: skip
        assert (await send(cast, path, {"rows": rows}))[0] == 422, rows
