"""Bodies and queries of the household routes, and what their texts become before they are kept."""

from collections.abc import Callable
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from domain.cases.move import Version
from domain.households import cell_rules
from domain.problems import invalid
from domain.sheets.reading import CellError
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page

AreaCode = Annotated[str, Meta(min_length=2, max_length=20)]
Door = Annotated[str, Meta(min_length=1, max_length=80)]
Group = Annotated[str, Meta(max_length=40)]
Name = Annotated[str, Meta(max_length=60)]
PhoneText = Annotated[str, Meta(max_length=40)]
Number = Annotated[str, Meta(max_length=40)]
CodeState = Literal["none", "printed", "active", "suspect"]
HouseholdState = Literal["active", "vacant", "demolished", "merged"]


class Households(Page):
    """What the register may be narrowed by."""

    area: str | None = None
    grid: str | None = None
    text: str = ""
    code_state: CodeState | None = None
    state: HouseholdState | None = None


class NewHousehold(Strict):
    """One house."""

    village_code: AreaCode
    door_text: Door
    group: Group = ""
    head_name: Name = ""
    phone: PhoneText = ""
    external_no: Number = ""
    grid_code: AreaCode | None = None


class Changes(Strict):
    """What to correct; what is left out stays."""

    version: Version | None = None
    door_text: Door | UnsetType = UNSET
    group: Group | UnsetType = UNSET
    head_name: Name | UnsetType = UNSET
    phone: PhoneText | UnsetType = UNSET
    external_no: Number | UnsetType = UNSET
    location: "Location | None | UnsetType" = UNSET


class Location(Strict):
    """Where the house stands."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    datum: Literal["gcj02", "wgs84"]


class Reveal(Strict):
    """Why a name and a phone are opened."""

    purpose: Literal["contact", "verify_binding", "correct_register", "plate_delivery"]


class Emptying(Strict):
    """Nobody lives there any more."""

    reason: Literal["vacant", "demolished"]


class Occupation(Strict):
    """New people in a house."""

    head_name: Annotated[str, Meta(min_length=1, max_length=60)]
    phone: PhoneText = ""


class Merge(Strict):
    """The house that this one becomes a part of."""

    into: UUID


class Split(Strict):
    """The part that becomes a household of its own."""

    door_text: Door
    group: Group = ""
    head_name: Name = ""
    phone: PhoneText = ""
    external_no: Number = ""
    membership_ids: Annotated[list[UUID], Meta(max_length=50)] = []


class Moves(Strict):
    """Houses for another grid of their village."""

    household_ids: Annotated[list[UUID], Meta(min_length=1, max_length=200)]
    grid_code: AreaCode


class EndCode(Strict):
    """Why a code ends."""

    reason: Literal["revoked", "lost"] = "revoked"


ACTIONS = {"emptying": Emptying, "occupation": Occupation, "merge": Merge, "split": Split}


def door(text: str) -> str:
    """A door as it is kept; 422 when nothing is left of it."""
    return _checked("door_text", lambda: cell_rules.required(clean_text(text), 80))


def group(text: str) -> str:
    """A villagers' group as it is kept."""
    return _checked("group", lambda: cell_rules.group(clean_text(text)))


def name(text: str) -> str:
    """A name as it is kept."""
    return cell_rules.optional(clean_text(text))


def phone(text: str) -> str:
    """A phone number as it is kept, empty for none; 422 for what is none."""
    return _checked("phone", lambda: cell_rules.phone(text) or "")


def changes(body: Changes) -> dict[str, str | float | None]:
    """The columns to change."""
    said: dict[str, str | float | None] = {}
    for field, column, rule in (
        ("door_text", "door_text", door), ("group", "group_name", group), ("head_name", "head_name", name),
        ("phone", "phone", phone), ("external_no", "external_no", str.strip),
    ):  # fmt: skip
        value = getattr(body, field)
        if value is not UNSET:
            said[column] = rule(value)
    if body.location is not UNSET:
        at = body.location
        said |= {"lon": at.lon, "lat": at.lat, "datum": at.datum} if at else dict.fromkeys(("lon", "lat", "datum"))
    return said


def _checked(field: str, rule: Callable[[], str]) -> str:
    try:
        return rule()
    except CellError as error:
        raise invalid(field, error.message_zh) from None
