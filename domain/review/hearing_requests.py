"""Asking for a hearing (听证, 004-15): by the appellant or the handling unit; what came of it, and the public notice."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.areas.depth import AREA_DEPTH
from domain.cases.models import Case, CaseText
from domain.cases.move import lock_visible
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, NotAllowed, NotFound
from domain.review.models import Hearing, HearingRequest
from domain.sql import fetch
from domain.times import spoken_time
from domain.workflow.own import Own

ASKABLE = frozenset({"accepted", "dispatched", "signed", "investigating", "handling", "reviewing", "answered", "rework",
                     "long_term", "closed"})  # fmt: skip


async def ask_own(own: Own, reason: str) -> HearingRequest:
    """The appellant asks for a hearing on the own case; 409 before it is accepted and while a request is open."""
    return await _ask(own.actor, own.case, own.appeal.id, reason)


async def ask_for_unit(actor: Actor, case_id: UUID, reason: str) -> HearingRequest:
    """The handling unit asks for a hearing on its case; 403 for another unit."""
    case, _ = await lock_visible(actor, case_id)
    if case.lead_id not in actor.departments:
        raise NotAllowed
    return await _ask(actor, case, None, reason)


async def refuse_request(actor: Actor, request_id: UUID, decision: str) -> HearingRequest:
    """Refuse a hearing with the reasons, which the appellant reads; 404 outside the scope, 409 once decided."""
    known = await HearingRequest.get_or_none(id=request_id)
    if known is None or not actor.may(Permission.REVIEW_DECIDE, known.area_path):
        raise NotFound
    case, _ = await lock_visible(actor, known.case_id)
    request = await HearingRequest.filter(id=request_id).select_for_update().get()
    if request.state != "open":
        raise GuardNotMet(reason="这份听证申请已经有了决定。", missing=[])
    request.state, request.decision, request.decided_by, request.decided_at = "refused", decision, actor.label, now()
    await request.save()
    data = await public_text(case, actor, f"不举行听证:{decision}")
    record(Fact("hearing.refused", case.area_code, case.id, request.id, data, actor=actor))
    return request


async def grant_open(actor: Actor, hearing: Hearing) -> None:
    """A hearing that is ordered answers every open request on the case."""
    await HearingRequest.filter(case_id=hearing.case_id, state="open").update(
        state="granted", hearing_id=hearing.id, decided_by=actor.label, decided_at=now()
    )


async def public_text(case: Case, actor: Actor, text: str) -> dict[str, str]:
    """Words for the appellant, kept where they can be erased; what the journal has of them."""
    kept = await CaseText.create(
        id=new_id(), case_id=case.id, action="hearing", text=text, public=True, author=actor.label, at=now()
    )
    return {"text_id": str(kept.id), "text_digest": digest(kept.id, text)}


def notice_of(planned_at: datetime, place: str, members: int) -> str:
    """The notice of a hearing (听证通知)."""
    return f"{spoken_time(planned_at)}在{place}举行听证,听证员 {members} 人"


async def requests_of(actor: Actor, state: str | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Requests for hearings in the areas where the actor orders them, newest first, one more than the limit."""
    where = Where()
    in_scope(where, actor, Permission.REVIEW_DECIDE, "r.area_path")
    if actor.departments:
        own = where.bind(list(actor.departments))
        where.conditions.append(
            f"c.complained_department_id IS NULL OR NOT c.complained_department_id = ANY({own}::uuid[])"
        )
    if state:
        where.add("r.state = {}", state)
    if before:
        where.add("r.id < {}", before)
    return await fetch(
        "SELECT r.id, r.case_id, c.number, c.title, r.appeal_id IS NOT NULL AS by_appellant, r.reason, r.state, r.asked_at,"
        " r.decision, r.decided_at, r.hearing_id FROM hearing_requests r JOIN cases c ON c.id = r.case_id"
        f" WHERE {where.sql} ORDER BY r.id DESC LIMIT {limit + 1}",
        where.values,
    )


async def announced(at: datetime) -> list[dict[str, Any]]:
    """Public hearings that are still to come: when, where, about which kind of matter; nothing of the case itself."""
    return await fetch(
        "SELECT h.planned_at, h.place, c.topic, a.name AS area FROM hearings h JOIN cases c ON c.id = h.case_id"
        f" LEFT JOIN areas a ON a.code = split_part(h.area_path, '.', {AREA_DEPTH['county']})"
        " WHERE h.publicity = 'public' AND h.state = 'planned' AND h.planned_at >= $1 ORDER BY h.planned_at LIMIT 100",
        [at],
    )


async def _ask(actor: Actor, case: Case, appeal_id: UUID | None, reason: str) -> HearingRequest:
    if case.state not in ASKABLE:
        raise GuardNotMet(reason="受理之后,才能申请听证。", missing=["受理"])
    if await HearingRequest.exists(case_id=case.id, state="open") or await Hearing.exists(case_id=case.id, state="planned"):
        raise GuardNotMet(reason="听证申请正在等待决定,或者已经安排了听证。", missing=[])
    request = await HearingRequest.create(
        id=new_id(), case_id=case.id, appeal_id=appeal_id, area_path=case.area_path, reason=reason, state="open",
        asked_by=actor.label, asked_at=now(),
    )  # fmt: skip
    data = {"by_appellant": appeal_id is not None, "text_digest": digest(request.id, reason)}
    record(Fact("hearing.requested", case.area_code, case.id, request.id, data, actor=actor))
    return request
