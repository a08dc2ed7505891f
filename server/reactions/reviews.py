"""Reactions to requests for review and to reports of retaliation: the body above is told, the accused never."""

from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.access.queries import holders
from domain.appeals.models import Appeal
from domain.clock import local_date
from domain.notices.actions import Happening, Words, tell
from domain.notices.desk_letters import case_row, tell_staff, warn_office_staff
from domain.notices.recipients import of_department
from domain.notices.texts import day, fill
from domain.review.models import RetaliationReport, Review
from domain.rulebook import rulebook
from domain.supervision.models import OfficeClock
from domain.supervision.office_clocks import FIRST_HANDLER, RETALIATION
from server.jobs import Run
from server.reactions.tasks import Made, Task, happening
from server.services import Services
from web.unit_of_work import run_unit

ROLE = "review_officer"


def tell_body(services: Services) -> Task:
    """Tell the officers of the review body of a new request."""

    async def run(job: Run) -> None:
        what = happening(job)

        async def work() -> None:
            review = await Review.get_or_none(id=what.subject_id)
            case = await case_row(what.case_id)
            if review is not None and case is not None:
                await tell_staff(what, what.event, case, await _officers(review.body_id, case["area_path"]))

        await run_unit(SYSTEM, work, services.enqueue)

    return run


def tell_retaliation(services: Services) -> Task:
    """Tell discipline and the next higher unit of a report, and the reporter that it came in."""

    async def run(job: Run) -> None:
        what = happening(job)

        async def work() -> None:
            report = await RetaliationReport.get_or_none(id=what.subject_id)
            case = await case_row(report.case_id) if report else None
            if report is None or case is None:
                return
            people = {*await _officers(report.body_id, report.area_path),
                      *await holders("discipline_inspector", report.area_path)}  # fmt: skip
            await tell_staff(what, what.event, case, people - {UUID(found) for found in report.accused})
            await _tell_reporter(what, report)

        await run_unit(SYSTEM, work, services.enqueue)

    return run


def tell_office(services: Services) -> Task:
    """Warn an office of its own clock; of a report of retaliation nobody hears who is accused or handles the case."""

    async def run(job: Run) -> None:
        what = happening(job)

        async def work() -> None:
            clock = await OfficeClock.get_or_none(id=what.subject_id)
            case = await case_row(clock.case_id) if clock else None
            if clock is not None and case is not None and not what.data.get("overtaken"):
                people = await _owing(clock, case, str(what.data["level"]))
                await warn_office_staff(what, case, clock.due_at, people, secret=clock.kind == RETALIATION)

        await run_unit(SYSTEM, work, services.enqueue)

    return run


async def _owing(clock: OfficeClock, case: dict[str, Any], level: str) -> set[UUID]:
    high = level in ("supervision", "principal")
    if clock.kind == RETALIATION:
        report = await RetaliationReport.get(id=clock.subject_id)
        people = {*await _officers(clock.department_id, clock.area_path),
                  *await holders("discipline_inspector", clock.area_path)}  # fmt: skip
        if high and clock.department_id:
            people |= set(await of_department(clock.department_id, ("principal",)))
        barred = {UUID(found) for found in report.accused}
        joined = await case_row((await Appeal.get(id=report.appeal_id)).case_id)
        for unit in {found["lead_id"] for found in (case, joined) if found and found["lead_id"]}:
            barred |= set(await of_department(unit, ()))
        return people - barred
    section = set(await holders("supervision_section", clock.area_path))
    if clock.kind == FIRST_HANDLER:
        above = set(await holders("joint_meeting_office", clock.area_path)) if high else set()
        return section | above
    people = set(await _officers(clock.department_id, clock.area_path))
    return people | section if high or not people else people


def tell_judges(services: Services) -> Task:
    """Tell the supervision section that a first handling is to be judged."""

    async def run(job: Run) -> None:
        what = happening(job)

        async def work() -> None:
            case = await case_row(what.case_id)
            if case is not None:
                await tell_staff(what, what.event, case, await holders("supervision_section", case["area_path"]))

        await run_unit(SYSTEM, work, services.enqueue)

    return run


async def _officers(body_id: UUID | None, area_path: str) -> set[UUID]:
    if body_id is None:
        return set(await holders(ROLE, area_path))
    return set(await of_department(body_id, (ROLE,)))


async def _tell_reporter(what: Happening, report: RetaliationReport) -> None:
    appeal = await Appeal.get(id=report.appeal_id)
    book = rulebook().for_area(report.area_path)
    text = book.notices.get("retaliation-report")
    if appeal.resident_id is None or text is None:
        return
    values = {"number": appeal.number, "due_on": day(local_date(report.contact_due_at)), "hotline": book.hotline}
    words = Words(event="retaliation-report", title=text.title, text=fill(text.body, values), appeal_id=appeal.id)
    await tell("resident", [appeal.resident_id], f"{what.row}:{appeal.id}", words)


TASKS: dict[str, Made] = {"tell_body": tell_body, "tell_retaliation": tell_retaliation,
                          "tell_office": tell_office, "tell_judges": tell_judges}  # fmt: skip
