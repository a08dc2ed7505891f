"""Residents and their households: bound at once when the verified phone is the register's, else the village decides."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.clock import now, real_now
from domain.households.actions import CodeFound
from domain.households.models import Household
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.people.models import Membership, Resident
from domain.problems import AlreadyBound, NotFound, NotWaiting, TooManyHouseholds
from domain.sql import execute, fetch

MOST = 3
_OPEN = ("waiting", "bound")


async def bind(actor: Actor, plate: CodeFound) -> Membership:
    """Bind the calling resident to the household of a plate, or let them wait for the village.

    409 `already-bound`; 409 `too-many-households` above three. Asking again while waiting gives the same waiting one.
    """
    resident = await Resident.select_for_update().get(id=actor.id)
    held = await Membership.filter(resident_id=resident.id, state__in=_OPEN)
    known = next((one for one in held if one.household_id == plate.household.id), None)
    if known is not None:
        if known.state == "bound":
            raise AlreadyBound
        return known
    if len(held) >= MOST:
        raise TooManyHouseholds
    proven = bool(resident.phone) and resident.phone == plate.household.phone and plate.code.state != "suspect"
    membership = await Membership.create(
        id=new_id(), resident_id=resident.id, household_id=plate.household.id, area_path=plate.household.area_path,
        state="bound" if proven else "waiting", created_at=real_now(), decided_at=now() if proven else None,
        decided_by="register" if proven else "",
    )  # fmt: skip
    _note(membership, plate.household, "membership.bound" if proven else "membership.asked")
    return membership


async def unbind(actor: Actor, reference: UUID) -> None:
    """End the caller's own binding, named by its own id or its household's; 404 when there is none."""
    rows = await fetch(
        "SELECT id FROM memberships WHERE resident_id = $1 AND state IN ('waiting', 'bound')"
        " AND (id = $2 OR household_id = $2)",
        [actor.id, reference],
    )
    if not rows:
        raise NotFound
    membership = await Membership.get(id=rows[0]["id"])
    await _end(membership, await Household.get(id=membership.household_id), actor.label)


async def decide(actor: Actor, membership_id: UUID, approve: bool) -> Membership:
    """The village binds a waiting resident or refuses; 404 outside the actor's areas, 409 when decided already."""
    where = Where()
    in_scope(where, actor, Permission.HOUSEHOLD_WRITE, "area_path")
    where.add("id = {}", membership_id)
    rows = await fetch(f"SELECT id FROM memberships WHERE {where.sql} FOR UPDATE", where.values)
    if not rows:
        raise NotFound
    membership = await Membership.get(id=membership_id)
    if membership.state != "waiting":
        raise NotWaiting
    membership.state = "bound" if approve else "refused"
    membership.decided_at, membership.decided_by = now(), actor.label
    await membership.save()
    household = await Household.get(id=membership.household_id)
    _note(membership, household, "membership.bound" if approve else "membership.refused")
    return membership


async def waiting_rows(
    actor: Actor, state: str, area_path: str | None, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of bindings in the actor's areas with house and applicant, newest first."""
    where = Where()
    in_scope(where, actor, Permission.HOUSEHOLD_READ, "m.area_path")
    where.add("m.state = {}", state)
    if area_path:
        where.add("m.area_path = {} OR starts_with(m.area_path, {})", area_path, area_path + ".")
    if before:
        where.add("m.id < {}", before)
    return await fetch(
        "SELECT m.id, m.state, m.created_at, m.decided_at, m.household_id, h.door_text, h.group_name, h.serial,"
        " h.head_name, h.phone AS register_phone, r.name, r.phone, v.name AS village_name FROM memberships m"
        " JOIN households h ON h.id = m.household_id JOIN residents r ON r.id = m.resident_id"
        f" LEFT JOIN areas v ON v.code = h.village_code WHERE {where.sql} ORDER BY m.id DESC LIMIT {limit + 1}",
        where.values,
    )


async def end_all(household: Household, by: str) -> int:
    """End every binding of a household whose people have gone; how many."""
    held = await Membership.filter(household_id=household.id, state__in=_OPEN).order_by("id").select_for_update()
    for membership in held:
        await _end(membership, household, by)
    return len(held)


async def move_all(household: Household, to: Household, only: Sequence[UUID] | None = None) -> int:
    """Take bindings along to another household; one who is bound there already keeps that binding. How many moved."""
    chosen = "" if only is None else " AND m.id = ANY($4::uuid[])"
    values: list[object] = [household.id, to.id, to.area_path]
    moved = await execute(
        "UPDATE memberships m SET household_id = $2, area_path = $3 WHERE m.household_id = $1"
        f" AND m.state IN ('waiting', 'bound'){chosen} AND NOT EXISTS (SELECT 1 FROM memberships o"
        " WHERE o.resident_id = m.resident_id AND o.household_id = $2 AND o.state IN ('waiting', 'bound'))",
        values if only is None else [*values, list(only)],
    )
    if only is None:
        await end_all(household, "register")
    return moved


async def _end(membership: Membership, household: Household, by: str) -> None:
    membership.state, membership.decided_at, membership.decided_by = "ended", now(), by
    await membership.save()
    _note(membership, household, "membership.ended")


def _note(membership: Membership, household: Household, event: str) -> None:
    data = {
        "membership": membership.id, "household": membership.household_id, "resident": membership.resident_id,
        "state": membership.state,
    }  # fmt: skip
    record(Fact(event, household.grid_code, subject_id=membership.id, data=data))
