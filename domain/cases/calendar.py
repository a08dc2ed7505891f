"""Edits of the working calendar: previewed against the open deadlines, stored, and put in force in every process.

An edit is rows over the calendar that ships; later edits win day by day. Every deadline knows the edit by which it was
worked out, so none is forgotten, wherever and whenever it was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.cases import clocks
from domain.cases.models import CalendarEdit, Case
from domain.cases.move import lock_case
from domain.clock import now
from domain.deadlines.calendar import CalendarException, WorkCalendar, start_of_day
from domain.journal.unit import Fact, record
from domain.rulebook import Rulebook, install, rulebook
from domain.sql import execute, fetch, fetch_one

LOCK = 0x68757963  # "huyc"
LISTED = 500
BEYOND = timedelta(days=40)  # a due may roll over the longest holiday, and an addition may follow


@dataclass(frozen=True)
class Edit:
    """What is to differ from now on, and the years that are published by it."""

    rows: tuple[CalendarException, ...]
    years: tuple[int, ...] = ()


@dataclass(frozen=True)
class Shift:
    """An open clock that an edit moves."""

    case_id: UUID
    number: str
    clock: str
    before: datetime
    after: datetime


def edited(calendar: WorkCalendar, edit: Edit) -> WorkCalendar:
    """The calendar with an edit over it. Pure."""
    return WorkCalendar(
        (*calendar.exceptions, *edit.rows), calendar.years | frozenset(edit.years), calendar.hours
    )


async def preview(edit: Edit) -> tuple[list[Shift], int]:
    """The open clocks that the edit would move, the nearest first (at most 500 are listed), and how many there are."""
    calendar, found = edited(rulebook().calendar, edit), []
    days = [row.on for row in edit.rows]
    touched = await fetch(
        "SELECT DISTINCT case_id FROM deadlines WHERE stopped_at IS NULL AND started_at < $1 AND due_at > $2",
        [start_of_day(max(days)) + timedelta(days=1), start_of_day(min(days)) - BEYOND],
    )
    ids = [row["case_id"] for row in touched]
    running = await clocks.running_of(ids)
    for case in await Case.filter(id__in=ids):
        for clock, due in clocks.reckon_rows(case, running[case.id], calendar):
            if due.due_at != clock.due_at:
                found.append(Shift(case.id, case.number, clock.name, clock.due_at, due.due_at))
    found.sort(key=lambda shift: (shift.before, shift.number, shift.clock))
    return found[:LISTED], len(found)


async def apply_edit(actor: Actor, edit: Edit) -> int:
    """Store an edit; the job that follows works the open deadlines out again. The version of the edit."""
    await execute("SELECT pg_advisory_xact_lock($1)", [LOCK])
    last = await CalendarEdit.all().order_by("-version").first()
    version = (last.version if last else 0) + 1
    rows = [[row.on.isoformat(), row.is_workday, row.name] for row in edit.rows]
    await CalendarEdit.create(version=version, rows=rows, years=list(edit.years), by=actor.id, at=now())
    data: dict[str, Any] = {"version": version, "days": [[day, worked] for day, worked, _ in rows],
                            "years": list(edit.years)}  # fmt: skip
    record(Fact("calendar.changed", rulebook().county, data=data))
    return version


async def refresh() -> bool:
    """Put edits in force that this process does not know yet; whether there were any."""
    book = rulebook()
    row = await fetch_one("SELECT max(version) AS version FROM work_calendar")
    if row is None or (row["version"] or 0) <= book.calendar_version:
        return False
    for edit in await CalendarEdit.filter(version__gt=book.calendar_version).order_by("version"):
        book = _over(book, edit)
    install(book)
    return True


def _over(book: Rulebook, edit: CalendarEdit) -> Rulebook:
    rows = tuple(CalendarException(date.fromisoformat(day), worked, name) for day, worked, name in edit.rows)
    plain = Edit(rows, tuple(edit.years))
    overlays = {area: _over(overlay, edit) for area, overlay in book.overlays.items()}
    return replace(
        book, calendar=edited(book.calendar, plain), calendar_version=edit.version, overlays=overlays
    )


async def stale(at: datetime, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Cases with a running clock that was worked out by an older calendar, by id."""
    rows = await fetch(
        "SELECT DISTINCT case_id FROM deadlines WHERE stopped_at IS NULL AND calendar_version < $1"
        f" AND limit_code <> '' AND ($2::uuid IS NULL OR case_id > $2) ORDER BY case_id LIMIT {limit}",
        [rulebook().calendar_version, after],
    )
    return [row["case_id"] for row in rows]


async def recount(case_id: UUID, at: datetime) -> bool:
    """Work one of them out again under the lock of the case, and record what moved; whether anything did."""
    case, _ = await lock_case(case_id)
    moved = await clocks.recount(case)
    if moved:
        record(Fact("deadline.recounted", case.area_code, case.id, case.id,
                    {"version": rulebook().calendar_version, "moved": moved, **clocks.notes(case)}))  # fmt: skip
    return bool(moved)
