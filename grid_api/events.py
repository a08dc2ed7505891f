"""Worker door: discover and report."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.areas.geometry import Position
from domain.areas.models import Area
from domain.cases.clocks import exact_level
from domain.cases.events import Discovery, grid_for, report_event
from domain.cases.models import Case
from domain.cases.queries import deadlines
from domain.clock import now
from domain.households.models import Household
from domain.problems import (
    ClientTimeAbsurd,
    CodeDead,
    SameIdOtherContent,
    UnknownAttachment,
    UnknownCode,
    invalid,
)
from domain.rulebook import rulebook
from domain.text import clean_text
from domain.times import occurred
from domain.workflow.handling import Result
from grid_api.places import listed, scanned
from grid_api.schemas import NewEvent, SelfHandled
from web.routes import Answer, Ask, Route
from web.shapes import clock_shape, local


async def create_event(ask: Ask) -> Answer:
    """Open a case for what was found (contract: `POST /events`); 201 for a new one, 200 for one sent before."""
    body: NewEvent = ask.body
    house = await _house(ask, body)
    found = Discovery(
        id=body.id,
        event_type=body.event_type,
        level=body.level,
        place=await _place(ask, body, house),
        occurred_at=occurred(body.occurred_at, "occurred_at"),
        description=clean_text(body.description),
        attachment_ids=tuple(body.attachment_ids),
        household_id=house.id if house else None,
        location=(body.location.lon, body.location.lat, body.location.datum) if body.location else None,
        self_handled=_handled(body.self_handled),
    )
    case, fresh = await report_event(ask.actor, found)
    return Answer(await _receipt(case), 201 if fresh else 200)


async def _house(ask: Ask, body: NewEvent) -> Household | None:
    """Whose door it is about: scanned, or chosen from my list, as after a visit in which a need was named."""
    if body.plate_code and body.household_id:
        raise invalid("household_id", "household_id 与 plate_code 只填其中一项")
    if body.plate_code:
        return await scanned(ask, body.plate_code)
    return await listed(ask.actor, body.household_id) if body.household_id else None


async def _place(ask: Ask, body: NewEvent, house: Household | None) -> Area:
    if house and body.grid_code not in (None, house.grid_code):
        raise invalid("grid_code", "所选网格与住户所在网格不一致")
    at = Position(body.location.lon, body.location.lat, body.location.datum) if body.location else None
    return await grid_for(ask.actor, house.grid_code if house else body.grid_code, at)


def _handled(handled: SelfHandled | None) -> Result | None:
    if handled is None:
        return None
    result = clean_text(handled.result)
    if not result:
        raise invalid("self_handled.result", "请写一句怎么处理的", "required")
    return Result(result=result, attachment_ids=handled.attachment_ids)


async def _receipt(case: Case) -> dict[str, Any]:
    """The numbers to call come first where a life may hang on it; then number, clock and what comes next."""
    emergency = {"emergency": _emergency(case)} if case.urgent else {}
    clocks = [clock_shape(row, exact_level(row["ladder"], now())) for row in await deadlines(case.id)]
    return {
        **emergency,
        "id": case.id,
        "number": case.number,
        "state": case.state,
        "version": case.version,
        "event_type": case.event_type,
        "level": case.level,
        "origin": case.origin,
        "area_code": case.area_code,
        "received_at": local(case.received_at),
        "clocks": clocks,
        "next_step": _next_step(case),
    }


def _emergency(case: Case) -> dict[str, Any]:
    shown = rulebook().for_area(case.area_path).call_first()
    return {**shown, "text": f"{shown['text']}值班员会同时收到提醒。"}


def _next_step(case: Case) -> str:
    if case.state == "reviewing":
        return "已登记为自办,等待另一人核验。"
    return "已上报,等待村(镇)分派;可在“跟踪”里查看进展。"

ROUTES = (
    Route(method="POST", path="/events", handler=create_event, gate=P.EVENT_REPORT, body=NewEvent, status=201,
          also=(200,), summary="发现上报",
          problems=(SameIdOtherContent, ClientTimeAbsurd, UnknownAttachment, UnknownCode, CodeDead)),
)  # fmt: skip
