"""What an edit of the calendar or of a limit does to open clocks: which it would move, and working them out again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from domain.cases import clocks
from domain.cases.models import Case
from domain.journal.unit import Fact, record
from domain.rulebook import Rulebook
from domain.sql import fetch

LISTED = 500
Codes = Mapping[str, str]  # clock -> code of its other limit


@dataclass(frozen=True)
class Shift:
    """An open clock that an edit moves."""

    case_id: UUID
    number: str
    clock: str
    before: datetime
    after: datetime


async def shifts(book: Rulebook, touched: Mapping[UUID, Codes]) -> tuple[list[Shift], int]:
    """The open clocks of these cases that such rules would move, the nearest first (at most 500 are listed), and how
    many there are."""
    found, running = [], await clocks.running_of(list(touched))
    for case in await Case.filter(id__in=list(touched)):
        calendar = book.for_area(case.area_path).calendar
        for clock, due in clocks.reckon_rows(case, running.get(case.id, ()), calendar, touched[case.id]):
            if due.due_at != clock.due_at:
                found.append(Shift(case.id, case.number, clock.name, clock.due_at, due.due_at))
    found.sort(key=lambda shift: (shift.before, shift.number, shift.clock))
    return found[:LISTED], len(found)


async def recount_case(case: Case, by: Mapping[str, Any], codes: Codes | None = None) -> bool:
    """Work the open clocks of a locked case out again, some with another limit, and record by what; whether any moved."""
    moved = await clocks.recount(case, codes)
    if moved or codes:
        data = {**by, "moved": moved, **clocks.notes(case)}
        record(Fact("deadline.recounted", case.area_code, case.id, case.id, data))
    return bool(moved)


async def last_version(edits: Literal["work_calendar", "limit_edits"]) -> int:
    """The number of the last edit that is stored; 0 when there is none."""
    return int((await fetch(f"SELECT COALESCE(max(version), 0) AS last FROM {edits}"))[0]["last"])
