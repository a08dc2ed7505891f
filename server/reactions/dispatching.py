"""Reactions around dispatch: urgent cases ring whoever is on duty, gaps in the roster, late parts, matters handed down."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.access.models import Department, Staff
from domain.access.queries import holders, unit_staff
from domain.areas.depth import code_on
from domain.cases.models import Case
from domain.notices import recipients
from domain.notices.actions import Happening, Words, tell
from domain.notices.delivery import Parcel
from domain.notices.desk_letters import case_row, tell_staff
from domain.rosters.calls import start_call
from domain.rosters.gaps import in_words
from domain.rosters.models import DutyCall, TeamMember
from domain.rulebook import rulebook
from server.jobs import Run
from server.reactions.notices import RING, ring_all
from server.reactions.tasks import Made, Task, happening
from server.services import Services
from web.unit_of_work import run_unit

LEADS = ("unit_lead", "deputy_in_charge", "principal")
DESK = ("duty_officer", "dispatcher", "intake_officer")  # of a case that no unit leads yet


def call_duty(services: Services) -> Task:
    """Begin to ring the units concerned by an urgent case or event: the desk's for a new appeal, the linked ones and the
    town's for an event, the lead unit of a dispatch."""

    async def run(job: Run) -> None:
        what = happening(job)

        async def work() -> None:
            case = await Case.get_or_none(id=what.case_id)
            if case is None:
                return
            for unit in await _units(what, case):
                if unit.id != case.complained_department_id:
                    await start_call(case, unit, what.row)

        await run_unit(SYSTEM, work, services.enqueue)

    return run


async def _units(what: Happening, case: Case) -> Sequence[Department]:
    if what.data["cause"] == "dispatch":
        return await Department.filter(id=UUID(str(what.data["unit_id"])))
    if what.data["cause"] == "appeal":
        desk = await holders("duty_officer", case.area_path) or await holders("dispatcher", case.area_path)
        offices = await Staff.filter(id__in=list(desk)).values_list("department_id", flat=True)
        return await Department.filter(id__in=[one for one in offices if one])
    kind = rulebook().for_area(case.area_path).event_types.get(case.event_type)
    units = await Department.filter(code__in=list(kind.linked) if kind else [], active=True)
    above = [unit for unit in units if unit.area_path == case.area_path or case.area_path.startswith(f"{unit.area_path}.")]
    town = code_on(case.area_path, "town")
    return [*above, *await Department.filter(area_code=town, kind="town", active=True)]


def ring_recipient(services: Services) -> Task:
    """Ring one step of a call: the inbox at once, at any hour, and the telephone by text message."""

    async def run(job: Run) -> None:
        what = happening(job)

        async def write() -> list[Parcel]:
            case, call = await case_row(what.case_id), await DutyCall.get_or_none(id=what.subject_id)
            if case is None or call is None or (call.acknowledged_at and call.step == what.data["step"]):
                return []
            member = await TeamMember.get_or_none(id=what.data["member_id"]) if what.data["member_id"] else None
            people = await _people(str(what.data["kind"]), call.department_id, member, led=case["lead_id"] is not None)
            told = await tell_staff(what, what.event, case, people)
            if services.sms is None or RING not in rulebook().sms_templates:
                return []
            phones = {str(one): phone for one, phone in (await recipients.duty_phones(told)).items()}
            if member is not None:
                phones = {str(member.id): member.phone}
            return [
                Parcel(key=f"{what.row}:{who}", name=RING, case_id=case["id"], phone=phone,
                       values={"number": case["number"]})
                for who, phone in phones.items()
            ]  # fmt: skip

        await ring_all(services, job, await run_unit(SYSTEM, write, services.enqueue))

    return run


async def _people(kind: str, unit_id: UUID, member: TeamMember | None, *, led: bool) -> Iterable[UUID]:
    """Whose inbox rings. A person without an account has the telephone; then the unit's desk finds it in its inbox."""
    if member is not None and member.staff_id:
        return {member.staff_id}
    if kind == "unit_lead":
        return await recipients.of_department(unit_id, LEADS)
    officers = () if led else await unit_staff(unit_id, DESK)
    return officers or await recipients.of_department(unit_id, ("handler",))


def _told(tell_it: Any) -> Made:
    """A reaction that writes notices in one unit of work."""

    def made(services: Services) -> Task:
        async def run(job: Run) -> None:
            what = happening(job)
            await run_unit(SYSTEM, lambda: tell_it(what), services.enqueue)

        return run

    return made


async def _unanswered(what: Happening) -> None:
    """Nobody of the unit answered: the duty office and the desk above it hear of it."""
    case = await case_row(what.case_id)
    unit = await Department.get(id=UUID(str(what.data["unit_id"])))
    if case is not None:
        people = {*await holders("duty_officer", unit.area_path), *await holders("dispatcher", unit.area_path)}
        await tell_staff(what, what.event, {**case, "unit": unit.name}, people)


async def _gap(what: Happening) -> None:
    """A gap in the roster: the lead of the unit hears of it, and the duty officers of the area."""
    unit = await Department.get(id=UUID(str(what.data["unit_id"])))
    people = {*await recipients.of_department(unit.id, LEADS), *await holders("duty_officer", unit.area_path)}
    text = f"{unit.name} {in_words(what.data)} 无人值班,请立即安排,保持24小时电话有人接听。"
    await tell("staff", people, what.row, Words(event=what.event, title="值班空岗", text=text))


async def _verification(what: Happening) -> None:
    """Of a report the unit above hears, of anything else the unit below."""
    case = await case_row(what.case_id)
    unit = what.data["parent_id"] if what.event == "case.verification-reported" else what.data["unit_id"]
    if case is not None:
        people = await recipients.of_department(UUID(str(unit)), ("handler", "unit_lead", "supervision_section"))
        await tell_staff(what, what.event, case, people)


async def _part(what: Happening) -> None:
    """A late part: its unit and the lead unit hear of it."""
    case = await case_row(what.case_id)
    if case is not None:
        people = set(await recipients.of_department(UUID(str(what.data["unit_id"])), ("handler", "unit_lead")))
        await tell_staff(what, what.event, case, people | await recipients.of_unit(case, ("handler", "unit_lead")))


TASKS: dict[str, Made] = {
    "call_duty": call_duty,
    "ring_recipient": ring_recipient,
    "tell_unanswered": _told(_unanswered),
    "tell_gap": _told(_gap),
    "tell_verification": _told(_verification),
    "tell_part": _told(_part),
}
