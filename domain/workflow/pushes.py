"""What WeChat tells us by itself: consent to messages, their fate, verdicts on photos, and withdrawn consent."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.appeals.content import judge_media
from domain.clock import real_now
from domain.notices.delivery import clear_credit, confirm_wechat, ensure_credit
from domain.people.models import Resident
from domain.people.privacy import erase
from domain.ports import PushedEvent
from domain.sql import fetch

REVOKED_PHONE = "8"


async def take_push(event: PushedEvent) -> bool:
    """React to a push once, however often it is delivered; False for a repeated or an unknown one."""
    new = await fetch(
        "INSERT INTO wechat_pushes (dedupe_key, event, received_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        " RETURNING event",
        [event.key, event.name[:60], real_now()],
    )
    reaction = _REACTIONS.get(event.name)
    if not new or reaction is None:
        return False
    await reaction(event)
    return True


async def _resident(event: PushedEvent) -> UUID | None:
    openid = str(event.body.get("OpenID") or event.openid)
    resident = await Resident.get_or_none(openid=openid, erased_at=None)
    return resident.id if resident else None


def _items(event: PushedEvent) -> list[dict[str, Any]]:
    found = event.body.get("List")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


async def _answered(event: PushedEvent) -> None:
    """The popup was answered, or a choice was changed in WeChat's settings: accept is one message, reject none."""
    resident_id = await _resident(event)
    for item in _items(event) if resident_id else ():
        template, status = str(item.get("TemplateId", "")), item.get("SubscribeStatusString")
        if status == "accept" and event.name == "subscribe_msg_popup_event":
            await ensure_credit(resident_id, template)  # type: ignore[arg-type]
        elif status == "reject" and event.name == "subscribe_msg_change_event":
            await clear_credit(resident_id, template)


async def _sent(event: PushedEvent) -> None:
    resident_id = await _resident(event)
    for item in _items(event) if resident_id else ():
        code = str(item.get("ErrorCode", ""))
        await confirm_wechat(resident_id, str(item.get("TemplateId", "")), arrived=code == "0", code=code)  # type: ignore[arg-type]


async def _media(event: PushedEvent) -> None:
    result = event.body["result"]
    suggest = result["suggest"] if result["suggest"] in {"pass", "review", "risky"} else "review"
    await judge_media(str(event.body.get("trace_id", "")), suggest, int(result["label"]))


async def _revoked(event: PushedEvent) -> None:
    """The person took back the consent to one kind of data; a phone number is forgotten at once."""
    kinds = str(event.body.get("RevokeInfo", "")).replace(";", ",").split(",")
    if REVOKED_PHONE in {kind.strip() for kind in kinds}:
        await Resident.filter(id=await _resident(event)).update(phone="")


async def _cancelled(event: PushedEvent) -> None:
    """The person left the mini-program for good: the same erasure as by their own hand (PIPL art 47)."""
    resident_id = await _resident(event)
    if resident_id:
        await erase(Actor(kind="resident", id=resident_id))


_REACTIONS: dict[str, Callable[[PushedEvent], Awaitable[None]]] = {
    "subscribe_msg_popup_event": _answered,
    "subscribe_msg_change_event": _answered,
    "subscribe_msg_sent_event": _sent,
    "wxa_media_check": _media,
    "user_authorization_revoke": _revoked,
    "user_authorization_cancellation": _cancelled,
}
