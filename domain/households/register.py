"""Writers of the household register: one house at a time, and the parts that the import shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.areas.models import Area
from domain.clock import now
from domain.households.actions import note_household
from domain.households.grids import NoSuchGrid, grids_of_villages
from domain.households.models import Household
from domain.households.naming import door_key, route_key
from domain.households.queries import area_within, locked_household
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import ChangedMeanwhile, HouseholdExists, invalid
from domain.rulebook import rulebook
from domain.sql import execute, fetch
from qr.serials import LAST_NUMBER, make_serial


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the register holds of one house; empty texts mean unknown."""

    village_code: str
    group: str = ""
    door_text: str
    head_name: str = ""
    phone: str = ""
    external_no: str = ""
    grid_code: str | None = None


async def serials(count: int) -> list[str]:
    """So many new plate serials; a county that outgrows six digits goes on with a letter behind its code."""
    rows = await fetch("SELECT nextval('household_serials') AS n FROM generate_series(1, $1::int)", [count])
    return [_serial(rulebook().county, int(row["n"])) for row in rows]


def _serial(county: str, number: int) -> str:
    block, number = divmod(number, LAST_NUMBER + 1)
    letter = chr(ord("A") + block - 1) if block else ""
    return make_serial(county + letter, number)


def new_household(entry: Entry, grid: Area, serial: str) -> Household:
    """A house to be stored."""
    at = now()
    return Household(
        id=new_id(), village_code=entry.village_code, grid_code=grid.code, area_path=grid.path, group_name=entry.group,
        door_text=entry.door_text, route_key=route_key(entry.group, entry.door_text), serial=serial,
        external_no=entry.external_no, head_name=entry.head_name, phone=entry.phone,
        import_key=door_key(entry.village_code, entry.group, entry.door_text), created_at=at, changed_at=at,
    )  # fmt: skip


async def create_household(actor: Actor, entry: Entry, split_from: Household | None = None) -> Household:
    """Add one house to the register; 404 outside the actor's areas, 409 `household-exists` for a known door."""
    await area_within(actor, Permission.HOUSEHOLD_WRITE, entry.village_code)
    await _refuse_known(entry, None)
    grids = await grids_of_villages([entry.village_code])
    try:
        grid = grids.choose(entry.village_code, entry.group, entry.grid_code)
    except NoSuchGrid:
        raise invalid("grid_code", "这个村没有这个网格") from None
    await grids.save()
    household = new_household(entry, grid, (await serials(1))[0])
    household.split_from = split_from.id if split_from else None
    await household.save(force_create=True)
    note_household(household, "household.created", {"split_from": household.split_from, "state": household.state})
    return household


async def change_household(
    actor: Actor, household_id: UUID, changes: dict[str, str | float | None], version: int | None
) -> Household:
    """Change what is known of a house: group, door, head, phone, number, position; its code stays.

    404 outside the actor's areas, 409 `changed-meanwhile` for an old version, 409 `household-exists` for a known door.
    """
    household = await locked_household(actor, Permission.HOUSEHOLD_WRITE, household_id)
    if version is not None and version != household.version:
        raise ChangedMeanwhile(version=version, current=household.version)
    for name, value in changes.items():
        setattr(household, name, value)
    entry = Entry(
        village_code=household.village_code, group=household.group_name, door_text=household.door_text,
        external_no=household.external_no,
    )  # fmt: skip
    await _refuse_known(entry, household.id)
    household.import_key = door_key(entry.village_code, entry.group, entry.door_text)
    household.route_key = route_key(entry.group, entry.door_text)
    await save_changed(household, "household.changed", {"fields": sorted(changes)})
    return household


async def save_changed(household: Household, event: str, data: dict[str, object]) -> None:
    """Store a changed house under its next version, with its fact, which says whether somebody lives there."""
    household.version += 1
    household.changed_at = now()
    await household.save()
    note_household(household, event, {**data, "state": household.state})


async def follow_grid(ids: Sequence[UUID]) -> None:
    """Codes and bindings lie where their house lies."""
    for table in ("household_codes", "memberships"):
        await execute(
            f"UPDATE {table} t SET area_path = h.area_path FROM households h"
            " WHERE h.id = ANY($1::uuid[]) AND t.household_id = h.id AND t.area_path <> h.area_path",
            [list(ids)],
        )


async def _refuse_known(entry: Entry, own: UUID | None) -> None:
    rows = await fetch(
        "SELECT id, serial FROM households WHERE state <> 'merged' AND (import_key = $1"
        " OR ($3 <> '' AND village_code = $2 AND external_no = $3)) AND id IS DISTINCT FROM $4::uuid LIMIT 1",
        [door_key(entry.village_code, entry.group, entry.door_text), entry.village_code, entry.external_no, own],
    )
    if rows:
        raise HouseholdExists(serial=rows[0]["serial"], household_id=str(rows[0]["id"]))
    # A merged house keeps its door against re-imports, until somebody means the door again.
    await execute(
        "UPDATE households SET import_key = 'merged:' || id WHERE state = 'merged' AND import_key = $1 AND id <> $2",
        [door_key(entry.village_code, entry.group, entry.door_text), own or new_id()],
    )



async def reveal_household(actor: Actor, household_id: UUID, purpose: str) -> Household:
    """The register's name and phone, opened for a purpose that the journal keeps; 404 outside the actor's areas."""
    household = await locked_household(actor, Permission.HOUSEHOLD_WRITE, household_id)
    record(Fact("household.revealed", household.grid_code, subject_id=household.id, data={"purpose": purpose}))
    return household
