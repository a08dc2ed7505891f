"""The village's first right (村为主, 004-19): what arose in a village and was not raised is its own to take."""

from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Assignment
from domain.access.permissions import ROLE_PERMISSIONS, Permission
from domain.cases.models import Case
from domain.cases.move import Body, lock_visible, move_locked
from domain.problems import GuardNotMet, NotAllowed
from domain.workflow.dispatching import Dispatch


async def take(actor: Actor, case_id: UUID, version: int | None) -> Case:
    """Dispatch a case of the own village to the village's own unit and sign it, in one step; 404 outside the village,
    409 for one that was raised or given to somebody already."""
    case, co_ids = await lock_visible(actor, case_id)
    grants = list(actor.granting(Permission.VILLAGE_FIRST, case.area_path))
    units = {grant.department_id for grant in grants if grant.department_id}
    if not units:
        raise NotAllowed
    if case.desk_level:
        raise GuardNotMet(reason="此件已提级,由上一级分办;村里继续做好联系和照料。", missing=[])
    if case.lead_id is not None and case.lead_id not in units:
        raise GuardNotMet(reason="此件已有承办单位。", missing=[])
    if case.lead_id is None:
        lead = str(sorted(units)[0])
        given = Dispatch(lead=lead, version=version, rule_reasons=["村级优先办理"])
        case = await move_locked(actor, case, co_ids, "dispatch", given)
        await _can_be_answered(case)
        version = None
    return await move_locked(actor, case, co_ids, "sign", Body(version=version))


async def _can_be_answered(case: Case) -> None:
    """409 for an appeal that would wait for ever: an answer needs a reviewer of the village or of its town."""
    reviewers = [role for role, rights in ROLE_PERMISSIONS.items() if Permission.CASE_REVIEW in rights]
    units = [unit for unit in (case.lead_id, case.review_unit_id) if unit]
    if case.kind == "appeal" and not await Assignment.exists(department_id__in=units, role__in=reviewers):
        raise GuardNotMet(reason="村和镇都没有审核人员,答复无人审核;请提级由镇里办理。", missing=["reviewer"])
