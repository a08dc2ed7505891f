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
from domain.cases.models import CalendarEdit
from domain.cases.move import lock_case
from domain.cases.shifts import Shift, last_version, recount_case, shifts
from domain.clock import now
from domain.deadlines.calendar import CalendarException, WorkCalendar, start_of_day
from domain.journal.unit import Fact, record
from domain.rulebook import Rulebook, install, rulebook
from domain.sql import execute, fetch

LOCK = 0x68757963  # "huyc"
BEYOND = timedelta(days=40)  # a due may roll over the longest holiday, and an addition may follow


@dataclass(frozen=True)
class Edit:
    """What is to differ from now on, and the years that are published by it."""

    rows: tuple[CalendarException, ...]
    years: tuple[int, ...] = ()


def over(book: Rulebook, edit: Edit, version: int = 0) -> Rulebook:
    """The rules with an edit over their calendar, here and in every area with rules of its own. Pure."""
    old = book.calendar
    calendar = WorkCalendar((*old.exceptions, *edit.rows), old.years | frozenset(edit.years), old.hours)
    overlays = {area: over(overlay, edit, version) for area, overlay in book.overlays.items()}
    return replace(book, calendar=calendar, calendar_version=version, overlays=overlays)


async def preview(edit: Edit) -> tuple[list[Shift], int]:
    """The open clocks that the edit would move, the nearest first (at most 500 are listed), and how many there are."""
    days = [row.on for row in edit.rows]
    touched = await fetch(
        "SELECT DISTINCT case_id FROM deadlines WHERE stopped_at IS NULL AND started_at < $1 AND due_at > $2",
        [start_of_day(max(days)) + timedelta(days=1), start_of_day(min(days)) - BEYOND],
    )
    return await shifts(over(rulebook(), edit), {row["case_id"]: {} for row in touched})


async def apply_edit(actor: Actor, edit: Edit) -> int:
    """Store an edit; the job that follows works the open deadlines out again. The version of the edit."""
    await execute("SELECT pg_advisory_xact_lock($1)", [LOCK])
    version = await last_version("work_calendar") + 1
    rows = [[row.on.isoformat(), row.is_workday, row.name] for row in edit.rows]
    await CalendarEdit.create(version=version, rows=rows, years=list(edit.years), by=actor.id, at=now())
    data: dict[str, Any] = {"version": version, "days": [[day, worked] for day, worked, _ in rows],
                            "years": list(edit.years)}  # fmt: skip
    record(Fact("calendar.changed", rulebook().county, data=data))
    return version


async def refresh() -> bool:
    """Put edits in force that this process does not know yet; whether there were any."""
    book = rulebook()
    if await last_version("work_calendar") <= book.calendar_version:
        return False
    for one in await CalendarEdit.filter(version__gt=book.calendar_version).order_by("version"):
        rows = tuple(CalendarException(date.fromisoformat(day), worked, name) for day, worked, name in one.rows)
        book = over(book, Edit(rows, tuple(one.years)), one.version)
    install(book)
    return True


async def stale(at: datetime, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Cases with a running clock that was worked out by an older calendar, by id."""
    rows = await fetch(
        "SELECT DISTINCT case_id FROM deadlines WHERE stopped_at IS NULL AND calendar_version < $1"
        f" AND limit_code <> '' AND ($2::uuid IS NULL OR case_id > $2) ORDER BY case_id LIMIT {limit}",
        [rulebook().calendar_version, after],
    )
    return [row["case_id"] for row in rows]


async def recount(case_id: UUID) -> bool:
    """Work one of them out again under the lock of the case, and record what moved; whether anything did."""
    case, _ = await lock_case(case_id)
    return await recount_case(case, {"version": rulebook().calendar_version})
