"""Edits of the limits of tracks: previewed against the open cases, stored as a version, put in force in every process,
and every running clock worked out again with its audit, by the same road as edits of the working calendar.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.cases.models import Case, Deadline, LimitEdit
from domain.cases.move import lock_case
from domain.cases.shifts import Shift, last_version, recount_case, shifts
from domain.clock import now
from domain.deadlines.limits import Limit
from domain.deadlines.tracks import ClockName, Track
from domain.journal.unit import Fact, record
from domain.problems import invalid
from domain.rulebook import Rulebook, install, rulebook
from domain.sql import execute, fetch

LOCK = 0x6875796C  # "huyl"
BASE = ""
Table = dict[str, dict[str, dict[str, str]]]  # area -> track -> clock -> code of the limit


@dataclass(frozen=True)
class LimitChange:
    """Another limit for one clock of one track; `area` is a place with rules of its own, or the base."""

    track: str
    clock: str
    limit: Limit
    area: str = BASE


def table_of(tracks: Mapping[str, Mapping[str, Track]]) -> Table:
    """The limits of tracks by area, as they are stored."""
    return {
        area: {code: {str(name): clock.limit.code for name, clock in track.clocks.items()} for code, track in own.items()}
        for area, own in tracks.items()
    }


def over(book: Rulebook, table: Table) -> Rulebook:
    """The rules with stored limits over those of the files; what is not stored stays as the files say."""
    overlays = {area: replace(one, tracks=_limited(one.tracks, table.get(area, {}))) for area, one in book.overlays.items()}
    return replace(book, tracks=_limited(book.tracks, table.get(BASE, {})), overlays=overlays)


def _limited(tracks: Mapping[str, Track], table: Mapping[str, Mapping[str, str]]) -> dict[str, Track]:
    found = {}
    for code, track in tracks.items():
        own = table.get(code, {})
        kept = {name: replace(clock, limit=Limit.parse(own.get(str(name), clock.limit.code)))
                for name, clock in track.clocks.items()}  # fmt: skip
        found[code] = replace(track, clocks=kept)
    return found


def expanded(changes: Iterable[LimitChange]) -> list[tuple[str, str, str, str, str]]:
    """The changes as `(area, track, clock, before, after)`; one of the base reaches every place that has the same limit.
    422 for a track or clock that does not exist, or a limit of another kind of unit where days are judged by days."""
    found: dict[tuple[str, str, str], tuple[str, str, str, str, str]] = {}
    for n, change in enumerate(changes):
        own = _clock(change.area, change.track, change.clock)
        if own is None:
            raise invalid(f"changes[{n}]", "没有这个轨道或时限")
        if own.legal != change.limit.legal:
            raise invalid(f"changes[{n}].limit", "法定期限与工作时限不能互换")
        areas = [change.area]
        if change.area == BASE:
            areas += [a for a in rulebook().overlays if _clock(a, change.track, change.clock) == own]
        if own != change.limit:
            rows = [(area, change.track, change.clock, own.code, change.limit.code) for area in areas]
            found |= {row[:3]: row for row in rows}
    return list(found.values())


async def preview(changes: Iterable[LimitChange]) -> tuple[list[Shift], int]:
    """The open clocks that the changes would move, the nearest first (at most 500 are listed), and how many."""
    rows = expanded(changes)
    touched = await _touched([(t, c, before) for _, t, c, before, _ in rows], {r[:3]: r[4] for r in rows})
    return await shifts(rulebook(), touched)


async def apply_changes(actor: Actor, title: str, changes: Iterable[LimitChange]) -> int:
    """Store a version with the changes; the job that follows works the open cases out again. The version, or the one
    in force when nothing differs."""
    await execute("SELECT pg_advisory_xact_lock($1)", [LOCK])
    last, rows = await last_version("limit_edits"), expanded(changes)
    if not rows:
        return last
    book = rulebook()
    table = table_of({BASE: book.tracks, **{area: one.tracks for area, one in book.overlays.items()}})
    for area, track, clock, _, after in rows:
        table[area][track][clock] = after
    version = last + 1
    await LimitEdit.create(
        version=version, title=title, limits=table, changes=[list(row) for row in rows], by=actor.id, at=now()
    )
    data = {"version": version, "changes": [list(row) for row in rows]}
    record(Fact("limits.changed", book.county, data=data, actor=actor))
    return version


async def seed_limits(table: Table, title: str) -> None:
    """Store the limits of the files as the first version, once."""
    if not await LimitEdit.exists():
        await LimitEdit.bulk_create([LimitEdit(version=1, title=title, limits=table, at=now())], ignore_conflicts=True)


async def refresh() -> bool:
    """Put the last version in force in this process; whether it was new to it."""
    book = rulebook()
    version = await last_version("limit_edits")
    if version <= book.limits_version:
        return False
    last = await LimitEdit.get(version=version)
    install(replace(over(book, last.limits), limits_version=last.version))
    return True


async def stale(after: UUID | None, limit: int) -> Sequence[UUID]:
    """Cases with a running clock whose limit was changed since it started, by id."""
    before = await _outdated()
    rows = await fetch(
        "SELECT DISTINCT c.id FROM deadlines d JOIN cases c ON c.id = d.case_id"
        " JOIN unnest($1::text[], $2::text[], $3::text[]) AS x(track, clock, code) ON d.name = x.clock"
        " AND d.limit_code = x.code AND x.track = CASE WHEN d.name = 'handling' THEN c.handling_track ELSE c.track END"
        f" WHERE d.stopped_at IS NULL AND ($4::uuid IS NULL OR c.id > $4) ORDER BY c.id LIMIT {limit}",
        [[one[n] for one in before] for n in range(3)] + [after],
    )
    return [row["id"] for row in rows]


async def recount(case_id: UUID) -> bool:
    """Work one of them out again under the lock of the case, and record what moved; whether anything did."""
    case, _ = await lock_case(case_id)
    codes = await _codes(case, await _outdated())
    return await recount_case(case, {"limits_version": rulebook().limits_version, "limits": codes}, codes) if codes else False


async def versions(before: int | None, limit: int) -> list[LimitEdit]:
    """The versions, newest first, one more than the limit."""
    query = LimitEdit.filter(version__lt=before) if before else LimitEdit.all()
    return await query.order_by("-version").limit(limit + 1)


async def _outdated() -> list[tuple[str, str, str]]:
    """`(track, clock, code)` of limits that were in force once and are not any more."""
    found = {(track, clock, before) for edit in await LimitEdit.all() for _, track, clock, before, _ in edit.changes}
    return sorted(found)


async def _codes(case: Case, outdated: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    book, codes = rulebook().for_area(case.area_path), {}
    for row in await Deadline.filter(case_id=case.id, stopped_at=None):
        code = case.handling_track if row.name == ClockName.HANDLING else case.track
        clock = book.tracks[code].clocks.get(ClockName(row.name)) if row.name in set(ClockName) and code in book.tracks else None
        if clock and clock.limit.code != row.limit_code and (code, row.name, row.limit_code) in outdated:
            codes[row.name] = clock.limit.code
    return codes


async def _touched(
    befores: Sequence[tuple[str, str, str]], after: Mapping[tuple[str, str, str], str]
) -> dict[UUID, dict[str, str]]:
    rows = await fetch(
        "SELECT d.case_id, d.name, x.track, c.area_path FROM deadlines d JOIN cases c ON c.id = d.case_id"
        " JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS u(track, clock, code)) x"
        " ON d.name = x.clock AND d.limit_code = x.code"
        " AND x.track = CASE WHEN d.name = 'handling' THEN c.handling_track ELSE c.track END WHERE d.stopped_at IS NULL",
        [[one[n] for one in befores] for n in range(3)],
    )
    codes: dict[UUID, dict[str, str]] = {}
    for row in rows:
        area = _own_area(row["area_path"])
        if (area, row["track"], row["name"]) in after:
            codes.setdefault(row["case_id"], {})[row["name"]] = after[area, row["track"], row["name"]]
    return codes


def _own_area(area_path: str) -> str:
    """The nearest area around a place that has rules of its own; the base where none has."""
    own = [area for area in area_path.split(".") if area in rulebook().overlays]
    return own[-1] if own else BASE


def _clock(area: str, track: str, clock: str) -> Limit | None:
    book = rulebook().overlays.get(area) if area else rulebook()
    found = book.tracks.get(track) if book else None
    known = found.clocks.get(ClockName(clock)) if found and clock in set(ClockName) else None
    return known.limit if known else None


def parse_limit(code: str, field: str) -> Limit:
    """A limit from its code such as `5wd`; 422 for anything else."""
    try:
        return Limit.parse(code)
    except ValueError as error:
        raise invalid(field, str(error)) from None


def described(edit: LimitEdit) -> dict[str, Any]:
    """A version without its full table."""
    names = ("area", "track", "clock", "before", "after")
    return {
        "version": edit.version, "title": edit.title, "at": edit.at, "in_force": edit.version == rulebook().limits_version,
        "changes": [dict(zip(names, row, strict=True)) for row in edit.changes],
    }  # fmt: skip
