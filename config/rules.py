"""Load and check the rules of a deployment: its profile, the working calendar, the division list.

A profile `<name>` is `profiles/<name>.toml` plus four sheets in `profiles/<name>/`: `units.csv` (organisations
by code), `channels.csv`, `topics.csv` (two digits = group, four = topic) and `duties.csv` (the responsibility
catalogue: topic and kind of place → lead and co-units, `@town` = the town of the place). The TOML names the
tracks it `use`s out of `config/tracks.toml` (and may override lines under `[tracks.<CODE>]`), the track
`[[rules]]`, side `[limits]`, hours, warnings, event types, texts, retention, ratings and weights. The result is
`config.profile.Profile`: plain frozen values whose codes all lead somewhere. A profile with any mistake is not
loaded; `ProfileError` lists every mistake with file, line and reason.
"""

import csv
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from config.checks import check_profile
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
from config.reading import Findings, Mistake, ProfileError, read_rows, read_toml
from config.track_files import build_rule, build_tracks
from domain.deadlines.calendar import CalendarException, WorkCalendar, WorkingHours
from domain.deadlines.limits import Limit
from domain.deadlines.warnings import WarningRules

__all__ = [
    "Division", "Mistake", "Profile", "ProfileError", "load_calendar", "load_divisions", "load_profile",
    "profile_names", "work_calendar",
]  # fmt: skip

HERE = Path(__file__).parent
PROFILES = HERE / "profiles"
SECTIONS = frozenset(
    "name county hours warnings tracks rules flags limits ratings scores retention_days event_levels event_types "
    "emergencies hotlines notices".split()
)
T = TypeVar("T")


class Division(msgspec.Struct, frozen=True):
    """One village or community of the statistical division list; `code` has 12 digits."""

    code: str
    name: str
    kind: str
    town_code: str
    town: str
    county_code: str
    county: str
    city_code: str
    city: str
    province: str

    @property
    def urban(self) -> bool:
        """Whether it is a residents' committee (居委会) and not a village (村委会)."""
        return self.kind == "居委会"


def profile_names(folder: Path = PROFILES) -> list[str]:
    """Return the names of the profiles that can be loaded."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_profile(name: str, folder: Path = PROFILES) -> Profile:
    """Return a checked profile (ProfileError: every mistake with file, line and reason)."""
    findings = Findings()
    if name not in profile_names(folder):
        raise ProfileError([Mistake(f"{name}.toml", 0, f"没有这个规则;可用:{'、'.join(profile_names(folder))}")])
    main = f"{name}.toml"
    values = read_toml(folder / main, main, findings)
    for section in sorted(values.keys() - SECTIONS):
        findings.add(main, f"不认识的栏目“{section}”", near=section)
    for section in sorted(SECTIONS - values.keys()):
        findings.add(main, f"缺少栏目“{section}”")
    if findings.mistakes:
        raise ProfileError(findings.mistakes)
    profile = _build(name, folder, values, findings)
    if profile:
        check_profile(profile, findings)
    if findings.mistakes or profile is None:
        raise ProfileError(findings.mistakes)
    return profile


def load_calendar(folder: Path = HERE / "calendar") -> tuple[tuple[CalendarException, ...], frozenset[int]]:
    """Return the exception rows and the years they cover (ProfileError: a row that is no day)."""
    findings, rows = Findings(), []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            for cells in reader:
                row = findings.attempt(path.name, "", partial(_exception, cells))
                if row:
                    rows.append(row)
                else:
                    findings.mistakes[-1] = Mistake(
                        path.name, reader.line_num, findings.mistakes[-1].reason
                    )
    if findings.mistakes:
        raise ProfileError(findings.mistakes)
    return tuple(rows), frozenset(row.on.year for row in rows)


def work_calendar(hours: WorkingHours) -> WorkCalendar:
    """Return the shipped calendar with the office hours of a profile."""
    exceptions, years = load_calendar()
    return WorkCalendar(exceptions, years, hours)


def load_divisions(county: str, folder: Path = HERE / "divisions") -> list[Division]:
    """Return the villages of a county by its 6-digit code, in order of code (ProfileError: none shipped)."""
    findings = Findings()
    rows = read_rows(folder / f"{county}.csv", f"{county}.csv", Division, findings)
    if findings.mistakes:
        raise ProfileError(findings.mistakes)
    return rows


def _build(name: str, folder: Path, values: dict[str, Any], findings: Findings) -> Profile | None:
    main = f"{name}.toml"
    library = read_toml(HERE / "tracks.toml", "tracks.toml", findings)
    read = partial(_rows, folder / name, name, findings)
    one = partial(_section, main, values, findings)
    tables = partial(_tables, main, values, findings)
    hours = findings.attempt(main, "[hours]", lambda: WorkingHours(**msgspec.convert(values["hours"], _Hours)))
    parts = {
        "hours": hours,
        "warnings": one("warnings", WarningRules),
        "ratings": one("ratings", Ratings),
        "scores": one("scores", Scores),
        "flags": one("flags", dict[str, str]),
        "event_levels": one("event_levels", dict[str, str]),
        "retention_days": one("retention_days", dict[str, int]),
        "name": one("name", str),
        "county": one("county", str),
    }
    ...
