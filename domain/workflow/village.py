"""The village's first right (村为主, 004-19): what arose in a village and was not raised is its own to take."""

from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
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
        version = None
    return await move_locked(actor, case, co_ids, "sign", Body(version=version))
