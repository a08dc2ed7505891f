"""A need that a household named goes to the department in charge, which acknowledges it and says when it is done
(防返贫监测, domain §2.11). It is the household's wish, never a label of a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Department
from domain.access.permissions import Permission
from domain.access.queries import department
from domain.access.scope import Where, area_condition, in_scope
from domain.clock import now
from domain.households.models import Household
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, NotFound, invalid
from domain.sql import fetch, fetch_one
from domain.visits.models import Referral, Visit

STATES = {"made": "待受理", "acknowledged": "已受理", "done": "已办理"}


@dataclass(frozen=True)
class Wanted:
    """How the list of referrals is narrowed."""

    state: str | None = None
    kind: str | None = None
    area_path: str | None = None
    household_id: UUID | None = None


@dataclass(frozen=True)
class Receipt:
    """That a department took a referral: which one, under which number of its own, and what it says."""

    department: str | None = None
    number: str = ""
    note: str = ""


async def refer(visit: Visit, house: Household, kinds: Iterable[str]) -> None:
    """Make the referrals of a visit; while one of a kind is open for the household, another visit makes no second."""
    wanted = set(kinds)
    if not wanted:
        return
    open_kinds = await Referral.filter(household_id=house.id, state__in=["made", "acknowledged"]).values_list(
        "kind", flat=True
    )
    for kind in sorted(wanted - {str(each) for each in open_kinds}):
        made = await Referral.create(
            id=new_id(), visit_id=visit.id, household_id=house.id, area_code=house.grid_code,
            area_path=house.area_path, kind=kind, made_at=now(),
        )  # fmt: skip
        record(Fact("referral.made", house.grid_code, None, made.id, {"visit_id": str(visit.id), "kind": kind}))


async def acknowledge(actor: Actor, referral_id: UUID, receipt: Receipt) -> None:
    """The department in charge took it; 409 where it was taken before."""
    referral = await _locked(actor, referral_id)
    if referral.state != "made":
        raise GuardNotMet(reason=f"此项{STATES[referral.state]},不能再次受理。", missing=[])
    unit = await _department(actor, receipt.department)
    referral.state, referral.department_id, referral.receipt = "acknowledged", unit.id, receipt.number
    referral.acknowledged_at, referral.acknowledged_by = now(), actor.id
    await _keep(referral, "referral.acknowledged", receipt.note, {"unit_id": str(unit.id)})


async def finish(actor: Actor, referral_id: UUID, note: str) -> None:
    """What came of it; the household's grid worker sees it. 409 before it was acknowledged."""
    referral = await _locked(actor, referral_id)
    if referral.state != "acknowledged":
        raise GuardNotMet(reason=f"此项{STATES[referral.state]},须受理后才能办理完毕。", missing=["acknowledgement"])
    referral.state, referral.done_at, referral.done_by = "done", now(), actor.id
    await _keep(referral, "referral.done", note, {})


async def referral_rows(
    actor: Actor, permission: Permission, wanted: Wanted, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of referrals in the actor's areas, newest first, one row more than the limit."""
    where = Where()
    in_scope(where, actor, permission, "r.area_path")
    if wanted.area_path:
        where.conditions.append(area_condition(where, "r.area_path", [wanted.area_path]))
    for column in ("state", "kind", "household_id"):
        if value := getattr(wanted, column):
            where.add(f"r.{column} = {{}}", value)
    if before:
        where.add("r.id < {}", before)
    return await fetch(f"{_ROW} WHERE {where.sql} ORDER BY r.id DESC LIMIT {limit + 1}", where.values)


async def referral_row(referral_id: UUID) -> dict[str, Any]:
    """One referral for its answer; the caller has checked the scope."""
    row = await fetch_one(f"{_ROW} WHERE r.id = $1", [referral_id])
    if row is None:
        raise NotFound
    return row


_ROW = (
    "SELECT r.*, h.door_text, h.group_name, h.head_name, h.phone, g.name AS grid, v.name AS village, d.name AS unit"
    " FROM referrals r JOIN households h ON h.id = r.household_id LEFT JOIN areas g ON g.code = r.area_code"
    " LEFT JOIN areas v ON v.code = h.village_code LEFT JOIN departments d ON d.id = r.department_id"
)


async def _locked(actor: Actor, referral_id: UUID) -> Referral:
    referral = await Referral.filter(id=referral_id).select_for_update().first()
    if referral is None or not actor.may(Permission.REFERRAL_HANDLE, referral.area_path):
        raise NotFound
    return referral


async def _department(actor: Actor, reference: str | None) -> Department:
    if reference is None and actor.department_id:
        reference = str(actor.department_id)
    unit = await department(reference) if reference else None
    if unit is None:
        message = "请填写受理的部门" if reference is None else "没有这个单位"
        raise invalid("department", message)
    return unit


async def _keep(referral: Referral, event: str, note: str, data: dict[str, Any]) -> None:
    referral.note = note or referral.note
    await referral.save()
    data |= {"kind": referral.kind, "note_digest": digest(referral.id, note)}
    record(Fact(event, referral.area_code, None, referral.id, data))
