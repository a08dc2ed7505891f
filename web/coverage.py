"""How the coverage of households (户户走到) is asked for and shown, the same behind each door."""

from datetime import date, timedelta
from typing import Any

from domain.clock import local_date, now
from domain.households.naming import plate_text
from domain.problems import invalid
from domain.rulebook import rulebook
from domain.statistics.rates import coverage
from domain.visits.coverage import Period
from web.paging import Page

LONGEST = timedelta(days=1100)


class Span(Page, kw_only=True):
    """A campaign's days; without them, the current round."""

    since: date | None = None
    until: date | None = None


def period_of(span: Span) -> Period:
    """The days asked for; 422 for a period that ends before it begins or is longer than three years."""
    until = span.until or local_date(now())
    since = span.since or until - timedelta(days=rulebook().visit_round_days)
    if not timedelta() <= until - since <= LONGEST:
        raise invalid("since", "起止日期不对:开始不能晚于结束,最长三年")
    return Period(since, until)


def coverage_shape(row: dict[str, Any]) -> dict[str, Any]:
    """The counts of one area with the rate of formula 5.12 and what it is made of."""
    reached, visited = coverage(row["met"] + row["declined"], row["noticed"], row["households"])
    return {
        "code": row["code"], "name": row["name"], "households": row["households"], "met": row["met"],
        "declined": row["declined"], "absent_with_notice": row["noticed"],
        "missing": row["households"] - reached.numerator, "rate": reached.shown, "rate_visited": visited.shown,
    }  # fmt: skip


def missing_shape(row: dict[str, Any]) -> dict[str, Any]:
    """A household that nobody has walked to yet."""
    return {
        "household_id": row["id"], "plate_text": plate_text(row["group_name"], row["door_text"]),
        "grid_code": row["grid_code"], "grid": row["grid"], "village": row["village"], "tries": row["tries"],
    }  # fmt: skip
