"""Who looks at a decision again: the next higher unit with review officers, and never whoever worked on the case."""

from collections.abc import Iterable
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Department
from domain.access.permissions import Permission
from domain.cases.models import Case, CaseUnit
from domain.problems import NotAllowed, NotFound, SameOfficer
from domain.review.models import Review
from domain.sql import fetch, fetch_one

_BODY = """
SELECT g.department_id FROM assignments g JOIN departments d ON d.id = g.department_id AND d.active
WHERE g.role = 'review_officer' AND NOT g.department_id = ANY($2::uuid[])
  AND ($1 = g.area_path OR starts_with($1, g.area_path || '.'))
ORDER BY g.area_path = $1, length(g.area_path) DESC, d.code LIMIT 1
"""
WORK = ["case.signed", "case.contacted", "case.graded", "case.result-submitted", "case.rejected", "case.answered"]


async def next_higher(case: Case, beside: Iterable[UUID | None] = ()) -> UUID | None:
    """The review body for a case: nearest strictly above the deciding unit, else another unit of its own level (a
    county department answers to the county's own office); None where nobody holds the role."""
    units = await CaseUnit.filter(case_id=case.id).values_list("department_id", flat=True)
    own = {case.lead_id, case.first_unit_id, case.complained_department_id, *beside, *units}
    lead = await Department.get_or_none(id=case.lead_id) if case.lead_id else None
    row = await fetch_one(_BODY, [lead.area_path if lead else case.area_path, [found for found in own if found]])
    return row["department_id"] if row else None


async def check_reviewer(actor: Actor, review: Review, case: Case) -> None:
    """404 for another body's officers, 403 for the handling units, 409 for whoever worked on the case before."""
    if case.complained_department_id and case.complained_department_id in actor.departments:
        raise NotFound
    if not actor.may(Permission.REVIEW_DECIDE, review.area_path):
        raise NotFound
    if review.body_id and review.body_id not in actor.departments:
        raise NotFound
    units = await CaseUnit.filter(case_id=case.id).values_list("department_id", flat=True)
    if actor.departments & {case.lead_id, case.first_unit_id, *units}:
        raise NotAllowed
    if actor.label in await _worked(case, review):
        raise SameOfficer


async def _worked(case: Case, review: Review) -> set[str]:
    rows = await fetch("SELECT DISTINCT actor FROM journal WHERE case_id = $1 AND event = ANY($2::text[])", [case.id, WORK])
    people = [case.handler_id, case.first_handler_id, case.reviewer_id, case.registrar_id]
    if review.prior_id:
        people.append((await Review.get(id=review.prior_id)).officer_id)
    return {row["actor"] for row in rows} | {f"staff:{person}" for person in people if person}
