"""A grid leader's view: the grids of the team, who looks after each, what is open there. By grid, never by person: no
ranking, no time spent, no count of anybody's deeds (国办函〔2026〕12号)."""

from datetime import datetime
from typing import Any

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.cases.states import OPEN
from domain.sql import fetch
from domain.visits.rounds import round_since


async def team_grids(actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """The grids in the leader's areas with their workers and open counts, in the order of their codes."""
    where = Where()
    in_scope(where, actor, Permission.TEAM_READ, "a.path")
    open_states = where.bind(sorted(OPEN))
    since = round_since(where, "a.path", at)
    return await fetch(
        "SELECT a.code, a.name, v.name AS village,"
        " coalesce((SELECT jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name, 'phone', w.public_phone)"
        "  ORDER BY d.since_on, d.id) FROM grid_duties d JOIN grid_workers w ON w.id = d.worker_id"
        "  WHERE d.grid_code = a.code), '[]') AS workers,"
        " (SELECT count(*) FROM cases c WHERE c.area_path = a.path AND c.kind = 'event'"
        f"  AND c.state = ANY({open_states}::text[])) AS events,"
        " (SELECT count(*) FROM tell_tasks t WHERE t.area_path = a.path AND t.state = 'open') AS tell_tasks,"
        " (SELECT count(*) FROM households h WHERE h.area_path = a.path AND h.state = 'active') AS households,"
        " (SELECT count(*) FROM households h WHERE h.area_path = a.path AND h.state = 'active' AND NOT EXISTS"
        "  (SELECT 1 FROM visits s WHERE s.household_id = h.id AND s.outcome <> 'absent'"
        f"   AND s.occurred_at > {since})) AS unvisited"
        " FROM areas a LEFT JOIN areas v ON v.code = a.parent_code"
        f" WHERE a.kind = 'grid' AND ({where.sql}) ORDER BY a.code LIMIT 500",
        where.values,
        json=("workers",),
    )
