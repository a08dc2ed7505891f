"""What an appellant does after filing: add, urge, withdraw, object. Each under the lock of the case, through the one
transition table; the words are kept with the appeal, the journal gets their digest."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.appeals.deeds import OBJECTABLE, RatingFacts, deeds, refuse
from domain.appeals.models import Appeal, Message, Reply
from domain.appeals.queries import own_case_id
from domain.attachments.actions import attach, link
from domain.cases.models import Case
from domain.cases.move import EFFECTS, case_facts, lock_case, move_locked
from domain.cases.states import ENDED
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet
from domain.ratings.models import Rating
from domain.rulebook import rulebook
from domain.sql import load
from domain.supervision.actions import open_supervision

DISSENT = "群众对答复有异议,请核查办理情况并向群众说明。"
WAITING = "群众不同意暂停办理,请核查是否应当恢复办理并向群众说明。"


@dataclass
class Own:
    """An own appeal with its locked case."""

    actor: Actor
    appeal: Appeal
    case: Case
    co_ids: frozenset[UUID]

    async def move(self, action: str, **body: Any) -> None:
        """Make a move of the transition table as the appellant."""
        kind, _ = EFFECTS[action]
        await move_locked(self.actor, self.case, self.co_ids, action, kind(**body))

    async def can(self) -> list[str]:
        """What the appellant may do now."""
        return deeds(case_facts(self.case, self.co_ids), self.actor, await _rating_facts(self), now())


async def lock_own(actor: Actor, appeal_id: UUID) -> Own:
    """An own appeal under the lock of its case; 404 for anybody else's."""
    case, co_ids = await lock_case(await own_case_id(actor, appeal_id))
    appeal = await load(Appeal, "SELECT * FROM appeals WHERE id = $1", [appeal_id])
    return Own(actor, appeal[0], case, co_ids)


async def add_message(own: Own, text: str, attachment_ids: list[UUID]) -> Message:
    """Add something; where information was asked for, this is the answer to it. 409 once the case has ended."""
    if own.case.state in ENDED:
        raise refuse(case_facts(own.case, own.co_ids), await own.can())
    asked = own.case.state == "need_info"
    await attach(own.actor, attachment_ids)
    message = await _keep(own, "supply-info" if asked else "message", text)
    if attachment_ids:
        await link(attachment_ids, "message", message.id, own.case.id, "supplement")
    if asked:
        await own.move("supply-info", text=text)
    else:
        _record(own, "appeal.messaged", message, attachments=len(attachment_ids))
    return message


async def urge(own: Own, text: str) -> Message:
    """Press for progress (催办, 004-20)."""
    await own.move("urge", text=text)
    return await _keep(own, "urge", text)


async def withdraw(own: Own, reason: str) -> Message:
    """Take the appeal back; a case that answers others too goes on, so it cannot end for them."""
    if await Appeal.filter(case_id=own.case.id).count() > 1:
        raise GuardNotMet(
            reason="这件事还有其他群众反映,已合并办理,不能由一人撤回。您可以不再跟进。", missing=[]
        )
    await own.move("withdraw", reason=reason)
    return await _keep(own, "withdrawal", reason)


async def object_to(own: Own, reason: str) -> Message:
    """Contest how it ended, so that another officer looks at it; an objection to an answer goes to supervision."""
    waits = own.case.suspended_until is not None
    if own.case.state not in OBJECTABLE and not waits:
        await own.move("contest", reason=reason)
        return await _keep(own, "objection", reason)
    message = await _keep(own, "objection", reason)
    _record(own, "appeal.objected", message)
    await open_supervision(own.case, "key", "objected", WAITING if waits else DISSENT)
    return message


async def _keep(own: Own, kind: str, text: str) -> Message:
    return await Message.create(
        id=new_id(), appeal_id=own.appeal.id, case_id=own.case.id, kind=kind, text=text, at=now()
    )


def _record(own: Own, event: str, message: Message, **data: int) -> None:
    case = own.case
    unit = {"unit_id": str(case.lead_id)} if case.lead_id else {}
    record(
        Fact(
            event, case.area_code, case.id, own.appeal.id,
            {"message_id": str(message.id), "text_digest": digest(message.id, message.text), **unit, **data},
            feed=("case", case.id, case.version),
        )
    )  # fmt: skip


async def _rating_facts(own: Own) -> RatingFacts:
    reply = await Reply.get_or_none(appeal_id=own.appeal.id, round=own.case.round)
    rated = await Rating.exists(appeal_id=own.appeal.id, round=own.case.round, source="self")
    return RatingFacts(reply.at if reply else None, rated, rulebook().for_area(own.case.area_path).rating_window_days)
