"""What happens because nobody did anything: the time to supply information runs out, an answered case is closed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.cases.models import Deadline
from domain.cases.move import Body, Turn, effect, lock_case, move_locked
from domain.rulebook import rulebook
from domain.sql import fetch
from domain.workflow.closing import missing_for_close


@effect("lapse-info")
async def lapse_info(turn: Turn, body: Body) -> None:
    """Go on without the information asked for; the officer decides on what there is (`info_missing`)."""
    turn.data["info_missing"] = True


async def lapsed(at: datetime, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Cases that wait for information longer than they may, by id."""
    rows = await fetch(
        "SELECT c.id FROM cases c JOIN deadlines d ON d.case_id = c.id AND d.name = 'info' AND d.stopped_at IS NULL"
        " WHERE c.state = 'need_info' AND d.due_at < $1 AND ($2::uuid IS NULL OR c.id > $2)"
        f" ORDER BY c.id LIMIT {limit}",
        [at, after],
    )
    return [row["id"] for row in rows]


async def lapse(case_id: UUID, at: datetime) -> bool:
    """Put one of them back among the registered; False when it was not waiting any more."""
    case, co_ids = await lock_case(case_id)
    waiting = await Deadline.filter(case_id=case_id, name="info", stopped_at=None, due_at__lt=at).exists()
    if case.state != "need_info" or not waiting:
        return False
    await move_locked(SYSTEM, case, co_ids, "lapse-info", Body())
    return True


async def ripe(at: datetime, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Answered cases whose time to rate has passed, by id."""
    rows = await fetch(
        "SELECT id FROM cases WHERE state = 'answered' AND answered_at < $1 AND ($2::uuid IS NULL OR id > $2)"
        f" ORDER BY id LIMIT {limit}",
        [at - timedelta(days=rulebook().rating_window_days), after],
    )
    return [row["id"] for row in rows]


async def close_ripe(case_id: UUID, at: datetime) -> bool:
    """Close an answered case whose loop is complete; False while something is still missing."""
    case, co_ids = await lock_case(case_id)
    if case.state != "answered" or await missing_for_close(case):
        return False
    await move_locked(SYSTEM, case, co_ids, "close", Body())
    return True
