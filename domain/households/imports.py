"""Household lists: taken in at the desk, carried out in chunks of which each is one unit of work.

A chunk leaves a row that says so: a job that died goes on behind the last one, and a list imported twice changes
nothing the second time (`import_key` and the village's own household number recognise a house).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.access.actor import Actor, within
from domain.access.permissions import Permission
from domain.areas.models import Area
from domain.clock import now
from domain.households.actions import note_household
from domain.households.grids import Grids, NoSuchGrid, grids_of_villages
from domain.households.models import Household, HouseholdImport, HouseholdImportChunk
from domain.households.naming import door_key, route_key
from domain.households.places import Village
from domain.households.queries import area_within
from domain.households.register import Entry, follow_grid, new_household, serials
from domain.households.sheet import HouseholdRow
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import invalid
from domain.sheets.reading import Sheet
from domain.sheets.results import RowOutcome, RowStatus
from domain.sql import fetch

CHUNK = 200
COUNTERS = {
    RowStatus.CREATED: "created_rows",
    RowStatus.UPDATED: "updated_rows",
    RowStatus.UNCHANGED: "unchanged_rows",
    RowStatus.ERROR: "error_rows",
}
_ENDED = {"merged": "该户已并入另一户,未作改动", "demolished": "该户已注销(房屋拆除),未作改动"}


async def all_villages() -> dict[str, Village]:
    """Every village by code, as the sheet reader wants them."""
    rows = await fetch(
        "SELECT v.code, v.name, t.name AS town FROM areas v JOIN areas t ON t.code = v.parent_code"
        " WHERE v.kind = 'village'"
    )
    return {row["code"]: Village(row["name"], row["town"]) for row in rows}


async def request_import(actor: Actor, area: Area, filename: str, file_id: UUID) -> HouseholdImport:
    """Take in a stored list for an area; the job follows the commit."""
    job = await HouseholdImport.create(
        id=new_id(), area_code=area.code, area_path=area.path, filename=filename[:200], state="waiting",
        source_file_id=file_id, requested_by=actor.id, created_at=now(),
    )  # fmt: skip
    record(Fact("household.import-requested", area.code, subject_id=job.id))
    return job


async def import_area(actor: Actor, area_code: str | None) -> Area:
    """The area a list is for: the one named, else the actor's own; 404 outside the scope, 422 when there are several."""
    if area_code:
        return await area_within(actor, Permission.HOUSEHOLD_WRITE, area_code)
    paths = actor.areas(Permission.HOUSEHOLD_WRITE)
    if len(paths) != 1:
        raise invalid("area", "请选择要导入的地区", "required")
    return await Area.get(path=paths[0])


async def start_import(job_id: UUID, sheet: Sheet[HouseholdRow]) -> HouseholdImport:
    """Note that the list was read: how many rows, how many with errors."""
    job = await HouseholdImport.select_for_update().get(id=job_id)
    if job.state == "waiting":
        job.state, job.total = "running", sheet.total
        job.error_rows = len({error.row for error in sheet.errors})
        job.done = job.error_rows
        await job.save()
    return job


async def fail_import(job_id: UUID, reason: str) -> None:
    """End an import whose file cannot be read."""
    await HouseholdImport.filter(id=job_id).update(state="failed", reason=reason[:200], finished_at=now())


async def import_chunk(job_id: UUID, number: int, rows: Sequence[HouseholdRow]) -> bool:
    """Carry out one chunk of rows; False when it had been done before."""
    job = await HouseholdImport.select_for_update().get(id=job_id)
    if await HouseholdImportChunk.exists(import_id=job_id, number=number):
        return False
    outcomes = await _Chunk(job, rows).run()
    for _, status, _ in outcomes:
        counter = COUNTERS[RowStatus[status]]
        setattr(job, counter, getattr(job, counter) + 1)
    job.done += len(outcomes)
    await job.save()
    await HouseholdImportChunk.create(id=new_id(), import_id=job_id, number=number, outcomes=outcomes)
    return True


async def import_outcomes(job_id: UUID) -> dict[int, RowOutcome]:
    """What became of each row so far."""
    chunks = await HouseholdImportChunk.filter(import_id=job_id).order_by("number")
    return {
        row: RowOutcome(RowStatus[status], reason) for chunk in chunks for row, status, reason in chunk.outcomes
    }


async def finish_import(job_id: UUID, result_file_id: UUID) -> None:
    """The list is in the register, its result file is stored."""
    job = await HouseholdImport.select_for_update().get(id=job_id)
    job.state, job.result_file_id, job.finished_at = "done", result_file_id, now()
    await job.save()
    counts = {name: getattr(job, name) for name in COUNTERS.values()}
    record(Fact("household.imported", job.area_code, subject_id=job.id, data=counts))


Outcome = tuple[int, str, str]


@dataclass
class _Known:
    """The houses that rows of a chunk may mean."""

    by_key: dict[str, Household]
    by_number: dict[tuple[str, str], Household]

    def find(self, row: HouseholdRow) -> Household | None:
        by_number = self.by_number.get((row.village_code, row.external_no or ""))
        by_key = self.by_key.get(_key(row))
        if by_number and by_key and by_number.id != by_key.id:
            raise _RowRefused("户编号与门牌在登记册中属于不同的两户,请核对")
        found = by_number or by_key
        if found and by_key and row.external_no and found.external_no not in ("", row.external_no):
            raise _RowRefused(f"该门牌在登记册中的户编号是 {found.external_no},与本行不同,请核对")
        return found


class _RowRefused(Exception):
    """A row that contradicts the register; the message says how."""


class _Chunk:
    def __init__(self, job: HouseholdImport, rows: Sequence[HouseholdRow]) -> None:
        self._job, self._rows = job, rows
        self._new: list[tuple[Entry, Area]] = []
        self._changed: list[Household] = []
        self._moved: list[UUID] = []
        self._taken: set[UUID] = set()

    async def run(self) -> list[Outcome]:
        codes = {row.village_code for row in self._rows}
        grids = await grids_of_villages(codes)
        paths = {area.code: area.path for area in await Area.filter(code__in=list(codes))}
        known = await self._load()
        outcomes = [self._one(row, paths, grids, known) for row in self._rows]
        await grids.save()
        await self._store()
        return outcomes

    async def _load(self) -> _Known:
        numbers = [(row.village_code, row.external_no) for row in self._rows if row.external_no]
        found = await fetch(
            "SELECT id FROM households WHERE import_key = ANY($1::text[]) OR (state <> 'merged' AND external_no <> ''"
            " AND (village_code, external_no) IN (SELECT * FROM unnest($2::text[], $3::text[])))",
            [[_key(row) for row in self._rows], [n[0] for n in numbers], [n[1] for n in numbers]],
        )
        houses = await Household.filter(id__in=[row["id"] for row in found]).order_by("id").select_for_update()
        return _Known(
            {house.import_key: house for house in houses},
            {(h.village_code, h.external_no): h for h in houses if h.external_no and h.state != "merged"},
        )

    def _one(self, row: HouseholdRow, paths: dict[str, str], grids: Grids, known: _Known) -> Outcome:
        try:
            if not within(paths.get(row.village_code, ""), self._job.area_path):
                raise _RowRefused("这个村不在您的管辖范围内")
            status, reason = self._place(row, grids, known.find(row))
        except NoSuchGrid:
            status, reason = RowStatus.ERROR, "这个村没有这个网格"
        except _RowRefused as refusal:
            status, reason = RowStatus.ERROR, str(refusal)
        return row.row, status.name, reason

    def _place(self, row: HouseholdRow, grids: Grids, house: Household | None) -> tuple[RowStatus, str]:
        if house is None:
            self._new.append((_entry(row), grids.choose(row.village_code, row.group, row.grid_code)))
            return RowStatus.CREATED, ""
        if house.id in self._taken:
            raise _RowRefused("与名单中另一行指向登记册里的同一户,请核对户编号与门牌")
        self._taken.add(house.id)
        if house.state in _ENDED:
            return RowStatus.UNCHANGED, _ENDED[house.state]
        fields = _differences(row, house)
        if row.grid_code and row.grid_code != house.grid_code:
            grid = grids.choose(row.village_code, row.group, row.grid_code)
            fields |= {"grid_code": grid.code, "area_path": grid.path}
            self._moved.append(house.id)
        if not fields:
            return RowStatus.UNCHANGED, ""
        for name, value in fields.items():
            setattr(house, name, value)
        house.import_key, house.route_key = _key(row), route_key(row.group, row.door_text)
        house.version, house.changed_at = house.version + 1, now()
        self._changed.append(house)
        return RowStatus.UPDATED, ""

    async def _store(self) -> None:
        numbers = await serials(len(self._new)) if self._new else []
        made = [new_household(entry, grid, n) for (entry, grid), n in zip(self._new, numbers, strict=True)]
        if made:
            await Household.bulk_create(made)
        if self._changed:
            await Household.bulk_update(self._changed, fields=_WRITTEN)
        if self._moved:
            await follow_grid(self._moved)
        for house in made:
            note_household(house, "household.created", {"import": self._job.id, "state": house.state})
        for house in self._changed:
            note_household(house, "household.changed", {"import": self._job.id, "state": house.state})


_WRITTEN = [
    "group_name", "door_text", "head_name", "phone", "external_no", "grid_code", "area_path", "import_key", "route_key",
    "state", "version", "changed_at",
]  # fmt: skip


def _key(row: HouseholdRow) -> str:
    return door_key(row.village_code, row.group, row.door_text)


def _entry(row: HouseholdRow) -> Entry:
    return Entry(
        village_code=row.village_code, group=row.group, door_text=row.door_text, head_name=row.head_name,
        phone=row.phone or "", external_no=row.external_no or "", grid_code=row.grid_code,
    )  # fmt: skip


def _differences(row: HouseholdRow, house: Household) -> dict[str, str]:
    """The fields that the list says otherwise; what it leaves empty is kept."""
    said = {
        "group_name": row.group, "door_text": row.door_text, "head_name": row.head_name, "phone": row.phone or "",
        "external_no": row.external_no or "", "state": "active",
    }  # fmt: skip
    return {name: value for name, value in said.items() if value and value != getattr(house, name)}
