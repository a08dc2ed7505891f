"""精准派单率 (domain 5.7): first dispatches that were not returned / first dispatches of the period.

A case that was taken back from its first unit counts against, whoever got it then. Left out, with the reason: what
was transferred outside before the first unit signed (X1), void entries (X5), what was withdrawn before it signed (X7).
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.cases.queries import visible_cases
from domain.deadlines.calendar import start_of_day
from domain.sql import fetch

_SIGNED = "EXISTS (SELECT 1 FROM journal j WHERE j.case_id = c.id AND j.event = 'case.signed')"
OUTCOME = f"""
CASE WHEN c.state = 'voided' THEN 'X5'
  WHEN EXISTS (SELECT 1 FROM return_requests q WHERE q.case_id = c.id AND q.department_id = r.department_id
    AND q.state = 'granted' AND q.asked_at >= r.at) THEN 'returned'
  WHEN c.state = 'transferred' AND NOT {_SIGNED} THEN 'X1'
  WHEN c.state = 'withdrawn' AND NOT {_SIGNED} THEN 'X7'
  ELSE 'kept' END
"""
EXCLUDED = {"X1": "签收前转送其他机关", "X5": "作废", "X7": "签收前撤回"}


async def first_dispatches(actor: Actor, since: date, until: date) -> list[dict[str, Any]]:
    """Counts of first dispatches on local days from `since` to `until` by unit, topic and outcome, among the cases that
    the actor sees."""
    where = visible_cases(actor)
    where.add("r.number = 1 AND r.at >= {} AND r.at < {}", *_span(since, until))
    return await fetch(
        f"SELECT r.department_id, d.name AS unit, r.topic, r.followed, {OUTCOME} AS outcome, count(*) AS n"
        " FROM dispatch_records r JOIN cases c ON c.id = r.case_id JOIN departments d ON d.id = r.department_id"
        f" WHERE {where.sql} GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 3",
        where.values,
    )


async def first_dispatch_cases(
    actor: Actor, span: tuple[date, date], outcome: str | None, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of the cases behind the figure, newest first, each with its outcome."""
    where = visible_cases(actor)
    where.add("r.number = 1 AND r.at >= {} AND r.at < {}", *_span(*span))
    if outcome:
        where.add(f"({OUTCOME}) = {{}}", outcome)
    if before:
        where.add("c.id < {}", before)
    return await fetch(
        "SELECT c.id, c.number, c.title, c.state, r.topic, r.item_code AS item, r.followed, r.at, d.name AS unit,"
        f" l.name AS lead, {OUTCOME} AS outcome FROM dispatch_records r JOIN cases c ON c.id = r.case_id"
        " JOIN departments d ON d.id = r.department_id LEFT JOIN departments l ON l.id = c.lead_id"
        f" WHERE {where.sql} ORDER BY c.id DESC LIMIT {limit + 1}",
        where.values,
    )


def _span(since: date, until: date) -> tuple[Any, Any]:
    return start_of_day(since), start_of_day(until + timedelta(days=1))
