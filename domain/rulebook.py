"""The rules of this deployment, handed in at boot and read everywhere: calendar, tracks, texts, numbers.

The profile file seeds them; code never asks which profile runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.deadlines.calendar import WorkCalendar
from domain.deadlines.choice import TrackRule
from domain.deadlines.limits import Limit
from domain.deadlines.tracks import Track
from domain.deadlines.warnings import WarningRules
from domain.practices import Practices


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
class Emergency:
    """One of the four kinds of emergencies: the numbers to call first, the units told together, the words that sound
    like danger to life."""

    code: str
    name: str
    numbers: tuple[str, ...]
    linked: tuple[str, ...]
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reach:
    """How far apart two cases of a topic may lie to be about the same matter: metres and days; 0 = not looked for."""

    radius_m: int = 200
    window_days: int = 90


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
    flags: Mapping[str, str] = field(default_factory=dict)  # what the intake officer may mark, with its words
    emergencies: Mapping[str, Emergency] = field(default_factory=dict)
    hotline_names: Mapping[str, str] = field(default_factory=dict)  # every number with what it is for
    limits: Mapping[str, Limit] = field(default_factory=dict)  # side clocks
    practices: Practices = field(default_factory=Practices)  # what an office does besides single cases
    callback_attempts: int = 3
    callback_days: int = 2
    rating_window_days: int = 30
    rating_weights: tuple[float, float] = (0.4, 0.6)  # of process and result in the composite score
    rework_auto_rounds: int = 1
    supervision_workdays: int = 3
    visit_round_days: int = 90  # every household is walked to once in so many days (户户走到)
    content_judged: bool = False  # texts are given to WeChat's content check
    wechat_templates: Mapping[str, str] = field(default_factory=dict)
    sms_templates: Mapping[str, str] = field(default_factory=dict)
    reaches: Mapping[str, Reach] = field(default_factory=dict)  # by topic; the empty code is that of every other
    overlays: Mapping[str, "Rulebook"] = field(default_factory=dict)
    calendar_version: int = 0  # the last edit of the working calendar that is in it
    limits_version: int = 0  # the last version of the limits that is in it

    def danger_in(self, text: str) -> Emergency | None:
        """The emergency that words of a text sound like, or None; it only decides which numbers are shown first."""
        return next((one for one in self.emergencies.values() if any(word in text for word in one.words)), None)

    def call_first(self, emergency: Emergency | None = None) -> dict[str, Any]:
        """The numbers to call before writing anything, those of the emergency first: never only a form (001-10)."""
        numbers = list(dict.fromkeys((*(emergency.numbers if emergency else ()), *self.emergency_numbers)))
        spoken = "、".join(f"{number}({self.hotline_names[number]})" for number in numbers if number in self.hotline_names)
        return {
            "kind": emergency.code if emergency else None, "numbers": numbers,
            "text": f"有生命危险请先拨打:{spoken}。",
        }  # fmt: skip

    def reach(self, topic: str) -> Reach:
        """How far to look for cases about the same matter: of the topic, else of its group, else as everywhere."""
        return self.reaches.get(topic) or self.reaches.get(topic[:2]) or self.reaches.get("") or Reach()

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
