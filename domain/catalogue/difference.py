"""What differs between two versions of the catalogue: pure, line by line, field by field, in words of the sheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from domain.catalogue.matching import BASES, PLACES, TOWN, TOWN_TEXT, Line

FIELDS = {
    "topic": "类别编码", "name": "事项", "lead": "主办单位", "co_units": "协办单位", "basis": "依据",
    "responsibility": "责任依据", "place": "城乡", "areas": "适用区域", "active": "状态", "ended_on": "终止日期",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One line that differs; `fields` are the changed ones with their text before and after."""

    kind: Literal["added", "changed", "ended", "removed"]
    code: str
    name: str
    topic: str
    fields: Mapping[str, tuple[str, str]]


def difference(before: Mapping[str, Line], after: Mapping[str, Line], names: Mapping[str, str]) -> list[Difference]:
    """What makes the lines before those after, by code; `names` are units by code."""
    found = []
    for code in sorted(before.keys() | after.keys()):
        old, new = before.get(code), after.get(code)
        line = new or old
        assert line is not None
        if old is None or new is None:
            found.append(Difference("removed" if new is None else "added", code, line.name, line.topic, {}))
        elif old != new:
            changed = {
                text: (shown(old, name, names), shown(new, name, names))
                for name, text in FIELDS.items() if getattr(old, name) != getattr(new, name)
            }  # fmt: skip
            ended = old.active and not new.active
            found.append(Difference("ended" if ended else "changed", code, line.name, line.topic, changed))
    return found


def shown(line: Line, name: str, names: Mapping[str, str]) -> str:
    """A field of a line as the sheet shows it."""
    value: Any = getattr(line, name)
    match name:
        case "lead":
            return _unit(value, names)
        case "co_units":
            return "、".join(_unit(code, names) for code in value)
        case "areas":
            return "、".join(value)
        case "responsibility":
            return BASES[value]
        case "place":
            return PLACES[value]
        case "active":
            return "有效" if value else "停用"
        case "ended_on":
            return value.isoformat() if value else ""
        case _:
            return str(value)


def _unit(code: str, names: Mapping[str, str]) -> str:
    return TOWN_TEXT if code == TOWN else names.get(code, code)
