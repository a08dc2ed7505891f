"""A profile built from its sections and sheets; what cannot be built is a recorded mistake, not the end."""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import msgspec

from config.profile import (
    Channel,
    Duplicates,
    Emergency,
    EventType,
    FieldWork,
    Hotline,
    Notice,
    Plates,
    Profile,
    Ratings,
    Scores,
)
from config.reading import Findings, read_toml
from config.sheets import DivisionUnits, Owner, Sheets, by_code
from config.track_files import build_rule, build_tracks
from domain.deadlines.calendar import WorkingHours
from domain.deadlines.limits import Limit
from domain.deadlines.warnings import WarningRules
from domain.practices import Practices

T = TypeVar("T")
TRACKS = Path(__file__).parent / "tracks.toml"


@dataclass(slots=True)
class Sections:
    """The values of a profile file, taken section by section."""

    file: str
    values: dict[str, Any]
    findings: Findings

    def value(self, key: str, shape: type[T]) -> T:
        """Return a section in its shape; nothing usable comes back once a mistake is recorded."""
        near = key if shape is str else f"[{key}]"
        return cast("T", self._built(key, near, partial(_shaped, self.values.pop(key, None), shape)))

    def given(self, key: str, default: T) -> T:
        """Return a section that may be left out."""
        return self.value(key, type(default)) if key in self.values else default

    def by_code(self, key: str, build: Callable[[Any], T]) -> dict[str, T]:
        """Return the entries of a section by code."""
        entries = self.value(key, dict[str, Any]) or {}
        found = {code: self._entry(key, code, partial(build, entry)) for code, entry in entries.items()}
        return {code: entry for code, entry in found.items() if entry is not None}

    def listed(self, key: str, build: Callable[[Any], T]) -> tuple[T, ...]:
        """Return the `[[key]]` entries in order."""
        entries = self.value(key, list[dict[str, Any]]) or []
        found = [
            self._built(f"{key} 第{number}条", f"[[{key}]]", partial(build, entry))
            for number, entry in enumerate(entries, 1)
        ]
        return tuple(entry for entry in found if entry is not None)

    def practices(self) -> Practices:
        """Return the sections of `domain.practices`, each entry in its shape."""
        found = {}
        for section in msgspec.structs.fields(Practices):
            if section.name in self.values:
                shape = get_args(section.type)[1]
                found[section.name] = self.by_code(section.name, partial(_shaped, shape=shape))
        return Practices(**found)

    def finish(self) -> None:
        """Record the sections that nobody asked for."""
        for key in self.values:
            self.findings.add(self.file, f"不认识的栏目“{key}”", near=(f"[{key}", f"[[{key}", key))

    def _entry(self, key: str, code: str, build: Callable[[], T]) -> T | None:
        head = f"[{key}.{code}]"
        heads = any(head in line for lines in self.findings.texts.values() for line in lines)
        return self._built(code, head if heads else code, build)

    def _built(self, label: str, near: str, build: Callable[[], T]) -> T | None:
        return self.findings.attempt(self.file, label, build, near)


def read_owner(code: str, values: dict[str, Any], findings: Findings) -> Owner:
    """Take what the sheets need to know out of the values of a profile file."""
    sections = Sections(f"{code}.toml", values, findings)
    return Owner(
        code=code,
        area=sections.value("area", str) or "",
        prefix=sections.given("prefix", ""),
        common=tuple(sections.given("common", [])),
        division_units=sections.given("division_units", DivisionUnits()),
    )


def build_profile(owner: Owner, values: dict[str, Any], sheets: Sheets, findings: Findings) -> Profile | None:
    """Return a profile whose every part has its shape, or None with the mistakes recorded."""
    file = f"{owner.code}.toml"
    sections = Sections(file, dict(values), findings)
    library = read_toml(TRACKS, TRACKS.name, findings)
    local = sections.listed("channels", partial(_shaped, shape=Channel)) if "channels" in values else ()
    profile = Profile(
        code=owner.code,
        name=sections.value("name", str),
        area=owner.area,
        hours=sections.value("hours", WorkingHours),
        warnings=sections.value("warnings", WarningRules),
        tracks=build_tracks(library, sections.value("tracks", dict[str, Any]) or {}, file, findings),
        track_rules=sections.listed("rules", build_rule),
        limits=sections.by_code("limits", Limit.parse),
        flags=sections.value("flags", dict[str, str]),
        units=sheets.units,
        channels=sheets.channels | by_code(local),
        topics=sheets.topics,
        duties=sheets.duties,
        event_types=sections.by_code("event_types", partial(_shaped, shape=EventType)),
        event_levels=sections.value("event_levels", dict[str, str]),
        emergencies=sections.by_code("emergencies", partial(_shaped, shape=Emergency)),
        hotlines=sections.listed("hotlines", partial(_shaped, shape=Hotline)),
        notices=sections.by_code("notices", partial(_shaped, shape=Notice)),
        retention_days=sections.value("retention_days", dict[str, int]),
        ratings=sections.value("ratings", Ratings),
        scores=sections.value("scores", Scores),
        field=sections.given("field", FieldWork()),
        plates=sections.given("plates", Plates()),
        duplicates=sections.given("duplicates", Duplicates()),
        practices=sections.practices(),
    )
    sections.finish()
    return None if findings.mistakes else profile


def _shaped(values: Any, shape: type[T]) -> T:
    if values is None:
        raise ValueError("缺少这一栏")
    if is_dataclass(shape) and isinstance(values, dict):
        # msgspec lets unknown keys of dataclasses pass; a mistyped key would be a rule silently lost.
        unknown = sorted(values.keys() - {cell.name for cell in fields(shape)})
        if unknown:
            raise ValueError(f"不认识的项:{'、'.join(unknown)}")
    return msgspec.convert(values, shape)
