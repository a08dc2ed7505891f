"""The rules of this deployment, handed in at boot and read everywhere: calendar, tracks, texts, numbers.

The profile file seeds them; code never asks which profile runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.deadlines.calendar import WorkCalendar
from domain.deadlines.choice import TrackRule
from domain.deadlines.tracks import Track
from domain.deadlines.warnings import WarningRules


@dataclass(frozen=True)
class Topic:
    """A node of the topic tree that residents choose from."""

    code: str
    name: str
    plain: str
    icon: str
    parent: str = ""


@dataclass(frozen=True)
class EventType:
    """A kind of grid event; `linked` units are told at once when it is urgent."""

    code: str
    name: str
    topic: str
    linked: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoticeText:
    """The words of a notice, with placeholders in braces."""

    title: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """Everything that a deployment decides by data."""

    profile: str
    name: str
    county: str
    hotline: str
    emergency_numbers: Sequence[str]
    calendar: WorkCalendar
    tracks: Mapping[str, Track]
    track_rules: Sequence[TrackRule]
    warnings: WarningRules
    topics: Mapping[str, Topic]
    event_types: Mapping[str, EventType]
    channels: Mapping[str, str]
    notices: Mapping[str, NoticeText]
    retention_days: Mapping[str, int]
    rating_window_days: int = 30
    info_days: int = 15
    rework_auto_rounds: int = 1
    supervision_workdays: int = 3
    visit_round_days: int = 90  # every household is walked to once in so many days (户户走到)
    wechat_templates: Mapping[str, str] = field(default_factory=dict)
    sms_templates: Mapping[str, str] = field(default_factory=dict)
    overlays: Mapping[str, "Rulebook"] = field(default_factory=dict)
    calendar_version: int = 0  # the last edit of the working calendar that is in it

    def for_area(self, area_path: str) -> "Rulebook":
        """The rules in force at a place: those of the nearest area around it that has its own, else these."""
        found = [area for area in area_path.split(".") if area in self.overlays]
        return self.overlays[found[-1]] if found else self


_installed: list[Rulebook] = []


def install(book: Rulebook) -> None:
    """Put the rules in force; called at boot and by tests."""
    _installed[:] = [book]


def rulebook() -> Rulebook:
    """The rules in force."""
    return _installed[0]
