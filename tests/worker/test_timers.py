"""Warnings by the clock: exact instants, once per level, nobody forgotten."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain import clock
from domain.cases import clocks
from domain.cases.models import Case, Deadline
from domain.clock import SHANGHAI, now
from domain.deadlines.limits import Limit
from domain.notices.models import Notice
from domain.ratings.models import Rating
from domain.sql import execute, fetch
from domain.supervision.models import Supervision
from server.rules import stable_id
from server.timers import BATCH, Timers
from tests.support.cast import RESIDENT, Cast
from tests.support.moves import move, walk

pytestmark = pytest.mark.anyio
At = Callable[[str], None]

LADDERS = {
    "CLOSE_3WD": ("2026-03-13T16:30", "3wd", [
        ("yellow", "2026-03-17T08:15"), ("orange", "2026-03-18T00:00"), ("red", "2026-03-19T00:00"),
        ("urge", "2026-03-20T00:00"), ("supervision", "2026-03-24T00:00"), ("principal", "2026-03-26T00:00"),
    ]),
    "MSHY_2D": ("2026-03-13T16:30", "2d", [
        ("yellow", "2026-03-14T20:15"), ("orange", "2026-03-15T10:07:30"), ("red", "2026-03-16T00:00"),
    ]),
    "over the Spring Festival": ("2026-02-13T10:00", "3wd", [
        ("yellow", "2026-02-24T05:00"), ("orange", "2026-02-25T00:00"), ("red", "2026-02-26T00:00"),
    ]),
}  # fmt: skip


def timers(cast: Cast) -> Timers:
    return Timers(cast.app.ctx.services)


async def levels(case_id: UUID | str) -> list[str]:
    """The levels that the journal holds of a case's handling clock, in order."""
    rows = await fetch(
        "SELECT data->>'level' AS level FROM journal WHERE case_id = $1 AND event = 'deadline.warned'"
        " AND data->>'name' = 'handling' ORDER BY n",
        [case_id],
    )
    return [row["level"] for row in rows]


async def running(cast: Cast, at: At, received: str, limit: str, last: str = "sign") -> Case:
    """A case received at a local time whose only clock is a handling limit."""
    at(received)
    case_id = await cast.case_of(await cast.appeal())
    case = await walk(cast, case_id, last)
    await Deadline.filter(case_id=case.id).delete()
    case.received_at = datetime.fromisoformat(received).replace(tzinfo=SHANGHAI)  # to the second, as the vectors are
    await case.save()
    await clocks.set_clock(case, "handling", Limit.parse(limit), case.received_at)
    return case


def a_minute_before(moment: str) -> str:
    return (datetime.fromisoformat(moment) - timedelta(minutes=1)).isoformat()


@pytest.mark.mechanism("000-42")
@pytest.mark.parametrize("name", LADDERS)
async def test_each_level_falls_at_its_instant_once(cast: Cast, at: At, name: str) -> None:
    received, limit, steps = LADDERS[name]
    case = await running(cast, at, received, limit)
    told: list[str] = []
    for level, moment in steps:
        at(a_minute_before(moment))
        await timers(cast).tick()
        assert await levels(case.id) == told, f"{level} came early"
        at(moment)
        await timers(cast).tick()
        await timers(cast).tick()
        told.append(level)
        assert await levels(case.id) == told


async def inbox_of(login: str) -> list[str]:
    """The events of the notices of an account."""
    return [n.event for n in await Notice.filter(recipient_id=stable_id("staff", login)).order_by("id")]


@pytest.mark.mechanism("000-42")
async def test_higher_levels_reach_higher_people(cast: Cast, at: At) -> None:
    _, _, steps = LADDERS["CLOSE_3WD"]
    await running(cast, at, "2026-03-13T16:30", "3wd")
    await cast.react()
    await Notice.all().delete()
    for _, moment in steps:
        at(moment)
        await timers(cast).tick()
        await cast.react()
    warned = {who: [e for e in await inbox_of(who) if e.startswith("deadline.")] for who in (
        "handler", "unitlead", "principal", "supervisor", "dispatcher", "reviewer", "handler2")}  # fmt: skip
    assert warned == {
        "handler": ["deadline.yellow", "deadline.orange", "deadline.red", "deadline.urge"],
        "unitlead": ["deadline.orange", "deadline.red", "deadline.urge", "deadline.supervision"],
        "principal": ["deadline.supervision", "deadline.principal"],
        "supervisor": ["deadline.supervision", "deadline.principal"],
        "dispatcher": [],
        "reviewer": [],
        "handler2": [],
    }


@pytest.mark.mechanism("000-15")
async def test_three_working_days_overdue_open_supervision_by_themselves(cast: Cast, at: At) -> None:
    case = await running(cast, at, "2026-03-13T16:30", "3wd")
    at("2026-03-23T23:59")
    await timers(cast).tick()
    assert not await Supervision.exists(case_id=case.id)
    at("2026-03-24T00:00")
    await timers(cast).tick()
    await timers(cast).tick()
    [opened] = await Supervision.filter(case_id=case.id)
    assert (opened.trigger, opened.kind, opened.state) == ("overdue", "key", "open")
    await cast.react()
    assert "supervision.opened" in await inbox_of("principal")


async def test_a_night_notice_waits_for_the_morning_but_an_urgent_one_does_not(cast: Cast, at: At) -> None:
    case = await running(cast, at, "2026-03-13T16:30", "3wd")
    at("2026-03-18T00:00")
    await timers(cast).tick()
    await cast.react()
    handler = await cast.staff("handler")
    path = "/api/desk/v1/inbox"
    seen = [n["event"] for n in (await handler.get(path)).json()["items"]]
    assert "deadline.orange" not in seen
    at("2026-03-18T07:30")
    seen = [n["event"] for n in (await handler.get(path)).json()["items"]]
    assert "deadline.orange" in seen
    await Case.filter(id=case.id).update(urgent=True)
    at("2026-03-19T00:00")
    await timers(cast).tick()
    await cast.react()
    assert (await handler.get(path)).json()["items"][0]["event"] == "deadline.red"


# --- the four holes of a well-known escalation scheduler


async def test_an_edit_does_not_restart_the_clock(cast: Cast, at: At) -> None:
    case = await running(cast, at, "2026-03-13T16:30", "3wd")
    before = await Deadline.get(case_id=case.id, name="handling")
    at("2026-03-17T08:00")
    await move(cast, "dispatcher", case.id, "add-note", text="已电话了解")
    after = await Deadline.get(case_id=case.id, name="handling")
    assert (after.due_at, after.next_at, after.ladder) == (before.due_at, before.next_at, before.ladder)
    at("2026-03-17T08:15")
    await timers(cast).tick()
    await clocks.set_clock(await Case.get(id=case.id), "handling", Limit.parse("3wd"), case.received_at)
    await timers(cast).tick()
    assert await levels(case.id) == ["yellow"]


async def test_a_case_that_nobody_was_given_is_escalated_to_the_desk(cast: Cast, at: At) -> None:
    case = await running(cast, at, "2026-03-13T16:30", "3wd", last="accept")
    assert case.lead_id is None
    at("2026-03-24T00:00")
    await timers(cast).tick()
    await cast.react()
    assert await Supervision.exists(case_id=case.id, department_id=None)
    assert "deadline.supervision" in await inbox_of("towndesk")  # the nearest desk of the village
    assert "deadline.supervision" in await inbox_of("supervisor")


async def overdue_row(case: Case, number: int) -> None:
    at = now()
    await Deadline.create(
        id=uuid4(), case_id=case.id, area_path=case.area_path, name=f"x{number}", started_at=at, due_at=at,
        ladder=[["yellow", at.isoformat()]], next_at=at,
    )  # fmt: skip


async def test_more_than_a_batch_is_finished_in_one_tick_and_a_broken_row_stops_no_other(cast: Cast, at: At) -> None:
    case = await running(cast, at, "2026-03-13T16:30", "3wd")
    for number in range(BATCH * 2 + 5):
        await overdue_row(case, number)
    await execute("UPDATE deadlines SET ladder = '[[\"violet\", \"never\"]]' WHERE case_id = $1 AND name = 'x3'", [case.id])
    assert await timers(cast).tick() == BATCH * 2 + 4
    waiting = await Deadline.filter(next_at__lte=now(), name__startswith="x").values_list("name", flat=True)
    assert list(waiting) == ["x3"]


async def test_every_area_is_looked_at(cast: Cast, at: At) -> None:
    case = await running(cast, at, "2026-03-13T16:30", "3wd")
    paths = [row["path"] for row in await fetch("SELECT path FROM areas WHERE kind = 'town'")]
    assert len(paths) > 10
    for number, path in enumerate(paths):
        await overdue_row(case, number)
        await execute("UPDATE deadlines SET area_path = $1 WHERE name = $2", [path, f"x{number}"])
    await timers(cast).tick()
    assert await Deadline.filter(name__startswith="x", level="yellow").count() == len(paths)


async def test_after_an_outage_every_level_is_recorded_but_only_the_highest_is_told(cast: Cast, at: At) -> None:
    case = await running(cast, at, "2026-03-13T16:30", "3wd")
    await cast.react()
    at("2026-03-19T09:00")
    await timers(cast).tick()
    await cast.react()
    assert await levels(case.id) == ["yellow", "orange", "red"]
    assert [e for e in await inbox_of("handler") if e.startswith("deadline.")] == ["deadline.red"]


async def test_an_ended_case_warns_nobody(cast: Cast, at: At) -> None:
    case = await running(cast, at, "2026-03-13T16:30", "3wd")
    await Case.filter(id=case.id).update(state="withdrawn")
    at("2026-03-24T00:00")
    assert await timers(cast).tick() == 0
    assert (await Deadline.get(case_id=case.id)).next_at is None


async def test_nobody_of_the_unit_complained_of_is_told(cast: Cast, at: At) -> None:
    case = await running(cast, at, "2026-03-13T16:30", "3wd")
    await Case.filter(id=case.id).update(complained_department_id=stable_id("unit", await code_of("市城管局")))
    await cast.react()
    await Notice.all().delete()
    at("2026-03-26T00:00")
    await timers(cast).tick()
    await cast.react()
    assert await inbox_of("handler") == await inbox_of("unitlead") == await inbox_of("principal") == []
    assert await inbox_of("supervisor") != []


async def code_of(name: str) -> str:
    rows: list[dict[str, Any]] = await fetch("SELECT code FROM departments WHERE name = $1", [name])
    return str(rows[0]["code"])


# --- what happens because nobody did anything


async def test_information_that_never_comes_puts_the_case_back(cast: Cast, at: At) -> None:
    at("2026-03-02T10:00")
    case_id = await cast.case_of(await cast.appeal())
    await walk(cast, case_id, "register")
    await move(cast, "dispatcher", case_id, "ask-info", items=["路灯杆编号"])
    at("2026-03-17T23:59")
    await timers(cast).tick()
    assert (await Case.get(id=case_id)).state == "need_info"
    at("2026-03-18T00:00")
    await timers(cast).tick()
    assert (await Case.get(id=case_id)).state == "registered"
    rows = await fetch("SELECT actor, data FROM journal WHERE case_id = $1 AND event = 'case.info-lapsed'", [case_id],
                       json=("data",))  # fmt: skip
    assert [(row["actor"], row["data"]["info_missing"]) for row in rows] == [("system", True)]
    accept = await Deadline.get(case_id=case_id, name="accept")
    assert accept.due_at > now(), "the time spent waiting is not the desk's"
    await cast.react()
    assert "case.info-lapsed" in await inbox_of("dispatcher")


async def ready_to_close(cast: Cast, case_id: str) -> Case:
    """Everything that closing asks for, but nobody rated well and nobody pressed the button."""
    await walk(cast, case_id, "answer")
    for stage in ("accept", "answer"):
        await move(cast, "handler", case_id, "contact", stage=stage)
    await move(cast, "handler", case_id, "follow-up", note="已告知")
    return await Case.get(id=case_id)


async def test_an_answered_case_whose_loop_is_complete_closes_after_the_time_to_rate(cast: Cast, at: At) -> None:
    at("2026-03-02T10:00")
    receipt = await cast.appeal()
    case = await ready_to_close(cast, await cast.case_of(receipt))
    at("2026-04-02T10:00")
    await timers(cast).sweep()
    assert (await Case.get(id=case.id)).state == "answered", "nobody was heard"
    await Rating.create(
        id=uuid4(), appeal_id=receipt["id"], case_id=case.id, round=1, source="callback", process=3, result=3,
        solved="partly", staff="average", counts=True, rated_at=now(), rated_on="2026-03-20",
    )  # fmt: skip
    at("2026-03-31T10:00")
    await timers(cast).sweep()
    assert (await Case.get(id=case.id)).state == "answered", "there was still time to rate"
    at("2026-04-02T10:00")
    await timers(cast).sweep()
    assert (await Case.get(id=case.id)).state == "closed"


async def test_the_daily_round_forgets_the_contacts_of_erased_people_whose_cases_have_ended(cast: Cast) -> None:
    li = await cast.resident("li")
    going = await cast.appeal(li, contact={"name": "李明", "phone": "13700000099"})
    assert (await li.request("DELETE", f"{RESIDENT}/me")).status_code == 200
    case_id = await cast.case_of(going)
    await cast.act("dispatcher", case_id, "register", appeal_type="help", topic="0901")
    named = "SELECT name, phone FROM appellants WHERE appeal_id = $1"
    await timers(cast).sweep()
    assert (await fetch(named, [going["id"]]))[0]["name"] == "李明", "an open case needs its contact"
    await cast.act("dispatcher", case_id, "redirect", legal_path="litigation", body="人民法院")
    clock.install_offset(86400)  # the round of today is over
    await timers(cast).sweep()
    assert await fetch(named, [going["id"]]) == [{"name": "", "phone": ""}]
