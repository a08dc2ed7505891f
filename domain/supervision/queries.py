"""Readers of supervision."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.cases.queries import visible_cases
from domain.clock import now
from domain.sql import fetch


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
    if wanted.state:
        where.add("s.state = {}", wanted.state)
    if wanted.overdue:
        where.add("s.state = 'open' AND s.due_at < {}", now())
    if wanted.case_id:
        where.add("s.case_id = {}", wanted.case_id)
    if before:
        where.add("s.id < {}", before)
    return await fetch(
        "SELECT s.*, d.name AS unit, c.number FROM supervisions s JOIN cases c ON c.id = s.case_id"
        f" LEFT JOIN departments d ON d.id = s.department_id WHERE {where.sql} ORDER BY s.id DESC LIMIT {limit + 1}",
        where.values,
    )
