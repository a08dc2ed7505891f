"""Demands that a third-party panel finds unreasonable (X4 of the rates): the handling unit asks once for each answer, an
assessor of no unit of the case writes down the finding. It changes figures and nothing else: no state, no clock, no right
of the appellant. Dissatisfaction is no ground: only an answer that called the demand unreasonable itself can be judged."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.cases.file import ADDED, Part
from domain.cases.models import Case
from domain.cases.move import case_facts, lock_case, lock_visible
from domain.cases.policy import CaseFacts, of_units, recused, walled
from domain.cases.queries import wall
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import ConflictOfInterest, GuardNotMet, NotAllowed, NotFound, SameOfficer
from domain.sql import fetch
from domain.supervision.models import DemandAssessment

OF_CASE = "demand_assessments"
ADDED[OF_CASE] = Part(
    "SELECT m.id, m.round, d.name AS unit, m.reason, m.state, m.asked_at, m.unreasonable, m.finding, m.decided_at"
    " FROM demand_assessments m LEFT JOIN departments d ON d.id = m.department_id WHERE m.case_id = $1 ORDER BY m.id",
    when="demand_assessments",
)
ANSWERED = frozenset({"answered", "closed"})
UNREASONABLE = "explained_unreasonable"  # of the three dispositions (三到位一处理): 诉求无理的思想教育到位


async def ask_assessment(actor: Actor, case_id: UUID, reason: str) -> DemandAssessment:
    """A leader of the lead unit asks the panel about the demand of the last answer; 404 outside the scope, 403 for other
    units, 409 where that answer found the demand well founded, before it was given, and for a second time."""
    case, co_ids = await lock_visible(actor, case_id)
    if recused(case_facts(case, co_ids), actor):
        raise ConflictOfInterest
    led = {grant.department_id for grant in actor.granting(Permission.CASE_APPROVE, case.area_path)} - {None}
    if case.lead_id not in led:
        raise NotAllowed
    if case.state not in ANSWERED or case.disposition != UNREASONABLE:
        raise GuardNotMet(reason="答复认定诉求无理并已解释说明之后,才能提请第三方评议。群众不满意不是理由。", missing=["答复"])
    if await DemandAssessment.exists(case_id=case.id, round=case.round):
        raise GuardNotMet(reason="这次答复已经提请过第三方评议,每次答复只评议一次。", missing=[])
    asked = await DemandAssessment.create(
        id=new_id(), case_id=case.id, area_path=case.area_path, department_id=case.lead_id, round=case.round,
        reason=reason, state="open", asked_by=actor.id, asked_at=now(),
    )  # fmt: skip
    _record("assessment.asked", case, asked, {"text_digest": digest(asked.id, reason)}, actor)
    return asked


async def give_assessment(actor: Actor, assessment_id: UUID, unreasonable: bool, finding: str) -> DemandAssessment:
    """Write down what the panel found; 404 outside the scope, 403 for the units and people of the case, 409 once given."""
    known = await DemandAssessment.get_or_none(id=assessment_id)
    if known is None:
        raise NotFound
    case, co_ids = await lock_case(known.case_id)
    _check_assessor(actor, case, case_facts(case, co_ids), known)
    found = await DemandAssessment.filter(id=assessment_id).select_for_update().get()
    if found.state != "open":
        raise GuardNotMet(reason="第三方评议已有结论。", missing=[])
    found.state, found.unreasonable, found.finding = "given", unreasonable, finding
    found.decided_by, found.decided_at = actor.id, now()
    await found.save()
    data = {"unreasonable": unreasonable, "text_digest": digest(found.id, finding)}
    _record("assessment.given", case, found, data, actor)
    return found


def _check_assessor(actor: Actor, case: Case, facts: CaseFacts, asked: DemandAssessment) -> None:
    if walled(facts, actor) or not actor.may(Permission.DEMAND_ASSESS, case.area_path):
        raise NotFound
    if of_units(facts, actor) or actor.departments & {asked.department_id, case.first_unit_id}:
        raise NotAllowed
    if actor.id in {asked.asked_by, case.handler_id, case.first_handler_id, case.reviewer_id, case.registrar_id}:
        raise SameOfficer
    if recused(facts, actor):
        raise ConflictOfInterest


def _record(event: str, case: Case, asked: DemandAssessment, data: dict[str, Any], actor: Actor) -> None:
    record(Fact(event, case.area_code, case.id, asked.id, {"round": asked.round, **data}, actor=actor))


async def find_assessments(actor: Actor, state: str | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """What the panel is asked in the actor's areas, newest first, one more than the limit. Demands and answers are read
    while there is something to judge, and never who appealed."""
    where = Where()
    in_scope(where, actor, Permission.DEMAND_ASSESS, "m.area_path")
    wall(where, actor, "c")
    own = where.bind(list(actor.departments))
    where.conditions.append(
        f"NOT COALESCE(m.department_id = ANY({own}::uuid[]) OR c.lead_id = ANY({own}::uuid[]), FALSE)"
    )
    if state:
        where.add("m.state = {}", state)
    if before:
        where.add("m.id < {}", before)
    return await fetch(
        "SELECT m.id, c.number, c.title, c.topic, d.name AS unit, m.round, m.reason, m.state, m.asked_at,"
        " m.unreasonable, m.finding, m.decided_at,"
        " CASE WHEN m.state = 'open' THEN ARRAY(SELECT p.content FROM appeals p WHERE p.case_id = c.id ORDER BY p.id)"
        " ELSE '{}' END AS demands,"
        " CASE WHEN m.state = 'open' THEN ARRAY(SELECT DISTINCT r.text FROM replies r WHERE r.case_id = c.id"
        " AND r.round = m.round) ELSE '{}' END AS answers"
        " FROM demand_assessments m JOIN cases c ON c.id = m.case_id LEFT JOIN departments d ON d.id = m.department_id"
        f" WHERE {where.sql} ORDER BY m.id DESC LIMIT {limit + 1}",
        where.values,
    )
