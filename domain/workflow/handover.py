"""A grid goes to another worker: duty, role, the cases in hand, and with them every count, in one transaction.

What waits by place (households, visits, answers to be told) belongs to the grid and so goes with it. What was done stays
with whoever did it: a result that waits for inspection keeps its handler, who may not inspect it.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Assignment, Staff
from domain.access.permissions import Permission
from domain.areas.models import Area
from domain.areas.queries import area, place
from domain.cases.models import Case
from domain.clock import local_date, real_now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.notices.actions import Words, tell
from domain.people.models import GridDuty, GridWorker
from domain.people.staffing import WORKER
from domain.problems import NotFound, invalid
from domain.sql import fetch_one

IN_HAND = (
    "submitted", "registered", "need_info", "accepted", "dispatched", "signed", "investigating", "handling", "rework",
    "long_term",
)  # fmt: skip


@dataclass(frozen=True)
class Handover:
    """Which grid, to whom, from whom (where several share it), and why."""

    grid_code: str
    to: UUID
    giver: UUID | None = None
    note: str = ""


async def hand_over(actor: Actor, wish: Handover) -> dict[str, Any]:
    """Move a grid from one worker to another; what moved, in numbers. 404 for a grid outside the actor's areas."""
    grid = await area(wish.grid_code)
    if grid is None or grid.kind != "grid" or not actor.may(Permission.GRID_MANAGE, grid.path):
        raise NotFound
    duty = await _duty(grid, wish)
    giver = await Staff.get(id=duty.worker_id)
    taker = await Staff.get_or_none(id=wish.to, kind="worker", active=True)
    if taker is None:
        raise invalid("to", "没有这个网格员账号,或已停用")
    if taker.id == giver.id:
        raise invalid("to", "网格已由此人负责")
    await _move_duty(grid, duty, taker)
    cases = await _move_cases(actor, grid, giver.id, taker.id)
    tasks = await fetch_one(
        "SELECT count(*) AS n FROM tell_tasks WHERE state = 'open' AND area_path = $1", [grid.path]
    )
    moved = {"cases": len(cases), "tell_tasks": tasks["n"] if tasks else 0}
    key = new_id()
    data = {
        "from": str(giver.id), "to": str(taker.id), **moved, "case_ids": [str(each) for each in cases],
        "note_digest": digest(key, wish.note),
    }  # fmt: skip
    record(Fact("grid.handed-over", grid.code, None, key, data, feed=("grid", key, 1)))
    await _tell_both(grid, (giver, taker), key, wish.note)
    return {"grid_code": grid.code, "from": giver.id, "to": taker.id, **moved}


async def _duty(grid: Area, wish: Handover) -> GridDuty:
    """The duty to move, its grid locked: of two hand-overs at once the second sees what the first did."""
    duties = await GridDuty.filter(grid_code=grid.code).order_by("since_on", "id").select_for_update()
    held = [duty for duty in duties if wish.giver in (None, duty.worker_id)]
    if not held:
        raise invalid("from", "此人不负责这个网格" if wish.giver else "这个网格还没有网格员")
    if len(held) > 1:
        raise invalid("from", "这个网格有多名网格员,请指明由谁移交")
    found: GridDuty = held[0]
    return found


async def _move_duty(grid: Area, duty: GridDuty, taker: Staff) -> None:
    await GridWorker.get_or_create(id=taker.id, defaults={"name": taker.name, "public_phone": taker.phone})
    await Assignment.filter(staff_id=duty.worker_id, role=WORKER, area_code=grid.code).delete()
    if await GridDuty.exists(grid_code=grid.code, worker_id=taker.id):
        await duty.delete()
    else:
        duty.worker_id, duty.since_on = taker.id, local_date(real_now())
        await duty.save()
    await Assignment.get_or_create(
        staff_id=taker.id, role=WORKER, area_code=grid.code,
        defaults={"id": new_id(), "area_path": grid.path, "department_id": taker.department_id},
    )  # fmt: skip


async def _move_cases(actor: Actor, grid: Area, giver: UUID, taker: UUID) -> list[UUID]:
    """The open cases in the giver's hand; each in the order of ids, so that two hand-overs cannot block each other."""
    cases = (
        await Case.filter(area_path=grid.path, handler_id=giver, state__in=list(IN_HAND))
        .order_by("id")
        .select_for_update()
    )
    moving = [case for case in cases if str(taker) not in case.recused]  # who declared a conflict gets no such case
    for case in moving:
        case.handler_id = taker
        case.version += 1
        await case.save(update_fields=["handler_id", "version"])
        data = {"from_handler": str(giver), "to_handler": str(taker), "version": case.version}
        feed = ("case", case.id, case.version)
        record(Fact("case.handed-over", case.area_code, case.id, case.id, data, feed=feed, actor=actor))
    return [case.id for case in moving]


async def _tell_both(grid: Area, both: tuple[Staff, Staff], key: UUID, note: str) -> None:
    where = await place(grid.path)
    giver, taker = both
    said = f"说明:{note}" if note else ""
    away = f"{where}已移交给{taker.name}。手机上未发送的内容请照常发送,不会丢失。{said}"
    mine = f"{where}由{giver.name}移交给您,在办事项已转到您名下。{said}"
    for person, text in ((giver, away), (taker, mine)):
        await tell("staff", [person.id], f"handover:{key}", Words(event="grid.handed-over", title="网格移交", text=text))
