"""Staff door: mediation rooms (睦邻调解室) and the disputes they mediate, free of charge."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, to_builtins

from desk_api.schemas import Code, Words
from domain.access.permissions import Permission as P
from domain.clock import now
from domain.problems import GuardNotMet
from domain.review import mediation
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local

Name = Annotated[str, Meta(min_length=1, max_length=60)]


class Mediator(Strict):
    """A neighbour who mediates: group head, old party member, retired teacher."""

    name: Name
    post: Name


class Room(Strict):
    """The room of a village."""

    area_code: Code
    name: Name
    mediators: Annotated[list[Mediator], Meta(min_length=1, max_length=30)]


class Party(Strict):
    """One side of a dispute, and whether it agreed to mediation."""

    name: Name
    consent: bool = False


class Dispute(Strict):
    """A dispute brought to a room."""

    matter: Words
    parties: Annotated[list[Party], Meta(min_length=2, max_length=10)]
    case_id: UUID | None = None


class Consent(Strict):
    """The answer of one party, by its place in the list."""

    party: Annotated[int, Meta(ge=0, le=9)]
    agrees: bool


class Session(Strict):
    """A sitting."""

    mediators: Annotated[list[Name], Meta(min_length=1, max_length=10)]
    note: Words


class End(Strict):
    """How it ended."""

    agreed: bool
    text: Words
    kind: Literal["oral", "written"] = "written"


class Confirmed(Strict):
    """When the court confirmed the agreement."""

    on: date


class FollowUp(Strict):
    """Whether the agreement is kept."""

    kept: bool
    note: Words


class DisputeList(Page, kw_only=True):
    """Which state."""

    state: Literal["proposed", "open", "agreed", "failed"] | None = None


async def list_rooms(ask: Ask) -> dict[str, Any]:
    """The rooms of my villages with their counts (`GET /mediation-rooms`)."""
    return {"items": await mediation.rooms(ask.actor)}


async def put_room(ask: Ask) -> dict[str, Any]:
    """Set up or change a room (`POST /mediation-rooms`)."""
    body: Room = ask.body
    mediators = [{"name": clean_text(m.name), "post": clean_text(m.post)} for m in body.mediators]
    room = await mediation.set_up_room(ask.actor, body.area_code, clean_text(body.name), mediators)
    return {"id": room.id, "area_code": room.area_code, "name": room.name, "mediators": room.mediators}


async def post_dispute(ask: Ask) -> dict[str, Any]:
    """Bring a dispute to a room (`POST /mediation-rooms/{id}/mediations`)."""
    body: Dispute = ask.body
    parties = [{**to_builtins(party), "name": clean_text(party.name)} for party in body.parties]
    room_id = path_id(ask)
    return _shape(await mediation.propose(ask.actor, room_id, clean_text(body.matter), parties, body.case_id))


async def list_disputes(ask: Ask) -> dict[str, Any]:
    """The disputes of my rooms (`GET /mediations`)."""
    rows = await mediation.mediations(ask.actor, ask.query.state, ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, _row)


async def post_consent(ask: Ask) -> dict[str, Any]:
    """Note the answer of a party (`POST /mediations/{id}/consent`)."""
    return _shape(await mediation.consent(ask.actor, path_id(ask), ask.body.party, ask.body.agrees))


async def post_session(ask: Ask) -> dict[str, Any]:
    """Note a sitting (`POST /mediations/{id}/sessions`)."""
    body: Session = ask.body
    mediators = [clean_text(name) for name in body.mediators]
    done = await mediation.hold_session(ask.actor, path_id(ask), mediators, clean_text(body.note))
    return {"id": done.id, "at": local(done.at), "mediators": done.mediators}


async def post_end(ask: Ask) -> dict[str, Any]:
    """End a mediation (`POST /mediations/{id}/end`)."""
    outcome = mediation.Outcome(ask.body.agreed, ask.body.kind, clean_text(ask.body.text))
    return _shape(await mediation.end_mediation(ask.actor, path_id(ask), outcome))


async def post_confirmation(ask: Ask) -> dict[str, Any]:
    """Note the court's confirmation (`POST /mediations/{id}/confirmation`)."""
    return _shape(await mediation.confirm_in_court(ask.actor, path_id(ask), ask.body.on))


async def post_follow_up(ask: Ask) -> dict[str, Any]:
    """Note whether the agreement is kept (`POST /mediations/{id}/follow-up`)."""
    done = await mediation.follow_up(ask.actor, path_id(ask), ask.body.kept, clean_text(ask.body.note))
    return _shape(done)


def _shape(found: Any) -> dict[str, Any]:
    names = ("id", "room_id", "case_id", "matter", "parties", "state", "agreement_kind", "agreement", "opened_at",
             "ended_at", "confirm_by_at", "confirmed_on", "kept", "follow_up")  # fmt: skip
    return _values({name: getattr(found, name) for name in names})


def _row(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "room_id", "room", "case_id", "matter", "parties", "state", "agreement_kind", "agreement",
             "opened_at", "ended_at", "confirm_by_at", "confirmed_on", "kept", "follow_up", "sessions")  # fmt: skip
    return _values({name: row[name] for name in names})


def _values(row: dict[str, Any]) -> dict[str, Any]:
    left = (row["confirm_by_at"] - now()).days if row["confirm_by_at"] and not row["confirmed_on"] else None
    times = {name: local(row[name]) for name in ("opened_at", "ended_at", "confirm_by_at")}
    return {**row, **times, "confirm_days_left": left, "fee": 0}


def _post(path: str, handler: Any, body: type, summary: str, status: int = 200) -> Route:
    return Route(method="POST", path=path, handler=handler, gate=P.MEDIATION_RUN, body=body, summary=summary,
                 status=status, problems=(GuardNotMet,))  # fmt: skip


ROUTES = (
    Route(method="GET", path="/mediation-rooms", handler=list_rooms, gate=P.MEDIATION_RUN, reads=True,
          summary="调解室列表"),
    _post("/mediation-rooms", put_room, Room, "设立调解室", 201),
    _post("/mediation-rooms/<id:str>/mediations", post_dispute, Dispute, "登记调解", 201),
    Route(method="GET", path="/mediations", handler=list_disputes, gate=P.MEDIATION_RUN, query=DisputeList, reads=True,
          summary="调解列表"),
    _post("/mediations/<id:str>/consent", post_consent, Consent, "当事人是否同意调解"),
    _post("/mediations/<id:str>/sessions", post_session, Session, "调解记录", 201),
    _post("/mediations/<id:str>/end", post_end, End, "调解结果"),
    _post("/mediations/<id:str>/confirmation", post_confirmation, Confirmed, "司法确认"),
    _post("/mediations/<id:str>/follow-up", post_follow_up, FollowUp, "调解回访"),
)  # fmt: skip
