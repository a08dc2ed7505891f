"""Staff door: how many households were walked to, by area; the ledger of what checks found."""

from typing import Any, Literal

from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.cases.states import STATES
from domain.households.queries import area_within
from domain.visits.coverage import Missing, coverage_rows, not_yet
from domain.visits.patrols import FINDINGS, SOURCES, LedgerSearch, ledger
from web.coverage import Span, coverage_shape, missing_shape, period_of
from web.paging import Page, paged
from web.routes import Ask, Route
from web.shapes import local


class Missed(Span, kw_only=True):
    """A period and an area."""

    area: Code | None = None


class Coverage(Missed, kw_only=True):
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
    period = period_of(query)
    rows = await coverage_rows(ask.actor, P.HOUSEHOLD_READ, period, query.by, await _path(ask, query.area))
    return {"since": period.since, "until": period.until, "items": [coverage_shape(row) for row in rows], "next": None}


async def missing(ask: Ask) -> dict[str, Any]:
    """The households that nobody has walked to in the period (`GET /visits/missing`)."""
    query: Missed = ask.query
    period = period_of(query)
    wanted = Missing(period, await _path(ask, query.area), query.before, query.limit)
    rows = await not_yet(ask.actor, P.HOUSEHOLD_READ, wanted)
    return {"since": period.since, "until": period.until, **paged(rows, query.limit, missing_shape)}


async def show_ledger(ask: Ask) -> dict[str, Any]:
    """What patrols and checks found, newest first (`GET /findings`)."""
    query: Ledger = ask.query
    path = (await area_within(ask.actor, P.REFERRAL_HANDLE, query.area)).path if query.area else None
    search = LedgerSearch(query.kind, query.source, path, query.before, query.limit)
    return paged(await ledger(ask.actor, search), query.limit, _finding)


async def _path(ask: Ask, code: str | None) -> str | None:
    return (await area_within(ask.actor, P.HOUSEHOLD_READ, code)).path if code else None


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
    Route(method="GET", path="/visits/missing", handler=missing, gate=P.HOUSEHOLD_READ, query=Missed, reads=True,
          summary="还没有走到的住户"),
    Route(method="GET", path="/findings", handler=show_ledger, gate=P.REFERRAL_HANDLE, query=Ledger, reads=True,
          summary="排查台账"),
)  # fmt: skip
