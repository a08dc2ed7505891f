"""What a grid worker tracks: given to me, reported by me, in my grids, waiting for my inspection.

The lists and the numbers of the home page are made from the same conditions, so they cannot differ.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.cases.queries import visible_cases
from domain.cases.states import OPEN
from domain.problems import NotFound
from domain.sql import fetch, fetch_one

MINE = ("assigned", "reported", "grid", "inspection")


@dataclass(frozen=True)
class FieldSearch:
    """How a worker's list is narrowed; `due_by`: a clock runs out by this instant."""

    mine: str | None = None
    states: tuple[str, ...] = ()
    due_by: datetime | None = None
    before: UUID | None = None
    limit: int = 20


async def field_cases(actor: Actor, search: FieldSearch) -> list[dict[str, Any]]:
    """A page of the worker's cases, newest first, with the clock that runs out next; one row more than the limit."""
    where = visible_cases(actor)
    if search.mine:
        where.conditions.append(_mine(where, actor, search.mine))
    if search.states:
        where.add("c.state = ANY({}::text[])", list(search.states))
    if search.due_by:
        where.conditions.append(_due(where, search.due_by))
    if search.before:
        where.add("c.id < {}", search.before)
    return await fetch(
        "SELECT c.id, c.number, c.kind, c.state, c.version, c.title, c.event_type, c.level, c.urgent, c.origin,"
        " c.area_code, a.name AS area_name, c.received_at, c.handler_id, c.reporter_id, d.name AS lead_name,"
        " n.name AS next_clock, n.due_at AS next_due_at, n.ladder FROM"
        f" (SELECT c.* FROM cases c WHERE {where.sql} ORDER BY c.id DESC LIMIT {search.limit + 1}) c"
        " LEFT JOIN areas a ON a.code = c.area_code LEFT JOIN departments d ON d.id = c.lead_id"
        " LEFT JOIN LATERAL (SELECT name, due_at, ladder FROM deadlines WHERE case_id = c.id AND stopped_at IS NULL"
        "  ORDER BY due_at LIMIT 1) n ON TRUE ORDER BY c.id DESC",
        where.values,
        json=("ladder",),
    )


async def field_counts(actor: Actor, due_by: datetime) -> dict[str, int]:
    """How long the worker's lists of open cases are, and how many given cases run out by an instant."""
    where = visible_cases(actor)
    where.add("c.state = ANY({}::text[])", sorted(OPEN))
    parts = [f"count(*) FILTER (WHERE {_mine(where, actor, mine)}) AS {mine}" for mine in MINE]
    parts.append(f"count(*) FILTER (WHERE ({_mine(where, actor, 'assigned')}) AND {_due(where, due_by)}) AS due")
    row = await fetch_one(f"SELECT {', '.join(parts)} FROM cases c WHERE {where.sql}", where.values)
    return dict(row or {})


async def field_attachment(actor: Actor, attachment_id: UUID) -> dict[str, Any]:
    """A file of the worker's own, of a visible case, or of a visit in the worker's grids; 404 for any other."""
    where = visible_cases(actor)
    visits = area_condition(where, "v.area_path", actor.areas(Permission.FIELD_READ))
    own = where.bind(actor.label)
    rows = await fetch(
        "SELECT x.id, x.mime, x.has_thumbnail FROM attachments x"
        f" WHERE x.id = {where.bind(attachment_id)} AND (x.owner = {own}"
        f" OR EXISTS (SELECT 1 FROM cases c WHERE c.id = x.case_id AND {where.sql})"
        f" OR EXISTS (SELECT 1 FROM visits v WHERE v.id = x.subject_id AND ({visits})))",
        where.values,
    )
    if not rows:
        raise NotFound
    return rows[0]


def _mine(where: Where, actor: Actor, mine: str) -> str:
    if mine == "assigned":
        return f"c.handler_id = {where.bind(actor.id)}"
    if mine == "reported":
        return f"c.reporter_id = {where.bind(actor.id)}"
    permission = Permission.CASE_INSPECT if mine == "inspection" else Permission.FIELD_READ
    grids = f"c.kind = 'event' AND ({area_condition(where, 'c.area_path', actor.areas(permission))})"
    if mine == "inspection":
        return f"{grids} AND c.state = 'reviewing' AND c.handler_id IS DISTINCT FROM {where.bind(actor.id)}"
    return grids


def _due(where: Where, by: datetime) -> str:
    return (
        "EXISTS (SELECT 1 FROM deadlines t WHERE t.case_id = c.id AND t.stopped_at IS NULL"
        f" AND t.due_at <= {where.bind(by)})"
    )
