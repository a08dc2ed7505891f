"""The sheets of a profile: its own rows over the shared ones, by code; units of towns and villages by division list."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from config.division_files import load_divisions
from config.profile import Channel, Duty, Topic, Unit
from config.reading import Findings, ProfileError, read_rows

COMMON = "common"
SHAPES: dict[str, type[Any]] = {"units": Unit, "channels": Channel, "topics": Topic, "duties": Duty}
CITY_CODE = 4


class Coded(Protocol):
    """A row with a code."""

    @property
    def code(self) -> str:
        """The key of the row in its sheet."""


C = TypeVar("C", bound=Coded)


class DivisionUnits(msgspec.Struct, forbid_unknown_fields=True):
    """Units that the division list gives: every town, and every village of some towns."""

    towns: bool = False
    villages_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheets:
    """The four sheets of a profile, by code."""

    units: dict[str, Unit]
    channels: dict[str, Channel]
    topics: dict[str, Topic]
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """What the sheets need to know of their profile; `prefix` names its level in shared names: 市, 区, 县."""

    code: str
    area: str
    prefix: str
    common: tuple[str, ...]
    division_units: DivisionUnits


def read_sheets(owner: Owner, folder: Path, findings: Findings) -> Sheets:
    """Return the sheets; a profile without an own sheet stands on the shared one alone."""
    strays = set(owner.common) - SHAPES.keys()
    findings.missing(f"{owner.code}.toml", "common", "共用表", strays)
    rows = {name: _layered(owner, name, folder, findings) for name in SHAPES}
    units = {code: _settled(unit, owner) for code, unit in rows["units"].items()}
    units = _division_units(owner, units.values(), findings) | units
    return Sheets(units, rows["channels"], rows["topics"], tuple(rows["duties"].values()))


def by_code(rows: Iterable[C]) -> dict[str, C]:
    """Return rows by their codes."""
    return {row.code: row for row in rows}


def _layered(owner: Owner, name: str, folder: Path, findings: Findings) -> dict[str, Any]:
    read = partial(read_rows, shape=SHAPES[name], findings=findings)
    own, shared = f"{owner.code}/{name}.csv", f"{COMMON}/{name}.csv"
    findings.behind[own] = (*([shared] if name in owner.common else []), f"{owner.code}.toml")
    if name not in owner.common:
        return by_code(read(folder / own, own))
    rows = by_code(read(folder / shared, shared))
    return rows | by_code(read(folder / own, own)) if (folder / own).exists() else rows


def _settled(unit: Unit, owner: Owner) -> Unit:
    """Return a unit with its area and the word of its level in its name."""
    name = unit.name.replace("{prefix}", owner.prefix)
    aliases = tuple(alias.replace("{prefix}", owner.prefix) for alias in unit.aliases)
    return msgspec.structs.replace(unit, name=name, aliases=aliases, area=unit.area or owner.area)


def _division_units(owner: Owner, units: Iterable[Unit], findings: Findings) -> dict[str, Unit]:
    file, wish = f"{owner.code}.toml", owner.division_units
    try:
        rows = load_divisions(owner.area)
    except ProfileError:
        findings.add(file, f"没有区划“{owner.area}”的区划表", near="area =")
        return {}
    towns = {row.town_code: row for row in rows}
    findings.missing(file, "villages_in", "乡镇", set(wish.villages_in) - towns.keys())
    served = {unit.area for unit in units if unit.kind not in ("urban", "section")}
    found: dict[str, Unit] = {}
    for code in towns.keys() - served if wish.towns else ():
        name = f"{towns[code].county}{towns[code].town}" if len(owner.area) == CITY_CODE else towns[code].town
        found[code] = Unit(code=code, name=name, kind="town", area=code)
    for row in rows:
        if row.town_code in wish.villages_in:
            unit = Unit(code=row.code, name=row.name, kind="village", area=row.code, parent=row.town_code)
            found[row.code] = unit
    return dict(sorted(found.items()))
