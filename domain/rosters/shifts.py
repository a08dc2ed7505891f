"""The duty roster of a unit (001-05, 001-17): shifts written, copied, read, and turned into what the engine asks for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Department
from domain.access.permissions import Permission
from domain.access.queries import unit_for
from domain.clock import SHANGHAI
from domain.deadlines.calendar import start_of_day
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import NotFound, invalid
from domain.rosters.models import DutyShift, TeamMember
from domain.rosters.on_duty import Member, Roster, Shift
from domain.rulebook import rulebook
from domain.sql import fetch

LONGEST = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One person's turn on a day; an end that is not after the start lies on the next day (24 hours at most)."""

    member_id: UUID
    on: date
    starts: time
    ends: time
    label: str
    place: int = 1

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The two instants (UTC)."""
        start = datetime.combine(self.on, self.starts, SHANGHAI).astimezone(UTC)
        end = datetime.combine(self.on, self.ends, SHANGHAI).astimezone(UTC)
        return start, end if end > start else end + LONGEST


async def put_turns(actor: Actor, unit_id: UUID, turns: Sequence[Turn]) -> tuple[int, int]:
    """Write turns into the roster of a unit: how many are new, how many changed. One person cannot begin two shifts at
    the same instant, so the same list again changes nothing."""
    unit = await unit_for(actor, Permission.ROSTER_MANAGE, unit_id)
    people = set(await TeamMember.filter(department_id=unit.id, active=True).values_list("id", flat=True))
    if any(turn.member_id not in people for turn in turns):
        raise invalid("member_id", "值班人不在本单位队伍中")
    return await _put(unit, turns)


async def _put(unit: Department, turns: Sequence[Turn]) -> tuple[int, int]:
    starts = [turn.span[0] for turn in turns]
    held = {
        (row.member_id, row.starts_at): row
        for row in await DutyShift.filter(department_id=unit.id, starts_at__in=starts).select_for_update()
    }
    new, changed = {}, 0
    for turn in turns:
        start, end = turn.span
        before = held.get((turn.member_id, start))
        if before is None:
            new[turn.member_id, start] = DutyShift(
                id=new_id(), department_id=unit.id, member_id=turn.member_id, on=turn.on, label=turn.label,
                place=turn.place, starts_at=start, ends_at=end,
            )  # fmt: skip
        elif (before.ends_at, before.label, before.place) != (end, turn.label, turn.place):
            before.ends_at, before.label, before.place = end, turn.label, turn.place
            await before.save()
            changed += 1
    await DutyShift.bulk_create(new.values())
    if new or changed:
        data = {"unit_id": str(unit.id), "new": len(new), "changed": changed}
        record(Fact("roster.changed", unit.area_code, subject_id=unit.id, data=data))
    return len(new), changed


async def drop_shift(actor: Actor, shift_id: UUID) -> None:
    """Take a shift out of the roster."""
    found = await DutyShift.get_or_none(id=shift_id)
    if found is None:
        raise NotFound
    unit = await unit_for(actor, Permission.ROSTER_MANAGE, found.department_id)
    await found.delete()
    data = {"unit_id": str(unit.id), "on": found.on.isoformat(), "member_id": str(found.member_id)}
    record(Fact("roster.shift-dropped", unit.area_code, subject_id=found.id, data=data))


async def copy_week(actor: Actor, unit_id: UUID, source: date, target: date) -> tuple[int, int]:
    """Repeat the seven days from `source` on the seven from `target`; what stands there already stays. How many shifts
    are new, and how many were left out because the person has left the team."""
    unit = await unit_for(actor, Permission.ROSTER_MANAGE, unit_id)
    if not (target - source).days or (target - source).days % 7:
        raise invalid("target", "两周的开始日应是同一个星期几")
    rows = await DutyShift.filter(department_id=unit.id, on__gte=source, on__lt=source + timedelta(days=7))
    people = set(await TeamMember.filter(department_id=unit.id, active=True).values_list("id", flat=True))
    by = target - source
    turns = [
        Turn(member_id=row.member_id, on=row.on + by, label=row.label, place=row.place,
             starts=_local(row.starts_at), ends=_local(row.ends_at))
        for row in rows if row.member_id in people
    ]  # fmt: skip
    new, _ = await _put(unit, turns)
    return new, len(rows) - len(turns)


async def shifts_of(unit_id: UUID, since: date, until: date) -> list[dict[str, Any]]:
    """The shifts of a unit that touch the local days from `since` to `until`, with their people; the caller has checked
    the scope."""
    return await fetch(
        "SELECT s.*, m.name, m.role, m.phone FROM duty_shifts s JOIN team_members m ON m.id = s.member_id"
        " WHERE s.department_id = $1 AND s.ends_at > $2 AND s.starts_at < $3 ORDER BY s.starts_at, s.place, s.id",
        [unit_id, start_of_day(since), start_of_day(until + timedelta(days=1))],
    )


async def roster_of(unit: Department, since: datetime, until: datetime) -> Roster:
    """What the engine asks for: the unit's calendar, shifts and people, for a time between two instants."""
    return (await rosters_of([unit], since, until))[unit.id]


async def rosters_of(units: Iterable[Department], since: datetime, until: datetime) -> dict[UUID, Roster]:
    """The same for several units, in two statements."""
    found = {unit.id: unit for unit in units}
    people = await TeamMember.filter(department_id__in=list(found), active=True)
    rows = await DutyShift.filter(department_id__in=list(found), ends_at__gt=since, starts_at__lte=until)
    return {
        unit.id: Roster(
            rulebook().for_area(unit.area_path).calendar,
            [Shift(member_id=row.member_id, starts_at=row.starts_at, ends_at=row.ends_at, place=row.place)
             for row in rows if row.department_id == unit.id],
            {one.id: _member(one) for one in people if one.department_id == unit.id},
        )
        for unit in found.values()
    }  # fmt: skip


async def units_on_duty() -> list[Department]:
    """The units that have a rapid team: they owe an open telephone day and night."""
    rows = await fetch("SELECT DISTINCT department_id FROM team_members WHERE active")
    return await Department.filter(id__in=[row["department_id"] for row in rows], active=True).order_by("id")


def _member(row: TeamMember) -> Member:
    return Member(
        id=row.id, role=row.role, place=row.place, away_from=row.away_from, away_until=row.away_until,
        substitute_id=row.substitute_id,
    )  # fmt: skip


def _local(at: datetime) -> time:
    return at.astimezone(SHANGHAI).time()
