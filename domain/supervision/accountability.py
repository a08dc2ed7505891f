"""Clues for the discipline office (责任倒查, 004-29): opened by a cause with poor handling or by grave effects, closed
with a finding. Nothing of it is written into the file of the case, which the unit reads."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.cases.models import Case
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import GuardNotMet, NotFound, invalid
from domain.rulebook import rulebook
from domain.sql import fetch
from domain.supervision.models import AccountabilityLead

KINDS = "accountability"  # the catalogue of the profile that words the findings
NONE = "none"


async def open_lead(case: Case, department_id: UUID, by: Actor) -> AccountabilityLead:
    """Open the clue against a unit, once per case; what was closed before is opened again."""
    found = await AccountabilityLead.get_or_none(case_id=case.id, department_id=department_id)
    if found and found.state == "open" and found.strict == case.serious_consequence:
        return found
    lead = found or AccountabilityLead(id=new_id(), case_id=case.id, department_id=department_id, opened_at=now())
    lead.area_path, lead.cause, lead.strict, lead.state = case.area_path, case.cause, case.serious_consequence, "open"
    lead.finding, lead.note, lead.closed_at, lead.closed_by = "", "", None, None
    await lead.save(force_create=found is None)
    data = {"cause": case.cause, "strict": lead.strict, "case": str(case.id), "unit_id": str(department_id)}
    record(Fact("accountability.opened", case.area_code, None, lead.id, data, actor=by))
    return lead


async def close_lead(actor: Actor, lead_id: UUID, finding: str, note: str) -> AccountabilityLead:
    """Close a clue with a finding of the profile, or with none; 404 outside the scope, 409 when it is closed."""
    where = _visible(actor)
    where.add("l.id = {}", lead_id)
    if not await fetch(f"SELECT 1 AS seen {_FROM} WHERE {where.sql}", where.values):
        raise NotFound
    lead = await AccountabilityLead.filter(id=lead_id).select_for_update().get()
    if lead.state != "open":
        raise GuardNotMet(reason="这条线索已经办结。", missing=[])
    catalogue = rulebook().for_area(lead.area_path).practices.catalogues.get(KINDS)
    known = {**(catalogue.items if catalogue else {}), NONE: "不追究"}
    if finding not in known:
        message = f"没有这种结论,可选:{'、'.join(known)}"
        raise invalid("finding", message)
    lead.state, lead.finding, lead.note, lead.closed_at, lead.closed_by = "closed", finding, note, now(), actor.id
    await lead.save()
    area_code = lead.area_path.rpartition(".")[2]
    record(Fact("accountability.closed", area_code, None, lead.id, {"finding": finding, "case": str(lead.case_id)}))
    return lead


_FROM = "FROM accountability_leads l JOIN cases c ON c.id = l.case_id JOIN departments d ON d.id = l.department_id"


async def find_leads(actor: Actor, state: str | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The clues of the actor's areas, newest first, one more than the limit; none against the actor's own unit."""
    where = _visible(actor)
    if state:
        where.add("l.state = {}", state)
    if before:
        where.add("l.id < {}", before)
    return await fetch(
        "SELECT l.id, l.case_id, c.number, c.title, d.name AS unit, l.cause, l.strict, l.state, l.finding, l.note,"
        f" l.opened_at, l.closed_at, c.rework_no {_FROM} WHERE {where.sql} ORDER BY l.id DESC LIMIT {limit + 1}",
        where.values,
    )


def _visible(actor: Actor) -> Where:
    where = Where()
    in_scope(where, actor, Permission.ACCOUNTABILITY_HANDLE, "l.area_path")
    if actor.departments:
        own = where.bind(list(actor.departments))
        where.conditions.append(
            f"NOT l.department_id = ANY({own}::uuid[]) AND (c.complained_department_id IS NULL"
            f" OR NOT c.complained_department_id = ANY({own}::uuid[]))"
        )
    return where
