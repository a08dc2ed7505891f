"""Staff door: the rates of any day, from the journal alone, each with the list of its cases (001-18, 003-18)."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.access.queries import department
from domain.areas.queries import area
from domain.clock import local_date, now
from domain.problems import NotFound, invalid
from domain.statistics.definitions import HEADLINE, HUNDREDS, RATES, SYSTEMS, TITLES
from domain.statistics.queries import Part, Slice, rate_cases, rates_on, survey_index_on
from domain.statistics.rates import CENT, Rate
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
        "four_question_index": {"value": "—" if index is None else str(index.quantize(CENT)), "answers": answers},
    }  # fmt: skip


async def show_cases(ask: Ask) -> dict[str, Any]:
    """The cases of one rate (`GET /rates/{name}/cases?on=`); `part=misses` lists those that fail it."""
    name, query = ask.path["name"], ask.query
    if name not in RATES:
        raise NotFound
    hits = {"all": None, "hits": True, "misses": False}[query.part]
    part = Part(hits, query.before, query.limit)
    return paged(await rate_cases(ask.actor, name, await _slice(query), part), query.limit, _case)


async def _slice(query: Period | CasesOf) -> Slice:
    last = query.on or local_date(now())
    first = query.since or last.replace(day=1)
    if last > local_date(now()) or first < EARLIEST:
        raise invalid("on", "只能查询到今天为止")
    if not 0 <= (last - first).days <= LONGEST_DAYS:
        raise invalid("since", "起止日期不对,一次最多查询一年")
    wanted = Slice(first, last, channel=query.channel, topic=query.topic, track=query.track,
                   origin=query.origin)  # fmt: skip
    if query.area:
        place = await area(query.area)
        if place is None:
            raise invalid("area", "没有这个地区")
        wanted = replace(wanted, area_path=place.path)
    if query.unit:
        unit = await department(clean_text(query.unit))
        if unit is None:
            raise invalid("unit", "没有这个单位")
        wanted = replace(wanted, unit=unit.id)
    return wanted


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
