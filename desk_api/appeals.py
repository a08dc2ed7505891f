"""Staff door: enter what came by telephone, letter or visit, or what somebody says for another person."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.access.queries import department
from domain.appeals.actions import Submission, submit_appeal
from domain.appeals.channels import refused_channel
from domain.areas.models import Area
from domain.areas.queries import served
from domain.clock import now
from domain.entries import phone_of, topic_of
from domain.problems import EmptyAppeal, UnknownAttachment, invalid
from domain.text import clean_text
from domain.times import occurred
from web.bodies import Strict
from web.filing import AppealKind, Identity, identity_of, receipt
from web.routes import Ask, Route

Short = Annotated[str, Meta(max_length=60)]
Phone = Annotated[str, Meta(max_length=40)]


class Person(Strict):
    """Who speaks, or for whom."""

    name: Short = ""
    phone: Phone = ""


class Represented(Person):
    """For whom somebody else speaks."""

    relation: Short = ""
    consent: bool = False


class ComplainedOf(Strict):
    """Whom a complaint is about."""

    department_id: Annotated[str, Meta(max_length=80)] | None = None
    text: Annotated[str, Meta(max_length=500)] = ""


class EnteredAppeal(Strict):
    """An appeal as the desk takes it down; `received_at` is when it reached us, never later than now."""

    channel: Code
    kind: AppealKind
    area_code: Code
    content: Annotated[str, Meta(max_length=8000)] = ""
    topic: Code | None = None
    attachment_ids: Annotated[list[UUID], Meta(max_length=9)] = []
    identity: Identity | None = None
    contact: Person | None = None
    complained_of: ComplainedOf | None = None
    on_behalf_of: Represented | None = None
    urgent_reason: Annotated[str, Meta(max_length=200)] = ""
    external_id: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    superior_assigned: bool = False
    received_at: str | None = None


async def enter_appeal(ask: Ask) -> dict[str, Any]:
    """Enter an appeal for somebody (`POST /appeals`); the query code is told once, for the receipt."""
    filed = await submit_appeal(ask.actor, await _submission(ask))
    case = {"id": filed.case.id, "number": filed.case.number, "version": filed.case.version}
    return {**receipt(filed), "case": case}


async def _submission(ask: Ask) -> Submission:
    body: EnteredAppeal = ask.body
    place = await _place(ask)
    if refusal := await refused_channel(body.channel, place.path):
        raise invalid("channel", refusal)
    contact = body.contact or Person()
    accused = body.complained_of or ComplainedOf()
    return Submission(
        kind=body.kind, area=place, channel=body.channel, content=clean_text(body.content), topic=topic_of(body.topic),
        attachment_ids=tuple(body.attachment_ids),
        identity=identity_of(body.kind, body.identity),
        name=clean_text(contact.name), phone=phone_of("contact.phone", contact.phone),
        complained_department_id=await _unit(accused.department_id), complained_text=clean_text(accused.text),
        on_behalf=_represented(body.on_behalf_of), urgent_reason=clean_text(body.urgent_reason),
        external_id=clean_text(body.external_id) if body.external_id else None, entered_by=ask.actor.id,
        received_at=_received(body.received_at),
        origin="superior_assigned" if body.superior_assigned else "town_direct",
    )  # fmt: skip


async def _place(ask: Ask) -> Area:
    found = await served(ask.body.area_code)
    if found is None or not ask.actor.may(P.APPEAL_ENTER, found.path):
        raise invalid("area_code", "没有这个地区,或不在您的管辖范围内")
    return found


async def _unit(reference: str | None) -> UUID | None:
    found = await department(clean_text(reference)) if reference else None
    if reference and found is None:
        raise invalid("complained_of.department_id", "没有这个单位")
    return found.id if found else None


def _represented(person: Represented | None) -> dict[str, Any] | None:
    if person is None:
        return None
    return {
        "name": clean_text(person.name), "phone": phone_of("on_behalf_of.phone", person.phone),
        "relation": clean_text(person.relation), "consent": person.consent,
    }  # fmt: skip


def _received(text: str | None) -> Any:
    at = occurred(text, "received_at") if text else None
    if at and at > now():
        raise invalid("received_at", "收到时间不能晚于现在")
    return at


ROUTES = (
    Route(method="POST", path="/appeals", handler=enter_appeal, gate=P.APPEAL_ENTER, body=EnteredAppeal, status=201,
          summary="录入诉求", problems=(EmptyAppeal, UnknownAttachment)),
)  # fmt: skip
