"""Bulletins of a place (访情周通报、诉求月汇总、办理情况通报): the table of a period, a line for each area of a level or for
each origin, topic and village; worked out from the cases, so nobody fills in a form. It counts work and never people."""

from datetime import date, timedelta
from typing import Any

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import area_condition
from domain.areas.depth import AREA_DEPTH
from domain.cases.queries import visible_cases
from domain.clock import now
from domain.deadlines.calendar import start_of_day
from domain.offices.obligations import readable_area
from domain.offices.periods import period_of
from domain.practices import Bulletin
from domain.problems import NotFound
from domain.rulebook import Rulebook, rulebook
from domain.sql import fetch

Row = dict[str, Any]
_TOP = 3
_IN = "BETWEEN {since} AND {until}"
_DUE = f"h.due_at {_IN}"
# What a column counts; `{since}`, `{until}`, `{now}` are the period and the present.
MEASURES = {
    "new": f"count(*) FILTER (WHERE c.received_at {_IN})",
    "count": f"count(*) FILTER (WHERE c.received_at {_IN})",
    "due": f"count(*) FILTER (WHERE {_DUE})",
    "overdue": f"count(*) FILTER (WHERE {_DUE} AND COALESCE(h.stopped_at, {{now}}) > h.due_at)",
    "on_time": f"count(*) FILTER (WHERE {_DUE} AND h.met)",
    "solved": "count(*) FILTER (WHERE r.solved = 'yes')",
    "dissatisfied": "count(*) FILTER (WHERE r.solved = 'no' OR r.result <= 2)",
    "transferred": f"count(*) FILTER (WHERE c.dispatched_at {_IN})",
    "told": f"count(*) FILTER (WHERE c.accepted_at {_IN} AND a.met)",
    "failing": f"count(*) FILTER (WHERE {_DUE} AND h.met IS NOT TRUE AND COALESCE(h.stopped_at, {{now}}) > h.due_at)",
    "causes": "array_agg(c.cause) FILTER (WHERE c.cause <> '')",
    "top_issues": f"array_agg(c.topic) FILTER (WHERE c.topic <> '' AND c.received_at {_IN})",
}  # fmt: skip
KEYS = {"origin": "c.origin", "topic": "left(c.topic, 2)", "village": f"split_part(c.area_path, '.', {AREA_DEPTH['village']})"}
_FROM = """
FROM cases c
LEFT JOIN LATERAL (SELECT due_at, stopped_at, met FROM deadlines d WHERE d.case_id = c.id AND d.name = 'handling'
  ORDER BY d.round DESC LIMIT 1) h ON TRUE
LEFT JOIN LATERAL (SELECT met FROM deadlines d WHERE d.case_id = c.id AND d.name = 'accept' ORDER BY d.round LIMIT 1) a
  ON TRUE
LEFT JOIN LATERAL (SELECT solved, result FROM ratings g WHERE g.case_id = c.id AND g.counts
  AND g.rated_at BETWEEN {since} AND {until} ORDER BY g.id DESC LIMIT 1) r ON TRUE
"""


async def bulletin(actor: Actor, code: str, name: str, on: date) -> Row:
    """The table of the period that holds a day; 404 for no such bulletin at the place or a place outside the scope."""
    place = await readable_area(actor, code, Permission.CASE_READ)
    book = rulebook().for_area(place.path)
    chosen = book.practices.bulletins.get(name)
    if chosen is None:
        raise NotFound
    first, last = period_of(chosen.period, on)
    keys = [column for column in chosen.columns if column in KEYS]
    by = [KEYS[key] for key in keys] or [f"split_part(c.area_path, '.', {AREA_DEPTH[chosen.level]})"]
    wanted = [column for column in chosen.columns if column in MEASURES]
    where = visible_cases(actor)
    where.conditions.append(area_condition(where, "c.area_path", [place.path]))
    where.add("c.state NOT IN ('voided', 'merged')")
    marks = {
        "since": where.bind(start_of_day(first)),
        "until": where.bind(start_of_day(last + timedelta(days=1)) - timedelta(microseconds=1)),
    }  # fmt: skip
    if any("{now}" in MEASURES[column] for column in wanted):  # a parameter that nothing uses has no type
        marks["now"] = where.bind(now())
    measures = ", ".join(f"{MEASURES[column].format(**marks)} AS {column}" for column in wanted)
    groups = ", ".join(f"{sql} AS key{number}" for number, sql in enumerate(by))
    places = ", ".join(str(number + 1) for number in range(len(by)))
    rows = await fetch(
        f"SELECT {groups}, {measures} {_FROM.format(**marks)} WHERE {where.sql} GROUP BY {places} ORDER BY {places}",
        where.values,
    )
    names = await _names({value for row in rows for key, value in row.items() if key.startswith("key")})
    lines = [_line(row, keys or ["area"], wanted, book, names) for row in rows]
    return {
        "code": name, "name": chosen.name, "from_on": first, "until_on": last, "approver": chosen.approver,
        "columns": ({} if keys else {"area": "地区"}) | chosen.columns,
        "items": [line for line in lines if any(line[column] for column in wanted)],
    }  # fmt: skip


async def bulletins(actor: Actor, code: str) -> list[Row]:
    """The bulletins that the rules of a place ask for."""
    place = await readable_area(actor, code, Permission.CASE_READ)
    found: dict[str, Bulletin] = rulebook().for_area(place.path).practices.bulletins
    return [
        {"code": name, "name": one.name, "level": one.level, "period": one.period, "columns": one.columns,
         "basis": one.basis}
        for name, one in found.items()
    ]  # fmt: skip


async def _names(codes: set[str]) -> dict[str, str]:
    rows = await fetch("SELECT code, name FROM areas WHERE code = ANY($1::text[])", [sorted(codes)])
    return {row["code"]: row["name"] for row in rows}


def _line(row: Row, keys: list[str], wanted: list[str], book: Rulebook, names: dict[str, str]) -> Row:
    line: Row = {}
    for number, key in enumerate(keys):
        value = row[f"key{number}"]
        line[key] = _key_name(key, value, book, names)
    return line | {column: _value(column, row[column], book) for column in wanted}


def _key_name(key: str, value: str, book: Rulebook, names: dict[str, str]) -> str:
    if key == "origin":
        catalogue = book.practices.catalogues.get("origins")
        return catalogue.items.get(value, value) if catalogue else value
    if key == "topic":
        return book.topics[value].name if value in book.topics else ""
    return names.get(value, "")


def _value(column: str, value: Any, book: Rulebook) -> Any:
    """A number, or the commonest words of a list."""
    if column not in {"causes", "top_issues"}:
        return value
    found = list(value or ())
    common = sorted(set(found), key=lambda one: (-found.count(one), one))[:_TOP]
    if column == "top_issues":
        return "、".join(book.topics[one].name for one in common if one in book.topics)
    catalogue = book.practices.catalogues.get("causes")
    return "、".join(catalogue.items.get(one, one) if catalogue else one for one in common)
