"""A profile built from its sections and sheets; what cannot be built is a recorded mistake, not the end."""

from collections.abc import Callable
from datetime import time
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

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
    Row,
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
C = TypeVar("C", Channel, Duty, Topic, Unit)
TRACKS = Path(__file__).parent / "tracks.toml"


class ProfileFile(Row):
    """The TOML file with the sections that need no building of their own."""

    name: str
    county: str
    tracks: dict[str, Any]
    rules: list[Any]
    limits: dict[str, str]
    hours: dict[str, tuple[tuple[time, time], ...]]
    warnings: dict[str, Any]
    ratings: dict[str, Any]
    scores: dict[str, Any]
    flags: dict[str, str]
    retention_days: dict[str, int]
    event_levels: dict[str, str]
    event_types: dict[str, Any]
    emergencies: dict[str, Any]
    hotlines: list[Any]
    notices: dict[str, Any]


def build_profile(code: str, folder: Path, findings: Findings) -> Profile | None:
    """Return a profile whose every part has the right shape, or None with the mistakes recorded."""
    main = f"{code}.toml"
    values = read_toml(folder / main, main, findings)
    if findings.mistakes:
        return None
    file = findings.attempt(main, "", partial(msgspec.convert, values, ProfileFile))
    if file is None:
        return None
    attempt = partial(_attempt, main, findings)
    sheet = partial(_sheet, folder / code, code, findings)
    hours = attempt("[hours]", lambda: WorkingHours(**file.hours))
    warnings = attempt("[warnings]", lambda: msgspec.convert(file.warnings, WarningRules))
    ...
