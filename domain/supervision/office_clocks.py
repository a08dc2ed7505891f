"""The clocks that offices owe beside a case: accept and decide a review, hold a hearing, contact who reports
retaliation, judge a first handler. They warn by the same ladder as the clocks of a case, each level once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.clock import local_date
from domain.deadlines.limits import Due, Limit, Unit, due
from domain.deadlines.warnings import Level, ladder
from domain.ids import new_id
from domain.rulebook import rulebook
from domain.supervision.models import FirstHandlerReview, OfficeClock

REVIEW, REREVIEW, HEARING, RETALIATION, FIRST_HANDLER = "review", "rereview", "hearing", "retaliation", "first_handler"


@dataclass(frozen=True)
class Owed:
    """What an office owes: which clock of what, in which case and area, and which unit, if one is named."""

    kind: str
    name: str
    subject_id: UUID
    case_id: UUID
    area_path: str
    department_id: UUID | None = None


async def start_office_clock(owed: Owed, limit: Limit, at: datetime) -> OfficeClock:
    """Start a clock at an instant; its due and warnings follow from the limit and the working calendar."""
    book = rulebook().for_area(owed.area_path)
    found = due(limit, at, book.calendar)
    steps = ladder(limit, at, found, book.calendar, book.warnings)
    return await OfficeClock.create(
        id=new_id(), kind=owed.kind, name=owed.name, subject_id=owed.subject_id, case_id=owed.case_id,
        area_path=owed.area_path, department_id=owed.department_id, started_at=at, limit_code=limit.code,
        calendar_version=book.calendar_version,
        due_at=found.due_at, explanation=_lines(found), next_at=steps[0][1] if steps else None,
        ladder=[[level.code, since.isoformat()] for level, since in steps],
    )  # fmt: skip


async def stop_office_clocks(subject_id: UUID, names: Iterable[str], at: datetime) -> None:
    """Stop the named clocks of a subject and say whether each was met."""
    for clock in await OfficeClock.filter(subject_id=subject_id, name__in=list(names), stopped_at=None):
        clock.stopped_at, clock.met, clock.next_at = at, at <= clock.due_at, None
        await clock.save(update_fields=["stopped_at", "met", "next_at"])


async def lengthen(subject_id: UUID, name: str, limit: Limit) -> None:
    """Give a running clock another limit from its old start; levels warned of stay warned of."""
    clock = await OfficeClock.get_or_none(subject_id=subject_id, name=name, stopped_at=None)
    if clock is None:
        return
    clock.limit_code = limit.code
    await _reckon(clock)


async def recount_office_clocks() -> int:
    """Work out again every running clock that an older calendar made; how many moved."""
    moved = 0
    older = OfficeClock.filter(stopped_at=None, calendar_version__lt=rulebook().calendar_version)
    for clock in await older.order_by("id").select_for_update():
        before = clock.due_at
        await _reckon(clock)
        moved += clock.due_at != before
        await FirstHandlerReview.filter(id=clock.subject_id, state="open").update(due_at=clock.due_at)
    return moved


def until_day_of(at: datetime, planned_at: datetime) -> Limit:
    """The limit that ends with the day for which something is planned; at least one day."""
    return Limit(max(1, (local_date(planned_at) - local_date(at)).days), Unit.NATURAL_DAY)


async def _reckon(clock: OfficeClock) -> None:
    limit, book = Limit.parse(clock.limit_code), rulebook().for_area(clock.area_path)
    found = due(limit, clock.started_at, book.calendar)
    steps = ladder(limit, clock.started_at, found, book.calendar, book.warnings)
    clock.due_at, clock.explanation, clock.calendar_version = found.due_at, _lines(found), book.calendar_version
    clock.ladder = [[level.code, since.isoformat()] for level, since in steps]
    clock.next_at = next((since for level, since in steps if level > Level[clock.level.upper()]), None)
    await clock.save()


def _lines(found: Due) -> list[dict[str, object]]:
    return [{"on": step.on.isoformat(), "counted": step.counted, "text": step.text} for step in found.explanation]
