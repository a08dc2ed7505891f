"""Working days of the State Council calendar: pure arithmetic over exception rows.

The rows are data (days off on weekdays, make-up workdays), published a year at a time. A year without rows
falls back to plain weekdays; `unpublished_years` names it so that a deadline can say so.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from domain.clock import SHANGHAI

ONE_DAY = timedelta(days=1)
END_OF_DAY = time(23, 59, 59)
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class CalendarException:
    """One day that differs from the plain week: a weekday off or a weekend day worked."""

    on: date
    is_workday: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The spans of one working day in local time, in order, without overlap."""

    spans: tuple[tuple[time, time], ...] = ((time(8, 30), time(12, 0)), (time(14, 30), time(17, 30)))

    def __post_init__(self) -> None:
        """Refuse spans that are empty, out of order or overlapping (ValueError)."""
        edges = [edge for span in self.spans for edge in span]
        if not edges or any(late <= early for early, late in pairwise(edges)):
            raise ValueError("工作时间应按先后顺序填写,不能为空、重叠或跨夜")


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked, and between which hours."""

    exceptions: tuple[CalendarException, ...]
    years: frozenset[int]
    hours: WorkingHours = field(default_factory=WorkingHours)
    _by_day: dict[date, CalendarException] = field(init=False, repr=False, compare=False)
    _days: tuple[date, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the rows by day once; a later row for the same day wins, as an amendment does."""
        object.__setattr__(self, "_by_day", {row.on: row for row in self.exceptions})
        object.__setattr__(self, "_days", tuple(sorted(self._by_day)))

    def known(self, year: int) -> bool:
        """Whether the arrangement of this year has been published and loaded."""
        return year in self.years

    def unpublished_years(self, first: date, last: date) -> tuple[int, ...]:
        """Return the years from first to last that fall back to plain weekdays."""
        return tuple(year for year in range(first.year, last.year + 1) if year not in self.years)

    def exception(self, on: date) -> CalendarException | None:
        """Return the row for this day, or None for a day of the plain week."""
        return self._by_day.get(on)

    def exceptions_between(self, first: date, last: date) -> list[CalendarException]:
        """Return the rows of the days after `first` up to and including `last`, in order."""
        days = self._days[bisect_right(self._days, first) : bisect_right(self._days, last)]
        return [self._by_day[day] for day in days]

    def is_working_day(self, on: date) -> bool:
        """Whether offices work on this day."""
        row = self._by_day.get(on)
        return row.is_workday if row else on.weekday() < SATURDAY

    def next_working_day(self, on: date) -> date:
        """Return `on` itself when it is worked, else the first working day after it."""
        while not self.is_working_day(on):
            on += ONE_DAY
        return on

    def add_working_days(self, on: date, workdays: int) -> date:
        """Return the nth working day after `on`, which is itself not counted; 0 returns `on`."""
        if workdays < 0:
            raise ValueError("工作日数不能为负")
        for _ in range(workdays):
            on = self.next_working_day(on + ONE_DAY)
        return on

    def count_working_days(self, first: date, last: date) -> int:
        """Count the working days after `first` up to and including `last`; 0 when last is not after first."""
        span = (last - first).days
        if span <= 0:
            return 0
        weeks, rest = divmod(span, 7)
        plain = weeks * SATURDAY + sum((first.weekday() + 1 + day) % 7 < SATURDAY for day in range(rest))
        rows = self.exceptions_between(first, last)
        return plain + sum(row.is_workday - (row.on.weekday() < SATURDAY) for row in rows)

    def spans_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the working spans from `at` on, the first one cut at `at`, without end."""
        local = at.astimezone(SHANGHAI)
        on = local.date()
        while True:
            if self.is_working_day(on):
                for opens, closes in self.hours.spans:
                    start, end = (datetime.combine(on, edge, SHANGHAI) for edge in (opens, closes))
                    if end > local:
                        yield max(start, local), end
            on += ONE_DAY

    def add_working_time(self, start_at: datetime, amount: timedelta) -> datetime:
        """Return the UTC instant at which `amount` of office time has passed since `start_at`."""
        left = amount
        for start, end in self.spans_from(start_at):
            if left <= end - start:
                return (start + left).astimezone(UTC)
            left -= end - start
        raise AssertionError("working spans never end")

    def working_time_between(self, start_at: datetime, end_at: datetime) -> timedelta:
        """Return the office time between two instants; zero when end is not after start."""
        total = timedelta()
        for start, end in self.spans_from(start_at):
            if start >= end_at:
                return total
            total += min(end, end_at) - start
        raise AssertionError("working spans never end")


def start_of_day(on: date) -> datetime:
    """Return 00:00 of a day in Asia/Shanghai as a UTC instant."""
    return datetime.combine(on, time(0), SHANGHAI).astimezone(UTC)


def end_of_day(on: date) -> datetime:
    """Return 23:59:59 of a day in Asia/Shanghai as a UTC instant."""
    return datetime.combine(on, END_OF_DAY, SHANGHAI).astimezone(UTC)
