"""The review body accepts, examines and decides; an outcome of `redo` sends the case back into rework."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM, Actor
from domain.cases.models import Case
from domain.cases.move import EFFECTS, lock_case, move_locked
from domain.clock import now
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, NotFound
from domain.review.bodies import check_reviewer
from domain.review.models import Hearing, Review
from domain.review.requests import REVIEWABLE
from domain.review.states import NEXT, OUTCOMES, STATES, STEPS, final, request_until
from domain.rulebook import rulebook
from domain.supervision.office_clocks import stop_office_clocks


async def accept_review(actor: Actor, review_id: UUID) -> Review:
    """Accept a request (within three working days)."""
    review, case = await lock_review(actor, review_id, "accept")
    review.state, review.accepted_at, review.officer_id = "accepted", now(), actor.id
    await stop_office_clocks(review.id, ("accept",), review.accepted_at)
    return await _save(review, case, "review.accepted", actor)


async def begin_review(actor: Actor, review_id: UUID) -> Review:
    """Begin to examine an accepted request."""
    review, case = await lock_review(actor, review_id, "begin")
    review.state, review.officer_id = "deciding", actor.id
    return await _save(review, case, "review.begun", actor)


async def decide_review(actor: Actor, review_id: UUID, outcome: str, decision: str) -> Review:
    """Decide; `redo` reworks the case. 409 while a hearing is still to be concluded."""
    review, case = await lock_review(actor, review_id, "decide")
    if await Hearing.exists(review_id=review.id, state="planned"):
        raise GuardNotMet(reason="听证尚未结束,不能作出决定。", missing=["听证结论"])
    review.state, review.decision, review.decided_at = outcome, decision, now()
    review.officer_id = actor.id
    await stop_office_clocks(review.id, ("accept", "decide"), review.decided_at)
    more: dict[str, Any] = {"state": outcome, "text_digest": digest(review.id, decision)}
    if review.step == "review" and outcome != "redo":
        more["due_at"] = _rereview_until(review, review.decided_at)
    await _save(review, case, "review.decided", actor, more)
    if outcome == "redo" and case.state in REVIEWABLE:
        _, co_ids = await lock_case(case.id)
        reason = f"{STEPS[review.step]}{OUTCOMES[outcome]}:{decision}"
        await move_locked(SYSTEM, case, co_ids, "rework", EFFECTS["rework"][0](reason=reason[:2000]))  # type: ignore[call-arg]
    return review


async def lock_review(actor: Actor, review_id: UUID, step: str) -> tuple[Review, Case]:
    """The review and its case under locks; 404 for other bodies, 409 where this step is not next."""
    known = await Review.get_or_none(id=review_id)
    if known is None:
        raise NotFound
    case, _ = await lock_case(known.case_id)
    review = await Review.filter(id=review_id).select_for_update().get()
    await check_reviewer(actor, review, case)
    if step not in NEXT.get(review.state, ()):
        raise GuardNotMet(reason=f"当前为“{STATES[review.state]}”,不能这样办理。", missing=list(NEXT.get(review.state, ())))
    return review, case


def is_final(review: Review) -> bool:
    """Whether the matter is ended by this decision (条例 art 36)."""
    return final(review.step, review.state)


async def _save(
    review: Review, case: Case, event: str, actor: Actor, more: dict[str, Any] | None = None
) -> Review:
    await review.save()
    data = {"step": review.step, "appeal_id": str(review.appeal_id), **(more or {})}
    record(Fact(event, case.area_code, case.id, review.id, data, ("case", case.id, case.version), actor))
    return review


def _rereview_until(review: Review, decided_at: datetime) -> str:
    book = rulebook().for_area(review.area_path)
    return request_until(book.limits["rereview_request"], decided_at, book.calendar).due_at.isoformat()
