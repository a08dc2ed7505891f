"""Callback tasks: cases whose appellant was not heard in this round, for officers outside the handling units."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, figure_of_place, in_scope
from domain.sql import fetch

# The appeals of a case whose appellant was not heard in a round; by own rating or callback, or so many attempts.
UNHEARD = (
    "SELECT p.id FROM appeals p WHERE p.case_id = {case} AND NOT EXISTS (SELECT 1 FROM ratings r"
    " WHERE r.appeal_id = p.id AND r.round = {round} AND r.source IN ('self', 'callback'))"
    " AND NOT (SELECT count(*) >= ({attempts}) AND count(DISTINCT b.on_date) >= ({days}) FROM callbacks b"
    " WHERE b.appeal_id = p.id AND b.case_id = {case} AND b.round = {round})"
)


def outside(where: Where, actor: Actor) -> None:
    """Leave out the cases of the actor's own units and those against them."""
    own = list(actor.departments)
    where.add("c.lead_id IS NULL OR NOT c.lead_id = ANY({}::uuid[])", own)
    where.add("c.complained_department_id IS NULL OR NOT c.complained_department_id = ANY({}::uuid[])", own)
    where.add(
        "NOT EXISTS (SELECT 1 FROM case_units u WHERE u.case_id = c.id AND u.department_id = ANY({}::uuid[]))", own
    )


async def callback_tasks(
    actor: Actor, overdue_at: datetime | None, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Answered cases that wait for a callback, newest first, one more than the limit; attempts and days so far."""
    where = Where()
    in_scope(where, actor, Permission.CASE_CALLBACK, "c.area_path")
    outside(where, actor)
    attempts = figure_of_place(where, "c.area_path", lambda book: book.callback_attempts)
    days = figure_of_place(where, "c.area_path", lambda book: book.callback_days)
    unheard = UNHEARD.format(case="c.id", round="c.round", attempts=attempts, days=days)
    where.conditions += ["c.kind = 'appeal' AND c.state = 'answered'", f"EXISTS ({unheard})"]
    if overdue_at:
        where.add("n.due_at < {}", overdue_at)
    if before:
        where.add("c.id < {}", before)
    return await fetch(
        "SELECT c.id, c.number, c.title, c.round, c.version, c.answered_at, a.name AS area, d.name AS lead, n.due_at,"
        " k.attempts, k.days, k.last_at FROM cases c LEFT JOIN areas a ON a.code = c.area_code"
        " LEFT JOIN departments d ON d.id = c.lead_id"
        " LEFT JOIN deadlines n ON n.case_id = c.id AND n.name = 'callback' AND n.round = c.round"
        " CROSS JOIN LATERAL (SELECT count(*) AS attempts, count(DISTINCT on_date) AS days, max(at) AS last_at"
        "  FROM callbacks b WHERE b.case_id = c.id AND b.round = c.round) k"
        f" WHERE {where.sql} ORDER BY c.id DESC LIMIT {limit + 1}",
        where.values,
    )
