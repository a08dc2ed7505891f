"""Leaders and villages (003-09, 003-10, 003-12, 004-11): who is linked to a village, who is responsible first for a case
of a campaign, what leaders did on it, and the minutes of the meeting about it."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Department, Staff
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition, in_scope
from domain.areas.models import Area
from domain.cases.models import Case, LeaderCase
from domain.cases.move import lock_visible
from domain.cases.queries import visible_cases
from domain.casework.models import CaseMinutes, FirstResponsible, LeaderAction, VillageLink
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import ConflictOfInterest, NotAllowed, NotFound, invalid
from domain.rulebook import rulebook
from domain.sql import fetch

LINKS = {
    "contact_leader": "联村领导", "village_secretary": "村书记", "first_secretary": "第一书记(驻村工作队长)",
    "resident_unit": "驻村单位", "household_cadre": "包户干部",
}  # fmt: skip
FIRST = ("contact_leader", "village_secretary", "first_secretary")  # 第一责任人, 一岗双责
ACTIONS = {"inquire": "亲自过问", "coordinate": "亲自协调", "supervise": "亲自督办"}


@dataclass(frozen=True, kw_only=True)
class Link:
    """Who is linked to which village from when."""

    area_code: str
    kind: str
    staff_id: UUID | None = None
    department_id: UUID | None = None
    since_on: date


async def link_village(actor: Actor, link: Link) -> VillageLink:
    """Link a person (or a unit) to a village; the leader or secretary before is ended. 404 outside the area."""
    village = await Area.get_or_none(code=link.area_code, kind="village")
    if village is None or not actor.may(Permission.CASE_SUPERVISE, village.path):
        raise NotFound
    await _check_link(link)
    if link.kind in FIRST:
        await VillageLink.filter(area_code=village.code, kind=link.kind, until_on=None).update(until_on=link.since_on)
    made = await VillageLink.create(
        id=new_id(), area_code=village.code, area_path=village.path, kind=link.kind, staff_id=link.staff_id,
        department_id=link.department_id, since_on=link.since_on, by=actor.label,
    )  # fmt: skip
    data = {"kind": link.kind, "staff_id": str(link.staff_id) if link.staff_id else None}
    record(Fact("village.linked", village.code, None, made.id, data, actor=actor))
    return made


async def end_link(actor: Actor, link_id: UUID) -> VillageLink:
    """End a link today; 404 outside the area or when it has ended."""
    link = await VillageLink.get_or_none(id=link_id, until_on=None)
    if link is None or not actor.may(Permission.CASE_SUPERVISE, link.area_path):
        raise NotFound
    link.until_on = local_date(now())
    await link.save(update_fields=["until_on"])
    record(Fact("village.unlinked", link.area_code, None, link.id, {"kind": link.kind}, actor=actor))
    return link


async def village_links(actor: Actor, area_code: str | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The links in force in the actor's areas, newest first, one more than the limit."""
    where = Where()
    in_scope(where, actor, Permission.CASE_READ, "l.area_path")
    where.add("l.until_on IS NULL OR l.until_on > {}", local_date(now()))
    if area_code:
        where.add("l.area_code = {}", area_code)
    if before:
        where.add("l.id < {}", before)
    return await fetch(
        "SELECT l.*, a.name AS area_name, f.name AS staff, d.name AS unit FROM village_links l"
        " JOIN areas a ON a.code = l.area_code LEFT JOIN staff f ON f.id = l.staff_id"
        f" LEFT JOIN departments d ON d.id = l.department_id WHERE {where.sql} ORDER BY l.id DESC LIMIT {limit + 1}",
        where.values,
    )


async def name_first_responsible(actor: Actor, case_id: UUID, staff_id: UUID) -> FirstResponsible:
    """Name the first responsible person of a case: one of the leader, secretary and first secretary of its village."""
    case, _ = await lock_visible(actor, case_id)
    actor.require(Permission.CASE_SUPERVISE, case.area_path)
    link = await _first_link(case, staff_id)
    if link is None:
        raise invalid("staff_id", "第一责任人应是该村的联村领导、村书记或第一书记")
    person = await Staff.get(id=staff_id)
    if str(staff_id) in case.recused or (
        case.complained_department_id and person.department_id == case.complained_department_id
    ):
        raise ConflictOfInterest
    made, _ = await FirstResponsible.update_or_create(
        case_id=case.id, defaults={"staff_id": staff_id, "kind": link.kind, "named_by": actor.label, "named_at": now()}
    )
    record(Fact("case.first-responsible-named", case.area_code, case.id, staff_id, {"kind": link.kind}, actor=actor))
    return made


async def note_leader_action(actor: Actor, case_id: UUID, kind: str, note: str) -> LeaderAction:
    """The first responsible person, or the leader of the case, notes what they did in person; nobody does it for them."""
    case, _ = await lock_visible(actor, case_id)
    led = await LeaderCase.get_or_none(case_id=case.id, state="open")
    leads = led is not None and led.leader_id == actor.id
    if not leads and not await FirstResponsible.exists(case_id=case.id, staff_id=actor.id):
        raise NotAllowed
    made = await LeaderAction.create(id=new_id(), case_id=case.id, staff_id=actor.id, kind=kind, note=note, at=now())
    data = {"kind": kind, "text_digest": digest(made.id, note)}
    record(Fact("case.leader-acted", case.area_code, case.id, made.id, data, actor=actor))
    return made


@dataclass(frozen=True)
class Minutes:
    """What a meeting about one case came to."""

    held_on: date
    chair_id: UUID
    attendees: tuple[UUID, ...]
    strategy: str
    decisions: str
    due_on: date


async def keep_minutes(actor: Actor, case_id: UUID, minutes: Minutes) -> CaseMinutes:
    """Keep the minutes of a meeting about a case; 422 for unknown people or a day to come."""
    case, _ = await lock_visible(actor, case_id)
    actor.require(Permission.CASE_SUPERVISE, case.area_path)
    if minutes.held_on > local_date(now()):
        raise invalid("held_on", "会议日期不应晚于今天")
    if minutes.due_on < minutes.held_on:
        raise invalid("due_on", "化解期限应在会议之后")
    people = {minutes.chair_id, *minutes.attendees}
    if await Staff.filter(id__in=people, active=True).count() != len(people):
        raise invalid("attendees", "有的账号不存在")
    made = await CaseMinutes.create(
        id=new_id(), case_id=case.id, held_on=minutes.held_on, chair_id=minutes.chair_id, due_on=minutes.due_on,
        attendees=[str(found) for found in minutes.attendees], strategy=minutes.strategy, decisions=minutes.decisions,
        by=actor.label, at=now(),
    )  # fmt: skip
    data = {"held_on": minutes.held_on.isoformat(), "people": len(people), "text_digest": digest(made.id, minutes.decisions)}
    record(Fact("case.minutes-kept", case.area_code, case.id, made.id, data, actor=actor))
    return made


async def leading_of(actor: Actor, case_id: UUID) -> dict[str, Any]:
    """Who is responsible first, what leaders did, and the minutes of a visible case; 404 for any other."""
    where = visible_cases(actor)
    where.add("c.id = {}", case_id)
    rows = await fetch(
        "SELECT r.staff_id, r.kind, r.named_at, f.name FROM cases c LEFT JOIN first_responsibles r ON r.case_id = c.id"
        f" LEFT JOIN staff f ON f.id = r.staff_id WHERE {where.sql}", where.values,
    )  # fmt: skip
    if not rows:
        raise NotFound
    actions = await fetch(
        "SELECT x.id, x.kind, x.note, x.at, f.name AS by FROM leader_actions x JOIN staff f ON f.id = x.staff_id"
        " WHERE x.case_id = $1 ORDER BY x.id", [case_id],
    )  # fmt: skip
    minutes = await fetch(
        "SELECT m.*, f.name AS chair FROM case_minutes m JOIN staff f ON f.id = m.chair_id WHERE m.case_id = $1"
        " ORDER BY m.id", [case_id], json=("attendees",),
    )  # fmt: skip
    return {"first": rows[0] if rows[0]["staff_id"] else None, "actions": actions, "minutes": minutes}


async def without_leader(actor: Actor, part: str, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Open cases that nobody leads: `leader` those assigned by a superior, major or open for a year without a leader;
    `first` those of a place with a campaign in force without a first responsible person."""
    where = visible_cases(actor)
    where.conditions.append("c.ended_at IS NULL")
    if part == "leader":
        where.conditions.append("c.leader_id IS NULL")
        where.add(
            "c.origin = 'superior_assigned' OR c.major OR c.received_on < {}::date - 365", local_date(now())
        )
    else:
        places = [area for area, book in rulebook().overlays.items() if book.practices.campaigns]
        paths = await Area.filter(code__in=places).values_list("path", flat=True)
        if rulebook().practices.campaigns:
            paths = await Area.filter(code=rulebook().county).values_list("path", flat=True)
        where.conditions.append(area_condition(where, "c.area_path", [str(path) for path in paths]))
        where.conditions.append("NOT EXISTS (SELECT 1 FROM first_responsibles r WHERE r.case_id = c.id)")
    if before:
        where.add("c.id < {}", before)
    return await fetch(
        "SELECT c.id, c.number, c.title, c.state, c.origin, c.major, c.received_on, a.name AS area_name, d.name AS unit"
        " FROM cases c LEFT JOIN areas a ON a.code = c.area_code LEFT JOIN departments d ON d.id = c.lead_id"
        f" WHERE {where.sql} ORDER BY c.id DESC LIMIT {limit + 1}",
        where.values,
    )


async def _first_link(case: Case, staff_id: UUID) -> VillageLink | None:
    today = local_date(now())
    for link in await VillageLink.filter(staff_id=staff_id, kind__in=list(FIRST), since_on__lte=today):
        inside = case.area_path == link.area_path or case.area_path.startswith(f"{link.area_path}.")
        if inside and (link.until_on is None or link.until_on > today):
            return link
    return None


async def _check_link(link: Link) -> None:
    by_unit = link.kind == "resident_unit"
    if by_unit and (link.department_id is None or not await Department.exists(id=link.department_id, active=True)):
        raise invalid("department_id", "没有这个单位")
    if not by_unit and (link.staff_id is None or not await Staff.exists(id=link.staff_id, active=True)):
        raise invalid("staff_id", "没有这个账号")
    if link.since_on > local_date(now()):
        raise invalid("since_on", "起始日期不应晚于今天")
