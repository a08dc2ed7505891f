"""What the catalogue in force says of one case: one statement to the database, then pure ranking."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from domain.areas.depth import code_on
from domain.areas.urban import setting
from domain.catalogue.matching import Line, Match, Spot, Unit, match
from domain.clock import local_date, now
from domain.deadlines.limits import Limit, due
from domain.practices import Safeguard
from domain.rulebook import Rulebook, rulebook
from domain.sql import fetch_one

GROUP = 2  # digits of a topic group

# The version in force on a day; for a case older than the first version, the first.
IN_FORCE = (
    "SELECT id, title, document_no, effective_on FROM duty_versions WHERE state = 'published'"
    " ORDER BY effective_on > {on}, CASE WHEN effective_on <= {on} THEN effective_on END DESC, effective_on,"
    " published_at DESC LIMIT 1"
)
_ONE = f"""
WITH v AS ({IN_FORCE.format(on="$1")}), i AS (
  SELECT code, topic, name, lead_code, co_codes, basis, responsibility, place, areas, active, ended_on FROM duty_items
  WHERE version_id = (SELECT id FROM v) AND (topic = ANY($2::text[]) OR (topic >= $3 AND topic < $3 || ':'))
), w AS (
  SELECT lead_code AS code FROM i UNION SELECT jsonb_array_elements_text(co_codes) FROM i UNION SELECT unnest($5::text[])
)
SELECT (SELECT to_jsonb(v) FROM v) AS version, (SELECT jsonb_agg(to_jsonb(i)) FROM i) AS lines,
  (SELECT jsonb_agg(jsonb_build_object('id', id, 'code', code, 'name', name, 'kind', kind, 'area', area_code))
   FROM departments WHERE id IN (SELECT id FROM departments WHERE active AND code IN (SELECT code FROM w) UNION
     SELECT id FROM departments WHERE active AND area_code = $4 AND kind NOT IN ('urban', 'section', 'village'))) AS units
"""


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What decides who owes the work: topic, place, local filing day, the unit complained of."""

    topic: str
    area_path: str
    received_on: date
    walled: UUID | None = None


@dataclass(frozen=True)
class CoTask:
    """A part that the safeguards (两不愁三保障) give to a unit, with its own due day."""

    unit: Unit
    duty: str
    due_on: date


@dataclass(frozen=True)
class Consulted:
    """The version that was asked, what it answered, and the parts that the safeguards add."""

    version: dict[str, Any] | None
    match: Match
    co_tasks: tuple[CoTask, ...]

    @property
    def explanation(self) -> dict[str, Any]:
        """What is kept on the case: version, matched and skipped lines, each with its reason."""
        return {
            "version": self.version, "matched": list(self.match.matched), "skipped": list(self.match.skipped),
            "co_tasks": [
                {"unit": task.unit.name, "duty": task.duty, "due_on": task.due_on.isoformat()} for task in self.co_tasks
            ],
        }  # fmt: skip


async def consult(matter: Matter) -> Consulted:
    """Ask the version in force on the local filing day; no topic, or no version at all, gives no choices."""
    book = rulebook().for_area(matter.area_path)
    safeguards = _safeguards(book, matter.topic)
    nodes = tuple(matter.area_path.split("."))
    town = code_on(matter.area_path, "town")
    row = await fetch_one(
        _ONE,
        [
            matter.received_on, [matter.topic, matter.topic[:GROUP]], matter.topic or "~", town,
            [code for each in safeguards for code in each.units],
        ],
        json=("version", "lines", "units"),
    )  # fmt: skip
    assert row is not None
    rows = row["units"] or []
    units = {one["code"]: Unit(UUID(one["id"]), one["code"], one["name"]) for one in rows}
    spot = Spot(
        topic=matter.topic, nodes=nodes, setting=setting(matter.area_path), on=matter.received_on,
        town=_town(rows, units, town), units=units, walled=matter.walled,
    )  # fmt: skip
    found = match([as_line(line) for line in row["lines"] or []], spot)
    return Consulted(_version(row["version"], matter.received_on), found, _co_tasks(book, safeguards, spot))


def _safeguards(book: Rulebook, topic: str) -> list[Safeguard]:
    """The safeguards (吃、穿、义务教育、基本医疗、住房安全、饮水安全) that a topic belongs to."""
    return [each for each in book.practices.safeguards.values() if topic and any(topic.startswith(code) for code in each.topics)]


def as_line(row: dict[str, Any]) -> Line:
    """A line from a row of `duty_items`."""
    return Line(
        code=row["code"], topic=row["topic"], name=row["name"], lead=row["lead_code"],
        co_units=tuple(_list(row["co_codes"])), basis=row["basis"], responsibility=row["responsibility"],
        place=row["place"], areas=tuple(_list(row["areas"])), active=row["active"], ended_on=_day(row["ended_on"]),
    )  # fmt: skip


def _town(rows: list[dict[str, Any]], units: dict[str, Unit], code: str) -> Unit | None:
    """The unit that answers for a town: its government, else whichever office serves that area."""
    here = [row for row in rows if code and row["area"] == code and row["kind"] not in ("urban", "section", "village")]
    here.sort(key=lambda row: (row["kind"] != "town", row["code"]))
    return units[here[0]["code"]] if here else None


def _version(row: dict[str, Any] | None, on: date) -> dict[str, Any] | None:
    if row is None:
        return None
    early = str(row["effective_on"]) > on.isoformat()
    reason = f"受理日 {on.isoformat()} 早于首版生效日,按首版" if early else f"受理日 {on.isoformat()} 适用的版本"
    return {**row, "reason": reason}


def _co_tasks(book: Rulebook, safeguards: Iterable[Safeguard], spot: Spot) -> tuple[CoTask, ...]:
    found: dict[UUID, CoTask] = {}
    for each in safeguards:
        last = local_date(due(Limit.parse(each.limit), now(), book.calendar).due_at)
        for unit in (spot.units.get(code) for code in each.units):
            if unit is None or unit.id == spot.walled:
                continue
            before = found.get(unit.id)
            duty = f"{before.duty};{each.name}:{each.duty}" if before else f"{each.name}:{each.duty}"
            found[unit.id] = CoTask(unit, duty, min(last, before.due_on) if before else last)
    return tuple(found.values())


def _list(value: Any) -> list[str]:
    return list(msgspec.json.decode(value)) if isinstance(value, str) else list(value)


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
