"""Who takes an urgent call at an instant, and where nobody would (001-05, 001-17). Pure: calendar, shifts and people in,
the answer out.

In office hours the unit's desk takes it. Outside them the people of the shifts that run, in their order; whoever is on
leave is stood in for. A span with neither is a gap. A span begins with its first instant and ends before its last.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from uuid import UUID

from domain.clock import SHANGHAI
from domain.deadlines.calendar import WorkCalendar

Kind = Literal["desk", "team", "gap"]
StepKind = Literal["desk", "member", "unit_lead"]
REASONS = {
    "desk": "工作时间,由单位值班窗口接收", "team": "非工作时间,由当班人员接收", "gap": "非工作时间无人值班",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody who can be rung; away = on leave, from and until an instant."""

    id: UUID
    role: str = "backbone"
    place: int = 1
    away_from: datetime | None = None
    away_until: datetime | None = None
    substitute_id: UUID | None = None

    def away(self, at: datetime) -> bool:
        """Whether the person is on leave at an instant."""
        return self.away_from is not None and self.away_from <= at and (
            self.away_until is None or at < self.away_until
        )


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One person's shift; `place` 1 is rung first."""

    member_id: UUID
    starts_at: datetime
    ends_at: datetime
    place: int = 1


@dataclass(frozen=True)
class Recipient:
    """Who takes a call at an instant: the desk, the people on duty in order, or nobody."""

    kind: Kind
    member_ids: tuple[UUID, ...] = ()

    @property
    def reason(self) -> str:
        """Why, in Chinese."""
        return REASONS[self.kind]


@dataclass(frozen=True)
class Step:
    """One who is rung when those before did not acknowledge."""

    kind: StepKind
    member_id: UUID | None
    reason: str


@dataclass(frozen=True)
class Segment:
    """A span with one and the same recipient."""

    starts_at: datetime
    ends_at: datetime
    recipient: Recipient


@dataclass(frozen=True)
class Roster:
    """What is known of a unit: its calendar, the shifts around the time asked for, its people by id."""

    calendar: WorkCalendar
    shifts: Sequence[Shift]
    members: Mapping[UUID, Member]


def recipient(roster: Roster, at: datetime) -> Recipient:
    """Who takes a call at an instant: exactly one answer at every time."""
    if _office_hours(roster.calendar, at):
        return Recipient("desk")
    people = on_duty(roster, at)
    return Recipient("team", people) if people else Recipient("gap")


def on_duty(roster: Roster, at: datetime) -> tuple[UUID, ...]:
    """The people of the shifts that run, in order, each once; whoever is on leave by the substitute, or not at all."""
    running = sorted(
        (shift for shift in roster.shifts if shift.starts_at <= at < shift.ends_at),
        key=lambda shift: (shift.place, shift.starts_at, shift.member_id),
    )
    found = (_present(roster.members, shift.member_id, at) for shift in running)
    return tuple(dict.fromkeys(person for person in found if person))


def chain(roster: Roster, at: datetime) -> tuple[Step, ...]:
    """Everybody who is rung in turn: the recipient, the others on duty, the lead of the rapid team, the unit's lead."""
    first = recipient(roster, at)
    steps = [Step("desk", None, first.reason)] if first.kind == "desk" else []
    for number, person in enumerate(first.member_ids):
        steps.append(Step("member", person, first.reason if number == 0 else "前一位未应答,呼叫同班下一位"))
    leads = sorted(
        (one for one in roster.members.values() if one.role == "lead"), key=lambda one: (one.place, one.id)
    )
    lead = next(filter(None, (_present(roster.members, one.id, at) for one in leads)), None)
    if lead and lead not in first.member_ids:
        steps.append(Step("member", lead, f"{'未应答' if steps else first.reason},呼叫快速处置队伍负责人"))
    steps.append(Step("unit_lead", None, f"{'未应答' if steps else first.reason},呼叫单位负责人"))
    return tuple(steps)


def segments(roster: Roster, since: datetime, until: datetime) -> list[Segment]:
    """The time between two instants cut where the recipient changes."""
    edges = sorted({since, *(edge for edge in _edges(roster, since, until) if since < edge < until)})
    found: list[Segment] = []
    for start, end in zip(edges, [*edges[1:], until], strict=True):
        who = recipient(roster, start)
        if found and found[-1].recipient == who:
            found[-1] = Segment(found[-1].starts_at, end, who)
        else:
            found.append(Segment(start, end, who))
    return found if since < until else []


def gaps(roster: Roster, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """The spans in which nobody would take a call."""
    return [(s.starts_at, s.ends_at) for s in segments(roster, since, until) if s.recipient.kind == "gap"]


def _present(members: Mapping[UUID, Member], person: UUID, at: datetime) -> UUID | None:
    """The person, or who stands in; None where that ends with nobody, or in a circle."""
    seen: set[UUID] = set()
    wanted: UUID | None = person
    while wanted is not None and wanted not in seen:
        seen.add(wanted)
        found = members.get(wanted)
        if found is None:
            return None
        if not found.away(at):
            return found.id
        wanted = found.substitute_id
    return None


def _office_hours(calendar: WorkCalendar, at: datetime) -> bool:
    local = at.astimezone(SHANGHAI)
    clock = local.timetz().replace(tzinfo=None)
    return calendar.is_working_day(local.date()) and any(opens <= clock < closes for opens, closes in calendar.hours.spans)


def _edges(roster: Roster, since: datetime, until: datetime) -> Iterator[datetime]:
    for shift in roster.shifts:
        yield from (shift.starts_at, shift.ends_at)
    for member in roster.members.values():
        yield from filter(None, (member.away_from, member.away_until))
    on, last = since.astimezone(SHANGHAI).date(), until.astimezone(SHANGHAI).date()
    while on <= last:
        yield from _openings(roster.calendar, on)
        on += timedelta(days=1)


def _openings(calendar: WorkCalendar, on: date) -> Iterator[datetime]:
    if calendar.is_working_day(on):
        for span in calendar.hours.spans:
            for edge in span:
                yield datetime.combine(on, edge, SHANGHAI).astimezone(UTC)
