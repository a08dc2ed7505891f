"""Standing duties of offices (1.7): what an area owes in a period by its own rules, what it did, and the share it met
(义务完成率, 5.15). Duties of a special period restrict nobody and are asked for by name."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.access.actor import Actor, within
from domain.access.permissions import Permission
from domain.areas.models import Area
from domain.areas.queries import area
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.offices.models import ObligationRecord
from domain.offices.periods import ended_periods, period_of
from domain.practices import Obligation
from domain.problems import NotFound, invalid
from domain.rulebook import rulebook
from domain.sql import fetch


@dataclass(frozen=True)
class Deed:
    """What was done for a duty: which, where, on which day, and what came of it."""

    code: str
    area_code: str
    held_on: date
    note: str


async def readable_area(actor: Actor, code: str, permission: Permission) -> Area:
    """An area that lies in one of the actor's subtrees; 404 otherwise."""
    found = await area(code)
    if found is None or not any(within(found.path, own) for own in actor.areas(permission)):
        raise NotFound
    return found


def owed_by(place: Area, *, special: bool) -> dict[str, Obligation]:
    """The duties that the rules of a place lay on its level."""
    owed = rulebook().for_area(place.path).practices.obligations
    return {code: one for code, one in owed.items() if place.kind in one.levels and (special or not one.special)}


async def duties(actor: Actor, code: str, on: date, *, special: bool) -> list[dict[str, Any]]:
    """What an area owes in the periods that hold a day, and what it has done for it."""
    place = await readable_area(actor, code, Permission.AREA_READ)
    found = []
    owed = owed_by(place, special=special)
    records = await _records(place, min((period_of(one.period, on)[0] for one in owed.values()), default=on), on)
    for name, one in owed.items():
        first, last = period_of(one.period, on)
        done = [row for row in records if row["code"] == name and row["period_on"] == first]
        found.append({
            "code": name, "who": one.who, "activity": one.activity, "basis": one.basis, "times": one.times,
            "period": one.period, "from_on": first, "until_on": last, "done": len(done), "met": len(done) >= one.times,
            "overdue": len(done) < one.times and last < local_date(now()), "records": [_shape(row) for row in done],
        })  # fmt: skip
    return found


async def keep(actor: Actor, deed: Deed) -> ObligationRecord:
    """Record what was done for a duty, not later than today; 404 outside the area, 422 for a duty it does not owe."""
    place = await readable_area(actor, deed.area_code, Permission.OBLIGATION_RECORD)
    duty = owed_by(place, special=True).get(deed.code)
    if duty is None:
        raise invalid("code", "这一级没有这项固定职责")
    if deed.held_on > local_date(now()):
        raise invalid("held_on", "完成日期不能晚于今天")
    kept = await ObligationRecord.create(
        id=new_id(), code=deed.code, area_code=place.code, area_path=place.path, held_on=deed.held_on, note=deed.note,
        period_on=period_of(duty.period, deed.held_on)[0], recorded_by=actor.label, recorded_at=now(),
    )  # fmt: skip
    data = {"code": deed.code, "held_on": deed.held_on.isoformat(), "note_digest": digest(kept.id, deed.note)}
    record(Fact("obligation.recorded", place.code, None, kept.id, data, actor=actor))
    return kept


async def completion(actor: Actor, code: str, since_on: date, until_on: date) -> dict[str, Any]:
    """Periods met over periods that ended between two days, with those that were missed (5.15)."""
    place = await readable_area(actor, code, Permission.AREA_READ)
    until_on = min(until_on, local_date(now()))
    records = await _records(place, since_on, until_on)
    due, missed = 0, []
    for name, one in owed_by(place, special=False).items():
        for first, last in ended_periods(one.period, since_on, until_on):
            due += 1
            if sum(row["code"] == name and row["period_on"] == first for row in records) < one.times:
                missed.append({"code": name, "activity": one.activity, "from_on": first, "until_on": last})
    return {"numerator": due - len(missed), "denominator": due, "missed": missed}


async def _records(place: Area, since_on: date, until_on: date) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT id, code, period_on, held_on, note, recorded_at FROM obligation_records"
        " WHERE area_path = $1 AND period_on BETWEEN $2 AND $3 ORDER BY held_on, id",
        [place.path, since_on, until_on],
    )


def _shape(row: dict[str, Any]) -> dict[str, UUID | date | str]:
    return {name: row[name] for name in ("id", "held_on", "note")}
