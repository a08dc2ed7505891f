"""The rapid team of a unit (快速处置队伍, 001-04): lead, deputies, backbone, telephone duty; reachability and leave."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Department, Staff
from domain.access.permissions import Permission
from domain.access.queries import unit_for
from domain.clock import now
from domain.entries import phone_of
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, NotFound, invalid
from domain.rosters.models import DutyShift, TeamMember
from domain.sql import fetch
from domain.text import clean_text

ROLES = {"lead": "负责人", "deputy": "副负责人", "backbone": "业务骨干", "phone": "电话值班"}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who joins a team, in which role, at which number; `staff_id` where the person has an account."""

    name: str
    phone: str
    role: str
    place: int = 1
    staff_id: UUID | None = None


async def team(unit_id: UUID) -> list[dict[str, Any]]:
    """The people of a unit in order of role and place; the caller has checked the scope and masks the numbers."""
    return await fetch(
        "SELECT m.*, s.name AS substitute FROM team_members m LEFT JOIN team_members s ON s.id = m.substitute_id"
        " WHERE m.department_id = $1 AND m.active"
        " ORDER BY array_position(ARRAY['lead', 'deputy', 'backbone', 'phone'], m.role::text), m.place, m.id",
        [unit_id],
    )


async def add_member(actor: Actor, unit_id: UUID, person: Person) -> TeamMember:
    """Take somebody into the team of a unit; a unit has one lead."""
    unit = await unit_for(actor, Permission.ROSTER_MANAGE, unit_id)
    person = await _checked(unit, person)
    made = await TeamMember.create(
        id=new_id(), department_id=unit.id, role=person.role, place=person.place, name=person.name, phone=person.phone,
        staff_id=person.staff_id,
    )  # fmt: skip
    _note("team.joined", unit, made, {"role": made.role})
    return made


async def change_member(actor: Actor, member_id: UUID, person: Person) -> TeamMember:
    """Change role, place, name or number; a new number has to be checked again."""
    found, unit = await _mine(actor, member_id)
    person = await _checked(unit, person, found.id)
    if person.phone != found.phone:
        found.checked_at = found.reachable = None
    found.role, found.place, found.name, found.phone = person.role, person.place, person.name, person.phone
    found.staff_id = person.staff_id
    await found.save()
    _note("team.changed", unit, found, {"role": found.role})
    return found


async def leave_team(actor: Actor, member_id: UUID) -> None:
    """Take somebody out; refused while a shift still lies ahead, which would become a gap unseen."""
    found, unit = await _mine(actor, member_id)
    if await DutyShift.exists(member_id=found.id, ends_at__gt=now()):
        raise GuardNotMet(reason="此人还有未结束的值班,请先换班。", missing=["shifts"])
    found.active, found.phone = False, ""  # the number was kept for the duty only
    await found.save(update_fields=["active", "phone"])
    _note("team.left", unit, found, {})


async def note_reachability(actor: Actor, member_id: UUID, reached: bool) -> TeamMember:
    """Record that the number was tried (通信畅通检查), and whether somebody answered."""
    found, unit = await _mine(actor, member_id)
    found.checked_at, found.reachable = now(), reached
    await found.save(update_fields=["checked_at", "reachable"])
    _note("team.checked", unit, found, {"reached": reached})
    return found


@dataclass(frozen=True)
class Leave:
    """From when to when somebody is away, and who stands in; no start ends the leave."""

    since: datetime | None
    until: datetime | None = None
    substitute_id: UUID | None = None


async def set_leave(actor: Actor, member_id: UUID, leave: Leave) -> TeamMember:
    """Record a leave with its substitute; the lead's always needs one (24 小时通信畅通)."""
    found, unit = await _mine(actor, member_id)
    if leave.since and leave.until and leave.until <= leave.since:
        raise invalid("until", "结束时间应在开始时间之后")
    other = await TeamMember.get_or_none(id=leave.substitute_id, active=True) if leave.substitute_id else None
    if leave.substitute_id and (other is None or other.department_id != unit.id or other.id == found.id):
        raise invalid("substitute_id", "顶班人应是本单位队伍中的另一人")
    if leave.since and found.role == "lead" and other is None:
        raise invalid("substitute_id", "负责人请假须指定顶班人,保持24小时通信畅通")
    found.away_from, found.away_until = leave.since, leave.until if leave.since else None
    found.substitute_id = other.id if leave.since and other else None
    await found.save(update_fields=["away_from", "away_until", "substitute_id"])
    substitute = str(found.substitute_id) if found.substitute_id else None
    _note("team.leave-set", unit, found, {"away": leave.since is not None, "substitute": substitute})
    return found


async def number_of(actor: Actor, member_id: UUID, purpose: str) -> str:
    """The number in full, once, on record with its purpose; 404 outside the actor's areas and unit."""
    found = await TeamMember.get_or_none(id=member_id, active=True)
    if found is None:
        raise NotFound
    unit = await unit_for(actor, Permission.ROSTER_READ, found.department_id)
    _note("team.number-opened", unit, found, {"purpose_digest": digest(found.id, purpose)})
    return str(found.phone)


async def _mine(actor: Actor, member_id: UUID) -> tuple[TeamMember, Department]:
    found = await TeamMember.filter(id=member_id, active=True).select_for_update().first()
    if found is None:
        raise NotFound
    return found, await unit_for(actor, Permission.ROSTER_MANAGE, found.department_id)


async def _checked(unit: Department, person: Person, own: UUID | None = None) -> Person:
    name = clean_text(person.name)
    if not name:
        raise invalid("name", "请填写姓名")
    phone = phone_of("phone", person.phone, required=True)
    if person.role == "lead":
        leads = await TeamMember.filter(department_id=unit.id, role="lead", active=True).values_list("id", flat=True)
        if set(leads) - {own}:
            raise invalid("role", "队伍已有负责人,请先调整原负责人")
    if person.staff_id and not await Staff.exists(id=person.staff_id, active=True):
        raise invalid("staff_id", "没有这个账号,或已停用")
    return replace(person, name=name, phone=phone)


def _note(event: str, unit: Department, member: TeamMember, data: dict[str, Any]) -> None:
    record(Fact(event, unit.area_code, subject_id=member.id, data={"unit_id": str(unit.id), **data}))
