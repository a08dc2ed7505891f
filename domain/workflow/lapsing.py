"""What happens because nobody did anything: the time to supply information runs out, an answered case is closed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.cases.models import Deadline
from domain.cases.move import Body, Turn, effect, lock_case, move_locked
from domain.rulebook import rulebook
from domain.sql import fetch
from domain.supervision.actions import open_supervision
from domain.supervision.models import Supervision
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
    """Answered cases whose time to rate has passed by the shortest window anywhere, by id."""
    books = (rulebook(), *rulebook().overlays.values())
    shortest = min(book.rating_window_days for book in books)
    rows = await fetch(
        "SELECT id FROM cases WHERE state = 'answered' AND answered_at < $1 AND ($2::uuid IS NULL OR id > $2)"
        f" ORDER BY id LIMIT {limit}",
        [at - timedelta(days=shortest), after],
    )
    return [row["id"] for row in rows]


async def close_ripe(case_id: UUID, at: datetime) -> bool:
    """Close an answered case whose loop is complete; False while something is missing or it can still be rated."""
    case, co_ids = await lock_case(case_id)
    window = timedelta(days=rulebook().for_area(case.area_path).rating_window_days)
    if case.answered_at is None or at < case.answered_at + window:
        return False
    if case.state != "answered" or await missing_for_close(case):
        return False
    await move_locked(SYSTEM, case, co_ids, "close", Body())
    return True


STALLED = "长时间没有办理进展,请说明原因,抓紧办理。"
_STALLED = """
SELECT c.id FROM cases c WHERE c.state IN ('dispatched', 'signed', 'investigating', 'handling', 'rework')
 AND c.suspended_until IS NULL AND c.dispatched_at < $1 AND ($2::uuid IS NULL OR c.id > $2)
 AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.case_id = c.id AND j.at >= $1 AND j.actor ~ '^(staff|worker):')
ORDER BY c.id LIMIT
"""


async def stalled(at: datetime, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Cases in a unit's hands on which nobody has done anything for the shortest such time of the deployment, by id."""
    books = (rulebook(), *rulebook().overlays.values())
    shortest = min(book.limits["no_progress"].amount for book in books)
    rows = await fetch(f"{_STALLED} {limit}", [at - timedelta(days=shortest), after])
    return [row["id"] for row in rows]


async def supervise_stalled(case_id: UUID, at: datetime) -> bool:
    """Open supervision of one of them by the rules of its place (进展缓慢, 000-15); False when it has moved."""
    case, _ = await lock_case(case_id)
    since = at - timedelta(days=rulebook().for_area(case.area_path).limits["no_progress"].amount)
    moved = await fetch(
        "SELECT 1 AS found FROM journal WHERE case_id = $1 AND at >= $2 AND actor ~ '^(staff|worker):' LIMIT 1",
        [case_id, since],
    )
    if moved or case.dispatched_at is None or case.dispatched_at >= since:
        return False
    if await Supervision.exists(case_id=case_id, state__in=["open", "answered"]):
        return False  # the section is at it already
    await open_supervision(case, "key", "no_progress", STALLED)
    return True
