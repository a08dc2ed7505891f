"""The rows that a phone keeps of a grid. Every query names the area it is for, so no row leaves its scope, and asks who
reads, so none passes the conflict wall. What is not an event comes without its household."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.scope import Where
from domain.cases.queries import wall
from domain.cases.states import ENDED
from domain.households.models import LIVE_SQL
from domain.sql import fetch

MOST_OWN = 200
VISIT_DAYS = 180

# How many photos are here, and how many were announced and are still to come.
_FILES = (
    "(SELECT count(*) FROM attachments x WHERE x.{1} = {0}.id) AS attachments,"
    " (SELECT count(*) FROM attachment_declarations w WHERE w.{1} = {0}.id) AS attachments_pending"
)
_HOUSEHOLD = (
    "SELECT h.id, h.version, h.serial, h.grid_code, h.group_name, h.door_text, h.head_name, h.phone, h.state, h.lon,"
    " h.lat, h.datum, k.state AS code_state FROM households h LEFT JOIN household_codes k"
    f" ON k.household_id = h.id AND k.state {LIVE_SQL}"
)
_CASE = (
    "SELECT c.id, c.version, c.number, c.kind, c.state, c.title, c.event_type, c.level, c.urgent, c.origin, c.area_code,"
    " CASE WHEN c.kind = 'event' THEN c.household_id END AS household_id, c.reporter_id, c.handler_id, c.received_at,"
    " c.ended_at, n.name AS next_clock,"
    f" n.due_at AS next_due_at, {_FILES.format('c', 'case_id')} FROM cases c"
    " LEFT JOIN LATERAL (SELECT name, due_at FROM deadlines WHERE case_id = c.id AND stopped_at IS NULL"
    "  ORDER BY due_at LIMIT 1) n ON TRUE"
)
_VISIT = (
    "SELECT v.id, 1 AS version, v.household_id, v.worker_id, v.occurred_at, v.received_at, v.purposes, v.outcome,"
    f" v.note, v.needs, v.next_contact_on, v.notice_left, {_FILES.format('v', 'subject_id')} FROM visits v"
    " JOIN areas a ON a.path = v.area_path"
)

# entity: its rows, the condition that keeps them in an area, its columns in JSON
_SOURCES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "household": (_HOUSEHOLD, "h", "h.grid_code = {} AND h.state <> 'merged'", ()),
    "case": (_CASE, "c", "c.area_code = {} AND c.kind = 'event'", ()),
    "visit": (_VISIT, "v", "a.code = {}", ("purposes", "needs")),
}
COPIED = tuple(_SOURCES)
# A new phone needs what is going on, not the archive: old visits and ended cases stay on the server.
_RECENT = {
    "household": "TRUE",
    "case": "(c.ended_at IS NULL OR c.ended_at > now() - interval '30 days')",
    "visit": f"v.received_at > now() - interval '{VISIT_DAYS} days'",
}


async def rows_after(actor: Actor, entity: str, area: str, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The next rows of a copy, by id."""
    query, alias, _, json = _SOURCES[entity]
    where = _inside(actor, entity, area)
    where.conditions.append(_RECENT[entity])
    where.add(f"{alias}.id > {{}}", after or UUID(int=0))
    return await fetch(f"{query} WHERE {where.sql} ORDER BY {alias}.id LIMIT {limit}", where.values, json=json)


async def rows_by_id(actor: Actor, entity: str, area: str, ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """Those of the rows that lie in the area now."""
    if entity not in _SOURCES:
        return {}
    query, alias, _, json = _SOURCES[entity]
    where = _inside(actor, entity, area)
    where.add(f"{alias}.id = ANY({{}}::uuid[])", ids)
    rows = await fetch(f"{query} WHERE {where.sql}", where.values, json=json)
    return {row["id"]: row for row in rows}


def _inside(actor: Actor, entity: str, area: str) -> Where:
    where = Where()
    where.add(_SOURCES[entity][2], area)
    if entity == "case":
        wall(where, actor, "c")
    return where


async def hidden_cases(ids: list[UUID]) -> set[UUID]:
    """Those that never were events: an appeal of a grid is nobody's business there, not even that it exists."""
    if not ids:
        return set()
    rows = await fetch(
        "SELECT id FROM cases c WHERE id = ANY($1::uuid[]) AND kind <> 'event'"
        " AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.case_id = c.id AND j.event = 'case.converted')",
        [ids],
    )
    return {row["id"] for row in rows}


async def mine_elsewhere(actor: Actor, scopes: list[str]) -> list[dict[str, Any]]:
    """Open cases that were given to me or that I reported, except the events of my grids."""
    where = Where()
    where.add("c.handler_id = {} OR c.reporter_id = {}", actor.id, actor.id)
    where.add("NOT (c.kind = 'event' AND c.area_code = ANY({}::text[]))", scopes)
    where.add("c.state <> ALL({}::text[])", sorted(ENDED))
    wall(where, actor, "c")
    return await fetch(f"{_CASE} WHERE {where.sql} ORDER BY c.id DESC LIMIT {MOST_OWN}", where.values)
