"""Where to go today, as a suggestion: agreed contacts, needs to look after, households not visited in this round.

It is never an order and nothing counts whether it was followed (国办函〔2026〕12号).
"""

import math
from datetime import datetime, timedelta
from typing import Any

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, days_before, in_scope
from domain.areas.geometry import Position, distance_m
from domain.clock import local_date
from domain.sql import fetch

AGAIN_AFTER = timedelta(days=7)  # a household that named a need is looked after so soon [P]
MOST = 2000

def _latest(name: str, columns: str, counts: str) -> str:
    return (
        f"LEFT JOIN LATERAL (SELECT {columns} FROM visits v WHERE v.household_id = h.id AND {counts}"
        f" ORDER BY v.occurred_at DESC, v.id DESC LIMIT 1) {name} ON TRUE"
    )


# A knock at a closed door settles neither an agreement nor a need: each ends with the next visit that found somebody.
_LATEST = " ".join((
    _latest("last", "v.occurred_at, v.outcome", "TRUE"),
    _latest("word", "v.next_contact_on", "(v.outcome <> 'absent' OR v.next_contact_on IS NOT NULL)"),
    _latest("need", "v.occurred_at, v.needs <> '[]'::jsonb AS open", "(v.outcome <> 'absent' OR v.needs <> '[]'::jsonb)"),
))  # fmt: skip
_MET = "(SELECT max(v.occurred_at) FROM visits v WHERE v.household_id = h.id AND v.outcome <> 'absent')"


def round_since(where: Where, column: str, at: datetime) -> str:
    """SQL for the instant since when a visit counts for the round at a place, by the rules in force there; `column` is
    its area path."""
    return days_before(where, column, at, lambda book: book.visit_round_days)


async def suggested_round(
    actor: Actor, at: datetime, here: Position | None, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """The households to go to today, nearest first from `here` (those without a position after, as one walks past
    them), and how many there are in all. Each says why: `agreed`, `follow_up`, `unvisited`."""
    where = Where()
    in_scope(where, actor, Permission.VISIT_LOG, "h.area_path")
    today = local_date(at)
    agreed = f"word.next_contact_on <= {where.bind(today)}"
    follow = f"need.open AND word.next_contact_on IS NULL AND need.occurred_at <= {where.bind(at - AGAIN_AFTER)}"
    waits = f"coalesce({_MET} <= {round_since(where, 'h.area_path', at)}, TRUE) AND (word.next_contact_on IS NULL)"
    tried = f"last.occurred_at >= {where.bind(at - timedelta(hours=12))}"
    rows = await fetch(
        "SELECT * FROM (SELECT h.id, h.door_text, h.group_name, h.grid_code, h.lon, h.lat, h.datum, h.area_path,"
        " h.route_key, last.occurred_at AS last_at, last.outcome AS last_outcome, word.next_contact_on,"
        f" coalesce({agreed}, FALSE) AS agreed, coalesce({follow}, FALSE) AS follow_up,"
        f" ({waits}) AND NOT coalesce({tried}, FALSE) AS unvisited FROM households h {_LATEST}"
        f" WHERE h.state = 'active' AND ({where.sql})) x WHERE agreed OR follow_up OR unvisited"
        f' ORDER BY agreed DESC, area_path COLLATE "C", route_key COLLATE "C", id LIMIT {MOST}',
        where.values,
    )
    for row in rows:
        row["distance_m"] = _distance(here, row)
    if here:
        rows.sort(key=lambda row: math.inf if row["distance_m"] is None else row["distance_m"])
    return rows[:limit], len(rows)


def _distance(here: Position | None, row: dict[str, Any]) -> float | None:
    if here is None or row["lon"] is None:
        return None
    return distance_m(here, Position(row["lon"], row["lat"], row["datum"] or "gcj02"))
