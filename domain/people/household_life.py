"""What happens to houses, and what becomes of their code, their people and their open cases.

Cases never move: they stay with the unit that has them and the place where they were opened; the answer counts them.
A code stays as long as its plate tells the truth: through a new grid of the same village, through new tenants.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.areas.models import Area
from domain.households.actions import end_code, note_household, replace_code
from domain.households.models import LIVE, Household, HouseholdCode
from domain.households.queries import area_within, locked_household, open_cases
from domain.households.register import Entry, create_household, follow_grid, save_changed
from domain.people.bindings import end_all, move_all
from domain.problems import HouseholdEnded, invalid

WRITE = Permission.HOUSEHOLD_WRITE


@dataclass(frozen=True)
class Change:
    """A house after a change, with what became of the rest."""

    household: Household
    code: str  # kept | ended | none
    memberships: int
    open_cases: int


async def empty_household(actor: Actor, household_id: UUID, reason: Literal["vacant", "demolished"]) -> Change:
    """Nobody lives there any more: bindings end, the head's name and phone are forgotten.

    The plate of a vacant house still says where it is, so its code lives on; a demolished house's is revoked.
    """
    household = await _living(actor, household_id)
    ended = await end_all(household, actor.label)
    household.state, household.head_name, household.phone = reason, "", ""
    code = await _has_code(household)
    if code and reason == "demolished":
        await end_code(household, "revoked")
        code = "ended"
    await save_changed(household, f"household.{reason}", {"bindings_ended": ended})
    return Change(household, code or "none", ended, await open_cases(household.id))


async def occupy_household(actor: Actor, household_id: UUID, head_name: str, phone: str) -> Change:
    """New people in a house: earlier bindings end, so that nobody follows a neighbour's household unseen."""
    household = await _living(actor, household_id)
    ended = await end_all(household, actor.label)
    household.state, household.head_name, household.phone = "active", head_name, phone
    await save_changed(household, "household.occupied", {"bindings_ended": ended})
    return Change(household, await _has_code(household) or "none", ended, await open_cases(household.id))


async def move_households(actor: Actor, ids: Sequence[UUID], grid_code: str) -> list[Household]:
    """Redraw a grid: the houses, their codes and bindings go to another grid of the same village."""
    grid = await area_within(actor, WRITE, grid_code)
    if grid.kind != "grid":
        raise invalid("grid_code", "请选择网格")
    moved = [await _to_grid(await _living(actor, household_id), grid) for household_id in sorted(set(ids))]
    await follow_grid([household.id for household in moved])
    return moved


async def merge_households(actor: Actor, household_id: UUID, into_id: UUID) -> Change:
    """A house becomes part of another: its people go along, its plate answers "replaced" for ever."""
    if household_id == into_id:
        raise invalid("into", "不能并入自己")
    first, second = sorted((household_id, into_id))
    locked = {found: await _living(actor, found) for found in (first, second)}
    household, into = locked[household_id], locked[into_id]
    code = await _has_code(household)
    await replace_code(household, into)
    moved = await move_all(household, into)
    household.state, household.merged_into = "merged", into.id
    await save_changed(household, "household.merged", {"into": into.id, "bindings_moved": moved})
    note_household(into, "household.absorbed", {"from": household.id, "bindings_moved": moved})
    return Change(household, "ended" if code else "none", moved, await open_cases(household.id))


async def split_household(actor: Actor, household_id: UUID, entry: Entry, members: Sequence[UUID]) -> Change:
    """A part of a house becomes a household of its own, without a code yet; the named bindings go along."""
    household = await _living(actor, household_id)
    made = await create_household(actor, entry, split_from=household)
    moved = await move_all(household, made, members) if members else 0
    await save_changed(household, "household.split", {"new": made.id, "bindings_moved": moved})
    return Change(made, "none", moved, await open_cases(household.id))


async def _living(actor: Actor, household_id: UUID) -> Household:
    household = await locked_household(actor, WRITE, household_id)
    if household.state in ("merged", "demolished"):
        raise HouseholdEnded
    return household


async def _to_grid(household: Household, grid: Area) -> Household:
    if grid.parent_code != household.village_code:
        raise invalid("grid_code", "只能调整到同一个村的网格;迁到别村请在新村登记并注销本户")
    before = household.grid_code
    household.grid_code, household.area_path = grid.code, grid.path
    await save_changed(household, "household.moved", {"from": before, "to": grid.code})
    if before != grid.code:
        note_household(household, "household.left", {"to": grid.code}, grid=before)
    return household


async def _has_code(household: Household) -> str:
    return "kept" if await HouseholdCode.exists(household_id=household.id, state__in=list(LIVE)) else ""
