"""Staff door: how many households were walked to, by area; the ledger of what checks found."""

from datetime import date, timedelta
from typing import Any, Literal

from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.cases.states import STATES
from domain.clock import local_date, now
from domain.households.naming import plate_text
from domain.households.queries import area_within
from domain.rulebook import rulebook
from domain.statistics.rates import coverage
from domain.visits.coverage import Missing, Period, coverage_rows, not_yet
from domain.visits.patrols import FINDINGS, SOURCES, LedgerSearch, ledger
from web.bodies import fault
from web.paging import Page, paged
from web.routes import Ask, Route
from web.shapes import local


class Span(Page, kw_only=True):
    """A period (a campaign's days) and an area; without days, the current round."""

    since: date | None = None
    until: date | None = None
    area: Code | None = None


class Coverage(Span, kw_only=True):
    """By which level of areas it is counted."""

    by: Literal["county", "town", "village", "grid"] = "grid"


class Ledger(Page, kw_only=True):
    """Which findings."""

    kind: Literal["occurred", "potential"] | None = None
    source: Literal["own", "villagers", "special_check", "inspection_feedback", "superior"] | None = None
    area: Code | None = None


async def covered(ask: Ask) -> dict[str, Any]:
    """Households met, declined, away with a note left, by area (`GET /visits/coverage`)."""
    query: Coverage = ask.query
    period = _period(query)
    rows = await coverage_rows(ask.actor, P.HOUSEHOLD_READ, period, query.by, await _path(ask, query.area))
    return {"since": period.since, "until": period.until, "items": [_coverage(row) for row in rows], "next": None}


async def missing(ask: Ask) -> dict[str, Any]:
    """The households that nobody has walked to in the period (`GET /visits/missing`)."""
    query: Span = ask.query
    period = _period(query)
    wanted = Missing(period, await _path(ask, query.area), query.before, query.limit)
    rows = await not_yet(ask.actor, P.HOUSEHOLD_READ, wanted)
    return {"since": period.since, "until": period.until, **paged(rows, query.limit, _household)}


async def show_ledger(ask: Ask) -> dict[str, Any]:
    """What patrols and checks found, newest first (`GET /findings`)."""
    query: Ledger = ask.query
    path = (await area_within(ask.actor, P.REFERRAL_HANDLE, query.area)).path if query.area else None
    search = LedgerSearch(query.kind, query.source, path, query.before, query.limit)
    return paged(await ledger(ask.actor, search), query.limit, _finding)


async def _path(ask: Ask, code: str | None) -> str | None:
    return (await area_within(ask.actor, P.HOUSEHOLD_READ, code)).path if code else None


def _period(span: Span) -> Period:
    until = span.until or local_date(now())
    since = span.since or until - timedelta(days=rulebook().visit_round_days)
    if not timedelta() <= until - since <= timedelta(days=1100):
        raise fault("since", "起止日期不对:开始不能晚于结束,最长三年")
    return Period(since, until)


def _coverage(row: dict[str, Any]) -> dict[str, Any]:
    reached, visited = coverage(row["met"] + row["declined"], row["noticed"], row["households"])
    return {
        "code": row["code"], "name": row["name"], "households": row["households"], "met": row["met"],
        "declined": row["declined"], "absent_with_notice": row["noticed"],
        "missing": row["households"] - reached.numerator, "rate": reached.shown, "rate_visited": visited.shown,
    }  # fmt: skip


def _household(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "household_id": row["id"], "plate_text": plate_text(row["group_name"], row["door_text"]),
        "grid_code": row["grid_code"], "grid": row["grid"], "village": row["village"], "tries": row["tries"],
    }  # fmt: skip


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    event = {"id": row["case_id"], "number": row["number"], "state_name": STATES[row["state"]]} if row["number"] else None
    return {
        "id": row["id"], "kind": row["kind"], "kind_name": FINDINGS[row["kind"]], "source": row["source"],
        "source_name": SOURCES[row["source"]], "text": row["text"], "at": local(row["at"]),
        "area_code": row["area_code"], "grid": row["grid"], "event": event,
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/visits/coverage", handler=covered, gate=P.HOUSEHOLD_READ, query=Coverage, reads=True,
          summary="户户走到情况(按地区)"),
    Route(method="GET", path="/visits/missing", handler=missing, gate=P.HOUSEHOLD_READ, query=Span, reads=True,
          summary="还没有走到的住户"),
    Route(method="GET", path="/findings", handler=show_ledger, gate=P.REFERRAL_HANDLE, query=Ledger, reads=True,
          summary="排查台账"),
)  # fmt: skip
