"""Filing an appeal: everybody may, always. Store first, classify later; nothing here refuses by person or count."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from domain.access.actor import Actor
from domain.appeals.models import Appeal, Appellant
from domain.areas.models import Area
from domain.attachments.actions import attach, link
from domain.cases import clocks
from domain.cases.models import Case, Deadline
from domain.cases.opening import next_number, open_case
from domain.clock import local_date, now
from domain.deadlines.choice import Choice, Facts, choose_track, running_clocks
from domain.deadlines.tracks import ClockName, Start
from domain.ids import new_id, new_query_code
from domain.journal.unit import Fact, digest, record
from domain.problems import EmptyAppeal, invalid
from domain.rulebook import Rulebook, rulebook

TITLE_LENGTH = 30


@dataclass(frozen=True)
class Submission:
    """What one person said through one channel, after the door has read it."""

    kind: str
    area: Area
    channel: str
    content: str = ""
    topic: str = ""
    attachment_ids: tuple[UUID, ...] = ()
    identity: str = "named"
    household_id: UUID | None = None
    name: str = ""
    phone: str = ""
    complained_department_id: UUID | None = None
    complained_text: str = ""
    urgent_reason: str = ""
    on_behalf: dict[str, Any] | None = None
    location: tuple[float, float, str] | None = None
    external_id: str | None = None
    resident_id: UUID | None = None
    entered_by: UUID | None = None
    received_at: datetime | None = None
    origin: str = "town_direct"
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Filed:
    """What the appellant gets back at once."""

    appeal: Appeal
    case: Case
    query_code: str
    accept: Deadline
    provisional: dict[str, Any] | None


async def submit_appeal(actor: Actor, said: Submission) -> Filed:
    """File an appeal and open its case; text or a recording is required, nothing else (000-06, PIPL 16)."""
    kinds = await attach(actor, said.attachment_ids)
    if not said.content and "audio" not in kinds:
        raise EmptyAppeal
    received_at = said.received_at or now()
    facts = Facts("appeal", said.channel, received_at, "urgent" if said.urgent_reason else "ordinary")
    book = rulebook().for_area(said.area.path)
    choice = choose_track(facts, book.track_rules, book.tracks, book.calendar)
    case = await open_case(
        "appeal", said.area, received_at, origin=said.origin, title=title_of(said), topic=said.topic,
        appeal_type=said.kind, urgent=bool(said.urgent_reason), track=choice.track, handling_track=choice.handling,
        household_id=said.household_id, complained_department_id=said.complained_department_id,
        first_receiver_id=said.entered_by, **_position(said),
    )  # fmt: skip
    appeal, query_code = await add_appeal(said, case)
    accept = await clocks.start_accept(case)
    record(
        Fact(
            "appeal.submitted",
            case.area_code,
            case.id,
            appeal.id,
            {
                "to": "submitted", "version": 1, "kind": said.kind, "channel": said.channel,
                "identity": said.identity, "content_digest": digest(appeal.id, said.content),
                "attachments": len(said.attachment_ids), "topic": case.topic, "origin": case.origin,
                **({"judged": True} if appeal.content_check == "waiting" else {}), **clocks.notes(case),
            },
            feed=("case", case.id, 1),
        )
    )  # fmt: skip
    if case.urgent:
        record(Fact("duty.needed", case.area_code, case.id, case.id, {"cause": "appeal"}))
    return Filed(appeal, case, query_code, accept, _provisional(book, choice, received_at))


async def add_appeal(said: Submission, case: Case) -> tuple[Appeal, str]:
    """Write what was said as an appeal of a case; the appeal and its query code, which is kept nowhere."""
    query_code = new_query_code()
    try:
        appeal = await _write_appeal(said, case, query_code, said.received_at or now())
    except IntegrityError as error:  # known already, or entered by somebody else at this moment
        if "external_id" not in str(error):
            raise
        message = "该渠道编号已登记"
        raise invalid("external_id", message, "taken") from None
    await _link(said, case, appeal)
    return appeal, query_code


def title_of(said: Submission) -> str:
    """The first words of what was said, for work lists; never a name or a number we know."""
    topic = rulebook().topics.get(said.topic)
    words = " ".join(said.content.split())[:TITLE_LENGTH]
    return words or (f"{topic.name}(语音)" if topic else "语音诉求")


def query_hash(number: str, query_code: str) -> bytes:
    """What is kept of a query code."""
    return sha256(f"{number}:{query_code.strip().upper()}".encode()).digest()


def _position(said: Submission) -> dict[str, Any]:
    if said.location is None:
        return {}
    lon, lat, datum = said.location
    return {"lon": lon, "lat": lat, "datum": datum}


async def _write_appeal(said: Submission, case: Case, query_code: str, received_at: datetime) -> Appeal:
    number = await next_number("SQ", said.area, received_at)
    return await Appeal.create(
        id=new_id(), case_id=case.id, number=number, query_hash=query_hash(number, query_code), channel=said.channel,
        external_id=said.external_id, kind=said.kind, topic=said.topic, content=said.content,
        area_code=said.area.code, area_path=said.area.path, household_id=said.household_id,
        resident_id=said.resident_id, identity=said.identity, entered_by=said.entered_by,
        complained_department_id=said.complained_department_id, complained_text=said.complained_text,
        urgent_reason=said.urgent_reason, on_behalf=_behalf(said), received_at=received_at,
        content_check="waiting" if rulebook().content_judged else "off",
        received_on=local_date(received_at), **_position(said),
    )  # fmt: skip


def _behalf(said: Submission) -> dict[str, Any] | None:
    """For whom somebody speaks; who stays anonymous leaves no name or number of theirs either."""
    if said.on_behalf is None or said.identity != "anonymous":
        return said.on_behalf
    return {**said.on_behalf, "name": "", "phone": ""}


async def _link(said: Submission, case: Case, appeal: Appeal) -> None:
    if said.identity != "anonymous" and (said.name or said.phone):
        await Appellant.create(appeal_id=appeal.id, name=said.name, phone=said.phone)
    if said.attachment_ids:
        await link(said.attachment_ids, "appeal", appeal.id, case.id)


def _provisional(book: Rulebook, choice: Choice, received_at: datetime) -> dict[str, Any] | None:
    """The handling date that the default track would give, marked provisional until registration."""
    running = running_clocks(choice, book.tracks, {Start.RECEIVED: received_at}, book.calendar)
    handling = next((clock for clock in running if clock.name == ClockName.HANDLING), None)
    if handling is None:
        return None
    return {
        "kind": "handling",
        "track": choice.handling,
        "due_at": handling.due.due_at,
        "limit": handling.limit.text,
        "provisional": True,
        "explanation": clocks.explain(handling.due),
    }
