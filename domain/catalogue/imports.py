"""A catalogue taken in at the desk: read and judged outside the transaction, put into the draft inside it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.catalogue.difference import difference
from domain.catalogue.matching import Line
from domain.catalogue.models import DutyImport
from domain.catalogue.sheet import Known, wrong_codes
from domain.catalogue.versions import draft, in_force, lines_of, locked, open_draft, put_lines, unit_names
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import NotFound
from domain.rulebook import rulebook
from domain.sheets.reading import Sheet
from domain.sql import fetch, fetch_one


async def known() -> Known:
    """What a sheet may name in this deployment."""
    rows = await fetch("SELECT code, name FROM departments WHERE active")
    units = {row["name"]: row["code"] for row in rows} | {row["code"]: row["code"] for row in rows}
    areas = await fetch("SELECT code FROM areas WHERE kind <> 'grid'")
    return Known(units, frozenset(rulebook().topics), frozenset(row["code"] for row in areas))


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A sheet that was read, where its result file lies, and whether its good rows go in despite bad ones."""

    sheet: Sheet[Line]
    filename: str
    result_file_id: UUID
    good_rows_only: bool = False


async def take_in(actor: Actor, sent: Delivery) -> DutyImport:
    """Put a sheet into the draft. With errors nothing changes unless that is asked; then a wrong row's line stays as it
    was. The same sheet again changes nothing."""
    await locked()
    sheet, applied = sent.sheet, not sent.sheet.errors or sent.good_rows_only
    made = DutyImport(
        id=new_id(), filename=sent.filename[:200], total=sheet.total, applied=applied,
        error_rows=len({error.row for error in sheet.errors}), result_file_id=sent.result_file_id,
        requested_by=actor.id, created_at=now(),
    )  # fmt: skip
    if applied:
        await _apply(made, sheet)
    await made.save(force_create=True)
    counts = {name: getattr(made, name) for name in ("total", "error_rows", "added", "changed", "removed")}
    version = str(made.version_id) if made.version_id else None
    data = {**counts, "applied": applied, "version_id": version}
    record(Fact("catalogue.imported", rulebook().county, subject_id=made.id, data=data))
    return made


async def _apply(made: DutyImport, sheet: Sheet[Line]) -> None:
    there = await draft() or await in_force(local_date(now()))
    before = await lines_of(there.id if there else None)
    wrong = wrong_codes(sheet)
    wanted = {code: before[code] for code in wrong if code in before}
    wanted |= {line.code: line for line in sheet.rows if line.code not in wrong}
    found = difference(before, wanted, {})
    made.added = sum(one.kind == "added" for one in found)
    made.removed = sum(one.kind == "removed" for one in found)
    made.changed = len(found) - made.added - made.removed
    if found:
        into = await open_draft()
        await put_lines(into, wanted.values())
        made.version_id = into.id
    elif there and there.state == "draft":
        made.version_id = there.id


async def imports(before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of imports, newest first."""
    return await fetch(
        "SELECT * FROM duty_imports WHERE $1::uuid IS NULL OR id < $1" f" ORDER BY id DESC LIMIT {limit + 1}", [before]
    )


async def import_row(import_id: UUID) -> dict[str, Any]:
    """One import; 404 when there is none."""
    row = await fetch_one("SELECT * FROM duty_imports WHERE id = $1", [import_id])
    if row is None:
        raise NotFound
    return row


async def differences(before_id: UUID | None, after_id: UUID | None) -> list[dict[str, Any]]:
    """What makes one version the other, line by line, in words."""
    found = difference(await lines_of(before_id), await lines_of(after_id), await unit_names())
    return [
        {
            "kind": one.kind, "code": one.code, "name": one.name, "topic": one.topic,
            "fields": [{"field": name, "before": old, "after": new} for name, (old, new) in one.fields.items()],
        }
        for one in found
    ]  # fmt: skip
