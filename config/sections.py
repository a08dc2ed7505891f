"""A profile built from its sections and sheets; what cannot be built is a recorded mistake, not the end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from config.profile import (
    Channel,
    Duty,
    Emergency,
    EventType,
    Hotline,
    Notice,
    Profile,
    Ratings,
    Scores,
    Topic,
    Unit,
)
from config.reading import Findings, read_rows, read_toml
from config.track_files import build_rule, build_tracks
from domain.deadlines.calendar import WorkingHours
from domain.deadlines.limits import Limit
from domain.deadlines.warnings import WarningRules

T = TypeVar("T")
C = TypeVar("C", Channel, Topic, Unit)
TRACKS = Path(__file__).parent / "tracks.toml"


@dataclass(slots=True)
class Sections:
    """The TOML file of a profile, taken section by section."""

    file: str
    values: dict[str, Any]
    findings: Findings

    def value(self, key: str, shape: type[T]) -> T:
        """Return a section in its shape; nothing usable comes back once a mistake is recorded."""
        return cast("T", self._built(key, f"[{key}]", partial(_shaped, self.values.pop(key, None), shape)))

    def by_code(self, key: str, build: Callable[[Any], T]) -> dict[str, T]:
        """Return the entries of a section by code."""
        entries = self.value(key, dict[str, Any]) or {}
        found = {code: self._built(code, code, partial(build, entry)) for code, entry in entries.items()}
        return {code: entry for code, entry in found.items() if entry is not None}

    def listed(self, key: str, build: Callable[[Any], T]) -> tuple[T, ...]:
        """Return the `[[key]]` entries in order."""
        entries = self.value(key, list[dict[str, Any]]) or []
        found = [
            self._built(f"{key} 第{number}条", f"[[{key}]]", partial(build, entry))
            for number, entry in enumerate(entries, 1)
        ]
        return tuple(entry for entry in found if entry is not None)

    def finish(self) -> None:
        """Record the sections that nobody asked for."""
        for key in self.values:
            self.findings.add(self.file, f"不认识的栏目“{key}”", near=key)

    def _built(self, label: str, near: str, build: Callable[[], T]) -> T | None:
        return self.findings.attempt(self.file, label, build, near)


def build_profile(code: str, folder: Path, findings: Findings) -> Profile | None:
    """Return a profile whose every part has its shape, or None with the mistakes recorded."""
    file = f"{code}.toml"
    sections = Sections(file, read_toml(folder / file, file, findings), findings)
    library = read_toml(TRACKS, TRACKS.name, findings)
    if findings.mistakes:
        return None
    sheets = folder / code
    profile = Profile(
        code=code,
        name=sections.value("name", str),
        county=sections.value("county", str),
        hours=sections.value("hours", WorkingHours),
        warnings=sections.value("warnings", WarningRules),
        tracks=build_tracks(library, sections.value("tracks", dict[str, Any]) or {}, file, findings),
        track_rules=sections.listed("rules", build_rule),
        limits=sections.by_code("limits", Limit.parse),
        flags=sections.value("flags", dict[str, str]),
        units=_by_code(_sheet(sheets, "units", Unit, findings)),
        channels=_by_code(_sheet(sheets, "channels", Channel, findings)),
        topics=_by_code(_sheet(sheets, "topics", Topic, findings)),
        duties=tuple(_sheet(sheets, "duties", Duty, findings)),
        event_types=sections.by_code("event_types", partial(_shaped, shape=EventType)),
        event_levels=sections.value("event_levels", dict[str, str]),
        emergencies=sections.by_code("emergencies", partial(_shaped, shape=Emergency)),
        hotlines=sections.listed("hotlines", partial(_shaped, shape=Hotline)),
        notices=sections.by_code("notices", partial(_shaped, shape=Notice)),
        retention_days=sections.value("retention_days", dict[str, int]),
        ratings=sections.value("ratings", Ratings),
        scores=sections.value("scores", Scores),
    )
    sections.finish()
    return None if findings.mistakes else profile


def _shaped(values: Any, shape: type[T]) -> T:  # noqa: ANN401 - TOML values are of any type
    if values is None:
        raise ValueError("缺少这一栏")
    if is_dataclass(shape) and isinstance(values, dict):
        # msgspec lets unknown keys of dataclasses pass; a mistyped key would be a rule silently lost.
        unknown = sorted(values.keys() - {cell.name for cell in fields(shape)})
        if unknown:
            raise ValueError(f"不认识的项:{'、'.join(unknown)}")
    return msgspec.convert(values, shape)


def _sheet(folder: Path, name: str, shape: type[msgspec.Struct], findings: Findings) -> list[Any]:
    return read_rows(folder / f"{name}.csv", f"{folder.name}/{name}.csv", shape, findings)


def _by_code(rows: Iterable[C]) -> dict[str, C]:
    return {row.code: row for row in rows}
