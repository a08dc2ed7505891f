"""Notices to staff, grid workers and households: the inbox of each door; an urgent event also rings telephones."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.access.queries import holders
from domain.deadlines.limits import Limit
from domain.notices import recipients
from domain.notices.actions import Happening
from domain.notices.delivery import Parcel, begin, settle
from domain.notices.desk_letters import (
    case_row,
    level_path,
    tell_members_of,
    tell_staff,
    warn_staff,
    words_of,
)
from domain.notices.letters import members_of
from domain.people.models import Membership
from domain.ports import ProviderFailure, SmsMessage
from domain.rulebook import rulebook
from domain.sql import fetch_one
from domain.workflow.levels import step_from
from server.jobs import Run
from server.reactions.residents import PATIENCE, send_sms
from server.reactions.tasks import Made, Task, happening
from server.services import Services
from web.unit_of_work import run_unit

Teller = Callable[[Happening, dict[str, Any]], Awaitable[None]]
RING = "duty"  # the name of the text message to duty officers


def _of_case(tell: Teller, case_in: str = "") -> Made:
    """A reaction that writes notices about a case in one unit of work; `case_in`: where the event names the case, for
    what is not to stand in its file."""

    def made(services: Services) -> Task:
        async def run(job: Run) -> None:
            what = happening(job)

            async def work() -> None:
                named = what.data.get(case_in)
                case = await case_row(UUID(str(named)) if named else what.case_id)
                if case is not None:
                    await tell(what, case)

            await run_unit(SYSTEM, work, services.enqueue)

        return run

    return made


async def _unit(what: Happening, case: dict[str, Any]) -> None:
    if what.data.get("by") == "deadline":
        return  # the warning of that level says it
    case = _as_it_was(what, case)
    roles = ("principal", "unit_lead") if what.event == "supervision.opened" else ("handler", "unit_lead")
    await tell_staff(what, what.event, case, await recipients.of_unit(case, roles))
    for unit in what.data.get("co_units", ()):
        people = await recipients.of_department(UUID(unit), ("handler", "unit_lead"))
        await tell_staff(what, "co-unit", case, people)


def _as_it_was(what: Happening, case: dict[str, Any]) -> dict[str, Any]:
    """The case with the lead unit of the event: the case may have moved on while the reaction waited."""
    lead = what.data.get("unit_id")
    if lead is None or UUID(lead) == case["lead_id"]:
        return case
    return {**case, "lead_id": UUID(lead), "handler_id": None}


async def _desk(what: Happening, case: dict[str, Any]) -> None:
    role = "dispatcher" if what.event in {"case.returned", "case.escalated"} else "intake_officer"
    if what.event == "case.escalated":
        await _bringer(what, case)
        level = str(what.data.get("to_level"))
        role = "joint_meeting_office" if level == "meeting" else role
        case = {**case, "area_path": level_path(case["area_path"], level)}
    people = set(await recipients.desk(case, role))
    if what.event == "case.returned" and case["first_receiver_id"]:
        people.add(case["first_receiver_id"])  # whoever took it in first answers for finding it a unit (首接负责, 004-22)
    await tell_staff(what, what.event, case, people)


async def _bringer(what: Happening, case: dict[str, Any]) -> None:
    """Whoever brings matters up from that level by the ladder of the place hears that one is to be brought, and goes on
    caring for it (002-13); not of what they have raised themselves."""
    level = str(what.data.get("from_level"))
    step = step_from(case["area_path"], level)
    if step is None:
        return
    people = {str(one): one for one in await holders(step.role, level_path(case["area_path"], level))}
    by = await fetch_one("SELECT split_part(actor, ':', 2) AS id FROM journal WHERE key = $1", [what.row])
    people.pop(by["id"] if by else "", None)
    body = rulebook().for_area(case["area_path"]).practices.bodies.get(step.body)
    await tell_staff(what, "ladder-step", {**case, "unit": body.name if body else ""}, people.values())


async def _linked(what: Happening, case: dict[str, Any]) -> None:
    """All units linked for this kind of emergency hear of it at the same time (001-10)."""
    emergency = rulebook().for_area(case["area_path"]).emergencies.get(str(what.data.get("emergency", "")))
    if emergency is not None:
        people = await recipients.linked(emergency.linked, case["area_path"])
        await tell_staff(what, "case.emergency", case, people)


async def _resources(what: Happening, case: dict[str, Any]) -> None:
    """The leaders of the unit hear what is asked for, the handler hears what was answered."""
    roles = ("unit_lead", "deputy_in_charge", "principal")
    if what.event == "case.resources-answered":
        people: Iterable[UUID] = {case["handler_id"]} if case["handler_id"] else ()
    else:
        people = await recipients.of_department(case["lead_id"], roles) if case["lead_id"] else ()
    await tell_staff(what, what.event, case, people)


async def _duty_office(what: Happening, case: dict[str, Any]) -> None:
    if what.data.get("report_to_duty_office"):
        await tell_staff(what, what.event, case, await recipients.desk(case, "duty_officer"))


async def _discipline(what: Happening, case: dict[str, Any]) -> None:
    await tell_staff(what, what.event, case, await holders("discipline_inspector", case["area_path"]))


async def _deciders(what: Happening, case: dict[str, Any]) -> None:
    """Of a request for more time hear those who decide: heads of the unit for statutory limits, else the section."""
    if Limit.parse(str(what.data["limit"])).legal:
        people: Iterable[UUID] = await recipients.of_department(case["lead_id"], ("unit_lead", "principal"))
    else:
        people = await holders("supervision_section", case["area_path"])
    await tell_staff(what, what.event, case, people)


async def _instructed(what: Happening, case: dict[str, Any]) -> None:
    """Of an instruction hear the lead unit and the supervision section; of a leader's case the leader."""
    if what.event == "case.leader-assigned":
        people = {UUID(str(what.data["leader_id"]))}
    else:
        people = set(await holders("supervision_section", case["area_path"]))
        if case["lead_id"]:
            people |= set(await recipients.of_department(case["lead_id"], ("handler", "unit_lead")))
    await tell_staff(what, what.event, case, people)


async def _reporter(what: Happening, case: dict[str, Any]) -> None:
    passed = bool(what.data.get("passed", True))
    name = what.event if what.event == "case.closed" else f"inspect-{'passed' if passed else 'failed'}"
    told = {case["reporter_id"]} if case["reporter_id"] else set()
    if not passed and case["handler_id"]:
        told.add(case["handler_id"])
    await tell_staff(what, name, {**case, "reason": "" if passed else await words_of(what)}, told)
    if what.event == "case.inspected" and passed:
        await tell_members_of(what, "household-done", case, await members_of(case["household_id"]))


async def _deadline(what: Happening, case: dict[str, Any]) -> None:
    await warn_staff(what, case)


def ring_duty(services: Services) -> Task:
    """Tell the duty officers of an urgent event at once, at any hour, by inbox and telephone; the linked units and the
    desk of the village find it in their inbox."""

    async def run(job: Run) -> None:
        what = happening(job)

        async def write() -> list[Parcel]:
            case = await case_row(what.case_id)
            if case is None or case["level"] != "urgent":
                return []
            area = case["area_path"]
            duty = await holders("duty_officer", area) or await holders("dispatcher", area)
            linked = await recipients.linked(rulebook().for_area(area).event_types[case["event_type"]].linked, area)
            village = await recipients.village_desk(area)
            told = await tell_staff(what, what.event, case, {*duty, *linked, *village})
            if services.sms is None or RING not in rulebook().sms_templates:
                return []
            phones = await recipients.duty_phones(told & set(duty))
            return [
                Parcel(key=f"{what.row}:{person}", name=RING, case_id=case["id"], phone=phone,
                       values={"number": case["number"]})
                for person, phone in phones.items()
            ]  # fmt: skip

        await ring_all(services, job, await run_unit(SYSTEM, write, services.enqueue))

    return run


async def ring_all(services: Services, job: Run, parcels: Iterable[Parcel]) -> None:
    """Ring telephones by text message; raises for the job runner when one of them has to be tried again."""
    again = False
    for parcel in parcels:
        again |= await _ring(services, parcel, last=job.attempt >= PATIENCE)
    if again:
        raise ProviderFailure("a telephone could not be rung")


async def _ring(services: Services, parcel: Parcel, *, last: bool) -> bool:
    """Ring one telephone; True when it has to be tried again."""
    delivery = await run_unit(SYSTEM, lambda: begin(parcel, "sms"), services.enqueue)
    if delivery.state != "sending":
        return False
    message = SmsMessage(parcel.phone, rulebook().sms_templates[parcel.name], parcel.values)
    outcome = await send_sms(services, message)
    again = outcome.verdict == "again" and not last
    state = "retry" if again else outcome.verdict if outcome.verdict in {"sent", "unknown"} else "failed"
    await run_unit(SYSTEM, lambda: settle(delivery.id, state, outcome.reason, outcome.receipt), services.enqueue)
    return again


def tell_members(services: Services) -> Task:
    """Tell the other members of a household that somebody was bound to it."""

    async def run(job: Run) -> None:
        what = happening(job)

        async def work() -> None:
            membership = await Membership.get_or_none(id=what.subject_id)
            if membership is not None:
                others = await members_of(membership.household_id, but=membership.resident_id)
                await tell_members_of(what, what.event, {"household_id": membership.household_id}, others)

        await run_unit(SYSTEM, work, services.enqueue)

    return run


TASKS: dict[str, Made] = {
    "tell_unit": _of_case(_unit),
    "tell_desk": _of_case(_desk),
    "tell_linked": _of_case(_linked),
    "tell_resources": _of_case(_resources),
    "tell_duty_office": _of_case(_duty_office),
    "tell_discipline": _of_case(_discipline, case_in="case"),
    "tell_deciders": _of_case(_deciders),
    "tell_instructed": _of_case(_instructed),
    "tell_reporter": _of_case(_reporter),
    "tell_deadline": _of_case(_deadline),
    "ring_duty": ring_duty,
    "tell_members": tell_members,
}
