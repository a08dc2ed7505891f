"""Supervision of a case (督办): opened by hand or by itself, answered by the unit, closed with a verdict."""

from uuid import UUID

from domain.access.actor import SYSTEM, Actor
from domain.access.permissions import Permission
from domain.cases.models import Case
from domain.cases.move import lock_visible
from domain.clock import now
from domain.deadlines.limits import Limit, Unit, due
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import GuardNotMet, NotAllowed, NotFound
from domain.rulebook import rulebook
from domain.sql import fetch_one
from domain.supervision.first_handlers import open_first_handler_review
from domain.supervision.models import OfficeClock, Supervision
from domain.supervision.office_clocks import RETALIATION
from domain.supervision.secrecy import may_know

JUDGED = frozenset({"dissatisfied", "survey", "repeat"})  # what asks for a verdict on the first handling (004-26)


async def open_supervision(
    case: Case, kind: str, trigger: str, requirement: str, by: Actor = SYSTEM
) -> Supervision:
    """Open supervision, once per trigger while one is open; the second call returns the first."""
    found = await Supervision.filter(case_id=case.id, trigger=trigger, state__in=["open", "answered"]).first()
    if found and trigger != "hand":
        return found
    at = now()
    book = rulebook().for_area(case.area_path)
    limit = Limit(book.supervision_workdays, Unit.WORKING_DAY)
    supervision = await Supervision.create(
        id=new_id(), case_id=case.id, area_path=case.area_path, department_id=case.lead_id, kind=kind, trigger=trigger,
        requirement=requirement, state="open", opened_at=at, opened_by=by.label,
        due_at=due(limit, at, book.calendar).due_at,
    )  # fmt: skip
    _record(case, "supervision.opened", supervision, {"kind": kind, "trigger": trigger}, by)
    if trigger in JUDGED:
        await open_first_handler_review(case, supervision, trigger)
    return supervision


async def supervise_office(clock: OfficeClock, case: Case, requirement: str) -> Supervision:
    """Open supervision of an office whose own clock is long overdue, once per clock; of a report of retaliation
    nothing is written into the file of the case."""
    found = await Supervision.filter(subject_id=clock.subject_id, trigger="overdue").first()
    if found:
        return found
    at = now()
    book = rulebook().for_area(clock.area_path)
    limit = Limit(book.supervision_workdays, Unit.WORKING_DAY)
    supervision = await Supervision.create(
        id=new_id(), case_id=case.id, area_path=clock.area_path, department_id=clock.department_id, kind="key",
        trigger="overdue", requirement=requirement, state="open", opened_at=at, opened_by=SYSTEM.label,
        due_at=due(limit, at, book.calendar).due_at, subject_kind=clock.kind, subject_id=clock.subject_id,
    )  # fmt: skip
    shown = None if clock.kind == RETALIATION else case.id
    unit = {"unit_id": str(clock.department_id)} if clock.department_id else {}
    record(Fact("office.supervised", case.area_code, shown, supervision.id, {"kind": clock.kind, **unit}, actor=SYSTEM))
    return supervision


async def settle_dissatisfaction(case: Case) -> None:
    """The appellant is satisfied now: what dissatisfaction opened is closed by that (000-15)."""
    for supervision in await Supervision.filter(
        case_id=case.id, trigger="dissatisfied", state__in=["open", "answered"]
    ):
        await _close(case, supervision, "群众重新评价满意,销号。", SYSTEM)


async def answer_supervision(actor: Actor, supervision_id: UUID, text: str) -> Supervision:
    """The unit answers what it did."""
    supervision, case = await _load(actor, supervision_id)
    if supervision.department_id not in actor.departments:
        raise NotAllowed
    supervision.response, supervision.state = text, "answered"
    await supervision.save(update_fields=["response", "state"])
    _record(case, "supervision.answered", supervision, {}, actor)
    return supervision


async def close_supervision(actor: Actor, supervision_id: UUID, verdict: str) -> Supervision:
    """The supervision section gives its verdict and closes it."""
    supervision, case = await _load(actor, supervision_id)
    actor.require(Permission.CASE_SUPERVISE, case.area_path)
    if supervision.kind == "special" and not await _ended_well(case):
        raise GuardNotMet(reason="专案督办须记录案结、事了、人和之后,才能销号。", missing=["案结事了人和记录"])
    await _close(case, supervision, verdict, actor)
    return supervision


async def _ended_well(case: Case) -> bool:
    """Decided, solved and mended in this round (案结事了人和, 000-41, 000-46)."""
    found = "SELECT 1 AS x FROM closure_talks WHERE case_id = $1 AND round = $2 AND decided AND solved AND mended"
    return await fetch_one(found, [case.id, case.round]) is not None


async def close_report_supervision(actor: Actor, report_id: UUID, verdict: str) -> Supervision:
    """Whoever handles a report of retaliation closes the supervision of its overdue contact; 404 for anybody else."""
    known = await Supervision.filter(subject_id=report_id, subject_kind=RETALIATION, state__in=["open", "answered"]).first()
    if known is None:
        raise NotFound
    supervision, case = await _load(actor, known.id)
    await _close(case, supervision, verdict, actor)
    return supervision


async def _close(case: Case, supervision: Supervision, verdict: str, by: Actor) -> None:
    supervision.verdict, supervision.state, supervision.closed_at = verdict, "closed", now()
    await supervision.save(update_fields=["verdict", "state", "closed_at"])
    _record(case, "supervision.closed", supervision, {}, by)


async def _load(actor: Actor, supervision_id: UUID) -> tuple[Supervision, Case]:
    """The supervision and its case, both locked, in the order in which moves lock them; 404 outside the scope."""
    known = await Supervision.get_or_none(id=supervision_id)
    if known is None or (known.subject_kind == RETALIATION and not await may_know(actor, known.subject_id)):
        raise NotFound
    case, _ = await lock_visible(actor, known.case_id)
    supervision = await Supervision.filter(id=supervision_id, state__in=["open", "answered"]).select_for_update().first()
    if supervision is None:
        raise NotFound
    return supervision, case


def _record(case: Case, event: str, supervision: Supervision, data: dict[str, str], by: Actor) -> None:
    unit = {"unit_id": str(supervision.department_id)} if supervision.department_id else {}
    shown = None if supervision.subject_kind == RETALIATION else case.id
    record(Fact(event, case.area_code, shown, supervision.id, {**data, **unit}, actor=by))
