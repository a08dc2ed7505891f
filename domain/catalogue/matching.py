"""Which unit owes the work, by the responsibility catalogue: pure rules over plain values, every line with its reason.

The unit of the place stands before the line department (属地优先, 000-35): a line that says `territory` is led by the
town of the place, and the department it names helps. A unit complained of is never proposed (001-20).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from domain.areas.urban import Setting

TOWN = "@town"
TOWN_TEXT = "属地乡镇(街道)"
BASES = {"territory": "属地管理", "line": "谁主管谁负责", "origin_of_problem": "谁产生谁化解"}
PLACES = {"any": "城乡", "urban": "城区", "rural": "农村"}


@dataclass(frozen=True)
class Unit:
    """A unit that can be given work."""

    id: UUID
    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the catalogue."""

    code: str
    topic: str
    name: str
    lead: str
    co_units: tuple[str, ...] = ()
    basis: str = ""
    responsibility: str = "line"
    place: str = "any"
    areas: tuple[str, ...] = ()
    active: bool = True
    ended_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Spot:
    """What the rules know of a case: topic, place, filing day, the unit of its town, the units by code."""

    topic: str
    nodes: tuple[str, ...]
    setting: Setting | None
    on: date
    town: Unit | None = None
    units: Mapping[str, Unit] = field(default_factory=dict)
    walled: UUID | None = None


@dataclass(frozen=True)
class Choice:
    """A unit that the catalogue proposes as lead, with the line and the reasons."""

    lead: Unit
    co_units: tuple[Unit, ...]
    line: Line
    responsibility: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """What the catalogue says: the choices, the best first, and every line that was looked at with its reason."""

    choices: tuple[Choice, ...]
    matched: tuple[dict[str, str], ...]
    skipped: tuple[dict[str, str], ...]


def match(lines: Iterable[Line], spot: Spot) -> Match:
    """Judge every line for a case and rank the units that the fitting ones name."""
    found: dict[UUID, tuple[tuple[int, ...], Choice]] = {}
    matched, skipped = [], []
    for line in sorted(lines, key=lambda line: line.code):
        refusal = _refusal(line, spot)
        choice = None if refusal else _choice(line, spot)
        if choice is None:
            skipped.append(_told(line, refusal or _no_unit(line, spot)))
            continue
        matched.append(_told(line, ";".join(choice.reasons[1:])))
        rank = _rank(line, spot)
        if choice.lead.id not in found or rank > found[choice.lead.id][0]:
            found[choice.lead.id] = (rank, choice)
    ranked = sorted(found.values(), key=lambda each: ([-part for part in each[0]], each[1].line.code))
    return Match(tuple(choice for _, choice in ranked), tuple(matched), tuple(skipped))


def _refusal(line: Line, spot: Spot) -> str:
    """Why a line does not fit, or an empty text."""
    if not _same_topic(line.topic, spot.topic):
        return f"类别不符:清单为 {line.topic},工单为 {spot.topic}"
    if not line.active:
        return "该条已停用"
    if line.ended_on and line.ended_on < spot.on:
        return f"该条已于 {line.ended_on.isoformat()} 终止"
    if line.areas and not any(code in spot.nodes for code in line.areas):
        return f"区域不符:仅适用于 {'、'.join(line.areas)}"
    if line.place != "any" and spot.setting and line.place != spot.setting:
        return f"仅适用于{PLACES[line.place]},本件发生在{PLACES[spot.setting]}"
    return ""


def _choice(line: Line, spot: Spot) -> Choice | None:
    territory = line.responsibility == "territory"
    named = _unit(line.lead, spot)
    lead = _unit(TOWN, spot) if territory else named
    reasons = [f"职责清单“{line.name}”{f'({line.basis})' if line.basis else ''}"]
    if territory and lead:
        reasons.append("属地优先:由所在乡镇牵头")
    elif territory and named:
        lead = named
        reasons.append("工单所在地没有属地单位,由清单所列单位牵头")
    elif line.responsibility == "origin_of_problem":
        reasons.append("谁产生、谁化解:由问题产生单位牵头")
    else:
        reasons.append("条线主管部门牵头")
    if lead is None:
        return None
    if line.areas:
        reasons.append(f"区域相符:{'、'.join(code for code in line.areas if code in spot.nodes)}")
    if line.place != "any":
        known = f"发生在{PLACES[line.place]}" if spot.setting else "未定位到村(社区),城乡未分,请人工核对"
        reasons.append(known)
    others = [named if territory else None, *(_unit(code, spot) for code in line.co_units)]
    helping = {unit.id: unit for unit in others if unit and unit.id != lead.id}
    return Choice(lead, tuple(helping.values()), line, line.responsibility, tuple(reasons))


def _no_unit(line: Line, spot: Spot) -> str:
    unit = spot.town if line.lead == TOWN else spot.units.get(line.lead)
    if unit and unit.id == spot.walled:
        return f"{unit.name}为被反映单位,应当回避"
    return "工单未定位到乡镇,没有属地单位" if line.lead == TOWN else f"单位“{line.lead}”不存在或已停用"


def _unit(code: str, spot: Spot) -> Unit | None:
    unit = spot.town if code == TOWN else spot.units.get(code)
    return None if unit is None or unit.id == spot.walled else unit


def _same_topic(of_line: str, of_case: str) -> bool:
    """A line of a group serves its topics, and a case of which only the group is known sees the lines of all of them."""
    return bool(of_case) and (of_line == of_case or of_case.startswith(of_line) or of_line.startswith(of_case))


def _rank(line: Line, spot: Spot) -> tuple[int, ...]:
    """The exact topic before the group, the narrower area before the wider, a kind of place before any, the unit of the
    place before the line department."""
    nearest = max((spot.nodes.index(code) + 1 for code in line.areas if code in spot.nodes), default=0)
    return (
        line.topic == spot.topic, nearest, bool(spot.setting) and line.place == spot.setting,
        line.responsibility == "territory",
    )  # fmt: skip


def _told(line: Line, reason: str) -> dict[str, Any]:
    return {"code": line.code, "name": line.name, "reason": reason}
