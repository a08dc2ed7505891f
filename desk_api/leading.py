"""Staff door: villages and their leaders, first responsible persons, what leaders did, minutes (003-09, 003-10, 003-12)."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

from desk_api.schemas import Code, Words, words
from domain.access.permissions import Permission as P
from domain.cases.states import STATES
from domain.casework import leaders
from domain.problems import ConflictOfInterest
from web.bodies import Nothing, Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local


class NewLink(Strict, kw_only=True):
    """Who is linked to which village."""

    area_code: Code
    kind: Literal["contact_leader", "village_secretary", "first_secretary", "resident_unit", "household_cadre"]
    staff_id: UUID | None = None
    department_id: UUID | None = None
    since_on: date


class LinkList(Page, kw_only=True):
    """Of which village."""

    area: Code | None = None


class First(Strict):
    """Who is responsible first."""

    staff_id: UUID


class Action(Strict):
    """What the leader did in person."""

    kind: Literal["inquire", "coordinate", "supervise"]
    note: Words


class NewMinutes(Strict):
    """What the meeting about the case came to."""

    held_on: date
    chair_id: UUID
    attendees: Annotated[list[UUID], Meta(min_length=1, max_length=40)]
    strategy: Words
    decisions: Words
    due_on: date


class Without(Page, kw_only=True):
    """`leader`: cases that need a leader; `first`: cases of a campaign without a first responsible person."""

    part: Literal["leader", "first"] = "leader"


async def post_link(ask: Ask) -> dict[str, Any]:
    """Link somebody to a village (`POST /village-links`)."""
    body: NewLink = ask.body
    link = leaders.Link(area_code=body.area_code, kind=body.kind, staff_id=body.staff_id,
                        department_id=body.department_id, since_on=body.since_on)  # fmt: skip
    made = await leaders.link_village(ask.actor, link)
    return {"id": made.id, "area_code": made.area_code, "kind": made.kind, "since_on": made.since_on}


async def post_end(ask: Ask) -> dict[str, Any]:
    """End a link (`POST /village-links/{id}/end`)."""
    ended = await leaders.end_link(ask.actor, path_id(ask))
    return {"id": ended.id, "until_on": ended.until_on}


async def list_links(ask: Ask) -> dict[str, Any]:
    """Who is linked to my villages (`GET /village-links`)."""
    rows = await leaders.village_links(ask.actor, ask.query.area, ask.query.before, ask.query.limit)
    names = ("id", "area_code", "area_name", "kind", "staff_id", "staff", "unit", "since_on")
    return paged(rows, ask.query.limit, lambda row: {
        **{name: row[name] for name in names}, "kind_name": leaders.LINKS[row["kind"]],
        "first_responsible": row["kind"] in leaders.FIRST,
    })  # fmt: skip


async def post_first(ask: Ask) -> dict[str, Any]:
    """Name the first responsible person (`POST /cases/{id}/first-responsible`)."""
    made = await leaders.name_first_responsible(ask.actor, path_id(ask), ask.body.staff_id)
    return {"case_id": made.case_id, "staff_id": made.staff_id, "kind": made.kind, "kind_name": leaders.LINKS[made.kind]}


async def post_action(ask: Ask) -> dict[str, Any]:
    """Note what I did as a leader (`POST /cases/{id}/leader-actions`)."""
    note = words("note", ask.body.note)
    made = await leaders.note_leader_action(ask.actor, path_id(ask), ask.body.kind, note)
    return {"id": made.id, "kind": made.kind, "at": local(made.at)}


async def post_minutes(ask: Ask) -> dict[str, Any]:
    """Keep the minutes of a meeting about a case (`POST /cases/{id}/minutes`)."""
    body: NewMinutes = ask.body
    minutes = leaders.Minutes(
        body.held_on, body.chair_id, tuple(dict.fromkeys(body.attendees)), words("strategy", body.strategy),
        words("decisions", body.decisions), body.due_on,
    )  # fmt: skip
    made = await leaders.keep_minutes(ask.actor, path_id(ask), minutes)
    return {"id": made.id, "held_on": made.held_on, "due_on": made.due_on}


async def show_leading(ask: Ask) -> dict[str, Any]:
    """Who leads a case and what was done (`GET /cases/{id}/leading`)."""
    found = await leaders.leading_of(ask.actor, path_id(ask))
    first, plain = found["first"], ("id", "chair", "attendees", "held_on", "strategy", "decisions", "due_on")
    return {
        "first_responsible": first and {
            "staff_id": first["staff_id"], "name": first["name"], "kind_name": leaders.LINKS[first["kind"]],
            "named_at": local(first["named_at"]),
        },
        "actions": [
            {**row, "at": local(row["at"]), "kind_name": leaders.ACTIONS[row["kind"]]} for row in found["actions"]
        ],
        "minutes": [{name: row[name] for name in plain} for row in found["minutes"]],
    }  # fmt: skip


async def list_without(ask: Ask) -> dict[str, Any]:
    """Cases without a leader or first responsible person (`GET /cases-without-leader`)."""
    rows = await leaders.without_leader(ask.actor, ask.query.part, ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, lambda row: {**row, "state_name": STATES[row["state"]]})


ROUTES = (
    Route(method="POST", path="/village-links", handler=post_link, gate=P.CASE_SUPERVISE, body=NewLink, status=201,
          summary="联村包户登记"),
    Route(method="POST", path="/village-links/<id:str>/end", handler=post_end, gate=P.CASE_SUPERVISE, body=Nothing,
          summary="结束联村包户"),
    Route(method="GET", path="/village-links", handler=list_links, gate=P.CASE_READ, query=LinkList, reads=True,
          summary="联村包户名单"),
    Route(method="POST", path="/cases/<id:str>/first-responsible", handler=post_first, gate=P.CASE_SUPERVISE, body=First,
          summary="确定第一责任人", problems=(ConflictOfInterest,)),
    Route(method="POST", path="/cases/<id:str>/leader-actions", handler=post_action, gate=P.CASE_READ, body=Action,
          status=201, summary="领导过问、协调、督办记录"),
    Route(method="POST", path="/cases/<id:str>/minutes", handler=post_minutes, gate=P.CASE_SUPERVISE, body=NewMinutes,
          status=201, summary="专题会议纪要"),
    Route(method="GET", path="/cases/<id:str>/leading", handler=show_leading, gate=P.CASE_READ, reads=True,
          summary="包案责任和会议纪要"),
    Route(method="GET", path="/cases-without-leader", handler=list_without, gate=P.CASE_READ, query=Without, reads=True,
          summary="未落实包案领导或第一责任人的工单"),
)  # fmt: skip
