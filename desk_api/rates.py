"""Staff door: the rates of any day, from the journal alone, each with the list of its cases (001-18, 003-18)."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.access.queries import department
from domain.areas.queries import area
from domain.clock import local_date, now
from domain.problems import NotFound, invalid
from domain.rulebook import rulebook
from domain.statistics.definitions import HEADLINE, HUNDREDS, RATES, SYSTEMS, TITLES
from domain.statistics.queries import Figures, Part, Slice, rate_cases, rates_on, survey_index_on
from domain.statistics.rates import CENT, Rate, composite_mean
from domain.text import clean_text
from web.paging import Page, paged
from web.routes import Ask, Route

EARLIEST = date(2000, 1, 1)
LONGEST_DAYS = 366


Origin = Literal["superior_assigned", "town_direct", "village_escalated", "village_direct", "proactive"]


class Period(Struct, forbid_unknown_fields=True, kw_only=True):
    """Up to which day (today), from which day (the first of its month), and what the cases are narrowed by."""

    on: date | None = None
    since: date | None = None
    area: Code | None = None
    unit: Annotated[str, Meta(max_length=80)] | None = None
    channel: Code | None = None
    topic: Code | None = None
    track: Code | None = None
    origin: Origin | None = None


class CasesOf(Page, kw_only=True):
    """The same, and which of the cases: all, the hits, or the misses."""

    on: date | None = None
    since: date | None = None
    area: Code | None = None
    unit: Annotated[str, Meta(max_length=80)] | None = None
    channel: Code | None = None
    topic: Code | None = None
    track: Code | None = None
    origin: Origin | None = None
    part: Literal["all", "hits", "misses"] = "all"


async def show_rates(ask: Ask) -> dict[str, Any]:
    """Every rate as it stood at the end of a day (`GET /rates?on=`); the headline is what was solved, not replied."""
    wanted = await _slice(ask.query)
    figures = await rates_on(ask.actor, wanted)
    found, contacts, issues = figures.rates, figures.contacts, figures.issues
    index, answers = await survey_index_on(ask.actor, wanted)
    alarms = [name for name in HUNDREDS if 0 < found[name].denominator != found[name].numerator]
    return {
        "on": wanted.last, "since": wanted.first, "headline": {"name": HEADLINE, **_rate(HEADLINE, found[HEADLINE])},
        "rates": [{"name": name, **_rate(name, rate)} for name, rate in found.items()],
        "below_hundred": [{"name": name, "failing": found[name].denominator - found[name].numerator} for name in alarms],
        "contacts_per_issue": {"contacts": contacts, "issues": issues,
                               "value": f"{contacts / issues:.2f}" if issues else "—"},
        "composite_score": _composite(figures, wanted),
        "four_question_index": {"value": "—" if index is None else str(index.quantize(CENT)), "answers": answers},
    }  # fmt: skip


def _composite(figures: Figures, wanted: Slice) -> dict[str, Any]:
    """The mean score of the ratings (5.6) by the weights of the place that is asked for."""
    book = rulebook().for_area(wanted.area_path or "")
    process, result = (Decimal(str(weight)) for weight in book.rating_weights)
    ratings = figures.rates["satisfied_both"].denominator
    value = composite_mean(figures.processes, figures.results, ratings, (process, result))
    return {"value": "—" if value is None else str(value.quantize(CENT, ROUND_HALF_UP)), "ratings": ratings,
            "weights": {"process": str(process), "result": str(result)}}  # fmt: skip


async def show_cases(ask: Ask) -> dict[str, Any]:
    """The cases of one rate (`GET /rates/{name}/cases?on=`); `part=misses` lists those that fail it."""
    name, query = ask.path["name"], ask.query
    if name not in RATES:
        raise NotFound
    hits = {"all": None, "hits": True, "misses": False}[query.part]
    part = Part(hits, query.before, query.limit)
    return paged(await rate_cases(ask.actor, name, await _slice(query), part), query.limit, _case)


async def _slice(query: Period | CasesOf) -> Slice:
    first, last = days_of(query.on, query.since)
    return Slice(first, last, area_path=await path_of(query.area), unit=await unit_of(query.unit),
                 channel=query.channel, topic=query.topic, track=query.track, origin=query.origin)  # fmt: skip


def days_of(on: date | None, since: date | None) -> tuple[date, date]:
    """The first and the last day asked for: without them the month up to today; 422 for days to come or too many."""
    last = on or local_date(now())
    first = since or last.replace(day=1)
    if last > local_date(now()) or first < EARLIEST:
        raise invalid("on", "只能查询到今天为止")
    if not 0 <= (last - first).days <= LONGEST_DAYS:
        raise invalid("since", "起止日期不对,一次最多查询一年")
    return first, last


async def path_of(code: str | None) -> str | None:
    """The path of an area that a figure is narrowed by; 422 for no such area."""
    place = await area(code) if code else None
    if code and place is None:
        raise invalid("area", "没有这个地区")
    return place.path if place else None


async def unit_of(reference: str | None) -> UUID | None:
    """The unit that a figure is narrowed by; 422 for no such unit."""
    unit = await department(clean_text(reference)) if reference else None
    if reference and unit is None:
        raise invalid("unit", "没有这个单位")
    return unit.id if unit else None


def _rate(name: str, rate: Rate) -> dict[str, Any]:
    one = RATES[name]
    return {"title": TITLES[name], "system": SYSTEMS[one.system], "numerator": rate.numerator,
            "denominator": rate.denominator, "excluded": rate.excluded, "value": rate.shown, "good": one.good}  # fmt: skip


def _case(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "number": row["number"], "title": row["title"], "unit": row["unit"],
            "hit": row["hit"], "excluded": row["excluded"]}  # fmt: skip


ROUTES = (
    Route(method="GET", path="/rates", handler=show_rates, gate=P.CASE_READ, query=Period, reads=True,
          summary="各项比率(可查过去任何一天)"),
    Route(method="GET", path="/rates/<name:str>/cases", handler=show_cases, gate=P.CASE_READ, query=CasesOf, reads=True,
          summary="一项比率的工单清单"),
)  # fmt: skip
