"""Scheduling (加强调度, 000-13): how each unit stands (due, overdue, no progress), notes with tasks, and their follow-up."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Department
from domain.access.permissions import Permission
from domain.access.scope import Where, days_before, in_scope
from domain.cases.queries import visible_cases
from domain.casework.models import SchedulingNote, SchedulingTask
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, NotFound, SameOfficer, invalid
from domain.sql import fetch

SOON = timedelta(hours=24)
_STANDING = """
SELECT d.id, d.name, count(*) AS open, count(*) FILTER (WHERE n.due_at >= {now} AND n.due_at < {soon}) AS due,
  count(*) FILTER (WHERE n.due_at < {now}) AS overdue, count(*) FILTER (WHERE j.at < {since}) AS no_progress
FROM cases c JOIN departments d ON d.id = c.lead_id
LEFT JOIN LATERAL (SELECT min(due_at) AS due_at FROM deadlines WHERE case_id = c.id AND stopped_at IS NULL) n ON TRUE
LEFT JOIN LATERAL (SELECT max(at) AS at FROM journal WHERE case_id = c.id AND event NOT LIKE 'deadline.%'
  AND event NOT LIKE 'supervision.%') j ON TRUE
"""


@dataclass(frozen=True)
class Todo:
    """A task of a unit and until when."""

    text: str
    due_on: date


async def standing(actor: Actor, unit: UUID | None = None) -> list[dict[str, Any]]:
    """The open cases of each unit: how many are due within a day, overdue, and without progress; the worst first."""
    where, at = visible_cases(actor), now()
    where.conditions.append("c.ended_at IS NULL")
    if unit:
        where.add("c.lead_id = {}", unit)
    since = days_before(where, "c.area_path", at, lambda book: book.limits["no_progress"].amount)
    head = _STANDING.format(now=where.bind(at), soon=where.bind(at + SOON), since=since)
    return await fetch(
        f"{head} WHERE {where.sql} GROUP BY d.id, d.name ORDER BY overdue DESC, no_progress DESC, d.name LIMIT 500",
        where.values,
    )


async def write_note(actor: Actor, unit_id: UUID, text: str, tasks: tuple[Todo, ...]) -> SchedulingNote:
    """Note what a unit is behind with and has to do; its figures are kept as they stand. 404 outside the area."""
    unit = await Department.get_or_none(id=unit_id, active=True)
    if unit is None or not actor.may(Permission.CASE_SUPERVISE, unit.area_path):
        raise NotFound
    if any(task.due_on < local_date(now()) for task in tasks):
        raise invalid("tasks", "期限应在今天或以后")
    found = await standing(actor, unit.id)
    figures = {name: found[0][name] if found else 0 for name in ("open", "due", "overdue", "no_progress")}
    note = await SchedulingNote.create(
        id=new_id(), area_path=unit.area_path, department_id=unit.id, text=text, figures=figures, by=actor.label, at=now()
    )
    for task in tasks:
        await SchedulingTask.create(id=new_id(), note_id=note.id, department_id=unit.id, text=task.text, due_on=task.due_on)
    data = {"unit_id": str(unit.id), "tasks": len(tasks), **figures, "text_digest": digest(note.id, text)}
    record(Fact("scheduling.noted", unit.area_code, None, note.id, data, actor=actor))
    return note


async def finish_task(actor: Actor, task_id: UUID, result: str) -> SchedulingTask:
    """The unit says what it did; 404 for another unit's task, 409 for one that was checked."""
    task = await SchedulingTask.filter(id=task_id).select_for_update().first()
    if task is None or (task.department_id not in actor.departments):
        raise NotFound
    if task.checked:
        raise GuardNotMet(reason="这项任务已经核查。", missing=[])
    task.result, task.done_at, task.checked, task.checked_at = result, now(), None, None
    await task.save()
    await _record(actor, task, "scheduling.task-done", {"late": local_date(task.done_at) > task.due_on})
    return task


async def check_task(actor: Actor, task_id: UUID, holds: bool) -> SchedulingTask:
    """The follow-up: somebody outside the unit says whether it was really done; if not, the task is open again."""
    task = await SchedulingTask.filter(id=task_id).select_for_update().first()
    note = await SchedulingNote.get_or_none(id=task.note_id) if task else None
    if task is None or note is None or not actor.may(Permission.CASE_SUPERVISE, note.area_path):
        raise NotFound
    if task.department_id in actor.departments:
        raise SameOfficer
    if task.done_at is None:
        raise GuardNotMet(reason="单位还没有反馈。", missing=["反馈"])
    task.checked, task.checked_at = holds, now()
    if not holds:
        task.done_at = None
    await task.save()
    await _record(actor, task, "scheduling.task-checked", {"holds": holds})
    return task


async def notes(actor: Actor, unit: UUID | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The notes of the actor's areas, or about the own unit, newest first, one more than the limit, with their tasks."""
    where = Where()
    wide = Where()
    wide.values = where.values
    in_scope(wide, actor, Permission.CASE_SUPERVISE, "s.area_path")
    own = where.bind(list(actor.departments))
    where.conditions.append(f"({wide.sql}) OR s.department_id = ANY({own}::uuid[])")
    if unit:
        where.add("s.department_id = {}", unit)
    if before:
        where.add("s.id < {}", before)
    return await fetch(
        "SELECT s.*, d.name AS unit, COALESCE((SELECT json_agg(json_build_object('id', t.id, 'text', t.text, 'due_on',"
        " t.due_on, 'result', t.result, 'done_at', t.done_at, 'checked', t.checked) ORDER BY t.id)"
        "  FROM scheduling_tasks t WHERE t.note_id = s.id), '[]'::json) AS tasks"
        " FROM scheduling_notes s JOIN departments d ON d.id = s.department_id"
        f" WHERE {where.sql} ORDER BY s.id DESC LIMIT {limit + 1}",
        where.values, json=("figures", "tasks"),
    )  # fmt: skip


async def _record(actor: Actor, task: SchedulingTask, event: str, data: dict[str, Any]) -> None:
    unit = await Department.get(id=task.department_id)
    record(Fact(event, unit.area_code, None, task.id, {"unit_id": str(unit.id), **data}, actor=actor))
