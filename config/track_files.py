"""Tracks and their rules from TOML values."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from config.reading import Findings
from domain.deadlines.choice import FACT_TEXTS, TrackRule
from domain.deadlines.limits import Limit
from domain.deadlines.tracks import Clock, ClockName, InnerKind, InnerLimit, Start, Stop, Track

STARTS = {
    ClockName.ACCEPT: Start.RECEIVED,
    ClockName.SIGN: Start.DISPATCHED,
    ClockName.FIRST_CONTACT: Start.RECEIVED,
    ClockName.HANDLING: Start.RECEIVED,
    ClockName.CALLBACK: Start.ANSWERED,
}
STOPS = {
    ClockName.ACCEPT: Stop.ACCEPTED,
    ClockName.SIGN: Stop.SIGNED,
    ClockName.FIRST_CONTACT: Stop.CONTACTED,
    ClockName.CALLBACK: Stop.CALLED_BACK,
}


class InnerEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `inner` line of a track."""

    code: str
    text: str
    limit: str
    stop: Stop
    kind: InnerKind


class TrackEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One table of config/tracks.toml."""

    name: str
    basis: str = ""
    urgent: bool = False
    accept: str = ""
    sign: str = ""
    first_contact: str = ""
    handling: str = ""
    callback: str = ""
    extension: str = ""
    look: bool = False
    report: bool = False
    simple: bool = False
    instant: bool = False
    stops_at: Stop | None = None
    starts: dict[ClockName, Start] = {}
    inner: tuple[InnerEntry, ...] = ()


class RuleEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[rules]]` table of a profile."""

    track: str
    reason: str
    rank: int
    when: dict[str, tuple[str, ...]]


def build_track(code: str, values: object) -> Track:
    """Return a track from its table (ValueError or msgspec.ValidationError: what is wrong with it)."""
    entry = msgspec.convert(values, TrackEntry)
    if bool(entry.handling) != bool(entry.stops_at):
        raise ValueError("handling 和 stops_at 应同时填写")
    if entry.stops_at not in (None, Stop.ANSWERED, Stop.CLOSED):
        raise ValueError("stops_at 只能是 answered 或 closed")
    if not entry.handling and not entry.urgent:
        raise ValueError("只有紧急轨道可以不写办理时限")
    return Track(
        code=code,
        name=entry.name,
        basis=entry.basis,
        urgent=entry.urgent,
        clocks=_clocks(entry),
        inner=tuple(
            InnerLimit(one.code, one.text, Limit.parse(one.limit), one.stop, one.kind) for one in entry.inner
        ),
        extension=Limit.parse(entry.extension) if entry.extension else None,
        look=entry.look,
        report=entry.report,
        simple=entry.simple,
        instant=entry.instant,
    )


def build_rule(values: object) -> TrackRule:
    """Return a track rule from its table (ValueError or msgspec.ValidationError)."""
    entry = msgspec.convert(values, RuleEntry)
    unknown = sorted(entry.when.keys() - FACT_TEXTS.keys())
    if unknown:
        raise ValueError(f"不认识的条件:{'、'.join(unknown)}")
    if "kind" not in entry.when:
        raise ValueError("规则应写明 kind(appeal 或 event)")
    when = {fact: frozenset(values) for fact, values in entry.when.items()}
    return TrackRule(entry.track, entry.reason, entry.rank, when)


def build_tracks(
    library: Mapping[str, Any], chosen: Mapping[str, Any], file: str, findings: Findings
) -> dict[str, Track]:
    """Return the tracks a profile uses, its own lines over those of the library."""
    tracks = {}
    for code in chosen.get("use", []):
        values = {**library.get(code, {}), **chosen.get(code, {})}
        if not values:
            findings.add(file, f"没有轨道“{code}”", near=f'"{code}"')
            continue
        track = findings.attempt(file, code, partial(build_track, code, values))
        if track:
            tracks[code] = track
    for code in chosen.keys() - {"use"} - set(chosen.get("use", [])):
        findings.add(file, f"轨道“{code}”没有列入 use", near=f"[tracks.{code}]")
    return tracks


def _clocks(entry: TrackEntry) -> dict[ClockName, Clock]:
    clocks = {}
    for name in ClockName:
        code = getattr(entry, name)
        if not code:
            continue
        stop = entry.stops_at if name is ClockName.HANDLING else STOPS[name]
        if stop is None:
            raise ValueError("办理时限缺少 stops_at")
        clocks[name] = Clock(name, Limit.parse(code), entry.starts.get(name, STARTS[name]), stop)
    return clocks
