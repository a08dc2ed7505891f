"""Readers of reviews: the body's work list, and what an appellant asked for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.appeals.queries import own_case_id
from domain.problems import NotFound
from domain.review.bodies import WORK
from domain.sql import execute, fetch

_SELECT = (
    "SELECT r.*, {worked} AS worked, c.number AS case_number, p.number AS appeal_number, c.state AS case_state, c.title,"
    " b.name AS body, u.name AS from_unit FROM reviews r JOIN cases c ON c.id = r.case_id"
    " JOIN appeals p ON p.id = r.appeal_id LEFT JOIN departments b ON b.id = r.body_id"
    " LEFT JOIN departments u ON u.id = r.from_unit_id"
)


def _visible(actor: Actor) -> Where:
    where = Where()
    in_scope(where, actor, Permission.REVIEW_DECIDE, "r.area_path")
    own = list(actor.departments)
    where.add("r.body_id IS NULL OR r.body_id = ANY({}::uuid[])", own)
    where.add("c.complained_department_id IS NULL OR NOT c.complained_department_id = ANY({}::uuid[])", own)
    return where


async def find_reviews(
    actor: Actor, state: str | None, overdue_at: datetime | None, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """The reviews of the actor's body, newest first, one more than the limit."""
    where = _visible(actor)
    if state:
        where.add("r.state = {}", state)
    if overdue_at:
        where.add(
            "(r.state = 'requested' AND r.accept_due_at < {}) OR (r.decided_at IS NULL AND r.decide_due_at < {})",
            overdue_at, overdue_at,
        )  # fmt: skip
    if before:
        where.add("r.id < {}", before)
    sql = f"{_select(where, actor)} WHERE {where.sql} ORDER BY r.id DESC LIMIT {limit + 1}"
    return await fetch(sql, where.values, json=("explanation",))


async def review_row(actor: Actor, review_id: UUID) -> dict[str, Any]:
    """One review of the actor's body; 404 for any other."""
    where = _visible(actor)
    where.add("r.id = {}", review_id)
    rows = await fetch(f"{_select(where, actor)} WHERE {where.sql}", where.values, json=("explanation",))
    if not rows:
        raise NotFound
    return rows[0]


async def own_reviews(actor: Actor, appeal_id: UUID) -> list[dict[str, Any]]:
    """The reviews that an appellant asked for on an own appeal; 404 for anybody else's."""
    await own_case_id(actor, appeal_id)
    sql = _SELECT.format(worked="FALSE")
    return await fetch(f"{sql} WHERE r.appeal_id = $1 ORDER BY r.id", [appeal_id], json=("explanation",))


def _select(where: Where, actor: Actor) -> str:
    """The rows with whether this officer worked on the case before: such an officer decides nothing about it."""
    me, label, work = where.bind(actor.id), where.bind(actor.label), where.bind(WORK)
    worked = (
        f"({me}::uuid IN (c.handler_id, c.first_handler_id, c.reviewer_id, c.registrar_id)"
        f" OR EXISTS (SELECT 1 FROM reviews o WHERE o.id = r.prior_id AND o.officer_id = {me}::uuid)"
        f" OR EXISTS (SELECT 1 FROM journal w WHERE w.case_id = c.id AND w.actor = {label} AND w.event = ANY({work}::text[])))"
    )
    return _SELECT.format(worked=f"COALESCE({worked}, FALSE)")


async def follow_office_clocks() -> None:
    """Let open reviews say the dates to which an edit of the calendar moved their clocks."""
    for name in ("accept", "decide"):
        await execute(
            f"UPDATE reviews r SET {name}_due_at = k.due_at FROM office_clocks k WHERE k.subject_id = r.id"
            f" AND k.name = $1 AND k.stopped_at IS NULL AND r.{name}_due_at <> k.due_at",
            [name],
        )
