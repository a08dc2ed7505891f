"""Hearings (听证, 004-15): ordered with members and publicity, recorded, concluded. In a re-review the days from the
order to the conclusion are not counted (条例 art 36)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Assignment, Staff
from domain.access.permissions import Permission
from domain.cases.clocks import explain
from domain.cases.models import Case
from domain.cases.move import lock_visible
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import GuardNotMet, NotFound, invalid
from domain.review.decisions import lock_review
from domain.review.hearing_requests import grant_open, notice_of, public_text
from domain.review.models import Hearing, Review
from domain.review.states import decide_limit, decide_until
from domain.rulebook import rulebook
from domain.sql import fetch
from domain.supervision.office_clocks import (
    HEARING,
    Owed,
    lengthen,
    start_office_clock,
    stop_office_clocks,
    until_day_of,
)


@dataclass(frozen=True)
class HearingPlan:
    """Why, when and where a hearing is held, who sits, and who may watch."""

    reason: str
    planned_at: datetime
    place: str
    members: tuple[dict[str, str], ...]
    publicity: str


async def order_hearing(actor: Actor, case_id: UUID, plan: HearingPlan) -> Hearing:
    """Order a hearing on a case that is still being handled."""
    case, _ = await lock_visible(actor, case_id)
    actor.require(Permission.REVIEW_DECIDE, case.area_path)
    return await _order(actor, case, None, plan)


async def order_review_hearing(actor: Actor, review_id: UUID, plan: HearingPlan) -> Hearing:
    """Order a hearing in a review or re-review; one at a time."""
    review, case = await lock_review(actor, review_id, "order-hearing")
    if await Hearing.exists(review_id=review.id, state="planned"):
        raise GuardNotMet(reason="已经安排了听证。", missing=[])
    return await _order(actor, case, review, plan)


async def conclude_hearing(actor: Actor, hearing_id: UUID, account: str, conclusion: str) -> Hearing:
    """Record what was said and concluded; the time limit of a re-review moves by the days that the hearing took."""
    known = await Hearing.get_or_none(id=hearing_id)
    if known is None:
        raise NotFound
    case = await _lock(actor, known)
    hearing = await Hearing.filter(id=hearing_id).select_for_update().get()
    if hearing.state != "planned":
        raise GuardNotMet(reason="听证已经结束。", missing=[])
    hearing.state, hearing.record, hearing.conclusion, hearing.concluded_at = "concluded", account, conclusion, now()
    hearing.members = [{name: one[name] for name in one if name != "phone"} for one in hearing.members]  # nobody is rung now
    await hearing.save()
    await stop_office_clocks(hearing.id, ("hold",), hearing.concluded_at)
    if hearing.review_id:
        await _give_days_back(hearing)
    _record(actor, case, hearing, "hearing.concluded", await public_text(case, actor, conclusion))
    return hearing


async def hearings_of(actor: Actor, case_id: UUID) -> list[dict[str, Any]]:
    """The hearings on a case, oldest first, for whoever may order them there; 404 otherwise."""
    case = await Case.get_or_none(id=case_id)
    if case is None or not actor.may(Permission.REVIEW_DECIDE, case.area_path):
        raise NotFound
    if case.complained_department_id and case.complained_department_id in actor.departments:
        raise NotFound
    return await fetch("SELECT * FROM hearings WHERE case_id = $1 ORDER BY id", [case_id], json=("members",))


async def _lock(actor: Actor, hearing: Hearing) -> Case:
    if hearing.review_id is None:
        case, _ = await lock_visible(actor, hearing.case_id)
        actor.require(Permission.REVIEW_DECIDE, case.area_path)
        return case
    _, case = await lock_review(actor, hearing.review_id, "order-hearing")
    return case


async def _order(actor: Actor, case: Case, review: Review | None, plan: HearingPlan) -> Hearing:
    at = now()
    if plan.planned_at < at:
        raise invalid("planned_at", "听证时间应在今后")
    await _check_accounts(case, [UUID(member["staff_id"]) for member in plan.members if member.get("staff_id")])
    hearing = await Hearing.create(
        id=new_id(), case_id=case.id, review_id=review.id if review else None, area_path=case.area_path,
        state="planned", publicity=plan.publicity, reason=plan.reason, members=list(plan.members), place=plan.place,
        planned_at=plan.planned_at, ordered_at=at, ordered_by=actor.label,
    )  # fmt: skip
    body_id = review.body_id if review else next(iter(_offices(actor, case)), None)
    owed = Owed(HEARING, "hold", hearing.id, case.id, case.area_path, body_id)
    await start_office_clock(owed, until_day_of(at, plan.planned_at), at)
    await grant_open(actor, hearing)
    told = await public_text(case, actor, notice_of(plan.planned_at, plan.place, len(plan.members)))
    _record(actor, case, hearing, "hearing.ordered", {"publicity": plan.publicity, "members": len(plan.members), **told})
    return hearing


async def _check_accounts(case: Case, ids: list[UUID]) -> None:
    """Members with an account work here, and none of them for the unit complained of (条例 art 28, 30)."""
    if await Staff.filter(id__in=ids, active=True).count() != len(set(ids)):
        raise invalid("members", "有的账号不存在")
    walled = case.complained_department_id
    if walled and (await Staff.exists(id__in=ids, department_id=walled)
                   or await Assignment.exists(staff_id__in=ids, department_id=walled)):  # fmt: skip
        raise invalid("members", "被反映单位的人员不能担任听证员")


def _offices(actor: Actor, case: Case) -> list[UUID]:
    """The units for which the actor orders hearings where the case lies."""
    grants = actor.granting(Permission.REVIEW_DECIDE, case.area_path)
    return [grant.department_id for grant in grants if grant.department_id]


async def _give_days_back(hearing: Hearing) -> None:
    review = await Review.filter(id=hearing.review_id).select_for_update().get()
    if review.step != "rereview" or hearing.concluded_at is None:
        return
    review.hearing_days += (local_date(hearing.concluded_at) - local_date(hearing.ordered_at)).days
    book = rulebook().for_area(review.area_path)
    limit = book.limits["rereview_decision"]
    found = decide_until(limit, review.requested_at, review.hearing_days, book.calendar)
    review.decide_due_at, review.explanation = found.due_at, explain(found)
    await review.save(update_fields=["hearing_days", "decide_due_at", "explanation"])
    await lengthen(review.id, "decide", decide_limit(limit, review.hearing_days))


def _record(actor: Actor, case: Case, hearing: Hearing, event: str, data: dict[str, Any]) -> None:
    review = {"review_id": str(hearing.review_id)} if hearing.review_id else {}
    record(Fact(event, case.area_code, case.id, hearing.id, {**data, **review}, actor=actor))
