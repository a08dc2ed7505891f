"""Readers of supervision, of the clocks of offices and of verdicts on first handlers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.cases.queries import visible_cases
from domain.clock import now
from domain.problems import NotFound
from domain.sql import fetch
from domain.supervision.secrecy import knows_of_reports

_VERDICT = (
    "(SELECT json_build_object('id', h.id, 'state', h.state, 'fault', h.fault, 'reason', h.reason, 'measure', h.measure,"
    " 'due_at', h.due_at, 'decided_at', h.decided_at) FROM first_handler_reviews h WHERE h.supervision_id = s.id LIMIT 1)"
    " AS first_handler"
)


@dataclass(frozen=True)
class Wanted:
    """Which supervisions; what is not set does not narrow."""

    state: str | None = None
    overdue: bool = False
    case_id: UUID | None = None


async def find_supervisions(
    actor: Actor, wanted: Wanted, *, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Supervisions of visible cases, newest first, one more than the limit."""
    where = visible_cases(actor)
    where.conditions.append(_not_secret(where, actor, "s.subject_kind", "s.subject_id"))
    if wanted.state:
        where.add("s.state = {}", wanted.state)
    if wanted.overdue:
        where.add("s.state = 'open' AND s.due_at < {}", now())
    if wanted.case_id:
        where.add("s.case_id = {}", wanted.case_id)
    if before:
        where.add("s.id < {}", before)
    return await fetch(
        f"SELECT s.*, d.name AS unit, c.number, {_VERDICT} FROM supervisions s JOIN cases c ON c.id = s.case_id"
        f" LEFT JOIN departments d ON d.id = s.department_id WHERE {where.sql} ORDER BY s.id DESC LIMIT {limit + 1}",
        where.values, json=("first_handler",),
    )  # fmt: skip


def _not_secret(where: Where, actor: Actor, kind: str, subject: str) -> str:
    """What concerns a report of retaliation is for those who may know of it."""
    known = knows_of_reports(where, actor)
    return f"{kind} <> 'retaliation' OR EXISTS (SELECT 1 FROM retaliation_reports r WHERE r.id = {subject} AND {known})"


@dataclass(frozen=True)
class DueWanted:
    """Which clocks of offices; `after` is the place in the list where the page starts."""

    kind: str | None = None
    late_at: datetime | None = None
    after: UUID | None = None


async def office_due(actor: Actor, wanted: DueWanted, limit: int) -> list[dict[str, Any]]:
    """What the actor's office owes, the nearest due first, one more than the limit: reviews and hearings for the review
    body, reports of retaliation for those who may know of them, verdicts for officers outside the unit; the
    supervision section sees all but the reports."""
    where = Where()
    own = list(actor.departments)
    where.conditions.append(_owed(where, actor))
    where.add("c.complained_department_id IS NULL OR NOT c.complained_department_id = ANY({}::uuid[])", own)
    where.conditions.append("k.stopped_at IS NULL")
    if wanted.kind:
        where.add("k.kind = {}", wanted.kind)
    if wanted.late_at:
        where.add("k.due_at < {}", wanted.late_at)
    if wanted.after:
        where.add("(k.due_at, k.id) > (SELECT due_at, id FROM office_clocks WHERE id = {})", wanted.after)
    return await fetch(
        "SELECT k.*, c.number AS case_number, c.title, d.name AS office FROM office_clocks k"
        " JOIN cases c ON c.id = k.case_id LEFT JOIN departments d ON d.id = k.department_id"
        f" WHERE {where.sql} ORDER BY k.due_at, k.id LIMIT {limit + 1}",
        where.values, json=("ladder", "explanation"),
    )  # fmt: skip


def _owed(where: Where, actor: Actor) -> str:
    own = where.bind(list(actor.departments))
    parts = []
    review = area_condition(where, "k.area_path", actor.areas(Permission.REVIEW_DECIDE))
    parts.append(
        f"k.kind IN ('review', 'rereview', 'hearing') AND ({review})"
        f" AND (k.department_id IS NULL OR k.department_id = ANY({own}::uuid[]))"
    )
    section = area_condition(where, "k.area_path", actor.areas(Permission.CASE_SUPERVISE))
    parts.append(f"k.kind <> 'retaliation' AND ({section}) AND NOT ({_handles('c', own)})")
    parts.append(f"k.kind = 'retaliation' AND {_not_secret(where, actor, 'k.kind', 'k.subject_id')}")
    return " OR ".join(f"({part})" for part in parts)


def _handles(alias: str, own: str) -> str:
    return (
        f"COALESCE({alias}.lead_id = ANY({own}::uuid[]), FALSE) OR COALESCE({alias}.first_unit_id = ANY({own}::uuid[]), FALSE)"
        f" OR EXISTS (SELECT 1 FROM case_units u WHERE u.case_id = {alias}.id AND u.department_id = ANY({own}::uuid[]))"
    )


async def first_handler_reviews(
    actor: Actor, state: str | None, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Verdicts on first handlings in visible cases, newest first, one more than the limit."""
    where = visible_cases(actor)
    if state:
        where.add("h.state = {}", state)
    if before:
        where.add("h.id < {}", before)
    return await fetch(f"{_FIRST} WHERE {where.sql} ORDER BY h.id DESC LIMIT {limit + 1}", where.values)


async def first_handler_row(actor: Actor, review_id: UUID) -> dict[str, Any]:
    """One verdict on a first handling; 404 outside the scope."""
    where = visible_cases(actor)
    where.add("h.id = {}", review_id)
    rows = await fetch(f"{_FIRST} WHERE {where.sql}", where.values)
    if not rows:
        raise NotFound
    return rows[0]


_FIRST = (
    "SELECT h.*, c.number AS case_number, c.title, d.name AS unit, f.name AS handler FROM first_handler_reviews h"
    " JOIN cases c ON c.id = h.case_id LEFT JOIN departments d ON d.id = h.department_id"
    " LEFT JOIN staff f ON f.id = h.handler_id"
)
