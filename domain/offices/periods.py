"""The periods of standing duties (1.7): when one begins and ends. Pure. `regular` (定期) has no period of its own in the
sources; it counts by the year."""

from collections.abc import Iterator
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12, "regular": 12}
_MIDDLE = 15


def period_of(period: str, on: date) -> tuple[date, date]:
    """The first and the last day of the period that holds a day."""
    if period == "day":
        return on, on
    if period == "week":
        first = on - timedelta(days=on.weekday())
        return first, first + timedelta(days=6)
    if period == "half_month":
        if on.day <= _MIDDLE:
            return on.replace(day=1), on.replace(day=_MIDDLE)
        return on.replace(day=_MIDDLE + 1), _month_end(on.year, on.month)
    months = _MONTHS[period]
    start = (on.month - 1) // months * months + 1
    return date(on.year, start, 1), _month_end(on.year, start + months - 1)


def ended_periods(period: str, since_on: date, until_on: date) -> Iterator[tuple[date, date]]:
    """The periods that lie wholly between two days."""
    first, last = period_of(period, since_on)
    while last <= until_on:
        if first >= since_on:
            yield first, last
        first, last = period_of(period, last + ONE_DAY)


def _month_end(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - ONE_DAY
