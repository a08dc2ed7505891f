"""Load and check the rules of a deployment: its profile, the working calendar, the division list.

A profile `<name>` is `profiles/<name>.toml` plus four sheets in `profiles/<name>/`: `units.csv`
(organisations), `channels.csv`, `topics.csv` (two digits = group, four = topic) and `duties.csv` (the
responsibility catalogue: topic and kind of place to lead and co-units; `@town` = the town of the place).
The TOML names the tracks it uses out of `config/tracks.toml` (`[tracks.<CODE>]` overrides their lines), the
track `[[rules]]`, side `[limits]`, hours, warnings, event types, texts, retention, ratings and weights. The
result is `config.profile.Profile`: plain frozen values whose codes all lead somewhere. A profile with a
mistake is not loaded; `ProfileError` lists every one with file, line and reason: all of shape, or else of
reference.
"""

from datetime import date
from pathlib import Path

import msgspec

from config.checks import check_profile
from config.profile import Profile
from config.reading import Findings, Mistake, ProfileError, read_rows
from config.sections import build_profile
from domain.deadlines.calendar import CalendarException, WorkCalendar, WorkingHours

__all__ = [
    "Division",
    "Mistake",
    "Profile",
    "ProfileError",
    "load_calendar",
    "load_divisions",
    "load_profile",
    "profile_names",
    "work_calendar",
]
HERE = Path(__file__).parent
PROFILES = HERE / "profiles"
CALENDAR = HERE / "calendar"
DIVISIONS = HERE / "divisions"


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


class CalendarRow(msgspec.Struct, forbid_unknown_fields=True):
    """One line of a calendar sheet."""

    date: date
    is_workday: bool
    name: str = ""


def profile_names(folder: Path = PROFILES) -> list[str]:
    """Return the names of the profiles that can be asked for."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_profile(name: str, folder: Path = PROFILES) -> Profile:
    """Return a checked profile (ProfileError: every mistake with file, line and reason)."""
    names = profile_names(folder)
    if name not in names:
        raise ProfileError([Mistake(f"{name}.toml", 0, f"没有这套规则,现有:{'、'.join(names)}")])
    findings = Findings()
    profile = build_profile(name, folder, findings)
    if profile:
        check_profile(profile, findings)
    if profile is None or findings.mistakes:
        raise ProfileError(findings.mistakes)
    return profile


def load_calendar(folder: Path = CALENDAR) -> tuple[tuple[CalendarException, ...], frozenset[int]]:
    """Return the exception rows and the years they cover (ProfileError: a row that is no day)."""
    findings = Findings()
    rows: list[CalendarRow] = []
    for path in sorted(folder.glob("*.csv")):
        rows += read_rows(path, path.name, CalendarRow, findings)
    if findings.mistakes:
        raise ProfileError(findings.mistakes)
    exceptions = tuple(CalendarException(row.date, row.is_workday, row.name) for row in rows)
    return exceptions, frozenset(row.on.year for row in exceptions)


def work_calendar(hours: WorkingHours) -> WorkCalendar:
    """Return the shipped calendar with the office hours of a profile."""
    exceptions, years = load_calendar()
    return WorkCalendar(exceptions, years, hours)


def load_divisions(county: str, folder: Path = DIVISIONS) -> list[Division]:
    """Return the villages of a county by its 6-digit code, in order of code (ProfileError: not shipped)."""
    findings = Findings()
    rows = read_rows(folder / f"{county}.csv", f"{county}.csv", Division, findings)
    if findings.mistakes:
        raise ProfileError(findings.mistakes)
    return rows
