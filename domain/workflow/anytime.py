"""Effects that are possible at any time: withdraw, contest, urge, supervise, note, convert."""

from typing import Annotated

import msgspec

from domain.appeals.actions import Submission, add_appeal
from domain.areas.models import Area
from domain.cases.models import CaseUnit
from domain.cases.move import Body, Turn, effect
from domain.clock import local_date, now
from domain.deadlines.choice import Facts
from domain.entries import phone_of, topic_of
from domain.problems import invalid
from domain.rulebook import rulebook
from domain.supervision.actions import open_supervision
from domain.text import clean_text
from domain.workflow.intake import AppealType, ComplainedOf, Text, complained_unit, set_track


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
    case = turn.case
    turn.text = body.reason
    case.ended_at = None
    registrar = [str(case.registrar_id)] if case.registrar_id else []
    case.deciders, case.registrar_id = case.deciders or registrar, None  # the appellant ended it: nobody decided
    turn.data["not_again"] = case.deciders


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


class Said(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the person said who makes an event an appeal."""

    content: Text
    channel: str
    identity: Annotated[str, msgspec.Meta(pattern="^(named|hidden_from_handler|anonymous)$")] = "named"
    name: Annotated[str, msgspec.Meta(max_length=60)] = ""
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""


class Convert(Body, kw_only=True):
    """The appeal that an event turns into."""

    appeal_type: AppealType
    topic: str
    appeal: Said
    complained_of: ComplainedOf | None = None


@effect("convert", Convert)
async def convert(turn: Turn, body: Convert) -> None:
    """Turn an event into an appeal: from now on the clocks of an appeal run."""
    case, said = turn.case, body.appeal
    topic_of(body.topic)
    if said.channel not in rulebook().channels:
        raise invalid("appeal.channel", "没有这个渠道")
    phone = phone_of("appeal.phone", said.phone)
    appeal, turn.secret = await add_appeal(
        Submission(
            kind=body.appeal_type, area=await Area.get(code=case.area_code), channel=said.channel, topic=body.topic,
            content=clean_text(said.content), identity=said.identity, name=clean_text(said.name), phone=phone,
            household_id=case.household_id, entered_by=turn.actor.id,
        ),
        case,
    )  # fmt: skip
    turn.data["appeal_id"] = str(appeal.id)
    case.kind, case.appeal_type, case.topic = "appeal", body.appeal_type, body.topic
    case.petition_class, case.registrar_id = "appeal_for_decision", turn.actor.id
    case.complained_department_id = await complained_unit(turn, body.complained_of)
    case.lead_id = case.handler_id = case.review_unit_id = None
    await CaseUnit.filter(case_id=case.id).delete()  # those who helped with the event have no part in what was said
    case.received_at, case.received_on = appeal.received_at, local_date(appeal.received_at)  # its clocks count from here
    facts = Facts(
        "appeal", said.channel, case.received_at, appeal_type=body.appeal_type, topic=body.topic,
        petition_class=case.petition_class, registered=True,
    )  # fmt: skip
    await set_track(case, facts)


