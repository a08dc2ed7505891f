"""Readers of visits: my log, and the households that nobody has met yet in the current round."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.sql import fetch, fetch_one
from domain.visits.rounds import round_since


@dataclass(frozen=True)
class VisitSearch:
    """How the log is narrowed."""

    household_id: UUID | None = None
    needs: bool = False
    before: UUID | None = None
    limit: int = 20


async def visits(actor: Actor, search: VisitSearch) -> list[dict[str, Any]]:
    """A page of the visits in the worker's grids, newest first, one row more than the limit."""
    where = Where()
    in_scope(where, actor, Permission.FIELD_READ, "v.area_path")
    if search.household_id:
        where.add("v.household_id = {}", search.household_id)
    if search.needs:
        where.conditions.append("v.needs <> '[]'::jsonb")
    if search.before:
        where.add("v.id < {}", search.before)
    return await fetch(
        "SELECT v.id, v.household_id, h.door_text, h.group_name, h.grid_code, v.worker_id, v.occurred_at, v.purposes,"
        " v.outcome, v.note, v.needs, v.next_contact_on, v.notice_left,"
        " ARRAY(SELECT x.id FROM attachments x WHERE x.subject_id = v.id ORDER BY x.id) AS attachment_ids,"
        " ARRAY(SELECT d.attachment_id FROM attachment_declarations d WHERE d.subject_id = v.id ORDER BY 1)"
        " AS attachments_pending"
        " FROM visits v JOIN households h ON h.id = v.household_id"
        f" WHERE {where.sql} ORDER BY v.id DESC LIMIT {search.limit + 1}",
        where.values,
        json=("purposes", "needs"),
    )


def _unvisited(actor: Actor, at: datetime) -> Where:
    """A declined visit counts as walked to, an empty house does not."""
    where = Where()
    in_scope(where, actor, Permission.FIELD_READ, "h.area_path")
    where.conditions.append("h.state = 'active'")
    since = round_since(where, "h.area_path", at)
    where.conditions.append(
        "NOT EXISTS (SELECT 1 FROM visits v WHERE v.household_id = h.id AND v.outcome <> 'absent'"
        f" AND v.occurred_at > {since})"
    )
    return where


async def unvisited(actor: Actor, at: datetime, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Households of the worker's grids still to be walked to in this round, with the last attempt."""
    where = _unvisited(actor, at)
    if before:
        where.add("h.id < {}", before)
    return await fetch(
        "SELECT h.id, h.door_text, h.group_name, h.grid_code, last.occurred_at AS last_at, last.outcome AS last_outcome"
        " FROM households h LEFT JOIN LATERAL (SELECT v.occurred_at, v.outcome FROM visits v"
        "  WHERE v.household_id = h.id ORDER BY v.occurred_at DESC LIMIT 1) last ON TRUE"
        f" WHERE {where.sql} ORDER BY h.id DESC LIMIT {limit + 1}",
        where.values,
    )


async def unvisited_count(actor: Actor, at: datetime) -> int:
    """How long that list is."""
    where = _unvisited(actor, at)
    row = await fetch_one(f"SELECT count(*) AS n FROM households h WHERE {where.sql}", where.values)
    return int(row["n"]) if row else 0
