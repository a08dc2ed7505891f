"""Staff door: the rapid team of a unit (快速处置队伍), its numbers masked, checks and leave, and urgent calls."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

from desk_api.schemas import Code, Purpose
from domain.access.models import Department
from domain.access.permissions import Permission as P
from domain.access.queries import department, unit_for
from domain.clock import now
from domain.problems import GuardNotMet, invalid
from domain.rosters import calls, teams
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Answer, Ask, Route, path_id
from web.shapes import local, masked_phone

Row = dict[str, Any]
Name = Annotated[str, Meta(min_length=1, max_length=60)]


class Member(Strict):
    """Somebody of the team."""

    name: Name
    phone: Annotated[str, Meta(min_length=3, max_length=40)]
    role: Literal["lead", "deputy", "backbone", "phone"]
    place: Annotated[int, Meta(ge=1, le=99)] = 1
    staff_id: UUID | None = None


class Check(Strict):
    """Whether somebody answered."""

    reached: bool


class Leave(Strict):
    """From when to when, and who stands in; no start ends the leave."""

    since: datetime | None = None
    until: datetime | None = None
    substitute_id: UUID | None = None


class Reveal(Strict):
    """What the number is needed for."""

    purpose: Purpose


class CallList(Page, kw_only=True):
    """The calls of one unit."""

    unit: Code | None = None


async def show_team(ask: Ask) -> Row:
    """The rapid team of a unit, numbers masked (`GET /units/{id}/team`)."""
    unit = await unit_of(ask)
    return {"unit": {"id": unit.id, "name": unit.name}, "items": [member_shape(row) for row in await teams.team(unit.id)]}


async def add_member(ask: Ask) -> Row:
    """Take somebody into the team (`POST /units/{id}/team`)."""
    made = await teams.add_member(ask.actor, path_id(ask), _person(ask.body))
    return {"id": made.id, "name": made.name, "role": made.role}


async def change_member(ask: Ask) -> Row:
    """Change somebody of the team (`PUT /team-members/{id}`)."""
    made = await teams.change_member(ask.actor, path_id(ask), _person(ask.body))
    return {"id": made.id, "name": made.name, "role": made.role}


async def remove_member(ask: Ask) -> Answer:
    """Take somebody out of the team (`DELETE /team-members/{id}`)."""
    await teams.leave_team(ask.actor, path_id(ask))
    return Answer(status=204)


async def check_member(ask: Ask) -> Row:
    """Record a reachability check (`POST /team-members/{id}/checks`)."""
    found = await teams.note_reachability(ask.actor, path_id(ask), ask.body.reached)
    return {"id": found.id, "reachable": found.reachable, "checked_at": local(found.checked_at)}


async def set_leave(ask: Ask) -> Row:
    """Record a leave and who stands in (`POST /team-members/{id}/leave`)."""
    body: Leave = ask.body
    for name in ("since", "until"):
        at = getattr(body, name)
        if at is not None and at.tzinfo is None:
            raise invalid(name, "时间须带时区,如 2026-03-13T17:30:00+08:00")
    found = await teams.set_leave(
        ask.actor, path_id(ask), teams.Leave(body.since, body.until, body.substitute_id)
    )
    return {"id": found.id, "away_from": local(found.away_from), "away_until": local(found.away_until),
            "substitute_id": found.substitute_id}  # fmt: skip


async def open_number(ask: Ask) -> Row:
    """The number in full, on record with its purpose (`POST /team-members/{id}/reveals`)."""
    purpose = clean_text(ask.body.purpose)
    return {"phone": await teams.number_of(ask.actor, path_id(ask), purpose)}


async def list_calls(ask: Ask) -> Row:
    """Urgent calls about cases that I see (`GET /duty-calls`)."""
    query: CallList = ask.query
    unit = await department(query.unit) if query.unit else None
    if query.unit and unit is None:
        raise invalid("unit", "没有这个单位")
    rows = await calls.calls(ask.actor, unit.id if unit else None, query.before, query.limit)
    return paged(rows, query.limit, _call)


async def acknowledge(ask: Ask) -> Row:
    """Take a call (`POST /duty-calls/{id}/acknowledgement`)."""
    call = await calls.acknowledge(ask.actor, path_id(ask))
    return {"id": call.id, "step": call.step, "acknowledged_at": local(call.acknowledged_at)}


async def unit_of(ask: Ask) -> Department:
    """The unit of the path, if the caller may see its roster; else 404."""
    return await unit_for(ask.actor, P.ROSTER_READ, path_id(ask))


def _person(body: Member) -> teams.Person:
    return teams.Person(name=body.name, phone=body.phone, role=body.role, place=body.place, staff_id=body.staff_id)


def member_shape(row: Row) -> Row:
    """Somebody of a team, the number masked."""
    names = ("id", "name", "role", "place", "staff_id", "reachable", "substitute_id", "substitute")
    at = now()
    away = row["away_from"] is not None and row["away_from"] <= at and (not row["away_until"] or at < row["away_until"])
    return {
        **{name: row[name] for name in names}, "role_name": teams.ROLES[row["role"]],
        "phone": masked_phone(row["phone"]), "away": away,
        **{name: local(row[name]) for name in ("checked_at", "away_from", "away_until")},
    }  # fmt: skip


def _call(row: Row) -> Row:
    names = ("id", "case_id", "number", "title", "unit", "step", "chain")
    return {
        **{name: row[name] for name in names}, "rung_at": local(row["rung_at"]), "next_at": local(row["next_at"]),
        "acknowledged_at": local(row["acknowledged_at"]),
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/units/<id:str>/team", handler=show_team, gate=P.ROSTER_READ, reads=True,
          summary="快速处置队伍"),
    Route(method="POST", path="/units/<id:str>/team", handler=add_member, gate=P.ROSTER_MANAGE, body=Member, status=201,
          summary="队伍增加人员"),
    Route(method="PUT", path="/team-members/<id:str>", handler=change_member, gate=P.ROSTER_MANAGE, body=Member,
          summary="修改队伍人员"),
    Route(method="DELETE", path="/team-members/<id:str>", handler=remove_member, gate=P.ROSTER_MANAGE, status=204,
          summary="队伍减少人员", problems=(GuardNotMet,)),
    Route(method="POST", path="/team-members/<id:str>/checks", handler=check_member, gate=P.ROSTER_MANAGE, body=Check,
          summary="通信畅通检查"),
    Route(method="POST", path="/team-members/<id:str>/leave", handler=set_leave, gate=P.ROSTER_MANAGE, body=Leave,
          summary="请假和顶班"),
    Route(method="POST", path="/team-members/<id:str>/reveals", handler=open_number, gate=P.ROSTER_READ, body=Reveal,
          replay=False, summary="查看值班电话"),
    Route(method="GET", path="/duty-calls", handler=list_calls, gate=P.ROSTER_READ, query=CallList, reads=True,
          summary="紧急呼叫记录"),
    Route(method="POST", path="/duty-calls/<id:str>/acknowledgement", handler=acknowledge, gate=P.ROSTER_READ,
          summary="应答紧急呼叫"),
)  # fmt: skip
