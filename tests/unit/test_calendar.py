import csv
from datetime import date, datetime, time, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clock import SHANGHAI
from domain.deadlines.calendar import CalendarException, WorkCalendar, WorkingHours, end_of_day

ROWS = Path(__file__).parents[2] / "config" / "calendar" / "workday_exceptions.csv"


def published() -> WorkCalendar:
    with ROWS.open(encoding="utf-8", newline="") as lines:
        rows = tuple(
            CalendarException(date.fromisoformat(row["date"]), row["is_workday"] == "1", row["name"])
            for row in csv.DictReader(lines)
        )
    return WorkCalendar(rows, frozenset(row.on.year for row in rows))


CALENDAR = published()
days = st.dates(date(2004, 1, 1), date(2026, 12, 31))
instants = st.datetimes(datetime(2004, 1, 1), datetime(2026, 11, 30)).map(
    lambda at: at.replace(tzinfo=SHANGHAI)
)
workdays = st.integers(0, 90)
steady = settings(deadline=None)  # a busy machine is no failure


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_every_day_since_2004_agrees_with_an_independent_calendar() -> None:
    first = date(2004, 1, 1)
    wrong = [
        day
        for day in (first + timedelta(days=n) for n in range((date(2026, 12, 31) - first).days + 1))
        if CALENDAR.is_working_day(day) != chinese_calendar.is_workday(day)
    ]
    assert wrong == []


@steady
@given(days, workdays)
def test_adding_is_the_inverse_of_counting(on: date, number: int) -> None:
    last = CALENDAR.add_working_days(on, number)
    assert CALENDAR.count_working_days(on, last) == number
    assert number == 0 or CALENDAR.is_working_day(last)


@steady
@given(days, st.integers(0, 400))
def test_counting_equals_looking_at_each_day(on: date, length: int) -> None:
    last = on + timedelta(days=length)
    each = sum(CALENDAR.is_working_day(on + timedelta(days=n)) for n in range(1, length + 1))
    assert CALENDAR.count_working_days(on, last) == each


@steady
@given(days, workdays, workdays)
def test_more_working_days_never_end_earlier(on: date, one: int, other: int) -> None:
    few, many = sorted((one, other))
    assert CALENDAR.add_working_days(on, few) <= CALENDAR.add_working_days(on, many)


@steady
@given(instants, st.integers(1, 60 * 60))
def test_working_time_added_is_the_working_time_between(start: datetime, minutes: int) -> None:
    amount = timedelta(minutes=minutes)
    assert CALENDAR.working_time_between(start, CALENDAR.add_working_time(start, amount)) == amount


def test_counting_backwards_or_nowhere_is_nothing() -> None:
    assert CALENDAR.count_working_days(date(2026, 3, 18), date(2026, 3, 13)) == 0
    assert CALENDAR.working_time_between(at("2026-03-18T10:00"), at("2026-03-13T10:00")) == timedelta()


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-13T08:30", 4, "2026-03-13T15:00"),
        ("2026-03-13T08:30", 3.5, "2026-03-13T12:00"),
        ("2026-03-13T13:00", 1, "2026-03-13T15:30"),
        ("2026-03-13T16:30", 4, "2026-03-16T11:30"),
        ("2026-03-13T23:00", 1, "2026-03-16T09:30"),
        ("2026-02-13T17:00", 7, "2026-02-14T17:30"),
        ("2026-02-14T17:00", 1, "2026-02-24T09:00"),
    ],
)
def test_office_hours_skip_noon_nights_and_holidays(start: str, hours: float, end: str) -> None:
    assert CALENDAR.add_working_time(at(start), timedelta(hours=hours)) == at(end)


def test_a_year_without_rows_is_named() -> None:
    assert not CALENDAR.known(2027)
    assert CALENDAR.is_working_day(date(2027, 1, 1))
    assert CALENDAR.unpublished_years(date(2026, 12, 30), date(2027, 1, 4)) == (2027,)
    assert CALENDAR.unpublished_years(date(2026, 1, 1), date(2026, 12, 31)) == ()


def test_a_later_row_amends_an_earlier_one() -> None:
    rows = (
        CalendarException(date(2027, 1, 1), is_workday=False, name="元旦"),
        CalendarException(date(2027, 1, 1), is_workday=True, name="抢险"),
    )
    assert WorkCalendar(rows, frozenset({2027})).is_working_day(date(2027, 1, 1))


@pytest.mark.parametrize(
    "spans",
    [
        (),
        ((time(12), time(8)),),
        ((time(8), time(12)), (time(11), time(17))),
        ((time(14), time(17)), (time(8), time(12))),
    ],
)
def test_impossible_working_hours_are_refused(spans: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(ValueError, match="工作时间"):
        WorkingHours(spans)


def test_a_day_ends_in_shanghai_not_in_utc() -> None:
    assert end_of_day(date(2026, 3, 15)).isoformat() == "2026-03-15T15:59:59+00:00"
