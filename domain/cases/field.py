"""What a grid worker tracks: given to me, reported by me, in my grids, waiting for my inspection.

The lists and the numbers of the home page are made from the same conditions, so they cannot differ.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.cases.queries import SIGHTS, Sight, sight, visible_cases, wall
from domain.cases.states import OPEN
from domain.problems import NotFound
from domain.sql import fetch, fetch_one

MINE = ("assigned", "reported", "grid", "inspection")


@dataclass(frozen=True)
class FieldSearch:
    """How a worker's list is narrowed; `due_by`: a clock runs out by this instant; no limit: to the end."""

    mine: str | None = None
    states: tuple[str, ...] = ()
    due_by: datetime | None = None
    before: UUID | None = None
    limit: int | None = 20


async def field_cases(actor: Actor, search: FieldSearch) -> list[dict[str, Any]]:
    """A page of the worker's cases, newest first, with the clock that runs out next; one row more than the limit."""
    values: list[object] = []
    return await fetch(
        "SELECT c.id, c.number, c.kind, c.state, c.version, c.title, c.event_type, c.level, c.urgent, c.origin,"
        " c.area_code, a.name AS area_name, c.received_at, c.handler_id, c.reporter_id, d.name AS lead_name,"
        f" n.name AS next_clock, n.due_at AS next_due_at, n.ladder FROM ({_found(actor, search, values)}) found"
        " JOIN cases c ON c.id = found.id"
        " LEFT JOIN areas a ON a.code = c.area_code LEFT JOIN departments d ON d.id = c.lead_id"
        " LEFT JOIN LATERAL (SELECT name, due_at, ladder FROM deadlines WHERE case_id = c.id AND stopped_at IS NULL"
        "  ORDER BY due_at LIMIT 1) n ON TRUE ORDER BY c.id DESC",
        values,
        json=("ladder",),
    )


async def field_counts(actor: Actor, due_by: datetime) -> dict[str, int]:
    """How long the worker's lists of open cases are, and how many given cases run out by an instant."""
    open_ones = {mine: FieldSearch(mine, tuple(sorted(OPEN)), limit=None) for mine in MINE}
    lists = {**open_ones, "due": replace(open_ones["assigned"], due_by=due_by)}
    values: list[object] = []
    counts = [f"(SELECT count(*) FROM ({_found(actor, one, values)}) x) AS {name}" for name, one in lists.items()]
    row = await fetch_one(f"SELECT {', '.join(counts)}", values)
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


def _found(actor: Actor, search: FieldSearch, values: list[object]) -> str:
    """SQL for the ids of a list, newest first; its parameters are added to the values.

    A condition for all that a worker sees would look through all that there is. So the cases of each reason are walked from
    the newest on, by its own index and no further than a page, and the page is cut from what was found.
    """
    where = Where()
    where.values = values
    reasons = _reasons(where, actor, search.mine)
    wall(where, actor, "c")
    _narrow(where, actor, search)
    most = "ALL" if search.limit is None else search.limit + 1
    walks = " UNION ".join(f"({_walk(where, reason, most)})" for reason in reasons)
    return f"SELECT id FROM ({walks}) walks ORDER BY id DESC LIMIT {most}"


def _reasons(where: Where, actor: Actor, mine: str | None) -> list[Sight]:
    if mine != "inspection":
        return [sight(where, actor, why, "c") for why in ((mine,) if mine else SIGHTS)]
    grids = sight(where, actor, "grid", "c")
    return [replace(grids, areas=[path for path in grids.areas or () if actor.may(Permission.CASE_INSPECT, path)])]


def _walk(where: Where, reason: Sight, most: int | str) -> str:
    """SQL for the newest ids of one reason: of a person's cases, or place by place of what lies in some subtrees."""

    def newest(condition: str) -> str:
        return f"SELECT c.id FROM cases c WHERE {condition} AND {where.sql} ORDER BY c.id DESC LIMIT {most}"

    if reason.areas is None:
        return newest(reason.condition)
    of_place = newest(f"{reason.condition} AND c.area_path = g.path")
    places = area_condition(where, "g.path", reason.areas)
    return f"SELECT w.id FROM areas g CROSS JOIN LATERAL ({of_place}) w WHERE {places}"


def _narrow(where: Where, actor: Actor, search: FieldSearch) -> None:
    if search.mine == "inspection":
        where.add("c.state = 'reviewing' AND c.ended_at IS NULL AND c.handler_id IS DISTINCT FROM {}", actor.id)
    if search.states and OPEN.issuperset(search.states):
        where.conditions.append("c.ended_at IS NULL")  # the small indexes of open cases will do
    if search.states and not OPEN.issubset(search.states):
        where.add("c.state = ANY({}::text[])", list(search.states))
    if search.due_by:
        where.conditions.append(_due(where, search.due_by))
    if search.before:
        where.add("c.id < {}", search.before)


def _due(where: Where, by: datetime) -> str:
    return (
        "EXISTS (SELECT 1 FROM deadlines t WHERE t.case_id = c.id AND t.stopped_at IS NULL"
        f" AND t.due_at <= {where.bind(by)})"
    )
