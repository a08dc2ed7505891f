"""Matters handed down to be verified, as the unit above and the unit below see them (000-31)."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.clock import local_date, now
from domain.sql import fetch

STATES = {"open": "核实中", "reported": "已上报", "confirmed": "已确认"}
ROW = (
    "SELECT v.*, c.number, u.name AS unit, p.name AS parent FROM verifications v JOIN cases c ON c.id = v.case_id"
    " JOIN departments u ON u.id = v.department_id JOIN departments p ON p.id = v.parent_id"
)


async def own_verifications(
    actor: Actor, side: str, state: str | None, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """A page of those that the actor's units handed down (`above`) or were given (`below`), newest first: the unit above
    sees progress and result even after the case has gone on to another unit."""
    column = "parent_id" if side == "above" else "department_id"
    rows = await fetch(
        f"{ROW} WHERE v.{column} = ANY($1::uuid[]) AND ($2::text IS NULL OR v.state = $2)"
        " AND (c.complained_department_id IS NULL OR NOT c.complained_department_id = ANY($1::uuid[]))"
        f" AND ($3::uuid IS NULL OR v.id < $3) ORDER BY v.id DESC LIMIT {limit + 1}",
        [list(actor.departments), state, before],
    )
    return told(rows)


def told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with their state in words and whether they are late."""
    today = local_date(now())
    for row in rows:
        row["state_name"] = STATES[row["state"]]
        row["overdue"] = row["state"] == "open" and row["due_on"] < today
    return rows
