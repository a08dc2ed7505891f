"""Tracks: which clocks a case carries. Numbers are data of the profile; no deployment is known here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.deadlines.calendar import ONE_DAY, WorkCalendar, end_of_day
from domain.deadlines.limits import Due, Limit, due


class ClockName(StrEnum):
    """The clocks of a track, in the order of the work."""

    ACCEPT = "accept"
    SIGN = "sign"
    FIRST_CONTACT = "first_contact"
    HANDLING = "handling"
    CALLBACK = "callback"


class Start(StrEnum):
    """The fact at which a clock starts; `received` is the first of receipt and the superior's assignment."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    ANSWERED = "answered"


class Stop(StrEnum):
    """The fact at which a clock stops and being on time is judged."""

    ACCEPTED = "accepted"
    SIGNED = "signed"
    CONTACTED = "contacted"
    ANSWERED = "answered"
    CLOSED = "closed"
    CALLED_BACK = "called_back"


@dataclass(frozen=True, slots=True)
class Clock:
    """One limit of a track, from a start to a stop."""

    name: ClockName
    limit: Limit
    start: Start
    stop: Stop


class InnerKind(StrEnum):
    """What a date inside the handling time means."""

    BINDING = "binding"  # a second due beside the handling due; the nearer one warns (D1)
    STEP = "step"  # the day on which a step of the work should be done
    WARNING = "warning"  # a reminder that must fall before the due, else one day before it


@dataclass(frozen=True, slots=True)
class InnerLimit:
    """A date inside the handling time, counted from the same start."""

    code: str
    text: str
    limit: Limit
    stop: Stop
    kind: InnerKind


@dataclass(frozen=True, slots=True)
class Track:
    """A way of working with its limits; without a handling clock the ordinary track gives it (URGENT)."""

    code: str
    name: str
    clocks: Mapping[ClockName, Clock]
    basis: str = ""
    inner: tuple[InnerLimit, ...] = ()
    extension: Limit | None = None
    urgent: bool = False
    simple: bool = False  # for one unit and first matters only (国信办发〔2022〕17号): an exclusion ends it
    instant: bool = False  # what can be answered on the spot is answered on the spot
    report: bool = False  # closed only after the superior has accepted the closure report (闭环报告, 000-28)
    look: bool = False  # the supervision section looks before the closing (六快六日)

    @property
    def handling(self) -> Clock | None:
        """The clock on which being on time is judged."""
        return self.clocks.get(ClockName.HANDLING)


@dataclass(frozen=True, slots=True)
class Running:
    """A started clock with its date; `provisional` until the fact it depends on is known."""

    name: str
    text: str
    limit: Limit
    start_at: datetime
    stop: Stop
    due: Due
    binding: bool = True
    provisional: bool = False


CLOCK_TEXTS = {
    ClockName.ACCEPT: "受理",
    ClockName.SIGN: "签收",
    ClockName.FIRST_CONTACT: "首次联系",
    ClockName.HANDLING: "办理",
    ClockName.CALLBACK: "回访",
}
Starts = Mapping[Start, datetime]


def start_clock(clock: Clock, starts: Starts, calendar: WorkCalendar) -> Running | None:
    """Return a clock with its due, or None while the fact that starts it has not happened."""
    start_at = starts.get(clock.start)
    if start_at is None:
        return None
    found = due(clock.limit, start_at, calendar)
    return Running(clock.name, CLOCK_TEXTS[clock.name], clock.limit, start_at, clock.stop, found)


def handling_clock(track: Track, starts: Starts, calendar: WorkCalendar) -> Running | None:
    """Return the handling clock, provisional from the last day for accepting while nobody accepted yet."""
    clock = track.handling
    if clock is None:
        return None
    running = start_clock(clock, starts, calendar)
    accept = track.clocks.get(ClockName.ACCEPT)
    if running or accept is None or clock.start is not Start.ACCEPTED or Start.RECEIVED not in starts:
        return running
    assumed = due(accept.limit, starts[Start.RECEIVED], calendar).due_at
    found = due(clock.limit, assumed, calendar)
    return Running(
        clock.name, CLOCK_TEXTS[clock.name], clock.limit, assumed, clock.stop, found, provisional=True
    )


def inner_clocks(track: Track, handling: Running, calendar: WorkCalendar) -> tuple[Running, ...]:
    """Return the dates inside the handling time, as their kinds say."""
    found = []
    for inner in track.inner:
        inner_due = due(inner.limit, handling.start_at, calendar)
        if inner.kind is InnerKind.WARNING and inner_due.due_on >= handling.due.strict_on:
            day_before = handling.due.strict_on - ONE_DAY
            inner_due = Due(end_of_day(day_before), day_before, day_before)
        running = Running(inner.code, inner.text, inner.limit, handling.start_at, inner.stop, inner_due)
        found.append(
            replace(running, binding=inner.kind is InnerKind.BINDING, provisional=handling.provisional)
        )
    return tuple(found)


def nearest(clocks: tuple[Running, ...]) -> Running | None:
    """Return the binding clock with the earliest due: the one that warns."""
    return min((clock for clock in clocks if clock.binding), key=lambda clock: clock.due.due_at, default=None)
