"""Who among the staff is told. Never nobody: where a unit has no holder of a role, all its people are told, and where
it has none, the desk. Never anybody of the unit complained of."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from domain.access.queries import holders, unit_staff
from domain.sql import fetch

DESK_OF_CLOCK = {"accept": "intake_officer", "callback": "callback_officer", "instructed": "supervision_section",
                 "return_decision": "dispatcher"}
DESK = "dispatcher"
VILLAGE_DESK = ("village_secretary", "village_petition_agent")
STAND_IN = "joint_meeting_office"  # takes over where everybody else belongs to the unit complained of
_UNIT_ROLES: dict[str, tuple[str, ...]] = {
    "yellow": ("handler",),
    "orange": ("handler", "unit_lead"),
    "red": ("handler", "unit_lead", "deputy_in_charge"),
    "urge": ("handler", "unit_lead", "deputy_in_charge"),
    "supervision": ("unit_lead", "deputy_in_charge", "principal"),
    "principal": ("principal", "deputy_in_charge"),
}
_ABOVE = ("supervision", "principal")  # levels of which the supervision section hears


async def of_level(case: dict[str, Any], clock: str, level: str) -> set[UUID]:
    """Who hears that a clock of a case (row of `cases`) has reached a level: handler, then lead, then those above."""
    if clock in DESK_OF_CLOCK or case["lead_id"] is None:
        told = set(await desk(case, DESK_OF_CLOCK.get(clock, DESK)))
        if case["first_receiver_id"] and clock == "accept":
            told.add(case["first_receiver_id"])  # 首接负责: nobody else has it yet (004-22)
    else:
        told = await of_unit(case, _UNIT_ROLES[level], with_handler=level not in _ABOVE)
    if level in _ABOVE:
        told |= set(await holders("supervision_section", case["area_path"]))
    return await outside_wall(case, told)


async def of_unit(case: dict[str, Any], roles: Sequence[str], *, with_handler: bool = True) -> set[UUID]:
    """Holders of the roles in the lead unit (all its people when it has none), with the handler; else the desk."""
    handler = {case["handler_id"]} if with_handler and case["handler_id"] else set()
    if case["lead_id"] is None:
        return handler or set(await desk(case, DESK))
    # A named handler stands for the other handlers; leads hear in any case.
    asked = [role for role in roles if not (handler and role == "handler")]
    people = set(await of_department(case["lead_id"], asked)) if asked else set()
    return (handler | people) or set(await desk(case, DESK))


async def of_department(department_id: UUID, roles: Sequence[str]) -> Sequence[UUID]:
    """Holders of the roles for a department, else everybody who works there."""
    found = await unit_staff(department_id, roles)
    if found:
        return found
    rows = await fetch(
        "SELECT id FROM staff WHERE active AND (department_id = $1"
        " OR id IN (SELECT staff_id FROM assignments WHERE department_id = $1))",
        [department_id],
    )
    return [row["id"] for row in rows]


async def desk(case: dict[str, Any], role: str) -> Sequence[UUID]:
    """The nearest holders of a desk role for the area of a case; the dispatchers where nobody holds it."""
    return await holders(role, case["area_path"]) or await holders(DESK, case["area_path"])


async def village_desk(area_path: str) -> list[UUID]:
    """Who works at the desk of the village in which a place lies."""
    rows = await fetch(
        "SELECT DISTINCT g.staff_id FROM assignments g JOIN areas a ON a.path = g.area_path AND a.kind = 'village'"
        " WHERE g.role = ANY($1::text[]) AND ($2 = g.area_path OR starts_with($2, g.area_path || '.'))",
        [list(VILLAGE_DESK), area_path],
    )
    return [row["staff_id"] for row in rows]


async def outside_wall(case: dict[str, Any], people: Iterable[UUID]) -> set[UUID]:
    """The active ones among people who do not belong to the unit complained of (条例 art 30, 46); where all of them do,
    the joint meeting office, so that a complaint about the desk itself reaches somebody."""
    asked = list(people)
    found = await _unwalled(case, asked)
    if found or not asked or case["complained_department_id"] is None:
        return found
    return await _unwalled(case, await holders(STAND_IN, case["area_path"]))


async def _unwalled(case: dict[str, Any], people: Iterable[UUID]) -> set[UUID]:
    rows = await fetch(
        "SELECT s.id FROM staff s WHERE s.id = ANY($1::uuid[]) AND s.active AND ($2::uuid IS NULL OR"
        " (s.department_id IS DISTINCT FROM $2 AND NOT EXISTS (SELECT 1 FROM assignments a"
        "   WHERE a.staff_id = s.id AND a.department_id = $2)))",
        [list(people), case["complained_department_id"]],
    )
    return {row["id"] for row in rows}


async def duty_phones(people: Iterable[UUID]) -> dict[UUID, str]:
    """The telephone numbers of staff who have one."""
    rows = await fetch("SELECT id, phone FROM staff WHERE id = ANY($1::uuid[]) AND phone <> ''", [list(people)])
    return {row["id"]: row["phone"] for row in rows}


async def linked(codes: Sequence[str], area_path: str) -> set[UUID]:
    """The people of the units that are told at once of an urgent event, by unit code, those above the area only."""
    rows = await fetch(
        "SELECT id FROM departments WHERE code = ANY($1::text[]) AND active"
        " AND ($2 = area_path OR starts_with($2, area_path || '.'))",
        [list(codes), area_path],
    )
    people: set[UUID] = set()
    for row in rows:  # a handful: police, fire, emergency
        people |= set(await of_department(row["id"], ("handler", "unit_lead")))
    return people
