"""Starts and stops the clocks of a case. A clock is a row with its due instant, its explanation and its ladder of
warning levels; the timer reads `next_at`, answers compute the level from the ladder, so it is exact at any instant."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.cases.models import Case, Deadline
from domain.deadlines.calendar import WorkCalendar
from domain.deadlines.limits import Due, Limit, Unit, due, rework_limit
from domain.deadlines.shifted import SUSPENSION, reckon, reckon_inner, suspends
from domain.deadlines.tracks import Clock, ClockName, Start, Stop, Track
from domain.deadlines.warnings import Level, ladder, level_at
from domain.ids import new_id
from domain.rulebook import Rulebook, rulebook
from domain.sql import fetch, load

NOTES = "clock_notes"  # on a case object: what the journal line of the move under way says of its clocks
SHORTEST_REWORK = Limit(2, Unit.NATURAL_DAY)
_TIMES = ("started_at", "due_at", "limit_text", "limit_code", "added", "explanation", "ladder")
_OWN = ("limit_text", "limit_code", "added")


def notes(case: Case) -> dict[str, Any]:
    """What changed on the clocks of this case object since it was asked last, for the journal: `due` instants and
    whether stopped ones were `met`. The rates of any past day are worked out from these facts alone."""
    found = case.__dict__.pop(NOTES, None)
    return {"clocks": found} if found else {}


def _note(case: Case, kind: str, name: str, value: str | bool) -> None:
    case.__dict__.setdefault(NOTES, {}).setdefault(kind, {})[name] = value


async def start(case: Case, names: Iterable[str], at: datetime) -> None:
    """Start the named clocks that the track of the case has; `info` and `rework` belong to every track."""
    for name in names:
        if name == "info":
            await set_clock(case, name, _book(case).limits["info_supply"], at)
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
    limit = _book(case).tracks[case.track].clocks[ClockName.ACCEPT].limit
    found = due(limit, case.received_at, _book(case).calendar)
    _note(case, "due", "accept", found.due_at.isoformat())
    return await Deadline.create(
        id=new_id(), case_id=case.id, name="accept", round=1, **_values(case, limit, case.received_at, found)
    )


async def stop(case: Case, names: Iterable[str], at: datetime) -> None:
    """Stop the named clocks; `*` all of them; `answered` those of the handling time that are judged at the answer."""
    wanted = set(names)
    if not wanted:
        return
    if "answered" in wanted:
        wanted |= _judged_at_answer(case)
    for clock in await fetch(_STOP, [case.id, at, None if "*" in wanted else sorted(wanted)]):
        _note(case, "met", clock["name"], clock["met"])


_STOP = (
    "UPDATE deadlines SET stopped_at = $2, met = $2 <= due_at, next_at = NULL"
    " WHERE case_id = $1 AND stopped_at IS NULL AND ($3::text[] IS NULL OR name = ANY($3::text[])) RETURNING name, met"
)


async def set_clock(case: Case, name: str, limit: Limit, start_at: datetime) -> Deadline:
    """Write the clock of this round, or replace it (a return, a regrade) keeping its row."""
    return await _write(case, name, limit, start_at, due(limit, start_at, _book(case).calendar))


async def bring_forward(case: Case, others: Iterable[Deadline]) -> None:
    """Let the earlier due date count for each running clock that a merged case had too (归并, domain 4.5)."""
    running = {clock.name: clock for clock in await Deadline.filter(case_id=case.id, stopped_at=None)}
    for other in others:
        clock = running.get(other.name)
        if clock and other.due_at < clock.due_at:
            own = {"started_at": clock.started_at.isoformat(), **{name: getattr(clock, name) for name in _OWN}}
            clock.own = clock.own or own
            for name in _TIMES:
                setattr(clock, name, getattr(other, name))
            clock.next_at = _next_after(clock)
            _note(case, "due", clock.name, clock.due_at.isoformat())
            await clock.save()


async def take_back(case: Case, others: Iterable[Deadline]) -> None:
    """Let the own due dates count again after a merged case has left, unless one that is still joined is earlier."""
    for clock in await Deadline.filter(case_id=case.id, stopped_at=None).exclude(own=None):
        clock.started_at = datetime.fromisoformat(clock.own["started_at"])
        for name in _OWN:
            setattr(clock, name, clock.own[name])
        clock.own = None
        await clock.save()
    await recount(case)
    await bring_forward(case, others)


async def running(case: Case, name: str) -> Deadline | None:
    """The running clock of this name, or None."""
    return await Deadline.get_or_none(case_id=case.id, name=name, stopped_at=None)


async def change_track(case: Case, code: str, at: datetime) -> None:
    """Put the case on another track: its handling limit counts from the start it has there, inner dates and what was
    added to the time go with it, but for waiting where the law lets time run on (D8). A rework counts by its own
    clock; what still runs beside it keeps its start."""
    old, before = handling_track(case), await running(case, "handling")
    gone = {inner.code for inner in old.inner} - {inner.code for inner in _book(case).tracks[code].inner}
    await Deadline.filter(case_id=case.id, name__in=list(gone), stopped_at=None).update(stopped_at=at, next_at=None)
    if case.track == case.handling_track:
        case.track = code
    case.handling_track = code
    clock = handling_track(case).handling
    if clock is None or (case.rework_no and before is None):
        return
    start_at = before.started_at if before and case.rework_no else _start_at(case, clock, at)
    await set_clock(case, "handling", clock.limit, start_at)
    await _start_inner(case, clock, start_at)
    kept = [one for one in before.added if one[0] != SUSPENSION or suspends(clock.limit)] if before else []
    if kept:
        await add(case, kept, at)


async def add(case: Case, added: Sequence[Sequence[str]], at: datetime) -> Deadline | None:
    """Let the handling time of the case be its limit and exactly these additions; what has been reached of the new
    ladder by now is warned of already."""
    handling = await running(case, "handling")
    if handling is None:
        return None
    inner = {one.code for one in handling_track(case).inner}
    for clock in await Deadline.filter(case_id=case.id, stopped_at=None, name__in=[*inner, "handling"]):
        clock.added = [list(one) for one in added]
        await clock.save(update_fields=["added"])
    for clock, found in await reckoned(case, _book(case).calendar):
        if clock.name == "handling" or clock.name in inner:
            _shift(_book(case), clock, found)
            _note(case, "due", clock.name, found.due_at.isoformat())
            clock.level = exact_level(clock.ladder, at)
            clock.next_at = _next_after(clock)
            await clock.save()
    return await running(case, "handling")


async def reckoned(
    case: Case, calendar: WorkCalendar, codes: Mapping[str, str] | None = None
) -> list[tuple[Deadline, Due]]:
    """Each running clock of a case with the due that a calendar (and other limits, by clock) gives it."""
    return reckon_rows(case, await Deadline.filter(case_id=case.id, stopped_at=None), calendar, codes)


async def running_of(case_ids: Sequence[UUID]) -> dict[UUID, list[Deadline]]:
    """The running clocks of many cases, in one query."""
    found: dict[UUID, list[Deadline]] = {}
    for clock in await Deadline.filter(case_id__in=case_ids, stopped_at=None):
        found.setdefault(clock.case_id, []).append(clock)
    return found


def reckon_rows(
    case: Case, running: Iterable[Deadline], calendar: WorkCalendar, codes: Mapping[str, str] | None = None
) -> list[tuple[Deadline, Due]]:
    """The same for running clocks that are loaded already."""
    other = codes or {}
    rows = [row for row in running if row.limit_code]
    track = _book(case).tracks.get(case.handling_track or case.track)
    inner = {one.code: one for one in track.inner} if track else {}
    limits = {row.name: Limit.parse(other.get(row.name, row.limit_code)) for row in rows}
    dues = {row.name: reckon(limits[row.name], row.started_at, row.added, calendar) for row in rows}
    if "handling" in dues:
        for row in rows:
            if row.name in inner:
                dues[row.name] = reckon_inner(inner[row.name], row.started_at, dues["handling"], row.added, calendar)
    return [(row, dues[row.name]) for row in rows]


async def recount(case: Case, codes: Mapping[str, str] | None = None) -> int:
    """Work out the running clocks again by the calendar in force, some with another limit; levels warned of stay warned
    of. How many moved."""
    moved = 0
    for clock, found in await reckoned(case, _book(case).calendar, codes):
        if codes and clock.name in codes:
            clock.limit_code, clock.limit_text = codes[clock.name], Limit.parse(codes[clock.name]).text
        moved += clock.due_at != found.due_at
        _note(case, "due", clock.name, found.due_at.isoformat())
        _shift(_book(case), clock, found)
        clock.next_at = _next_after(clock)
        await clock.save()
    return moved


def _shift(book: Rulebook, clock: Deadline, found: Due) -> None:
    steps = ladder(Limit.parse(clock.limit_code), clock.started_at, found, book.calendar, book.warnings)
    clock.due_at, clock.explanation, clock.calendar_version = found.due_at, explain(found), book.calendar_version
    clock.ladder = [[level.code, since.isoformat()] for level, since in steps]


async def reopen(case: Case, ids: Iterable[UUID]) -> None:
    """Let stopped clocks of a case run again with the due dates they had; the next warning is found by the timer at
    once. The journal line says their due dates anew, which takes back that they were met."""
    for clock in await Deadline.filter(id__in=list(ids)):
        clock.stopped_at, clock.met = None, None
        clock.next_at = _next_after(clock)
        _note(case, "due", clock.name, clock.due_at.isoformat())
        await clock.save(update_fields=["stopped_at", "met", "next_at"])


def _values(case: Case, limit: Limit, start_at: datetime, found: Due) -> dict[str, Any]:
    steps = ladder(limit, start_at, found, _book(case).calendar, _book(case).warnings)
    return {
        "area_path": case.area_path,
        "track": case.track,
        "started_at": start_at,
        "due_at": found.due_at,
        "limit_text": limit.text,
        "limit_code": limit.code,
        "added": [],
        "calendar_version": _book(case).calendar_version,
        "explanation": explain(found),
        "ladder": [[level.code, since.isoformat()] for level, since in steps],
        "level": "none",
        "next_at": steps[0][1] if steps else None,
        "stopped_at": None,
        "met": None,
        "urgent": case.urgent,
    }


async def _write(case: Case, name: str, limit: Limit, start_at: datetime, found: Due) -> Deadline:
    _note(case, "due", name, found.due_at.isoformat())
    values = _values(case, limit, start_at, found)
    rows = await load(Deadline, "SELECT * FROM deadlines WHERE case_id = $1 AND name = $2", [case.id, name])
    clock = next((row for row in rows if row.stopped_at is None), None) or next(
        (row for row in rows if row.round == case.round), None
    )  # one that runs on from an earlier round stays that one
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
    return _book(case).tracks[case.handling_track or case.track]


def _clock(case: Case, name: str) -> Clock | None:
    track = handling_track(case) if name == ClockName.HANDLING else _book(case).tracks[case.track]
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
    calendar = _book(case).calendar
    outer = due(clock.limit, start_at, calendar)
    for inner in handling_track(case).inner:
        found = reckon_inner(inner, start_at, outer, [], calendar)
        await _write(case, inner.code, inner.limit, start_at, found)


def _judged_at_answer(case: Case) -> set[str]:
    track = handling_track(case)
    names = {inner.code for inner in track.inner if inner.stop is Stop.ANSWERED}
    if track.handling and track.handling.stop is Stop.ANSWERED:
        names.add("handling")
    return names | {"rework"}


def _book(case: Case) -> Rulebook:
    """The rules in force where the case lies: an overlay of its area, else those of the deployment."""
    return rulebook().for_area(case.area_path)
