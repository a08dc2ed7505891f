"""Who handled a badly rated or repeated case first (首办责任, 004-26): a verdict per case, by somebody outside the unit."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM, Actor
from domain.access.permissions import Permission
from domain.cases.models import Case
from domain.cases.move import lock_visible
from domain.clock import now
from domain.deadlines.limits import Limit, Unit
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import ConflictOfInterest, GuardNotMet, NotFound
from domain.supervision.models import FirstHandlerReview, Supervision
from domain.supervision.office_clocks import FIRST_HANDLER, Owed, start_office_clock, stop_office_clocks

VERDICT_WITHIN = Limit(5, Unit.WORKING_DAY)  # ours: the source names no time


@dataclass(frozen=True)
class FirstHandlerVerdict:
    """Whether the first handling was at fault, why, and what is to be done about it."""

    fault: bool
    reason: str
    measure: str


async def open_first_handler_review(case: Case, supervision: Supervision, cause: str) -> FirstHandlerReview | None:
    """Open the review of the first handling, once per round and cause; None while nobody has signed the case."""
    unit = case.first_unit_id or case.lead_id
    if unit is None:
        return None
    found = await FirstHandlerReview.get_or_none(case_id=case.id, round=case.round, cause=cause)
    if found:
        return found
    at, review_id = now(), new_id()
    owed = Owed(FIRST_HANDLER, "verdict", review_id, case.id, case.area_path)
    clock = await start_office_clock(owed, VERDICT_WITHIN, at)
    review = await FirstHandlerReview.create(
        id=review_id, case_id=case.id, supervision_id=supervision.id, area_path=case.area_path, department_id=unit,
        handler_id=case.first_handler_id, round=case.round, cause=cause, state="open", opened_at=at,
        due_at=clock.due_at,
    )  # fmt: skip
    record(Fact("office.judgement-opened", case.area_code, case.id, review.id,
                {"cause": cause, "unit_id": str(unit), "round": case.round}, actor=SYSTEM))  # fmt: skip
    return review


async def decide_first_handler(actor: Actor, review_id: UUID, verdict: FirstHandlerVerdict) -> FirstHandlerReview:
    """Give the verdict; 404 outside the scope, 403 without the right, 409 for the units and people of the case."""
    known = await FirstHandlerReview.get_or_none(id=review_id)
    if known is None:
        raise NotFound
    case, co_ids = await lock_visible(actor, known.case_id)
    actor.require(Permission.CASE_SUPERVISE, case.area_path)
    review = await FirstHandlerReview.filter(id=review_id).select_for_update().get()
    people = {case.handler_id, case.first_handler_id, case.reviewer_id, review.handler_id}
    if actor.departments & {review.department_id, case.lead_id, *co_ids} or actor.id in people:
        raise ConflictOfInterest
    if review.state != "open":
        raise GuardNotMet(reason="首办责任已有结论。", missing=[])
    at = now()
    review.fault, review.reason, review.measure = verdict.fault, verdict.reason, verdict.measure
    review.state, review.decided_at, review.officer_id = "decided", at, actor.id
    await review.save()
    await stop_office_clocks(review.id, ("verdict",), at)
    data: dict[str, Any] = {
        "fault": verdict.fault, "unit_id": str(review.department_id), "met": at <= review.due_at,
        "text_digest": digest(review.id, verdict.reason),
    }  # fmt: skip
    record(Fact("office.judgement-given", case.area_code, case.id, review.id, data, actor=actor))
    return review
