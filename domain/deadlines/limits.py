"""A time limit and the date it gives, with the reason for every day counted."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Self

from domain.clock import local_date
from domain.deadlines.calendar import WorkCalendar, end_of_day
from domain.deadlines.explain import (
    Step,
    instant_steps,
    natural_steps,
    office_steps,
    roll_steps,
    workday_steps,
)


class Unit(StrEnum):
    """What a limit counts; the value is the suffix of its code ("3wd")."""

    WORKING_DAY = "wd"
    NATURAL_DAY = "d"
    WORKING_HOUR = "wh"
    HOUR = "h"
    MINUTE = "min"

    @property
    def is_day(self) -> bool:
        """Whether the limit ends with a day (23:59:59) and not at an instant."""
        return self in (Unit.WORKING_DAY, Unit.NATURAL_DAY)


LABELS = {
    Unit.WORKING_DAY: "个工作日",
    Unit.NATURAL_DAY: "个自然日",
    Unit.WORKING_HOUR: "个工作小时",
    Unit.HOUR: "小时",
    Unit.MINUTE: "分钟",
}
LONGEST = 3660
CODE = re.compile(r"(\d{1,5})(wd|wh|min|d|h)( legal)?")


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of one unit; `legal` = a statutory clock whose last day rolls past holidays (民法典 203)."""

    amount: int
    unit: Unit
    legal: bool = False

    def __post_init__(self) -> None:
        """Refuse what no rule can mean: nothing to wait for, ten years, a roll without days (ValueError)."""
        if not 1 <= self.amount <= LONGEST:
            raise ValueError(f"时限应在 1 到 {LONGEST} 之间:{self.amount};即时事项请写成分钟,例如 5min")
        if self.legal and self.unit is not Unit.NATURAL_DAY:
            raise ValueError("只有自然日的法定期限才会因节假日顺延")

    @classmethod
    def parse(cls, code: str) -> Self:
        """Read a code such as "3wd", "2d", "60d legal", "4wh", "2h", "15min" (ValueError)."""
        match = CODE.fullmatch(code.strip())
        if not match:
            raise ValueError(f"时限“{code}”写法不对,应如 3wd、2d、60d legal、4wh、2h、15min")
        return cls(int(match[1]), Unit(match[2]), bool(match[3]))

    @property
    def code(self) -> str:
        """The text `parse` reads back."""
        return f"{self.amount}{self.unit}{' legal' if self.legal else ''}"

    @property
    def text(self) -> str:
        """The limit as people say it: "3个工作日"."""
        label = "日" if self.legal else LABELS[self.unit]
        return f"{self.amount}{label}"


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends; `strict_on` is its last day before any legal roll and the day warnings look at."""

    due_at: datetime
    due_on: date
    strict_on: date
    explanation: tuple[Step, ...] = ()
    unpublished_years: tuple[int, ...] = ()

    @property
    def strict_at(self) -> datetime:
        """The instant of the unrolled due."""
        return self.due_at if self.strict_on == self.due_on else end_of_day(self.strict_on)

    @property
    def warning(self) -> str | None:
        """What is not certain about this date, in Chinese, or None."""
        if not self.unpublished_years:
            return None
        years = "、".join(str(year) for year in self.unpublished_years)
        return f"{years}年放假安排尚未公布,暂按周一至周五为工作日推算,公布后可能变动"


def due(limit: Limit, start_at: datetime, calendar: WorkCalendar) -> Due:
    """Return the end of a limit: day limits do not count the start day and end at 23:59:59 Asia/Shanghai."""
    if limit.unit.is_day:
        return _day_due(limit, local_date(start_at), calendar)
    if limit.unit is Unit.WORKING_HOUR:
        end_at = calendar.add_working_time(start_at, timedelta(hours=limit.amount))
        on = local_date(end_at)
        unpublished = calendar.unpublished_years(local_date(start_at), on)
        return Due(end_at, on, on, office_steps(start_at, end_at, calendar), unpublished)
    step = timedelta(minutes=1) if limit.unit is Unit.MINUTE else timedelta(hours=1)
    end_at = (start_at + limit.amount * step).astimezone(UTC)
    on = local_date(end_at)
    return Due(end_at, on, on, instant_steps(start_at, end_at))


def extended(before: Due, extension: Limit, calendar: WorkCalendar) -> Due:
    """Return the due moved by an extension, counted from the last unrolled day (instants: from the due)."""
    if extension.unit.is_day:
        return _day_due(extension, before.strict_on, calendar)
    return due(extension, before.due_at, calendar)


def rework_limit(limit: Limit) -> Limit:
    """Return the limit of a rework: half of the track's, rounded up, and at least two days."""
    if not limit.unit.is_day:
        return Limit(2, Unit.WORKING_DAY if limit.unit is Unit.WORKING_HOUR else Unit.NATURAL_DAY)
    return Limit(max(2, (limit.amount + 1) // 2), limit.unit, limit.legal)


def _day_due(limit: Limit, start_on: date, calendar: WorkCalendar) -> Due:
    if limit.unit is Unit.WORKING_DAY:
        last = calendar.add_working_days(start_on, limit.amount)
        unpublished = calendar.unpublished_years(start_on, last)
        return Due(end_of_day(last), last, last, workday_steps(start_on, last, calendar), unpublished)
    strict = start_on + timedelta(days=limit.amount)
    last = calendar.next_working_day(strict) if limit.legal else strict
    steps = natural_steps(start_on, strict, calendar) + roll_steps(strict, last, calendar)
    # A natural limit needs the calendar only to roll, so only the years of the roll can be uncertain.
    unpublished = calendar.unpublished_years(strict, last) if limit.legal else ()
    return Due(end_of_day(last), last, strict, steps, unpublished)
