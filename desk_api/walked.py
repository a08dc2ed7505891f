"""Staff door: the rate of households walked to (户户走到, 5.12) as any past day knew it, and its households."""

from datetime import date
from typing import Any, Literal

from desk_api.rates import days_of, path_of
from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.households.naming import plate_text
from domain.statistics.coverage import Walk, coverage_households, coverage_on
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route

OUTCOMES = {"visited": "已走访", "noticed": "无人在家,已留联系卡", "missing": "未走到"}


class Days(Strict):
    """Up to which day (today), from which day (the first of its month), in which area."""

    on: date | None = None
    since: date | None = None
    area: Code | None = None


class HouseholdsOf(Page, kw_only=True):
    """The same, and which of the households: `hits` are the visited and those away with a note left."""

    on: date | None = None
    since: date | None = None
    area: Code | None = None
    part: Literal["all", "hits", "misses", "visited", "noticed"] = "all"


async def show_coverage(ask: Ask) -> dict[str, Any]:
    """The rate as it stood at the end of a day (`GET /rates/household_coverage?on=`)."""
    walk = await _walk(ask.query)
    reached, visited = await coverage_on(ask.actor, walk)
    return {
        "name": "household_coverage", "title": "户户走到率", "on": walk.last, "since": walk.first,
        "numerator": reached.numerator, "denominator": reached.denominator, "value": reached.shown,
        "visited": visited.numerator, "visited_value": visited.shown,
        "absent_with_notice": reached.numerator - visited.numerator,
    }  # fmt: skip


async def list_households(ask: Ask) -> dict[str, Any]:
    """The households of the rate (`GET /rates/household_coverage/households?on=`); `part=misses` were not reached."""
    query: HouseholdsOf = ask.query
    rows = await coverage_households(ask.actor, await _walk(query), query.part, query.before, query.limit)
    return paged(rows, query.limit, _household)


async def _walk(query: Days | HouseholdsOf) -> Walk:
    return Walk(*days_of(query.on, query.since), await path_of(query.area))


def _household(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "household_id": row["id"], "serial": row["serial"], "plate_text": plate_text(row["group_name"], row["door_text"]),
        "grid": row["grid"], "village": row["village"], "outcome": row["outcome"], "outcome_name": OUTCOMES[row["outcome"]],
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/rates/household_coverage", handler=show_coverage, gate=P.CASE_READ, query=Days, reads=True,
          summary="户户走到率(可查过去任何一天)"),
    Route(method="GET", path="/rates/household_coverage/households", handler=list_households, gate=P.HOUSEHOLD_READ,
          query=HouseholdsOf, reads=True, summary="户户走到率的住户清单"),
)  # fmt: skip
