"""The shape of a profile, as `load_profile` returns it: codes are keys, Chinese texts are values."""

from datetime import date
from typing import Literal

import msgspec

from domain.deadlines.calendar import WorkingHours
from domain.deadlines.choice import TrackRule
from domain.deadlines.limits import Limit
from domain.deadlines.tracks import Track
from domain.deadlines.warnings import WarningRules
from domain.practices import Practices, Row

TOWN = "@town"  # in a duty: the unit of the town in which the place lies


class Unit(Row, frozen=True):
    """An organisation; `area` is the division it serves, `member` = named in the annex of the scheme."""

    code: str
    name: str
    kind: Literal["department", "body", "enterprise", "town", "village", "urban", "section"]
    area: str = ""  # once the profile is built: never empty
    parent: str = ""
    aliases: tuple[str, ...] = ()
    member: bool = False


class Channel(Row, frozen=True):
    """A way in which appeals arrive; `number` is its row in the annex, 0 for the others."""

    code: str
    name: str
    manager: str
    aggregation: Literal["interconnect", "merged", "own"]
    handling: Literal["origin_dispatch_origin_reply", "hub_dispatch_origin_review", "hub_dispatch_hub_reply"]
    number: int = 0
    petition: bool = False
    basis: str = ""


class Topic(Row, frozen=True):
    """A class of matters: two digits for a group, four for a topic; `unit` leads when no duty fits better."""

    code: str
    name: str
    plain: str
    icon: str
    unit: str

    @property
    def parent(self) -> str:
        """The code of the group, or an empty text for a group."""
        return self.code[:2] if len(self.code) > len("00") else ""


class Duty(Row, frozen=True):
    """A line of the responsibility catalogue: topic and kind of place to who leads, who helps, and why."""

    code: str
    topic: str
    item: str
    lead: str
    basis: str
    place: Literal["any", "urban", "rural"] = "any"
    areas: tuple[str, ...] = ()
    co_units: tuple[str, ...] = ()
    responsibility: Literal["", "territory", "line", "origin_of_problem"] = ""  # empty: territory where a town leads
    ended_on: date | None = None

    @property
    def owed_by(self) -> str:
        """Why the lead owes it: 属地管理, 谁主管谁负责 or 谁产生谁化解."""
        return self.responsibility or ("territory" if self.lead == TOWN else "line")


class EventType(Row, frozen=True):
    """A kind of grid event; `linked` units are told at once when it is urgent."""

    name: str
    plain: str
    icon: str
    topic: str
    linked: tuple[str, ...] = ()


class Emergency(Row, frozen=True):
    """One of the four kinds of emergencies: numbers shown before any form, units told together."""

    name: str
    numbers: tuple[str, ...]
    linked: tuple[str, ...]
    words: tuple[str, ...] = ()  # of a text that sounds like danger to life: then the numbers are shown first


class Hotline(Row, frozen=True):
    """A number people can call instead of writing."""

    number: str
    name: str
    emergency: bool = False


class Notice(Row, frozen=True):
    """The text a resident receives after an action; {placeholders} as in `config.checks.PLACEHOLDERS`."""

    title: str
    body: str


class Ratings(Row, frozen=True):
    """How satisfaction is asked, weighted and answered."""

    window_days: int
    process_weight: float
    result_weight: float
    first_bad: Literal["auto", "decide"]
    later_bad: Literal["auto", "decide"]
    callback_attempts: int
    callback_days: int


class Scores(Row, frozen=True):
    """Weights of the composite score; they add up to one."""

    response_rate: float
    completion_rate: float
    satisfaction_rate: float


class FieldWork(Row, frozen=True):
    """What grid workers go by: after how many days a household counts as not visited again (户户走到)."""

    visit_round_days: int = 90


class Duplicates(Row, frozen=True):
    """How far apart cases about the same matter may lie: metres, days, and both by topic or group; 0 = not looked for."""

    radius_m: int = 200
    window_days: int = 90
    topics: dict[str, tuple[int, int]] = {}  # code → [metres, days]


class Plates(Row, frozen=True):
    """How door plates look: colour `#rrggbb`, emblem (PNG, JPEG) and own fonts as files of the profile's folder.

    `page` is the page of the mini-program that mini-program codes for posters open.
    """

    accent: str = ""
    emblem: str = ""
    rare_fonts: tuple[str, ...] = ()
    page: str = "pages/index/index"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One deployment's rules, checked and cross-checked; `overlays` are the rules of areas that have their own."""

    code: str
    name: str
    area: str
    hours: WorkingHours
    warnings: WarningRules
    tracks: dict[str, Track]
    track_rules: tuple[TrackRule, ...]
    limits: dict[str, Limit]
    flags: dict[str, str]
    units: dict[str, Unit]
    channels: dict[str, Channel]
    topics: dict[str, Topic]
    duties: tuple[Duty, ...]
    event_types: dict[str, EventType]
    event_levels: dict[str, str]
    emergencies: dict[str, Emergency]
    hotlines: tuple[Hotline, ...]
    notices: dict[str, Notice]
    retention_days: dict[str, int]
    ratings: Ratings
    scores: Scores
    field: FieldWork = FieldWork()
    plates: Plates = Plates()
    duplicates: Duplicates = Duplicates()
    practices: Practices = Practices()
    overlays: dict[str, "Profile"] = {}

    def for_area(self, place: str) -> "Profile":
        """Return the rules in force at a place, given as path of the area tree or as its bare code."""
        parts = place.split(".")
        bare = len(parts) == 1
        found = [area for area in self.overlays if area in parts or (bare and place.startswith(area))]
        return self.overlays[max(found, key=len)] if found else self

    @property
    def all_channels(self) -> dict[str, Channel]:
        """The channels of the profile and of all its areas; the entry of the profile stands before an area's."""
        found = dict(self.channels)
        for overlay in self.overlays.values():
            found = overlay.channels | found
        return found

    def unit_named(self, name: str) -> Unit | None:
        """Return the unit with this name or alias, or None."""
        return next((unit for unit in self.units.values() if name in (unit.name, *unit.aliases)), None)

    def town_unit(self, town_code: str) -> Unit | None:
        """Return the unit that answers for a town (9 digits), or None."""
        served = [unit for unit in self.units.values() if unit.area == town_code]
        return next((unit for unit in served if unit.kind not in ("urban", "section")), None)
