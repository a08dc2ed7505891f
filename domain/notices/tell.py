"""Tell an answer in person: what a grid worker does for somebody whom neither WeChat nor SMS reaches."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.clock import now
from domain.journal.unit import Fact, digest, record
from domain.notices.models import TellTask
from domain.problems import NotFound
from domain.sql import fetch

# Nobody of the unit complained of hears that there is an answer (条例 art 30, 46); nobody who is accused of retaliation is
# sent to the house of whoever said so (domain §7.4).
_BARRED = (
    "EXISTS (SELECT 1 FROM cases c WHERE c.id = t.case_id AND c.complained_department_id = ANY({own}::uuid[]))"
    " OR EXISTS (SELECT 1 FROM retaliation_reports r JOIN appeals y ON y.id = r.appeal_id"
    " WHERE y.case_id = (SELECT case_id FROM appeals WHERE id = t.appeal_id)"
    " AND r.accused @> jsonb_build_array({me}::text))"
)


async def tell_tasks(actor: Actor, state: str, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of the telling tasks of the worker's grids, newest first; house and name only of a named appeal; with
    the clock of the case that runs out next.

    Who asked not to be known to the handler is not known to the grid worker either (domain §7.1).
    """
    where = _mine(actor, state)
    if before:
        where.add("t.id < {}", before)
    return await fetch(
        "SELECT t.id, t.appeal_id, t.text, t.state, t.created_at, t.done_at, t.note, p.number, h.door_text,"
        " h.group_name, w.name, w.phone, n.name AS clock, n.due_at FROM tell_tasks t"
        " LEFT JOIN appeals p ON p.id = t.appeal_id"
        " LEFT JOIN households h ON h.id = p.household_id AND p.identity = 'named'"
        " LEFT JOIN appellants w ON w.appeal_id = p.id AND p.identity = 'named'"
        " LEFT JOIN LATERAL (SELECT d.name, d.due_at FROM deadlines d WHERE d.case_id = t.case_id AND t.state = 'open'"
        "  AND d.stopped_at IS NULL ORDER BY d.due_at LIMIT 1) n ON TRUE"
        f" WHERE {where.sql} ORDER BY t.id DESC LIMIT {limit + 1}",
        where.values,
    )


async def tasks_to_tell(actor: Actor) -> int:
    """How long the list of open telling tasks is."""
    where = _mine(actor, "open")
    rows = await fetch(f"SELECT count(*) AS n FROM tell_tasks t WHERE {where.sql}", where.values)
    return int(rows[0]["n"])


def _mine(actor: Actor, state: str) -> Where:
    where = Where()
    in_scope(where, actor, Permission.NOTICE_TELL, "t.area_path")
    where.add("t.state = {}", state)
    barred = _BARRED.format(own=where.bind(list(actor.departments)), me=where.bind(str(actor.id)))
    where.conditions.append(f"NOT ({barred})")
    return where


async def _barred(actor: Actor, task: TellTask) -> bool:
    barred = _BARRED.format(own="$2", me="$3")
    values = [task.id, list(actor.departments), str(actor.id)]
    return bool(await fetch(f"SELECT 1 FROM tell_tasks t WHERE t.id = $1 AND ({barred})", values))


async def told(actor: Actor, task_id: UUID, note: str) -> TellTask:
    """Record that the answer was told; told once, a repeat changes nothing. 404 outside the worker's grids."""
    task = await TellTask.filter(id=task_id).select_for_update().first()
    if task is None or not actor.may(Permission.NOTICE_TELL, task.area_path) or await _barred(actor, task):
        raise NotFound
    if task.state == "done":
        return task
    task.state, task.done_at, task.done_by, task.note = "done", now(), actor.id, note
    await task.save(update_fields=["state", "done_at", "done_by", "note"])
    data = {"task_id": str(task.id), "note_digest": digest(task.id, note)}
    area = task.area_path.rpartition(".")[2]
    record(Fact("answer.told", area, task.case_id, task.appeal_id, data))
    return task
