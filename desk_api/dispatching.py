"""Staff door: why a case is where it is, matters handed down, and which leader answers for which field."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.access.queries import unit_for
from domain.dispatch import leaders
from domain.dispatch.verifications import own_verifications
from domain.problems import invalid
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Answer, Ask, Route, path_id
from web.shapes import local

Row = dict[str, Any]
VERIFICATION = (
    "id", "case_id", "number", "parent_id", "parent", "department_id", "unit", "task", "due_on", "state", "state_name",
    "overdue", "found", "result", "sent_back",
)  # fmt: skip
TIMES = ("created_at", "progress_at", "reported_at", "confirmed_at")


class VerificationList(Page, kw_only=True):
    """Those that my unit handed down, or was given."""

    side: Literal["above", "below"] = "above"
    state: Literal["open", "reported", "confirmed"] | None = None


class Charge(Strict):
    """A leader with the topics in charge; none = all that no other leader has."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    post: Annotated[str, Meta(min_length=1, max_length=60)]
    topics: Annotated[list[Code], Meta(max_length=60)] = []
    staff_id: UUID | None = None
    since_on: date | None = None


def dispatch_shape(found: Row) -> Row:
    """What a case shows of its dispatch."""
    return {
        **found,
        "dispatches": [{**one, "at": local(one["at"])} for one in found["dispatches"]],
        "verifications": [_verification(one) for one in found["verifications"]],
    }


async def list_verifications(ask: Ask) -> Row:
    """Matters handed down by my unit or to it, with progress and result (`GET /verifications`)."""
    query: VerificationList = ask.query
    rows = await own_verifications(ask.actor, query.side, query.state, query.before, query.limit)
    return paged(rows, query.limit, _verification)


async def list_leaders(ask: Ask) -> Row:
    """The leaders of a unit with their fields (`GET /units/{id}/leaders`)."""
    unit = await unit_for(ask.actor, P.ROSTER_READ, path_id(ask))
    return {"unit": {"id": unit.id, "name": unit.name}, "items": await leaders.charges(unit.id)}


async def set_leader(ask: Ask) -> Row:
    """Enter a leader's fields (`POST /units/{id}/leaders`)."""
    body: Charge = ask.body
    name, post = clean_text(body.name), clean_text(body.post)
    if not name or not post:
        raise invalid("name", "请填写姓名和职务", "required")
    charge = leaders.Charge(
        name=name, post=post, topics=tuple(dict.fromkeys(body.topics)), staff_id=body.staff_id, since_on=body.since_on
    )
    made = await leaders.set_charge(ask.actor, path_id(ask), charge)
    return {"id": made.id, "name": made.name, "post": made.post, "topics": made.topics, "since_on": made.since_on}


async def end_leader(ask: Ask) -> Answer:
    """End a leader's entry (`DELETE /leaders/{id}`)."""
    await leaders.end_charge(ask.actor, path_id(ask))
    return Answer(status=204)


def _verification(row: Row) -> Row:
    return {**{name: row[name] for name in VERIFICATION}, **{name: local(row[name]) for name in TIMES}}


ROUTES = (
    Route(method="GET", path="/verifications", handler=list_verifications, gate=P.CASE_READ, query=VerificationList,
          reads=True, summary="转交核实"),
    Route(method="GET", path="/units/<id:str>/leaders", handler=list_leaders, gate=P.ROSTER_READ, reads=True,
          summary="分管领导"),
    Route(method="POST", path="/units/<id:str>/leaders", handler=set_leader, gate=P.ROSTER_MANAGE, body=Charge,
          status=201, summary="登记分管领导"),
    Route(method="DELETE", path="/leaders/<id:str>", handler=end_leader, gate=P.ROSTER_MANAGE, status=204,
          summary="终止分管登记"),
)  # fmt: skip
