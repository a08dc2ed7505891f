"""Effects of dispatch: lead and co-units, sign, return, designate, escalate."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from domain.access.models import Assignment, Department, Staff
from domain.access.permissions import ROLE_PERMISSIONS, Permission
from domain.access.queries import department, town_of
from domain.cases import clocks
from domain.cases.models import Case, CaseUnit, Deadline, ReturnRequest
from domain.cases.move import Body, Turn, effect
from domain.clock import now
from domain.dispatch.records import Decided, consult_case, keep_record, propose
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import ConflictOfInterest, GuardNotMet, invalid
from domain.rulebook import rulebook
from domain.workflow.bars import bars_designation, bars_dispatch, bars_escalation, bars_return
from domain.workflow.intake import Text, accept_underway, leave_simple
from domain.workflow.levels import LADDER, above, at_level, judged_by, level_of
from domain.workflow.parts import CoTask, day_of, give_parts, parts_of

REVIEWERS = tuple(role for role, rights in ROLE_PERMISSIONS.items() if Permission.CASE_REVIEW in rights)


class Dispatch(Body, kw_only=True):
    """Who owes the work: one lead, any co-units, and why (the rules that matched)."""

    lead: str
    co_units: Annotated[list[str], msgspec.Meta(max_length=10)] = []
    co_tasks: Annotated[list[CoTask], msgspec.Meta(max_length=10)] = []
    handler_id: UUID | None = None
    responsibility: Literal["territory", "line", "origin_of_problem"] | None = None
    rule_reasons: Annotated[list[Annotated[str, msgspec.Meta(max_length=200)]], msgspec.Meta(max_length=20)] = []


@effect("dispatch", Dispatch)
async def dispatch(turn: Turn, body: Dispatch) -> None:
    """Give the case to a lead unit and its co-units; recusal and the conflict wall come first (000-35, 001-20)."""
    if why := bars_dispatch(vars(turn.case)):
        raise GuardNotMet(reason=why, missing=["designate"])
    at_level(turn, turn.case.desk_level, "派单")
    await assign_units(turn, body)


@effect("designate", Dispatch)
async def designate(turn: Turn, body: Dispatch) -> None:
    """Designate a unit after more than two returns; final, it cannot be returned again."""
    if why := bars_designation(vars(turn.case)):
        raise GuardNotMet(reason=why, missing=[])
    turn.data["final"] = turn.case.designated = True
    await assign_units(turn, body)


async def assign_units(turn: Turn, body: Dispatch) -> None:
    """Set lead, co-units and a named handler; the conflict wall and recusals come first."""
    case = turn.case
    lead = await _unit(turn, "lead", body.lead)
    asked = [(await _unit(turn, f"co_units[{i}]", name), CoTask(unit=name)) for i, name in enumerate(body.co_units)]
    asked += [(await _unit(turn, f"co_tasks[{i}]", task.unit), task) for i, task in enumerate(body.co_tasks)]
    if lead.id in {unit.id for unit, _ in asked}:
        raise invalid("co_units", "协办单位不能与主办单位相同")
    said = await consult_case(case)
    co_units = parts_of(case, asked, said, lead.id)
    await give_parts(case, co_units)
    await drop_return(case)
    case.lead_id, case.dispatched_at = lead.id, now()
    case.review_unit_id = await town_of(lead) if lead.kind == "village" else None
    if lead.kind == "village" and case.kind == "appeal":
        await _can_be_answered(case)
    case.handler_id = await _named_handler(case, body.handler_id, lead)
    if co_units:
        await leave_simple(case, "joint")
    turn.data |= {
        "unit_id": str(lead.id),
        "co_units": [str(part.unit_id) for part in co_units],
    }
    kept = await keep_record(case, said, Decided(lead.id, body.responsibility, tuple(body.rule_reasons)))
    turn.data |= {
        "item": kept.item_code, "version_id": str(kept.version_id) if kept.version_id else None,
        "followed": kept.followed, "responsibility": kept.responsibility,
        "reasons_digest": digest(kept.id, "\n".join(body.rule_reasons)),
    }  # fmt: skip
    if case.urgent:
        record(Fact("duty.needed", case.area_code, case.id, case.id, {"cause": "dispatch", "unit_id": str(lead.id)}))


async def _can_be_answered(case: Case) -> None:
    """409 for an appeal that would wait for ever: an answer needs a reviewer of the village or of its town."""
    units = [unit for unit in (case.lead_id, case.review_unit_id) if unit]
    if not await Assignment.exists(department_id__in=units, role__in=REVIEWERS):
        raise GuardNotMet(reason="村和镇都没有审核人员,答复无人审核;请由镇里或部门主办。", missing=["reviewer"])


async def _unit(turn: Turn, field: str, reference: str) -> Department:
    unit = await department(reference)
    if unit is None:
        raise invalid(field, "没有这个单位")
    if unit.id == turn.case.complained_department_id:
        raise ConflictOfInterest
    return unit


async def _named_handler(case: Case, handler_id: UUID | None, lead: Department) -> UUID | None:
    if handler_id is None:
        return None
    if str(handler_id) in case.recused:
        raise ConflictOfInterest
    known = await Staff.get_or_none(id=handler_id, active=True)
    of_unit = known and (
        known.kind == "worker" or await Assignment.exists(staff_id=handler_id, department_id=lead.id)
    )
    if not of_unit:
        raise invalid("handler_id", "承办人不属于该单位")
    return handler_id


class AddCoUnit(Body, kw_only=True):
    """One more unit that has a part in the work."""

    department_id: str
    duty: Annotated[str, msgspec.Meta(max_length=200)] = ""
    due_on: date | None = None


@effect("add-co-unit", AddCoUnit)
async def add_co_unit(turn: Turn, body: AddCoUnit) -> None:
    """Add a co-unit with its duty."""
    at_level(turn, turn.case.desk_level, "增加协办单位")
    unit = await _unit(turn, "department_id", body.department_id)
    if unit.id == turn.case.lead_id or unit.id in turn.co_ids:
        raise invalid("department_id", "该单位已在办理此件")
    await CaseUnit.create(
        id=new_id(), case_id=turn.case.id, department_id=unit.id, duty=body.duty, added_at=now(),
        due_on=day_of(turn.case, body.due_on),
    )  # fmt: skip
    await leave_simple(turn.case, "joint")
    turn.data["unit_id"] = str(unit.id)


@effect("sign")
async def sign(turn: Turn, body: Body) -> None:
    """Take the case; the first unit and handler are fixed for good (首办负责, 000-20)."""
    case = turn.case
    case.handler_id = turn.actor.id
    case.first_unit_id = case.first_unit_id or case.lead_id
    case.first_handler_id = case.first_handler_id or turn.actor.id
    turn.data["unit_id"] = str(case.lead_id) if case.lead_id else None


class Return(Body, kw_only=True):
    """Why the case is not this unit's."""

    reason: Annotated[str, msgspec.Meta(min_length=5, max_length=1000)]


@effect("return", Return)
async def ask_return(turn: Turn, body: Return) -> None:
    """Ask to return the case (退单): once per unit, with a reason; the handling clock runs on."""
    lead = turn.case.lead_id
    signs = await Deadline.filter(case_id=turn.case.id, name="sign").values("name", "round", "stopped_at", "due_at")
    before = await ReturnRequest.filter(case_id=turn.case.id).values("state", "department_id")
    if why := bars_return(vars(turn.case), signs, before):
        raise GuardNotMet(reason=why, missing=[])
    await ReturnRequest.create(
        id=new_id(), case_id=turn.case.id, department_id=lead, reason=body.reason, state="open", asked_at=now()
    )
    limits = rulebook().for_area(turn.case.area_path).limits
    await clocks.set_clock(turn.case, "return_decision", limits["return_decision"], now())
    await propose(turn.case, lead)
    turn.text = body.reason
    turn.data["unit_id"] = str(lead)


async def drop_return(case: Case) -> None:
    """An open request to return lapses when the unit takes the work up, or the case goes to another one."""
    if not case.may_have("return_requests"):
        return
    if await ReturnRequest.filter(case_id=case.id, state="open").update(state="lapsed", decided_at=now()):
        await clocks.stop(case, ("return_decision",), now())


class Decision(Body, kw_only=True):
    """The dispatcher's words."""

    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@effect("grant-return", Decision)
async def grant_return(turn: Turn, body: Decision) -> None:
    """Take the case back for another dispatch; the deadline is not moved."""
    await _decide(turn, "granted", body.note)
    turn.case.returns += 1
    turn.case.lead_id = turn.case.handler_id = turn.case.review_unit_id = None
    await CaseUnit.filter(case_id=turn.case.id).delete()


@effect("refuse-return", Decision)
async def refuse_return(turn: Turn, body: Decision) -> None:
    """Leave the case where it is."""
    await _decide(turn, "refused", body.note)


async def _decide(turn: Turn, state: str, note: str) -> None:
    at_level(turn, turn.case.desk_level, "退单")
    request = await ReturnRequest.filter(case_id=turn.case.id, department_id=turn.case.lead_id, state="open").first()
    if request is None:
        raise GuardNotMet(reason="没有待决定的退单申请。", missing=[])
    request.state, request.decided_at = state, now()
    await request.save(update_fields=["state", "decided_at"])
    turn.text = note
    turn.data["unit_id"] = str(request.department_id)


class Escalate(Body, kw_only=True):
    """Why the next level has to take it."""

    reason: Text


@effect("escalate", Escalate)
async def escalate(turn: Turn, body: Escalate) -> None:
    """Raise the case to the desk of the next level; the lower level keeps care and contact (提级, 000-38, 002-13)."""
    case = turn.case
    level = await level_of(case)
    if why := bars_escalation(vars(case), level):
        raise GuardNotMet(reason=why, missing=[])
    at_level(turn, level, "再提级")
    upper = above(case, level)
    if level == LADDER[0]:
        case.origin = turn.data["origin"] = "village_escalated"
    if case.kind == "appeal" and case.accepted_at is None:
        await accept_underway(case, now())
    case.lead_id = case.handler_id = case.review_unit_id = None
    case.desk_level = upper
    turn.data |= {"from_level": level, "to_level": upper, "body": judged_by(case, upper)}
    turn.text = body.reason
