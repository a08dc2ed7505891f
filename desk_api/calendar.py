"""Staff door: the working calendar: days off, make-up days, and years that nobody has published yet."""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

from domain.access.permissions import Permission as P
from domain.clock import local_date, now
from domain.rulebook import rulebook
from web.routes import Ask, Route

AHEAD = 2  # years


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


ROUTES = (
    Route(method="GET", path="/calendar", handler=show_calendar, gate=P.AREA_READ, query=OneYear, reads=True,
          summary="工作日历"),
)  # fmt: skip
