"""An appellant asks for review, then for re-review (复查复核, 004-16)."""

from dataclasses import replace
from datetime import datetime

from domain.appeals.models import Reply
from domain.cases.clocks import explain
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, ReviewFinal, ReviewWindowClosed
from domain.review.bodies import next_higher
from domain.review.models import Review
from domain.review.states import OUTCOMES, decide_until, final, request_until
from domain.rulebook import rulebook
from domain.supervision.office_clocks import Owed, start_office_clock
from domain.workflow.own import Own

REVIEWABLE = frozenset({"answered", "closed", "long_term"})


async def request_review(own: Own, reason: str) -> Review:
    """Ask the next higher unit to look at the answer again; 409 before it, after 30 days, twice, or after the end."""
    await _not_final(own)
    return await _open(own, reason, None, await _answered_at(own))


async def request_rereview(own: Own, reason: str) -> Review:
    """Ask for re-review within 30 days of the review's decision; 409 without one."""
    await _not_final(own)
    prior = await Review.get_or_none(appeal_id=own.appeal.id, round=own.case.round, step="review")
    if prior is None or prior.state not in OUTCOMES or prior.decided_at is None:
        raise GuardNotMet(reason="复查有了结果之后,才能申请复核。", missing=["复查意见"])
    return await _open(own, reason, prior, prior.decided_at)


async def _not_final(own: Own) -> None:
    for found in await Review.filter(appeal_id=own.appeal.id, step="rereview"):
        if final(found.step, found.state):
            raise ReviewFinal


async def _answered_at(own: Own) -> datetime:
    reply = await Reply.get_or_none(appeal_id=own.appeal.id, round=own.case.round)
    if reply is None or own.case.state not in REVIEWABLE:
        raise GuardNotMet(reason="收到答复之后,才能申请复查。", missing=["答复"])
    answered_at: datetime = reply.at
    return answered_at


async def _open(own: Own, reason: str, prior: Review | None, since: datetime) -> Review:
    step = "rereview" if prior else "review"
    case, at, book = own.case, now(), rulebook().for_area(own.case.area_path)
    if await Review.exists(appeal_id=own.appeal.id, round=case.round, step=step):
        raise GuardNotMet(reason="这次答复已经申请过了,请等待结果。", missing=[])
    until = request_until(book.limits[f"{step}_request"], since, book.calendar)
    if at > until.due_at:
        raise ReviewWindowClosed(until=until.due_on.isoformat())
    decide = decide_until(book.limits[f"{step}_decision"], at, 0, book.calendar)
    review_id, body_id = new_id(), await next_higher(case, [prior.body_id] if prior else [])
    accept_by = await _start_clocks(Owed(step, "accept", review_id, case.id, case.area_path, body_id), at)
    review = await Review.create(
        id=review_id, appeal_id=own.appeal.id, case_id=case.id, area_path=case.area_path, step=step, round=case.round,
        prior_id=prior.id if prior else None, state="requested", reason=reason,
        from_unit_id=prior.body_id if prior else case.lead_id,
        body_id=body_id, requested_at=at, accept_due_at=accept_by, decide_due_at=decide.due_at, explanation=explain(decide),
    )  # fmt: skip
    data = {
        "step": step, "appeal_id": str(own.appeal.id), "text_digest": digest(review.id, reason),
        "body_id": str(review.body_id) if review.body_id else None, "on": local_date(at).isoformat(),
    }  # fmt: skip
    record(Fact("review.requested", case.area_code, case.id, review.id, data, feed=("case", case.id, case.version)))
    return review


async def _start_clocks(owed: Owed, at: datetime) -> datetime:
    """Both clocks of the body run from the request; until when it has to accept."""
    limits = rulebook().for_area(owed.area_path).limits
    await start_office_clock(replace(owed, name="decide"), limits[f"{owed.kind}_decision"], at)
    due_at: datetime = (await start_office_clock(owed, limits["review_accept"], at)).due_at
    return due_at
