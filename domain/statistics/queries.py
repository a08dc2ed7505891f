"""Rates of any past day, from the journal alone, and the cases of each (domain §5; 001-18, 003-18, 003-20)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.deadlines.calendar import start_of_day
from domain.sql import fetch
from domain.statistics.definitions import RATES, Definition
from domain.statistics.ledger import LEDGER
from domain.statistics.rates import Rate, four_question_index, mean
from domain.statistics.scope import counted_by


@dataclass(frozen=True)
class Slice:
    """The period, both days included, and what the cases are narrowed by."""

    first: date
    last: date
    area_path: str | None = None
    unit: UUID | None = None
    channel: str | None = None
    topic: str | None = None
    track: str | None = None
    origin: str | None = None  # of the three sources (三来源)


@dataclass(frozen=True)
class Part:
    """Which cases of a rate: the hits, the misses (`False`), or all; the page after an id."""

    hits: bool | None = None
    before: UUID | None = None
    limit: int = 20


@dataclass(frozen=True)
class Figures:
    """Every rate of a period, the contacts that its issues took (5.13; the target is one for each), and the sums of the
    process and result of its ratings."""

    rates: dict[str, Rate]
    contacts: int
    issues: int
    processes: int
    results: int


async def rates_on(actor: Actor, wanted: Slice) -> Figures:
    """Every rate of the period as it stood at the end of its last day, from one pass over the journal; an empty one has
    no value, never 100 %."""
    where = _where(actor, wanted)
    parts = []
    for source in dict.fromkeys(one.source for one in RATES.values()):
        counts = ", ".join(_counts(one) for one in RATES.values() if one.source == source)
        parts.append(f"(SELECT {counts}{_SUMS.get(source, '')} FROM {source} s WHERE {where.sql}) AS of_{source}")
    row = (await fetch(f"{LEDGER} SELECT * FROM {', '.join(parts)}", where.values))[0]
    rates = {name: Rate(row[f"{name}_n"], row[f"{name}_d"], row[f"{name}_e"]) for name in RATES}
    issues = rates["one_contact_rate"].denominator
    return Figures(rates, row["contacts"], issues, row["processes"], row["results"])


async def rate_cases(actor: Actor, name: str, wanted: Slice, part: Part) -> list[dict[str, Any]]:
    """The cases of one rate, newest first, one more than the limit: the hits and misses, those left out with why."""
    one, where = RATES[name], _where(actor, wanted)
    where.conditions.append(one.cohort)
    outer = Where()
    outer.values = where.values
    if part.hits is not None:
        outer.add("x.hit = {} AND x.excluded IS NULL", part.hits)
    if part.before:
        outer.add("x.id < {}", part.before)
    return await fetch(
        f"{LEDGER} SELECT x.*, c.number, c.title, d.name AS unit FROM ("
        f"SELECT s.id, s.unit_id, CASE WHEN bool_and({one.excluded} IS NOT NULL) THEN min({one.excluded}) END AS excluded,"
        f" bool_and({_hit(one)}) FILTER (WHERE {one.excluded} IS NULL) AS hit FROM {one.source} s"
        f" WHERE {where.sql} GROUP BY 1, 2) x JOIN cases c ON c.id = x.id LEFT JOIN departments d ON d.id = x.unit_id"
        f" WHERE {outer.sql} ORDER BY x.id DESC LIMIT {part.limit + 1}",
        where.values,
    )


async def survey_index_on(actor: Actor, wanted: Slice) -> tuple[Decimal | None, int]:
    """The mean four-question index of the answers of the period (5.14) and how many there were."""
    where = Where()
    places = area_condition(where, "a.path", actor.areas(Permission.CASE_READ))
    where.conditions.append(places)
    where.add("j.at >= {}", start_of_day(wanted.first))
    where.add("j.at < {}", start_of_day(wanted.last + timedelta(days=1)))
    if wanted.area_path:
        where.conditions.append(area_condition(where, "a.path", [wanted.area_path]))
    rows = await fetch(
        "SELECT j.data->>'solved' AS solved, (j.data->>'satisfied')::int AS satisfied, j.data->>'staff' AS staff"
        f" FROM journal j JOIN areas a ON a.code = j.area WHERE j.event = 'survey.answered' AND {where.sql}",
        where.values,
    )
    return mean(four_question_index(row["solved"], row["satisfied"], row["staff"]) for row in rows), len(rows)


def _sum(column: str, name: str, of: str) -> str:
    """SQL for the sum of a column over the rows that a rate counts."""
    counted = f"({RATES[of].cohort}) AND {RATES[of].excluded} IS NULL"
    return f", COALESCE(sum(s.{column}) FILTER (WHERE {counted}), 0)::int AS {name}"


_SUMS = {
    "issues": _sum("contacts", "contacts", "one_contact_rate"),
    "ratings": _sum("process", "processes", "satisfied_process") + _sum("result", "results", "satisfied_result"),
}  # fmt: skip


def _hit(one: Definition) -> str:
    return f"COALESCE(({one.hit}), FALSE)"


def _counts(one: Definition) -> str:
    cohort, hit = f"({one.cohort})", _hit(one)
    return (
        f"count(*) FILTER (WHERE {cohort} AND {one.excluded} IS NULL AND {hit}) AS {one.name}_n,"
        f" count(*) FILTER (WHERE {cohort} AND {one.excluded} IS NULL) AS {one.name}_d,"
        f" count(*) FILTER (WHERE {cohort} AND {one.excluded} IS NOT NULL) AS {one.name}_e"
    )


def _where(actor: Actor, wanted: Slice) -> Where:
    narrowed = {
        "unit_id": wanted.unit, "channel": wanted.channel, "topic": wanted.topic, "track": wanted.track, "origin": wanted.origin,
    }  # fmt: skip
    return counted_by(actor, (wanted.first, wanted.last), "id", wanted.area_path, narrowed)
