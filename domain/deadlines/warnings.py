"""Warning levels of a running limit: exact instants, from yellow before the due to principal after it.

Elapsed time runs on the clock of the limit: 24 hours of each working day for working-day limits, office
hours for working-hour limits, wall time for natural days, hours and minutes. Shares look at the unrolled due
(the day the unit should aim at), red at the real one. An instant of working-day time falls at the start of
the next working day, not at the midnight before a weekend: nobody is warned of a Monday limit on Saturday.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum

from domain.clock import SHANGHAI, local_date
from domain.deadlines.calendar import ONE_DAY, WorkCalendar, start_of_day
from domain.deadlines.limits import Due, Limit, Unit

ONE_SECOND = timedelta(seconds=1)
SHORT_NATURAL_DAYS = 2


class Level(IntEnum):
    """How pressing a deadline is; each level is reached once."""

    NONE = 0
    YELLOW = 1
    ORANGE = 2
    RED = 3
    URGE = 4
    SUPERVISION = 5
    PRINCIPAL = 6

    @property
    def code(self) -> str:
        """The name on the wire: "yellow"."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class WarningRules:
    """The figures of a profile: shares of the elapsed time, what is left, days overdue, hours for notices."""

    yellow_share: float = 0.50
    orange_share: float = 0.75
    orange_workdays_left: int = 1
    orange_hours_left: int = 12
    urge_after: int = 1
    supervision_after: int = 3
    principal_after: int = 5
    notify_from: time = time(7, 30)
    notify_until: time = time(20, 30)


DEFAULT_RULES = WarningRules()
Rung = tuple[Level, datetime]


def ladder(
    limit: Limit, start_at: datetime, due: Due, calendar: WorkCalendar, rules: WarningRules = DEFAULT_RULES
) -> tuple[Rung, ...]:
    """Return each level with its UTC instant, in order; a level overtaken by a higher one is left out."""
    end_at = due.strict_at + ONE_SECOND if limit.unit.is_day else due.strict_at
    total = _elapsed(limit.unit, start_at, end_at, calendar)
    yellow_at = _reached(limit.unit, start_at, total * rules.yellow_share, calendar)
    orange_at = _reached(limit.unit, start_at, total * rules.orange_share, calendar)
    orange_at = min([orange_at, *_little_left(limit, start_at, end_at, calendar, rules)])
    steps = [(Level.ORANGE, orange_at), (Level.RED, due.due_at + ONE_SECOND)]
    if yellow_at < orange_at:
        steps.insert(0, (Level.YELLOW, yellow_at))
    return (*steps, *_overdue(limit, due, calendar, rules))


def level_at(steps: Sequence[Rung], at: datetime) -> Level:
    """Return the highest level reached at an instant."""
    return max((level for level, since in steps if since <= at), default=Level.NONE)


def next_after(steps: Sequence[Rung], at: datetime) -> Rung | None:
    """Return the first level that is reached after an instant, or None past the last."""
    return next((step for step in steps if step[1] > at), None)


def notify_at(at: datetime, *, urgent: bool = False, rules: WarningRules = DEFAULT_RULES) -> datetime:
    """Return when a notice may be sent (UTC): at once when urgent, else inside the hours people are awake."""
    local = at.astimezone(SHANGHAI)
    if urgent or rules.notify_from <= local.time() <= rules.notify_until:
        return at.astimezone(UTC)
    on = local.date() + (ONE_DAY if local.time() > rules.notify_until else timedelta())
    return datetime.combine(on, rules.notify_from, SHANGHAI).astimezone(UTC)


def _little_left(
    limit: Limit, start_at: datetime, end_at: datetime, calendar: WorkCalendar, rules: WarningRules
) -> list[datetime]:
    """Return the instant at which only a working day (or 12 hours) is left; hour limits know shares only."""
    if not limit.unit.is_day:
        return []
    if limit.unit is Unit.NATURAL_DAY and limit.amount <= SHORT_NATURAL_DAYS:
        return [max(start_at, end_at - timedelta(hours=rules.orange_hours_left))]
    left = timedelta(days=rules.orange_workdays_left)
    worked = _elapsed(Unit.WORKING_DAY, start_at, end_at, calendar)
    return [_reached(Unit.WORKING_DAY, start_at, max(worked - left, timedelta()), calendar)]


def _overdue(limit: Limit, due: Due, calendar: WorkCalendar, rules: WarningRules) -> list[Rung]:
    """Count overdue days: working days, and 24 hours for hour and minute limits, which run on duty 7×24."""
    unit = Unit.NATURAL_DAY if limit.unit in (Unit.HOUR, Unit.MINUTE) else Unit.WORKING_DAY
    late_from = due.due_at + (ONE_SECOND if limit.unit.is_day else timedelta())
    after = {
        Level.URGE: rules.urge_after,
        Level.SUPERVISION: rules.supervision_after,
        Level.PRINCIPAL: rules.principal_after,
    }
    return [(level, _reached(unit, late_from, days * ONE_DAY, calendar)) for level, days in after.items()]


def _elapsed(unit: Unit, start_at: datetime, end_at: datetime, calendar: WorkCalendar) -> timedelta:
    """Measure the time between two instants on the clock of a unit."""
    if unit is Unit.WORKING_HOUR:
        return calendar.working_time_between(start_at, end_at)
    if unit is not Unit.WORKING_DAY:
        return end_at - start_at
    first, last = local_date(start_at), local_date(end_at)
    # Whole days after the first up to the last, corrected by the parts of the two edge days.
    total = ONE_DAY * calendar.count_working_days(first, last)
    if calendar.is_working_day(first):
        total += ONE_DAY - (start_at - start_of_day(first))
    if calendar.is_working_day(last):
        total -= ONE_DAY - (end_at - start_of_day(last))
    return total


def _reached(unit: Unit, start_at: datetime, amount: timedelta, calendar: WorkCalendar) -> datetime:
    """Return the UTC instant at which `amount` has elapsed on the clock of a unit."""
    if unit is Unit.WORKING_HOUR:
        return calendar.add_working_time(start_at, amount)
    if unit is not Unit.WORKING_DAY:
        return (start_at + amount).astimezone(UTC)
    on, left = local_date(start_at), amount
    if calendar.is_working_day(on):
        left += start_at - start_of_day(on)
    else:
        on = calendar.next_working_day(on)
    days, rest = divmod(left, ONE_DAY)
    on = calendar.next_working_day(calendar.add_working_days(on, days))
    return start_of_day(on) + rest
