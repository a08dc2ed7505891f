"""A date that moved: what was added to a limit, by whom it may be added, and the date that follows from it all.

The date of a clock is never moved by hand. It follows from its limit, its start and what was added to it (an
extension, a suspension, one day for a person whom nobody reached), so a changed calendar can work it out again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from domain.clock import local_date
from domain.deadlines.calendar import ONE_DAY, WorkCalendar, end_of_day
from domain.deadlines.limits import Due, Limit, Unit, due, extended
from domain.deadlines.tracks import InnerKind, InnerLimit, Stop, Track

EXTENSION, SUSPENSION, UNREACHABLE = "extension", "suspension", "unreachable"
LONGEST_EXTENSION_WORKDAYS = 10
LONGEST_STATUTORY_EXTENSION = 30
ONE_WORKING_DAY = Limit(1, Unit.WORKING_DAY)
Added = Sequence[Sequence[str]]  # [[kind, code of a limit], …] in the order in which they came


def reckon(limit: Limit, start_at: datetime, added: Added, calendar: WorkCalendar) -> Due:
    """Return the due of a limit with everything added to it; each addition counts from the unrolled day before it."""
    found = due(limit, start_at, calendar)
    for _, code in added:
        more = extended(found, Limit.parse(code), calendar)
        years = {*found.unpublished_years, *more.unpublished_years}
        found = replace(
            more, explanation=(*found.explanation, *more.explanation), unpublished_years=tuple(sorted(years))
        )
    return found


def reckon_inner(inner: InnerLimit, start_at: datetime, outer: Due, added: Added, calendar: WorkCalendar) -> Due:
    """Return a date inside the handling time; a mere reminder falls before the due, else one day before it."""
    if inner.kind is not InnerKind.WARNING:
        return reckon(inner.limit, start_at, added, calendar)
    found = due(inner.limit, start_at, calendar)
    if found.due_on < outer.strict_on:
        return found
    day_before = outer.strict_on - ONE_DAY
    return Due(end_of_day(day_before), day_before, day_before)


def longest_extension(track: Track) -> Limit | None:
    """Return the most that may be added to the handling limit of a track; None where nothing may be.

    Urgent tracks and limits of hours are not extended. Statutory: 30 days (条例 art 34). Short ones: what the profile
    says, at most the length of the track and ten working days.
    """
    handling = track.handling
    if handling is None or track.urgent or not handling.limit.unit.is_day:
        return None
    if handling.limit.legal:
        most = LONGEST_STATUTORY_EXTENSION
    else:
        most = min(handling.limit.amount, LONGEST_EXTENSION_WORKDAYS)
    if track.extension and track.extension.unit is handling.limit.unit:
        most = min(most, track.extension.amount)
    return replace(handling.limit, amount=most)


def suspends(limit: Limit, reason: str = "", *, rereview: bool = False) -> bool:
    """Whether a suspension stops the clock: statutory time runs on, except for a hearing in re-review (D8)."""
    if limit.legal:
        return rereview and reason == "hearing"
    return limit.unit.is_day


def suspended(limit: Limit, first_at: datetime, last_at: datetime, calendar: WorkCalendar) -> Limit | None:
    """Return what a suspension adds to a limit, in its own unit; None when no day of it was lost."""
    first, last = local_date(first_at), local_date(last_at)
    working = limit.unit is Unit.WORKING_DAY
    lost = calendar.count_working_days(first, last) if working else (last - first).days
    return replace(limit, amount=lost) if lost > 0 else None


def closes_inside(track: Track) -> bool:
    """Whether the callback falls inside the limit, so that an unreachable person could make it late."""
    return track.handling is not None and track.handling.stop is Stop.CLOSED


def without_last(added: Added, kind: str) -> list[list[str]]:
    """Return the additions less the last one of a kind."""
    last = max((place for place, one in enumerate(added) if one[0] == kind), default=-1)
    return [list(one) for place, one in enumerate(added) if place != last]


def has(added: Iterable[Sequence[str]], kind: str) -> bool:
    """Whether something of a kind was added."""
    return any(one[0] == kind for one in added)
