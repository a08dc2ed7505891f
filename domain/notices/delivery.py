"""How a notice is carried beyond the inbox: planned → sending → sent | failed | retry | unknown.

`sending` is committed before the call goes out, so a delivery that a restart finds in `sending` is `unknown`: it may
have arrived. An unknown message is never sent a second time by the same way; the next way is tried instead. A
one-time credit is spent in the same transaction that says `sending`, and given back where WeChat surely sent nothing.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.clock import now
from domain.ids import new_id
from domain.notices.models import Delivery, TellTask
from domain.notices.texts import IMPORTANT, IN_PERSON, wechat_template
from domain.rulebook import rulebook
from domain.sql import execute, fetch_one

DONE = frozenset({"sent", "failed", "unknown"})
OPERATOR = "operator:"  # begins the reason of a failure that somebody has to mend


@dataclass(kw_only=True)
class Parcel:
    """One notice on its way to one person: who, about what, and the values that may leave the house."""

    key: str
    name: str
    notice_id: UUID | None = None
    appeal_id: UUID | None = None
    case_id: UUID | None = None
    resident_id: UUID | None = None
    openid: str = field(default="", repr=False)
    credit: bool = False  # a one-time message is left, or was spent on this very notice
    phone: str = field(default="", repr=False)
    identity: str = "named"
    area_path: str = ""
    values: dict[str, str] = field(default_factory=dict, repr=False)
    words: str = field(default="", repr=False)  # what a grid worker is to tell
    page: str = field(default="", repr=False)  # of the mini-program; the progress of the appeal where none is named

    @property
    def template_id(self) -> str:
        """WeChat's id of the template of this notice; empty when none is configured."""
        return wechat_template(rulebook().wechat_templates.get(self.name, "")).id


def ways(parcel: Parcel, *, sms: bool) -> list[str]:
    """The ways that are open to a parcel, best first; an anonymous person is not telephoned, a hidden one not visited.

    SMS costs money and patience: it carries only what changes somebody's rights.
    """
    found = ["wechat"] if parcel.openid and parcel.credit and parcel.template_id else []
    important = parcel.name in IMPORTANT
    if important and sms and parcel.phone and parcel.name in rulebook().sms_templates and parcel.identity != "anonymous":
        found.append("sms")
    if parcel.name in IN_PERSON and parcel.identity == "named" and parcel.area_path:
        found.append("task")
    return found


async def plan(parcel: Parcel, way: str) -> None:
    """Write down the way that will be tried first, with the notice itself."""
    at = now()
    await execute(
        "INSERT INTO deliveries (id, notice_id, appeal_id, event, way, state, reason, attempts, receipt, created_at,"
        " changed_at, dedupe_key) VALUES ($1, $2, $3, $4, $5, 'planned', '', 0, '', $6, $6, $7)"
        " ON CONFLICT (dedupe_key) DO NOTHING",
        [new_id(), parcel.notice_id, parcel.appeal_id, parcel.name, way, at, f"{parcel.key}:{way}"],
    )


async def begin(parcel: Parcel, way: str) -> Delivery:
    """Say `sending` and commit, then send: only a delivery that comes back as `sending` may be sent."""
    await plan(parcel, way)
    delivery = await Delivery.select_for_update().get(dedupe_key=f"{parcel.key}:{way}")
    if delivery.state in DONE and not await _may_reopen(parcel, delivery):
        return delivery
    if delivery.state == "sending":
        return await _settle(delivery, "unknown", "restarted")
    if way == "wechat" and delivery.state != "retry" and not await spend_credit(parcel):
        return await _settle(delivery, "failed", "no-credit")
    delivery.attempts += 1
    return await _settle(delivery, "sending", "")


async def _may_reopen(parcel: Parcel, delivery: Delivery) -> bool:
    """Whether a job that an operator started again may send: it surely failed for our own fault, nothing else arrived."""
    if delivery.state != "failed" or not delivery.reason.startswith(OPERATOR):
        return False
    others = [f"{parcel.key}:{way}" for way in ("wechat", "sms", "task")]
    return not await Delivery.filter(dedupe_key__in=others, state__in=["sent", "unknown"]).exists()


async def settle(delivery_id: UUID, state: str, reason: str = "", receipt: str = "") -> None:
    """Write what became of a sending delivery."""
    delivery = await Delivery.select_for_update().get(id=delivery_id)
    delivery.receipt = receipt[:80]
    await _settle(delivery, state, reason)


async def _settle(delivery: Delivery, state: str, reason: str) -> Delivery:
    delivery.state, delivery.reason, delivery.changed_at = state, reason[:60], now()
    await delivery.save(update_fields=["state", "reason", "changed_at", "attempts", "receipt"])
    return delivery


async def spend_credit(parcel: Parcel) -> bool:
    """Take one of the one-time messages that the resident agreed to; False when none is left."""
    return bool(
        await execute(
            "UPDATE subscribe_credits SET credits = credits - 1"
            " WHERE resident_id = $1 AND template = $2 AND credits > 0",
            [parcel.resident_id, parcel.template_id],
        )
    )


async def return_credit(parcel: Parcel) -> None:
    """Give back a credit of a message that WeChat surely did not send."""
    await execute(
        "UPDATE subscribe_credits SET credits = credits + 1 WHERE resident_id = $1 AND template = $2",
        [parcel.resident_id, parcel.template_id],
    )


async def clear_credit(resident_id: UUID | None, template_id: str) -> None:
    """WeChat says there is no credit (43101), or the resident switched the messages off."""
    await execute(
        "UPDATE subscribe_credits SET credits = 0 WHERE resident_id = $1 AND template = $2", [resident_id, template_id]
    )


async def add_credit(resident_id: UUID, template_id: str) -> None:
    """The resident agreed to one more message."""
    await execute(
        "INSERT INTO subscribe_credits (id, resident_id, template, credits) VALUES ($1, $2, $3, 1)"
        " ON CONFLICT (resident_id, template) DO UPDATE SET credits = subscribe_credits.credits + 1",
        [new_id(), resident_id, template_id],
    )


async def ensure_credit(resident_id: UUID, template_id: str) -> None:
    """WeChat says that the resident agreed: there is one at least (the mini-program may have counted it already)."""
    await execute(
        "INSERT INTO subscribe_credits (id, resident_id, template, credits) VALUES ($1, $2, $3, 1)"
        " ON CONFLICT (resident_id, template) DO UPDATE SET credits = GREATEST(subscribe_credits.credits, 1)",
        [new_id(), resident_id, template_id],
    )


async def confirm_wechat(resident_id: UUID, template_id: str, *, arrived: bool, code: str) -> None:
    """WeChat reports the fate of the newest message of a template: an unknown one is known now."""
    names = [n for n, text in rulebook().wechat_templates.items() if wechat_template(text).id == template_id]
    await execute(
        "UPDATE deliveries SET state = $3, reason = $4, changed_at = $5 WHERE id = (SELECT d.id FROM deliveries d"
        " JOIN notices n ON n.id = d.notice_id WHERE n.recipient_id = $1 AND d.event = ANY($2::text[])"
        " AND d.way = 'wechat' AND d.state IN ('sending', 'sent', 'unknown') ORDER BY d.id DESC LIMIT 1)"
        " AND (state <> 'sending' OR $3 = 'sent')",
        [resident_id, names, "sent" if arrived else "failed", "" if arrived else code[:60], now()],
    )


async def hand_over(parcel: Parcel) -> None:
    """Make a task for the grid worker: tell this person in person; once per notice."""
    await plan(parcel, "task")
    delivery = await Delivery.get(dedupe_key=f"{parcel.key}:task")
    if delivery.state == "sent" or await TellTask.exists(dedupe_key=parcel.key):
        return
    task = await TellTask.create(
        id=new_id(), appeal_id=parcel.appeal_id, case_id=parcel.case_id, area_path=parcel.area_path,
        text=parcel.words, state="open", created_at=now(), dedupe_key=parcel.key,
    )  # fmt: skip
    delivery.receipt = str(task.id)
    await _settle(delivery, "sent", "")


async def figures() -> dict[str, Any]:
    """Deliveries of the last day that nobody may overlook, by state: unknown, failed, and open ones."""
    row = await fetch_one(
        "SELECT count(*) FILTER (WHERE state = 'unknown') AS unknown, count(*) FILTER (WHERE state = 'failed') AS failed,"
        " count(*) FILTER (WHERE state IN ('planned', 'sending', 'retry')) AS open FROM deliveries"
        " WHERE state IN ('unknown', 'failed', 'planned', 'sending', 'retry') AND changed_at > $1",
        [now() - timedelta(days=1)],
    )
    return row or {}
