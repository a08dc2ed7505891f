"""Worker door: today's suggested round, what is covered so far, what was agreed, what became of needs."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta

from domain.access.permissions import Permission as P
from domain.areas.geometry import Position
from domain.clock import local_date, now
from domain.households.naming import plate_text
from domain.problems import invalid
from domain.visits.actions import agree
from domain.visits.coverage import Missing, coverage_rows, not_yet
from domain.visits.purposes import NEEDS
from domain.visits.referrals import STATES, Wanted, referral_rows
from domain.visits.rounds import suggested_round
from web.bodies import Strict
from web.coverage import Span, coverage_shape, missing_shape, period_of
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local

WHY = {"agreed": "约好今天联系", "follow_up": "有需求待跟进", "unvisited": "本轮还没走到"}


class Here(Strict):
    """Where I am, if I want the nearest first; not kept."""

    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    datum: Literal["gcj02", "wgs84"] = "gcj02"
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class Agreed(Strict):
    """When to come again; whether a note with my telephone number was left at an empty house."""

    next_contact_on: date | None = None
    notice_left: bool = False


class Referrals(Page, kw_only=True):
    """Which state."""

    state: Literal["made", "acknowledged", "done"] | None = None


async def today(ask: Ask) -> dict[str, Any]:
    """Where to go today, a suggestion and no order (`GET /rounds/today`)."""
    query: Here = ask.query
    if (query.lon is None) != (query.lat is None):
        raise invalid("lon", "经度和纬度须一起给出")
    here = Position(query.lon, query.lat, query.datum) if query.lon is not None and query.lat is not None else None
    rows, total = await suggested_round(ask.actor, now(), here, query.limit)
    return {"date": local_date(now()).isoformat(), "total": total, "items": [_stop(row) for row in rows]}


async def agreement(ask: Ask) -> dict[str, Any]:
    """Keep what was agreed after a visit (`POST /visits/{id}/agreement`)."""
    body: Agreed = ask.body
    visit = await agree(ask.actor, path_id(ask), body.next_contact_on, notice_left=body.notice_left)
    return {
        "id": visit.id, "household_id": visit.household_id, "next_contact_on": visit.next_contact_on,
        "notice_left": visit.notice_left,
    }  # fmt: skip


async def covered(ask: Ask) -> dict[str, Any]:
    """How many households of each of my grids were walked to (`GET /coverage`)."""
    period = period_of(ask.query)
    rows = await coverage_rows(ask.actor, P.VISIT_LOG, period, "grid")
    return {"since": period.since, "until": period.until, "items": [coverage_shape(row) for row in rows], "next": None}


async def missing(ask: Ask) -> dict[str, Any]:
    """Which households were not walked to yet (`GET /coverage/missing`)."""
    period = period_of(ask.query)
    wanted = Missing(period, None, ask.query.before, ask.query.limit)
    rows = await not_yet(ask.actor, P.VISIT_LOG, wanted)
    return {"since": period.since, "until": period.until, **paged(rows, ask.query.limit, missing_shape)}


async def my_referrals(ask: Ask) -> dict[str, Any]:
    """What became of the needs that households of my grids named (`GET /referrals`)."""
    query: Referrals = ask.query
    rows = await referral_rows(ask.actor, P.VISIT_LOG, Wanted(query.state), query.before, query.limit)
    return paged(rows, query.limit, _referral)


def _stop(row: dict[str, Any]) -> dict[str, Any]:
    placed = row["lon"] is not None
    return {
        "household_id": row["id"],
        "plate_text": plate_text(row["group_name"], row["door_text"]),
        "group": row["group_name"],
        "grid_code": row["grid_code"],
        "why": [{"code": code, "name": name} for code, name in WHY.items() if row[code]],
        "next_contact_on": row["next_contact_on"],
        "last_at": local(row["last_at"]),
        "last_outcome": row["last_outcome"],
        "location": {"lon": row["lon"], "lat": row["lat"], "datum": row["datum"]} if placed else None,
        "distance_m": None if row["distance_m"] is None else round(row["distance_m"]),
    }


def _referral(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "household_id": row["household_id"],
        "plate_text": plate_text(row["group_name"], row["door_text"]),
        "kind": {"code": row["kind"], "name": NEEDS.get(row["kind"], row["kind"])},
        "state": row["state"],
        "state_name": STATES[row["state"]],
        "unit": row["unit"],
        "note": row["note"],
        "made_at": local(row["made_at"]),
        "acknowledged_at": local(row["acknowledged_at"]),
        "done_at": local(row["done_at"]),
    }


ROUTES = (
    Route(method="GET", path="/rounds/today", handler=today, gate=P.VISIT_LOG, query=Here, reads=True,
          summary="今天建议走访的住户"),
    Route(method="POST", path="/visits/<id:str>/agreement", handler=agreement, gate=P.VISIT_LOG, body=Agreed,
          summary="记下约定的联系日期"),
    Route(method="GET", path="/coverage", handler=covered, gate=P.VISIT_LOG, query=Span, reads=True,
          summary="我的网格户户走到情况"),
    Route(method="GET", path="/coverage/missing", handler=missing, gate=P.VISIT_LOG, query=Span, reads=True,
          summary="还没有走到的住户"),
    Route(method="GET", path="/referrals", handler=my_referrals, gate=P.VISIT_LOG, query=Referrals, reads=True,
          summary="住户需求的转办情况"),
)  # fmt: skip
