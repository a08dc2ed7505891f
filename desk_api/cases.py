"""Staff door: work lists, one case, its moves, and who appealed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

import domain.workflow  # noqa: F401 (registers the effects)
from desk_api.case_shapes import case_shape, row_shape
from desk_api.dispatching import dispatch_shape
from desk_api.schemas import Code, Purpose
from domain.access.permissions import Permission as P
from domain.access.queries import department
from domain.appeals.identity import note_phone_search, reveal
from domain.areas.queries import area
from domain.cases import queries
from domain.cases.file import case_file
from domain.cases.move import EFFECTS, make_turn
from domain.cases.states import STATES
from domain.clock import now
from domain.deadlines.calendar import start_of_day
from domain.dispatch.case_part import dispatch_part
from domain.dispatch.queries import suggest
from domain.entries import phone_of
from domain.problems import (
    ChangedMeanwhile,
    CommonSuperiorDecides,
    ConflictOfInterest,
    GuardNotMet,
    MoveNotAllowed,
    NotFound,
    SameOfficer,
    UnknownAttachment,
    invalid,
)
from domain.text import clean_phone, clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Answer, Ask, Route, path_id, short_wanted
from web.unit_of_work import run_unit


class CaseList(Page, kw_only=True):
    """What a work list may be narrowed by; a telephone number needs a purpose, and that is logged."""

    state: Annotated[str, Meta(max_length=300)] = ""
    kind: Literal["appeal", "event"] | None = None
    area: Code | None = None
    topic: Code | None = None
    unit: Annotated[str, Meta(max_length=80)] | None = None
    channel: Code | None = None
    number: Code | None = None
    text: Annotated[str, Meta(max_length=100)] | None = None
    overdue: bool | None = None
    initial: bool | None = None
    order: Literal["newest", "first"] = "newest"  # first: open ones, urgent and initial before the others
    due_before: date | None = None
    phone: Annotated[str, Meta(max_length=40)] | None = None
    purpose: Purpose | None = None


class Reveal(Strict):
    """Whose identity, and what for."""

    appeal_id: UUID
    purpose: Purpose


async def note_purpose(ask: Ask) -> None:
    """A search by telephone number is on record before it is answered, whatever becomes of the answer."""
    query = ask.query or ask.body
    if query.phone is None:
        return
    phone = phone_of("phone", query.phone, required=True)
    if query.purpose is None:
        raise invalid("purpose", "按电话号码查询须写明用途,并会记录在案", "required")
    purpose = clean_text(query.purpose)
    await run_unit(ask.actor, lambda: note_phone_search(ask.actor, phone, purpose), ask.app.enqueue)


async def list_cases(ask: Ask) -> dict[str, Any]:
    """A page of the cases that I may see (`GET /cases`, `POST /cases` for a search that stays out of the address)."""
    query: CaseList = ask.query or ask.body
    search = await _search(query)
    rows = await queries.search_cases(ask.actor, replace(search, before=query.before, limit=query.limit), now())
    return paged(rows, query.limit, row_shape)


async def _search(query: CaseList) -> queries.CaseSearch:
    states = tuple(filter(None, query.state.split(",")))
    if unknown := set(states) - set(STATES):
        raise invalid("state", f"没有这种状态:{clean_text(min(unknown))[:20]}")
    place = await area(query.area) if query.area else None
    if query.area and place is None:
        raise invalid("area", "没有这个地区")
    unit = await department(clean_text(query.unit)) if query.unit else None
    if query.unit and unit is None:
        raise invalid("unit", "没有这个单位")
    return queries.CaseSearch(
        state=states, kind=query.kind, area_path=place.path if place else None, topic=query.topic,
        unit=unit.id if unit else None, channel=query.channel, number=query.number,
        text=clean_text(query.text or "") or None, overdue=query.overdue,
        initial=query.initial, first=query.order == "first",
        due_before=start_of_day(query.due_before + timedelta(days=1)) if query.due_before else None,
        phone=clean_phone(query.phone) if query.phone else None,
    )  # fmt: skip


async def open_case(ask: Ask) -> dict[str, Any]:
    """One case with everything that I may see of it (`GET /cases/{id}`)."""
    row = await queries.case_row(ask.actor, path_id(ask))
    file = await case_file(row)
    return case_shape(ask.actor, row, file) | dispatch_shape(dispatch_part(file.added, row["topic"]))


async def act(ask: Ask) -> Answer:
    """Make a move (`POST /cases/{id}/{action}`); the answer is the fresh case, or its head where that is preferred."""
    turn = await make_turn(ask.actor, path_id(ask), ask.path["action"], ask.body)
    case, told = turn.case, {"query_code": turn.secret} if turn.secret else {}
    head = {
        "id": case.id, "number": case.number, "kind": case.kind, "state": case.state,
        "state_name": STATES[case.state], "version": case.version,
    }  # fmt: skip
    if short_wanted(ask):
        return Answer(head | told, headers={"Preference-Applied": "return=minimal"})
    try:
        return Answer(await open_case(ask) | told)
    except NotFound:  # a returned or raised case has left the unit
        return Answer({**head, "can": []})


async def open_identity(ask: Ask) -> dict[str, Any]:
    """Name and phone of an appellant, once, logged (`POST /cases/{id}/reveals`)."""
    body: Reveal = ask.body
    found = await reveal(ask.actor, path_id(ask), body.appeal_id, clean_text(body.purpose))
    return {
        "appeal_id": found["id"], "name": found["name"] or "", "phone": found["phone"] or "",
        "on_behalf": found["on_behalf"],
    }  # fmt: skip


async def show_suggestions(ask: Ask) -> dict[str, Any]:
    """Topic, departments and duplicates with their reasons; a person decides (`GET /cases/{id}/suggestions`)."""
    return await suggest(ask.actor, path_id(ask))


ACTIONS = {name: body for name, (body, _) in EFFECTS.items()}
_PROBLEMS = (
    CommonSuperiorDecides, MoveNotAllowed, ChangedMeanwhile, GuardNotMet, SameOfficer, ConflictOfInterest,
    UnknownAttachment,
)  # fmt: skip

ROUTES = (
    Route(method="GET", path="/cases", handler=list_cases, prepare=note_purpose, gate=P.CASE_READ, query=CaseList,
          reads=True, summary="工单列表"),
    Route(method="POST", path="/cases", handler=list_cases, prepare=note_purpose, gate=P.CASE_READ, body=CaseList,
          reads=True, replay=False, summary="查询工单(条件不进网址)"),
    Route(method="GET", path="/cases/<id:str>", handler=open_case, gate=P.CASE_READ, reads=True, summary="工单详情"),
    Route(method="GET", path="/cases/<id:str>/suggestions", handler=show_suggestions, gate=P.CASE_READ, reads=True,
          summary="分办建议"),
    Route(method="POST", path="/cases/<id:str>/reveals", handler=open_identity, gate=P.IDENTITY_REVEAL, body=Reveal,
          replay=False, summary="查看诉求人身份"),
    Route(method="POST", path="/cases/<id:str>/<action:str>", handler=act, gate=P.CASE_READ, body=ACTIONS,
          summary="办理工单(请求头 Prefer: return=minimal 时只返回编号、状态、版本)", problems=_PROBLEMS),
)  # fmt: skip
