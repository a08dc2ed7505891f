"""Effects that are possible at any time: withdraw, contest, urge, supervise, note, convert."""

from typing import Annotated

import msgspec

from domain.appeals.models import Appeal
from domain.cases.move import Body, Turn, effect
from domain.clock import now
from domain.deadlines.choice import Facts
from domain.supervision.actions import open_supervision
from domain.workflow.intake import AppealType, Text, invalid, set_track


class Withdraw(Body, kw_only=True):
    """Why, if the appellant wants to say."""

    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""


@effect("withdraw", Withdraw)
async def withdraw(turn: Turn, body: Withdraw) -> None:
    """The appellant takes the appeal back; a random call later checks that it was free."""
    turn.text = body.reason
    turn.case.ended_at = now()


class Contest(Body, kw_only=True):
    """Why the ending is contested."""

    reason: Text


@effect("contest", Contest)
async def contest(turn: Turn, body: Contest) -> None:
    """Open an ended case again, for another officer than before."""
    turn.text = body.reason
    turn.case.ended_at = None
    turn.data["not_again"] = str(turn.case.registrar_id) if turn.case.registrar_id else None


class Urge(Body, kw_only=True):
    """What is waited for."""

    text: Annotated[str, msgspec.Meta(max_length=1000)] = ""


@effect("urge", Urge)
async def urge(turn: Turn, body: Urge) -> None:
    """Press for progress (催办)."""
    turn.text = body.text
    turn.data["unit_id"] = str(turn.case.lead_id) if turn.case.lead_id else None


class Supervise(Body, kw_only=True):
    """What the unit has to do."""

    kind: Annotated[str, msgspec.Meta(pattern="^(urge|key|special|on_site)$")] = "key"
    requirement: Text


@effect("supervise", Supervise)
async def supervise(turn: Turn, body: Supervise) -> None:
    """Open supervision by hand (督办)."""
    await open_supervision(turn.case, body.kind, "hand", body.requirement, by=turn.actor)
    turn.text = body.requirement


class Note(Body, kw_only=True):
    """A note for colleagues; the appellant does not see it."""

    text: Text


@effect("add-note", Note)
async def add_note(turn: Turn, body: Note) -> None:
    """Add a note for colleagues."""
    turn.text = body.text


class Convert(Body, kw_only=True):
    """The appeal that an event turns into."""

    appeal_type: AppealType
    topic: str


@effect("convert", Convert)
async def convert(turn: Turn, body: Convert) -> None:
    """Turn an event into an appeal: from now on the clocks of an appeal run."""
    case = turn.case
    if not await Appeal.exists(case_id=case.id):
        raise invalid("appeal_type", "请先为此事件登记一份诉求,再转为诉求件")
    case.kind, case.appeal_type, case.topic = "appeal", body.appeal_type, body.topic
    await set_track(case, Facts("appeal", "grid", case.received_at, appeal_type=body.appeal_type, topic=body.topic))


