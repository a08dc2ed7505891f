"""Warns of deadlines: each level once, at its exact instant of the stored ladder, whatever happened to the case since.

A level hangs on the deadline's own row, so an edit of the case neither restarts nor hides it; a case that nobody was
given is warned of like any other; rows are taken by keyset, so one that is locked or broken holds up no other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.cases.models import Case
from domain.cases.states import ENDED
from domain.deadlines.warnings import Level
from domain.journal.unit import Fact, record
from domain.sql import execute, fetch
from domain.supervision.actions import open_supervision

APPELLANTS_OWN = "info"  # the appellant's own time to supply information warns nobody
# The callback officers and the dispatchers owe these: their section hears, the handling unit is not supervised.
NOT_THE_UNIT_S = frozenset({"callback", "return_decision"})
REQUIREMENT = "办理严重超期,请说明原因,限期办结。"
Rung = tuple[Level, datetime]


async def due_warnings(at: datetime, after: tuple[datetime, UUID] | None, limit: int) -> list[dict[str, Any]]:
    """Deadlines whose next level has been reached, in the order of their instants, after a place in that order."""
    values: list[object] = [at, APPELLANTS_OWN]
    beyond = ""
    if after:
        values += after
        beyond = " AND (next_at, id) > ($3::timestamptz, $4::uuid)"
    return await fetch(
        f"SELECT id, next_at FROM deadlines WHERE next_at <= $1 AND name <> $2{beyond}"
        f" ORDER BY next_at, id LIMIT {limit}",
        values,
    )


_LOCK = """
SELECT d.id, d.case_id, d.name, d.round, d.ladder, d.level FROM deadlines d JOIN cases c ON c.id = d.case_id
WHERE d.id = ANY($1::uuid[]) AND d.next_at <= $2 ORDER BY d.next_at, d.id FOR UPDATE OF c, d SKIP LOCKED
"""


async def warn(ids: Sequence[UUID], at: datetime) -> int:
    """Record the levels that these deadlines have reached; the number of levels.

    A row that somebody works on is left for the next tick: waiting for it could deadlock with a move of the case.
    """
    rows = await fetch(_LOCK, [list(ids), at], json=("ladder",))
    cases = {case.id: case for case in await Case.filter(id__in={row["case_id"] for row in rows})}
    reached: dict[UUID, list[Rung]] = {}
    following: dict[UUID, datetime | None] = {}
    for row in rows:
        steps = [(Level[code.upper()], datetime.fromisoformat(since)) for code, since in row["ladder"]]
        ended = cases[row["case_id"]].state in ENDED
        new = [step for step in steps if step[0] > Level[row["level"].upper()] and step[1] <= at]
        reached[row["id"]] = [] if ended else new
        following[row["id"]] = None if ended else next((since for _, since in steps if since > at), None)
    await _store(rows, reached, following)
    for row in rows:
        await _tell(row, cases[row["case_id"]], reached[row["id"]])
    return sum(len(steps) for steps in reached.values())


async def _store(
    rows: list[dict[str, Any]], reached: dict[UUID, list[Rung]], following: dict[UUID, datetime | None]
) -> None:
    levels = [reached[row["id"]][-1][0].code if reached[row["id"]] else row["level"] for row in rows]
    await execute(
        "UPDATE deadlines d SET level = u.level, next_at = u.next_at"
        " FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS u(id, level, next_at) WHERE d.id = u.id",
        [[row["id"] for row in rows], levels, [following[row["id"]] for row in rows]],
    )


async def _tell(row: dict[str, Any], case: Case, steps: list[Rung]) -> None:
    for level, since in steps:
        record(
            Fact(
                "deadline.warned", case.area_code, case.id, row["id"],
                {"name": row["name"], "level": level.code, "since": since.isoformat(), "round": row["round"],
                 "overtaken": level is not steps[-1][0]},
                actor=SYSTEM,
            )
        )  # fmt: skip
        if level is Level.URGE:
            unit = {"unit_id": str(case.lead_id)} if case.lead_id else {}
            record(Fact("case.urged", case.area_code, case.id, case.id, {"by": "deadline", **unit}, actor=SYSTEM))
        if level is Level.SUPERVISION and row["name"] not in NOT_THE_UNIT_S:
            await open_supervision(case, "key", "overdue", REQUIREMENT)
