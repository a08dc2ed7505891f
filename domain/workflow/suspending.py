"""Effects of suspension (挂起): a flag with an end and never a state. The unit asks, the supervision section agrees, the
appellant sees it and may object; statutory time runs on (D8). It ends by itself."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from domain.access.actor import SYSTEM
from domain.access.permissions import Permission
from domain.cases import clocks
from domain.cases.models import Deadline, Suspension
from domain.cases.move import Body, Turn, effect, lock_case, move_locked
from domain.cases.waiting import stop_waiting
from domain.clock import local_date, now
from domain.deadlines.calendar import start_of_day
from domain.deadlines.limits import Limit
from domain.deadlines.shifted import SUSPENSION, suspended, suspends, without_last
from domain.ids import new_id
from domain.problems import GuardNotMet, NotAllowed, invalid
from domain.rulebook import rulebook
from domain.sql import fetch
from domain.workflow.extending import open_handling
from domain.workflow.intake import Text, first_signature, second_person

REASONS = {
    "appellant_asked": "您要求暂缓", "expert_test": "等待检验鉴定", "natural_cause": "自然原因", "hearing": "等待听证",
}  # fmt: skip


class Suspend(Body, kw_only=True):
    """Why the case waits, and until when at the latest."""

    reason: Annotated[str, msgspec.Meta(pattern="^(appellant_asked|expert_test|natural_cause|hearing)$")]
    until_on: date
    note: Text


@effect("suspend", Suspend)
async def suspend(turn: Turn, body: Suspend) -> None:
    """Let the case wait, never after it is overdue: the unit asks, the supervision section agrees with the same body."""
    case = turn.case
    if case.suspended_until:
        raise GuardNotMet(reason="此件正在暂停办理。", missing=[])
    longest = rulebook().for_area(case.area_path).limits["suspension"].amount
    if not 1 <= (body.until_on - local_date(now())).days <= longest:
        raise invalid("until_on", f"暂停办理最长 {longest} 天,须写明截止日期")
    handling = await open_handling(case)
    section = turn.actor.may(Permission.CASE_SUPERVISE, case.area_path)
    if section and await first_signature(turn) is None:
        raise GuardNotMet(reason="请先由承办单位提出。", missing=[])
    await second_person(turn, body)
    if turn.hold:
        return
    if not section:
        raise NotAllowed
    stops = suspends(Limit.parse(handling.limit_code), body.reason)
    await Suspension.create(
        id=new_id(), case_id=case.id, reason=body.reason, note=body.note, asked_by=UUID(turn.data["first_officer"]),
        approved_by=turn.actor.id, from_at=now(), until_on=body.until_on, stops_clock=stops,
    )  # fmt: skip
    case.suspended_until = body.until_on
    if stops:
        await _lengthen(turn, handling, now(), start_of_day(body.until_on))
    turn.text, turn.public = f"{REASONS[body.reason]}:{body.note}", True
    turn.data |= {"reason": body.reason, "due_on": body.until_on.isoformat(), "stops_clock": stops}


class End(Body, kw_only=True):
    """Why it goes on before its end."""

    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@effect("unsuspend", End)
async def unsuspend(turn: Turn, body: End) -> None:
    """Go on: only the days that the case really waited are added to its limit."""
    case, at = turn.case, now()
    suspension = await stop_waiting(case, at)
    if suspension is None:
        raise GuardNotMet(reason="此件没有暂停办理。", missing=[])
    handling = await clocks.running(case, "handling")
    if handling and suspension.stops_clock and suspends(Limit.parse(handling.limit_code), suspension.reason):
        handling.added = without_last(handling.added, SUSPENSION)
        await _lengthen(turn, handling, suspension.from_at, min(at, start_of_day(suspension.until_on)))
    turn.text = body.note
    turn.data["days"] = suspension.days


async def _lengthen(turn: Turn, handling: Deadline, from_at: datetime, until_at: datetime) -> None:
    more = suspended(Limit.parse(handling.limit_code), from_at, until_at, rulebook().for_area(turn.case.area_path).calendar)
    added = [*handling.added, [SUSPENSION, more.code]] if more else list(handling.added)
    await clocks.add(turn.case, added, now())


async def over(at: datetime, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Cases whose suspension has come to its last day, by id."""
    rows = await fetch(
        "SELECT id FROM cases WHERE suspended_until <= $1 AND ($2::uuid IS NULL OR id > $2)"
        f" ORDER BY id LIMIT {limit}",
        [local_date(at), after],
    )
    return [row["id"] for row in rows]


async def end(case_id: UUID, at: datetime) -> bool:
    """End one of them; False when somebody did before. One that was merged only stops waiting."""
    case, co_ids = await lock_case(case_id)
    if case.suspended_until is None or case.suspended_until > local_date(at):
        return False
    if case.ended_at is not None:
        await stop_waiting(case, at)
        await case.save(update_fields=["suspended_until"])
        return False
    await move_locked(SYSTEM, case, co_ids, "unsuspend", End())
    return True
