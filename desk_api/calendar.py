"""Staff door: the working calendar: days off, make-up days, and years that nobody has published yet."""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

from domain.access.permissions import Permission as P
from domain.cases import calendar as edits
from domain.cases.shifts import Shift
from domain.clock import local_date, now
from domain.deadlines.calendar import CalendarException
from domain.problems import invalid
from domain.rulebook import rulebook
from domain.text import clean_text
from web.routes import Ask, Route
from web.shapes import local

AHEAD = 2  # years
OLDEST, NEWEST = 2000, 2100


class OneYear(Struct, forbid_unknown_fields=True):
    """A year; this one when none is named."""

    year: Annotated[int, Meta(ge=2000, le=2100)] | None = None


async def show_calendar(ask: Ask) -> dict[str, Any]:
    """The exceptions of a year and the years without data (`GET /calendar`)."""
    calendar, today = rulebook().calendar, local_date(now())
    year = ask.query.year or today.year
    rows = calendar.exceptions_between(date(year - 1, 12, 31), date(year, 12, 31))
    last = date(max(year, today.year) + AHEAD, 12, 31)
    return {
        "year": year,
        "published": calendar.known(year),
        "unpublished_years": calendar.unpublished_years(min(date(year, 1, 1), today), last),
        "hours": [[opens.isoformat("minutes"), closes.isoformat("minutes")] for opens, closes in calendar.hours.spans],
        "exceptions": [{"on": row.on, "working": row.is_workday, "name": row.name} for row in rows],
    }


class Day(Struct, forbid_unknown_fields=True):
    """One day that is to be worked, or not."""

    on: date
    working: bool
    name: Annotated[str, Meta(max_length=40)] = ""


class Rows(Struct, forbid_unknown_fields=True):
    """The days that change, and the years whose arrangement they complete."""

    rows: Annotated[list[Day], Meta(min_length=1, max_length=400)]
    published_years: Annotated[list[Annotated[int, Meta(ge=2000, le=2100)]], Meta(max_length=5)] = []


async def preview_calendar(ask: Ask) -> dict[str, Any]:
    """The open deadlines that would move; nothing is changed (`POST /calendar/preview`)."""
    shifts, total = await edits.preview(_edit(ask.body))
    return {"total": total, "items": [shift_shape(one) for one in shifts]}


async def change_calendar(ask: Ask) -> dict[str, Any]:
    """Put the rows over the calendar; open deadlines are worked out again by a job (`POST /calendar`)."""
    return {"version": await edits.apply_edit(ask.actor, _edit(ask.body))}


def shift_shape(one: Shift) -> dict[str, Any]:
    """An open clock that an edit moves."""
    return {"case_id": one.case_id, "number": one.number, "clock": one.clock, "before": local(one.before),
            "after": local(one.after)}  # fmt: skip


def _edit(body: Rows) -> edits.Edit:
    if len({row.on for row in body.rows}) < len(body.rows):
        raise invalid("rows", "同一天只能出现一次")
    if any(not OLDEST <= row.on.year <= NEWEST for row in body.rows):
        raise invalid("rows", f"日期应在 {OLDEST} 至 {NEWEST} 年之间")
    rows = tuple(CalendarException(row.on, row.working, clean_text(row.name)) for row in body.rows)
    return edits.Edit(rows, tuple(sorted(set(body.published_years))))


ROUTES = (
    Route(method="GET", path="/calendar", handler=show_calendar, gate=P.AREA_READ, query=OneYear, reads=True,
          summary="工作日历"),
    Route(method="POST", path="/calendar/preview", handler=preview_calendar, gate=P.RULES_MANAGE, body=Rows, reads=True,
          replay=False, summary="预览日历调整的影响"),
    Route(method="POST", path="/calendar", handler=change_calendar, gate=P.RULES_MANAGE, body=Rows, status=202,
          summary="调整工作日历"),
)  # fmt: skip
