"""An urgent case rings: the recipient of the moment, then the next in the chain, until somebody acknowledges (001-05).

The chain is fixed when the call begins, so that a roster changed meanwhile rings nobody twice. A case that was signed,
or, before it had a lead, taken up by the desk is acknowledged.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Department
from domain.access.permissions import Permission
from domain.access.queries import unit_for
from domain.cases.models import Case
from domain.cases.queries import visible_cases
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import NotFound
from domain.rosters.models import DutyCall
from domain.rosters.on_duty import chain
from domain.rosters.shifts import roster_of
from domain.rulebook import rulebook
from domain.sql import fetch

_UNSIGNED = {"submitted", "registered", "need_info", "accepted", "dispatched"}


async def start_call(case: Case, unit: Department, cause: str) -> DutyCall | None:
    """Begin to ring a unit for a case, once for a cause (the journal row); None when that was done before."""
    key = f"{cause}:{unit.id}"
    if await DutyCall.exists(cause=key):
        return None
    at = now()
    steps = [
        {"kind": step.kind, "member_id": str(step.member_id) if step.member_id else None, "reason": step.reason}
        for step in chain(await roster_of(unit, at, at), at)
    ]
    call = await DutyCall.create(
        id=new_id(), case_id=case.id, department_id=unit.id, cause=key, chain=steps, rung_at=at,
        next_at=at + _patience(unit),
    )  # fmt: skip
    _note(call, case)
    return call


async def waiting(at: datetime, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Calls whose time to be acknowledged is over, by id."""
    rows = await fetch(
        "SELECT id FROM duty_calls WHERE next_at <= $1 AND ($2::uuid IS NULL OR id > $2)" f" ORDER BY id LIMIT {limit}",
        [at, after],
    )
    return [row["id"] for row in rows]


async def ring_next(call_id: UUID, at: datetime) -> bool:
    """Go on to the next in the chain, each step once; False when another process was faster or nothing is to be done."""
    call = await DutyCall.filter(id=call_id, next_at__lte=at).select_for_update(skip_locked=True).first()
    if call is None:
        return False
    case = await Case.get(id=call.case_id)
    if _taken(call, case):
        call.next_at, call.acknowledged_at, call.acknowledged_by = None, at, "case"
        await call.save()
        return False
    if call.step + 1 < len(call.chain):
        unit = await Department.get(id=call.department_id)
        call.step, call.next_at = call.step + 1, at + _patience(unit)
        await call.save()
        _note(call, case)
        return True
    call.next_at = None
    await call.save()
    record(Fact("duty.unanswered", case.area_code, case.id, call.id, {"unit_id": str(call.department_id)}))
    return True


async def acknowledge(actor: Actor, call_id: UUID) -> DutyCall:
    """Somebody of the unit, or the desk above it, takes the call; a repeat changes nothing."""
    call = await DutyCall.filter(id=call_id).select_for_update().first()
    if call is None:
        raise NotFound
    await unit_for(actor, Permission.ROSTER_READ, call.department_id)
    if call.acknowledged_at is None:
        call.acknowledged_at, call.acknowledged_by, call.next_at = now(), actor.label, None
        await call.save()
        case = await Case.get(id=call.case_id)
        data = {"unit_id": str(call.department_id), "step": call.step}
        record(Fact("duty.acknowledged", case.area_code, case.id, call.id, data))
    return call


async def calls(actor: Actor, unit_id: UUID | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of calls about cases that the actor sees, newest first."""
    where = visible_cases(actor)
    if unit_id:
        where.add("k.department_id = {}", unit_id)
    if before:
        where.add("k.id < {}", before)
    return await fetch(
        "SELECT k.*, c.number, c.title, d.name AS unit FROM duty_calls k JOIN cases c ON c.id = k.case_id"
        f" JOIN departments d ON d.id = k.department_id WHERE {where.sql} ORDER BY k.id DESC LIMIT {limit + 1}",
        where.values,
        json=("chain",),
    )


def _taken(call: DutyCall, case: Case) -> bool:
    """Whether the case itself shows that somebody has it in hand: the lead unit signed, or, for whoever was rung before
    it had one, anybody began to work on it."""
    if case.lead_id == call.department_id:
        return case.state not in _UNSIGNED
    return case.state != "submitted"


def _note(call: DutyCall, case: Case) -> None:
    step = call.chain[call.step]
    data = {"unit_id": str(call.department_id), "step": call.step, "kind": step["kind"], "member_id": step["member_id"]}
    record(Fact("duty.rung", case.area_code, case.id, call.id, data))


def _patience(unit: Department) -> timedelta:
    """How long somebody has to acknowledge (`duty_acknowledge`, minutes of the clock)."""
    return timedelta(minutes=rulebook().for_area(unit.area_path).limits["duty_acknowledge"].amount)
