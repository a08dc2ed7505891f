"""The counting of a deadline day by day, in Chinese, for the people who must trust it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from domain.clock import SHANGHAI, local_date
from domain.deadlines.calendar import ONE_DAY, SATURDAY, WorkCalendar, start_of_day

SHORT_NATURAL = 7


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation: the day, whether it counts, and why."""

    on: date
    counted: bool
    text: str


def workday_steps(start_on: date, last: date, calendar: WorkCalendar) -> tuple[Step, ...]:
    """Explain a working-day limit, every day from the start to the last."""
    steps, number = [_start(start_on)], 0
    for on in _days_after(start_on, last):
        worked = calendar.is_working_day(on)
        number += worked
        outcome = f"计第{number}个工作日" if worked else "不计"
        steps.append(Step(on, counted=worked, text=f"{_day(on, start_on)} {_kind(on, calendar)},{outcome}"))
    return tuple(steps)


def natural_steps(start_on: date, last: date, calendar: WorkCalendar) -> tuple[Step, ...]:
    """Explain a natural-day limit: every day when short, else the first, the holidays met and the last."""
    total = (last - start_on).days
    if total <= SHORT_NATURAL:
        days = [(on, number) for number, on in enumerate(_days_after(start_on, last), 1)]
        return (_start(start_on), *(_natural(on, number, start_on) for on, number in days))
    first = start_on + ONE_DAY
    holidays = _holidays(start_on, last - ONE_DAY, start_on, calendar)
    return (_start(start_on), _natural(first, 1, start_on), *holidays, _natural(last, total, start_on))


def roll_steps(strict: date, last: date, calendar: WorkCalendar) -> tuple[Step, ...]:
    """Explain how a statutory limit moves from a holiday to the next working day; empty when it does not."""
    if strict == last:
        return ()
    skipped = [
        Step(on, counted=False, text=f"{_day(on, strict)} {_kind(on, calendar)},顺延")
        for on in _days_after(strict - ONE_DAY, last - ONE_DAY)
    ]
    end = f"{_day(last, strict)} {_kind(last, calendar)},期限最后一日遇节假日,顺延至本日届满"
    return (*skipped, Step(last, counted=True, text=end))


def instant_steps(start_at: datetime, end_at: datetime) -> tuple[Step, ...]:
    """Explain an hour or minute limit on wall time by its two instants."""
    start, end = local_date(start_at), local_date(end_at)
    return (
        Step(
            start, counted=True, text=f"{_day(start, start)} {_clock(start_at)} 起算,不分昼夜和节假日连续计算"
        ),
        Step(end, counted=True, text=f"{_day(end, start)} {_clock(end_at)} 到期"),
    )


def office_steps(start_at: datetime, end_at: datetime, calendar: WorkCalendar) -> tuple[Step, ...]:
    """Explain a working-hour limit by the office time counted on each day."""
    start, end = local_date(start_at), local_date(end_at)
    steps = [Step(start, counted=False, text=f"{_day(start, start)} {_clock(start_at)} 起算,只计上班时间")]
    for on in _days_after(start - ONE_DAY, end):
        opens, closes = max(start_at, start_of_day(on)), min(end_at, start_of_day(on + ONE_DAY))
        minutes = calendar.working_time_between(opens, closes) // timedelta(minutes=1)
        counted = f"计{minutes // 60}小时{minutes % 60}分" if minutes else "不计"
        steps.append(Step(on, counted=minutes > 0, text=f"{_day(on, start)} {_kind(on, calendar)},{counted}"))
    return (*steps, Step(end, counted=True, text=f"{_day(end, start)} {_clock(end_at)} 到期"))


def _start(on: date) -> Step:
    return Step(on, counted=False, text=f"{_day(on, on)} 起算日,不计")


def _natural(on: date, number: int, start_on: date) -> Step:
    return Step(on, counted=True, text=f"{_day(on, start_on)} 计第{number}个自然日")


def _holidays(first: date, last: date, start_on: date, calendar: WorkCalendar) -> Iterator[Step]:
    rows = [row for row in calendar.exceptions_between(first, last) if not row.is_workday]
    for (_, name), days in groupby(rows, key=lambda row: (row.on.year, row.name)):
        since, *more = (row.on for row in days)
        until = more[-1] if more else since
        text = f"{_day(since, start_on)}至{_day(until, start_on)} {name}放假,自然日照常计算"
        yield Step(since, counted=True, text=text)


def _kind(on: date, calendar: WorkCalendar) -> str:
    row = calendar.exception(on)
    if row is None:
        return "工作日" if on.weekday() < SATURDAY else "休息日"
    return "调休上班" if row.is_workday else f"{row.name}放假"


def _day(on: date, start_on: date) -> str:
    year = f"{on.year}年" if on.year != start_on.year else ""
    return f"{year}{on.month}月{on.day}日 周{'一二三四五六日'[on.weekday()]}"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%H:%M}"


def _days_after(first: date, last: date) -> Iterator[date]:
    while first < last:
        first += ONE_DAY
        yield first
