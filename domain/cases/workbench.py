"""The village workbench (004-19): what waits for the village first, what it handles, inspects, and has raised."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.cases.queries import visible_cases
from domain.cases.states import OPEN
from domain.sql import fetch, fetch_one

PARTS = ("first", "mine", "inspection", "raised")


async def workbench(actor: Actor, part: str, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of one part of the workbench, newest first, one row more than the limit."""
    where = _scope(actor)
    where.conditions.append(_part(where, actor, part))
    if before:
        where.add("c.id < {}", before)
    return await fetch(
        "SELECT c.id, c.number, c.kind, c.state, c.version, c.title, c.event_type, c.level, c.urgent, c.desk_level,"
        " c.area_code, a.name AS area_name, a.kind AS place_kind, l.kind AS lead_kind, c.received_at,"
        " n.name AS next_clock, n.due_at AS next_due_at, n.ladder"
        " FROM cases c LEFT JOIN areas a ON a.code = c.area_code LEFT JOIN departments d ON d.id = c.lead_id"
        " LEFT JOIN areas l ON l.code = d.area_code"
        " LEFT JOIN LATERAL (SELECT name, due_at, ladder FROM deadlines WHERE case_id = c.id AND stopped_at IS NULL"
        "  ORDER BY due_at LIMIT 1) n ON TRUE"
        f" WHERE {where.sql} ORDER BY c.id DESC LIMIT {limit + 1}",
        where.values,
        json=("ladder",),
    )


async def workbench_counts(actor: Actor) -> dict[str, int]:
    """How long each part is, counted by the same conditions."""
    where = _scope(actor)
    parts = ", ".join(f"count(*) FILTER (WHERE {_part(where, actor, part)}) AS {part}" for part in PARTS)
    row = await fetch_one(f"SELECT {parts} FROM cases c WHERE {where.sql}", where.values)
    return dict(row or {})


def _scope(actor: Actor) -> Where:
    where = visible_cases(actor)
    where.conditions.append(area_condition(where, "c.area_path", actor.areas(Permission.VILLAGE_FIRST)))
    where.add("c.state = ANY({}::text[])", sorted(OPEN))
    return where


def _part(where: Where, actor: Actor, part: str) -> str:
    """An appeal comes to the village once it is accepted; an event at once."""
    match part:
        case "first":
            fresh = "c.state = 'accepted' OR (c.kind = 'event' AND c.state IN ('submitted', 'registered'))"
            return f"c.desk_level = '' AND c.lead_id IS NULL AND ({fresh})"
        case "mine":
            own = where.bind(sorted(actor.departments))
            return f"c.lead_id = ANY({own}::uuid[]) AND c.state <> 'reviewing'"
        case "inspection":
            me = where.bind(actor.id)
            return f"c.kind = 'event' AND c.state = 'reviewing' AND c.handler_id IS DISTINCT FROM {me}"
        case _:
            return "c.desk_level <> ''"
