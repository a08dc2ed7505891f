"""Effects of more time: a unit asks before the due, once; its head or the supervision section decides (延期, 4.5)."""

from typing import Annotated

import msgspec

from domain.access.permissions import UNIT_ROLES, Permission
from domain.cases import clocks
from domain.cases.models import Case, Deadline, ExtensionRequest
from domain.cases.move import Body, Turn, effect
from domain.clock import local_date, now
from domain.deadlines.limits import Limit
from domain.deadlines.shifted import EXTENSION, has, longest_extension, reckon
from domain.ids import new_id
from domain.problems import GuardNotMet, NotAllowed, SameOfficer, invalid
from domain.rulebook import rulebook
from domain.workflow.intake import Text


class Extend(Body, kw_only=True):
    """How much more time, why, and what was done so far; `amount` counts what the limit counts."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=30)]
    reason: Text
    done: Text


@effect("extend", Extend)
async def extend(turn: Turn, body: Extend) -> None:
    """Ask for more time before the handling limit is due; accept and notice clocks cannot be extended."""
    case = turn.case
    handling = await open_handling(case)
    most = longest_extension(clocks.handling_track(case))
    if most is None:
        raise GuardNotMet(reason="紧急事项和按小时计算的时限不能延期。", missing=[])
    if body.amount > most.amount:
        raise invalid("amount", f"最多可以延长{most.text}")
    await _check_once(case, handling)
    limit = Limit(body.amount, most.unit, most.legal)
    found = reckon(
        Limit.parse(handling.limit_code), handling.started_at, [*handling.added, [EXTENSION, limit.code]],
        rulebook().for_area(case.area_path).calendar,
    )  # fmt: skip
    request = await ExtensionRequest.create(
        id=new_id(), case_id=case.id, department_id=case.lead_id, asked_by=turn.actor.id, limit_code=limit.code,
        reason=body.reason, done=body.done, state="open", due_before=handling.due_at, due_after=found.due_at,
        asked_at=now(),
    )  # fmt: skip
    turn.text = f"{body.reason}\n已做工作:{body.done}"
    turn.data |= {"request_id": str(request.id), "limit": limit.code, "unit_id": str(case.lead_id)}


class Decision(Body, kw_only=True):
    """The words of whoever decides."""

    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@effect("grant-extension", Decision)
async def grant_extension(turn: Turn, body: Decision) -> None:
    """Grant the time: the head of the unit for statutory limits, the supervision section for short ones. The appellant
    is told the reason and the new date."""
    case = turn.case
    handling = await open_handling(case)
    request = await _decide(turn, "granted", body.note)
    clock = await clocks.add(case, [*handling.added, [EXTENSION, request.limit_code]], now())
    assert clock is not None
    turn.text, turn.public = request.reason, True
    turn.data["due_on"] = local_date(clock.due_at).isoformat()


@effect("refuse-extension", Decision)
async def refuse_extension(turn: Turn, body: Decision) -> None:
    """Leave the date as it is."""
    await _decide(turn, "refused", body.note)
    turn.text = body.note


async def open_handling(case: Case) -> Deadline:
    """The handling clock, running and not yet overdue; 409 otherwise."""
    handling = await clocks.running(case, "handling")
    if handling is None:
        raise GuardNotMet(reason="此件没有正在计算的办理时限。", missing=[])
    if handling.due_at < now():
        raise GuardNotMet(reason="办理时限已过,不能再改变。", missing=[])
    return handling


async def _check_once(case: Case, handling: Deadline) -> None:
    if has(handling.added, EXTENSION):
        raise GuardNotMet(reason="办理时限只能延长一次。", missing=[])
    if await ExtensionRequest.exists(case_id=case.id, state="open"):
        raise GuardNotMet(reason="延期申请正在等待决定。", missing=[])


async def _decide(turn: Turn, state: str, note: str) -> ExtensionRequest:
    request = await ExtensionRequest.filter(case_id=turn.case.id, state="open").first()
    if request is None:
        raise GuardNotMet(reason="没有待决定的延期申请。", missing=[])
    if request.asked_by == turn.actor.id:
        raise SameOfficer
    _check_right(turn, Limit.parse(request.limit_code))
    request.state, request.note = state, note
    request.decided_at, request.decided_by = now(), turn.actor.id
    await request.save(update_fields=["state", "note", "decided_at", "decided_by"])
    turn.data |= {"request_id": str(request.id), "limit": request.limit_code, "unit_id": str(request.department_id)}
    return request


def _check_right(turn: Turn, limit: Limit) -> None:
    """Statutory: a head of the lead unit; short: the supervision section."""
    wanted = Permission.CASE_APPROVE if limit.legal else Permission.CASE_SUPERVISE
    grants = list(turn.actor.granting(wanted, turn.case.area_path))
    head = any(grant.role in UNIT_ROLES and grant.department_id == turn.case.lead_id for grant in grants)
    section = any(grant.role not in UNIT_ROLES for grant in grants)
    if not (head if limit.legal else section):
        raise NotAllowed
