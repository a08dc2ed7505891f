"""Starts and stops the clocks of a case. A clock is a row with its due instant, its explanation and its ladder of
warning levels; the timer reads `next_at`, answers compute the level from the ladder, so it is exact at any instant."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.cases.models import Case, Deadline
from domain.deadlines.limits import Due, Limit, Unit, due, rework_limit
from domain.deadlines.tracks import Clock, ClockName, Running, Start, Stop, Track, inner_clocks
from domain.deadlines.warnings import Level, ladder, level_at
from domain.ids import new_id
from domain.rulebook import rulebook

SHORTEST_REWORK = Limit(2, Unit.NATURAL_DAY)


async def start(case: Case, names: Iterable[str], at: datetime) -> None:
    """Start the named clocks that the track of the case has; `info` and `rework` belong to every track."""
    for name in names:
        if name == "info":
            await set_clock(case, name, Limit(rulebook().info_days, Unit.NATURAL_DAY), at)
        elif name == "rework":
            handling = handling_track(case).handling
            await set_clock(case, name, rework_limit(handling.limit) if handling else SHORTEST_REWORK, at)
        elif name == "accept" and (clock := _clock(case, name)):
            await set_clock(case, name, clock.limit, at)  # started anew: the time spent waiting is not the desk's
        elif clock := _clock(case, name):
            await set_clock(case, name, clock.limit, _start_at(case, clock, at))
            if clock.name is ClockName.HANDLING:
                await _start_inner(case, clock, _start_at(case, clock, at))


async def start_accept(case: Case) -> Deadline:
    """Start the accept clock of a new appeal: one insert, nothing to look up."""
    limit = rulebook().tracks[case.track].clocks[ClockName.ACCEPT].limit
    found = due(limit, case.received_at, rulebook().calendar)
    return await Deadline.create(
        id=new_id(), case_id=case.id, name="accept", round=1, **_values(case, limit, case.received_at, found)
    )


async def stop(case: Case, names: Iterable[str], at: datetime) -> None:
    """Stop the named clocks; `*` all of them; `answered` those of the handling time that are judged at the answer."""
    wanted = set(names)
    if not wanted:
        return
    query = Deadline.filter(case_id=case.id, stopped_at=None)
    if "answered" in wanted:
        wanted |= _judged_at_answer(case)
    if "*" not in wanted:
        query = query.filter(name__in=wanted)
    for clock in await query:
        clock.stopped_at, clock.met, clock.next_at = at, at <= clock.due_at, None
        await clock.save(update_fields=["stopped_at", "met", "next_at"])


async def set_clock(case: Case, name: str, limit: Limit, start_at: datetime) -> Deadline:
    """Write the clock of this round, or replace it (a return, a regrade) keeping its row."""
    return await _write(case, name, limit, start_at, due(limit, start_at, rulebook().calendar))


async def bring_forward(case: Case, others: Iterable[Deadline]) -> None:
    """Let the earlier due date count for each running clock that a merged case had too (归并, domain 4.5)."""
    running = {clock.name: clock for clock in await Deadline.filter(case_id=case.id, stopped_at=None)}
    for other in others:
        clock = running.get(other.name)
        if clock and other.due_at < clock.due_at:
            for name in ("started_at", "due_at", "limit_text", "explanation", "ladder", "next_at"):
                setattr(clock, name, getattr(other, name))
            await clock.save()


async def reopen(ids: Iterable[UUID]) -> None:
    """Let stopped clocks run again with the due dates they had; the next warning is found by the timer at once."""
    for clock in await Deadline.filter(id__in=list(ids)):
        clock.stopped_at, clock.met = None, None
        clock.next_at = _next_after(clock)
        await clock.save(update_fields=["stopped_at", "met", "next_at"])


def _values(case: Case, limit: Limit, start_at: datetime, found: Due) -> dict[str, Any]:
    steps = ladder(limit, start_at, found, rulebook().calendar, rulebook().warnings)
    return {
        "area_path": case.area_path,
        "track": case.track,
        "started_at": start_at,
        "due_at": found.due_at,
        "limit_text": limit.text,
        "explanation": explain(found),
        "ladder": [[level.code, since.isoformat()] for level, since in steps],
        "level": "none",
        "next_at": steps[0][1] if steps else None,
        "stopped_at": None,
        "met": None,
        "urgent": case.urgent,
    }


async def _write(case: Case, name: str, limit: Limit, start_at: datetime, found: Due) -> Deadline:
    values = _values(case, limit, start_at, found)
    clock = await Deadline.get_or_none(case_id=case.id, name=name, round=case.round)
    if clock is None:
        return await Deadline.create(id=new_id(), case_id=case.id, name=name, round=case.round, **values)
    if clock.ladder == values["ladder"]:  # the same limit again: what was warned of stays warned of
        values |= {"level": clock.level, "next_at": _next_after(clock)}
    await clock.update_from_dict(values).save()
    return clock


def _next_after(clock: Deadline) -> datetime | None:
    """When the first level falls that was not warned of yet."""
    return next((since for level, since in _read(clock.ladder) if level > Level[clock.level.upper()]), None)


def explain(found: Due) -> list[dict[str, Any]]:
    """The day-by-day explanation as it is stored and sent, with the warning of an unpublished year at its end."""
    lines: list[dict[str, Any]] = [
        {"on": step.on.isoformat(), "counted": step.counted, "text": step.text} for step in found.explanation
    ]
    if found.warning:
        lines.append({"text": found.warning, "warning": True})
    return lines


def exact_level(steps: Iterable[Iterable[str]], at: datetime) -> str:
    """The level of a stored ladder at an instant."""
    return level_at(_read(steps), at).code


def _read(steps: Iterable[Iterable[str]]) -> list[tuple[Level, datetime]]:
    return [(Level[code.upper()], datetime.fromisoformat(since)) for code, since in steps]


def handling_track(case: Case) -> Track:
    """The track that gives the handling limit: the ordinary one beside an urgent one."""
    return rulebook().tracks[case.handling_track or case.track]


def _clock(case: Case, name: str) -> Clock | None:
    track = handling_track(case) if name == ClockName.HANDLING else rulebook().tracks[case.track]
    return track.clocks.get(ClockName(name))


def _start_at(case: Case, clock: Clock, at: datetime) -> datetime:
    if case.rework_no:
        return at
    known = {
        Start.RECEIVED: case.received_at,
        Start.ACCEPTED: case.accepted_at,
        Start.DISPATCHED: case.dispatched_at,
        Start.ANSWERED: case.answered_at,
    }
    return known[clock.start] or at


async def _start_inner(case: Case, clock: Clock, start_at: datetime) -> None:
    calendar = rulebook().calendar
    found = due(clock.limit, start_at, calendar)
    outer = Running(clock.name, "", clock.limit, start_at, clock.stop, found)
    for inner in inner_clocks(handling_track(case), outer, calendar):
        await _write(case, inner.name, inner.limit, start_at, inner.due)


def _judged_at_answer(case: Case) -> set[str]:
    track = handling_track(case)
    names = {inner.code for inner in track.inner if inner.stop is Stop.ANSWERED}
    if track.handling and track.handling.stop is Stop.ANSWERED:
        names.add("handling")
    return names | {"rework"}
