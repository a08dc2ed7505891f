"""The parts of co-units: who helps with what until which day, and what the safeguards (两不愁三保障) add by themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from domain.access.models import Department
from domain.cases.models import Case, CaseUnit
from domain.catalogue.lookup import Consulted
from domain.clock import local_date, now
from domain.deadlines.limits import due
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import invalid
from domain.rulebook import rulebook
from domain.sql import fetch


class CoTask(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What one co-unit is to do, and by which day."""

    unit: str
    duty: Annotated[str, msgspec.Meta(max_length=200)] = ""
    due_on: date | None = None


@dataclass(frozen=True)
class Part:
    """A co-unit with its duty and due day."""

    unit_id: UUID
    duty: str
    due_on: date


def day_of(case: Case, wanted: date | None, name: str = "due_on") -> date:
    """The due day of a part: the named one, not in the past, else by the rules of the place."""
    if wanted is None:
        book = rulebook().for_area(case.area_path)
        return local_date(due(book.limits["co_task"], now(), book.calendar).due_at)
    if wanted < local_date(now()):
        raise invalid(name, "办理期限不能早于今天")
    return wanted


def parts_of(case: Case, asked: Iterable[tuple[Department, CoTask]], said: Consulted, lead_id: UUID) -> list[Part]:
    """The parts that the desk gives, and those of the safeguards that it did not name itself."""
    found: dict[UUID, Part] = {}
    for unit, task in asked:
        safeguard = next((one for one in said.co_tasks if one.unit.id == unit.id), None)
        duty = task.duty or (safeguard.duty if safeguard else "")
        wanted = task.due_on or (safeguard.due_on if safeguard else None)
        found[unit.id] = Part(unit.id, duty, day_of(case, wanted, "co_tasks"))
    for one in said.co_tasks:
        if one.unit.id != lead_id:
            found.setdefault(one.unit.id, Part(one.unit.id, one.duty, one.due_on))
    return list(found.values())


async def give_parts(case: Case, parts: Iterable[Part]) -> None:
    """Write the parts in place of those before."""
    if case.may_have("case_units"):
        await CaseUnit.filter(case_id=case.id).delete()
    for part in parts:
        await CaseUnit.create(
            id=new_id(), case_id=case.id, department_id=part.unit_id, duty=part.duty[:200], added_at=now(),
            due_on=part.due_on,
        )  # fmt: skip


async def late_parts(at: datetime, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Parts whose day has passed and of which nobody was told yet, by id."""
    rows = await fetch(
        "SELECT u.id FROM case_units u JOIN cases c ON c.id = u.case_id WHERE u.due_on < $1 AND u.done_at IS NULL"
        " AND u.warned_at IS NULL AND c.ended_at IS NULL AND ($2::uuid IS NULL OR u.id > $2)"
        f" ORDER BY u.id LIMIT {limit}",
        [local_date(at), after],
    )
    return [row["id"] for row in rows]


async def warn_part(part_id: UUID, at: datetime) -> bool:
    """Record once that a co-unit's part is late; False when that was done meanwhile."""
    part = await CaseUnit.filter(id=part_id, done_at=None, warned_at=None).select_for_update(skip_locked=True).first()
    if part is None:
        return False
    part.warned_at = at
    await part.save(update_fields=["warned_at"])
    case = await Case.get(id=part.case_id)
    data = {"unit_id": str(part.department_id), "due_on": part.due_on.isoformat() if part.due_on else None}
    record(Fact("case.part-late", case.area_code, case.id, part.id, data))
    return True
