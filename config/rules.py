"""Load and check the rules of a deployment: its profile, the working calendar, the division list.

A profile `<name>` is `profiles/<name>.toml` over what all profiles share, `profiles/common/*.toml` (`config.layers`
says how layers lie over each other), plus four sheets in `profiles/<name>/`: `units.csv` (organisations),
`channels.csv`, `topics.csv` (two digits = group, four = topic) and `duties.csv` (the responsibility catalogue: topic
and kind of place to lead and co-units; `@town` = the town of the place). `common = ["topics", …]` names the sheets
that it takes from `profiles/common/`, its own rows over them. The tracks stand in `config/tracks.toml`
(`[tracks.<CODE>]` overrides their lines). `[[overlays]] area = "…"` at the end of the file are the rules of single
areas over those of the profile: every section but the sheets; new channels as `[[overlays.channels]]`.

The result is `config.profile.Profile`: plain frozen values whose codes all lead somewhere. A profile with a mistake
is not loaded; `ProfileError` lists every one with file, line and reason: all of shape, or else of reference, of the
base before the overlays.
"""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from config.checks import check_profile
from config.division_files import Division, load_divisions
from config.layers import over, shared_rules, take_overlays
from config.profile import Profile
from config.reading import Findings, Mistake, ProfileError, read_rows, read_toml
from config.sections import build_profile, read_owner
from config.sheets import COMMON, Owner, Sheets, read_sheets
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
    profile = _load(name, folder, findings)
    if profile is None or findings.mistakes:
        raise ProfileError(findings.mistakes)
    return profile


def _load(name: str, folder: Path, findings: Findings) -> Profile | None:
    file = f"{name}.toml"
    own = read_toml(folder / file, file, findings)
    common = _read_common(file, folder, findings)
    overlays = take_overlays(own, file, findings)
    if findings.mistakes:
        return None
    first = min((span[0] for _, span in overlays), default=len(findings.texts[file]) + 1)
    findings.spans[file] = (1, first - 1)
    owner = read_owner(name, own, findings)
    sheets = read_sheets(owner, folder, findings)
    values = over(shared_rules(common, own), own)
    profile = build_profile(owner, values, sheets, findings)
    if profile is None or not check_profile(profile, findings):
        return None
    found: dict[str, Profile] = {}
    layers = {"": values}
    for overlay, span in overlays:
        findings.spans[file] = span
        area = _overlay_area(overlay, owner, layers, findings)
        under = max((code for code in layers if area.startswith(code)), key=len)
        layers[area] = over(layers[under], overlay)
        effective = _overlaid(owner, layers[area], sheets, found.get(under, profile), findings)
        if effective:
            found[area] = effective
    return msgspec.structs.replace(profile, overlays=found)


def _read_common(file: str, folder: Path, findings: Findings) -> dict[str, Any]:
    names = [f"{COMMON}/{path.name}" for path in sorted((folder / COMMON).glob("*.toml"))]
    findings.behind[file] = tuple(names)
    common: dict[str, Any] = {}
    for name in names:
        common = over(common, read_toml(folder / name, name, findings))
    return common


def _overlay_area(
    overlay: dict[str, Any], owner: Owner, layers: dict[str, Any], findings: Findings
) -> str:
    """Take the area out of an overlay; what is no area of the profile is recorded."""
    file, area = f"{owner.code}.toml", str(overlay.pop("area", ""))
    rows = load_divisions(owner.area)
    known = {code for row in rows for code in (row.county_code, row.town_code, row.code)} - {owner.area}
    if area not in known:
        findings.add(file, f"overlays 的区划“{area}”不在 {owner.area} 内", near="area =")
    elif area in layers:
        findings.add(file, f"区划“{area}”有两个 overlays", near="area =")
    return area


def _overlaid(
    owner: Owner, values: dict[str, Any], sheets: Sheets, below: Profile, findings: Findings
) -> Profile | None:
    """Return the rules of an area: the channels of the area around it stay, its own come over them."""
    inherited = Sheets(sheets.units, below.channels, sheets.topics, sheets.duties)
    effective = build_profile(owner, values, inherited, findings)
    return effective if effective and check_profile(effective, findings) else None


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
