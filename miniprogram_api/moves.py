"""Resident door: what the appellant does after filing. Reviews and retaliation reports have their own procedures."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.appeals.models import Message
from domain.cases.states import STATES
from domain.clock import now
from domain.problems import GuardNotMet, MoveNotAllowed, UnknownAttachment, invalid
from domain.review.deeds import review_deeds
from domain.text import clean_text
from domain.workflow.own import Own, add_message, lock_own, object_to, urge, withdraw
from miniprogram_api.schemas import NewMessage, NewObjection, NewUrge, NewWithdrawal
from web.routes import Ask, Limit, Route, path_id
from web.shapes import local

URGES = (Limit("appeal-urges", 10, 3600, per="caller"),)  # each one is told to the unit; more of them say no more


async def post_message(ask: Ask) -> dict[str, Any]:
    """Add words or files; where information was asked for, this supplies it."""
    body: NewMessage = ask.body
    text = clean_text(body.text)
    if not text and not body.attachment_ids:
        raise invalid("text", "请写几个字,或者附上照片、录音", "required")
    own = await lock_own(ask.actor, path_id(ask))
    return await _done(own, await add_message(own, text or "(见附件)", body.attachment_ids))


async def post_urge(ask: Ask) -> dict[str, Any]:
    """Press for progress."""
    own = await lock_own(ask.actor, path_id(ask))
    return await _done(own, await urge(own, clean_text(ask.body.text)))


async def post_withdrawal(ask: Ask) -> dict[str, Any]:
    """Take the appeal back."""
    own = await lock_own(ask.actor, path_id(ask))
    return await _done(own, await withdraw(own, clean_text(ask.body.reason)))


async def post_objection(ask: Ask) -> dict[str, Any]:
    """Object to how it was answered or ended."""
    reason = clean_text(ask.body.reason)
    if not reason:
        raise invalid("reason", "请说一下哪里不对", "required")
    own = await lock_own(ask.actor, path_id(ask))
    return await _done(own, await object_to(own, reason))


async def _done(own: Own, message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "kind": message.kind,
        "at": local(message.at),
        "status": own.case.state,
        "status_name": STATES[own.case.state],
        "can": [*await own.can(), *await review_deeds(own.actor, own.appeal.id, now())],
    }


def _move(path: str, handler: Any, gate: P, body: type, summary: str) -> Route:
    limit = URGES if path == "urges" else ()
    problems = (MoveNotAllowed, GuardNotMet, UnknownAttachment)
    return Route(method="POST", path=f"/appeals/<id:str>/{path}", handler=handler, gate=gate, body=body, status=201,
                 summary=summary, problems=problems, limit=limit)  # fmt: skip


ROUTES = (
    _move("messages", post_message, P.APPEAL_FOLLOW, NewMessage, "补充情况、留言"),
    _move("urges", post_urge, P.APPEAL_FOLLOW, NewUrge, "催办"),
    _move("withdrawal", post_withdrawal, P.APPEAL_DECIDE, NewWithdrawal, "撤回诉求"),
    _move("objections", post_objection, P.APPEAL_DECIDE, NewObjection, "对结果提出异议"),
)
