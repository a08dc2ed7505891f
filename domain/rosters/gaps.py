"""Spans in which nobody of a unit would answer (001-17): found ahead, told once, shown as a figure while they last."""

from datetime import datetime, timedelta
from typing import Any

from domain.access.models import Department
from domain.clock import SHANGHAI, local_date
from domain.deadlines.calendar import start_of_day
from domain.journal.unit import Fact, record
from domain.rosters.on_duty import gaps
from domain.rosters.shifts import rosters_of, units_on_duty
from domain.sql import fetch

AHEAD = timedelta(hours=24)
BACK = timedelta(days=2)  # a gap that runs on is told again each day after these
Gap = tuple[Department, datetime, datetime | None]


async def gaps_ahead(at: datetime) -> list[Gap]:
    """The gaps that run or begin within 24 hours, in every unit with a rapid team; the end is None while it lies beyond.
    The start of a running one is its true one, or a midnight two days ago."""
    since, until = start_of_day(local_date(at) - BACK), at + AHEAD
    units = await units_on_duty()
    found = await rosters_of(units, since, until)
    return [
        (unit, start, end if end < until else None)
        for unit in units for start, end in gaps(found[unit.id], since, until) if end > at
    ]  # fmt: skip


async def gap_figures(at: datetime) -> dict[str, int]:
    """How many units have nobody on duty now, and how many have a gap in the next 24 hours."""
    found = await gaps_ahead(at)
    return {"now": len({unit.id for unit, start, _ in found if start <= at}), "ahead": len({unit.id for unit, *_ in found})}


async def note_gaps(at: datetime) -> int:
    """Record each gap once, by unit and start; how many are new."""
    found = await gaps_ahead(at)
    rows = await fetch(
        "SELECT subject_id, data->>'since' AS since FROM journal WHERE event = 'duty.gap-found'"
        " AND subject_id = ANY($1::uuid[]) AND at > $2",
        [[unit.id for unit, *_ in found], at - BACK - 2 * AHEAD],
    )
    told = {(row["subject_id"], row["since"]) for row in rows}
    new = [gap for gap in found if (gap[0].id, gap[1].isoformat()) not in told]
    for unit, start, end in new:
        data = {"unit_id": str(unit.id), "since": start.isoformat(), "until": end.isoformat() if end else None}
        record(Fact("duty.gap-found", unit.area_code, subject_id=unit.id, data=data))
    return len(new)


def in_words(data: dict[str, Any]) -> str:
    """A gap as people say it: 3月14日08:30 至 3月16日00:00."""
    since, until = (datetime.fromisoformat(str(data[name])).astimezone(SHANGHAI) if data[name] else None
                    for name in ("since", "until"))  # fmt: skip
    assert since is not None
    return f"{_day(since)} 至 {_day(until)}" if until else f"{_day(since)} 起"


def _day(at: datetime) -> str:
    return f"{at.month}月{at.day}日{at:%H:%M}"
