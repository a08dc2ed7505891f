"""Effects of leaders on a case: written instruction (批示), one leader for a hard case (包案), recusal (回避)."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from domain.access.models import Assignment, Staff
from domain.access.permissions import UNIT_ROLES, Permission
from domain.access.queries import department
from domain.cases import clocks
from domain.cases.models import Case, Instruction, LeaderCase
from domain.cases.move import Body, Turn, effect
from domain.clock import local_date, now
from domain.deadlines.calendar import end_of_day
from domain.deadlines.limits import Limit, Unit
from domain.ids import new_id
from domain.problems import ConflictOfInterest, GuardNotMet, NotAllowed, invalid
from domain.workflow.dispatching import Dispatch, assign_units
from domain.workflow.intake import Text, accept_underway, one_may, second_person

# The five duties (五包, 004-12) in neutral words: they are about the case and never about watching a person.
DUTIES = {
    "know": "掌握情况", "explain": "谈心解释", "resolve": "化解矛盾", "care": "关心帮扶、跟进回访",
    "settled": "本人确认事情已解决",
}  # fmt: skip
Duty = Literal["know", "explain", "resolve", "care", "settled"]
LEADERS = ("leading_group_member", "case_leader", "principal", "deputy_in_charge")


class Instruct(Body, kw_only=True):
    """What the leader wrote; `leader_id` when the supervision section records a paper instruction."""

    text: Text
    unit: str | None = None
    leader_id: UUID | None = None


@effect("instruct", Instruct)
async def instruct(turn: Turn, body: Instruct) -> None:
    """Keep an instruction; one that names a unit is to be dispatched the same day (即收即办, 000-30)."""
    case, actor = turn.case, turn.actor
    own = actor.may(Permission.CASE_INSTRUCT)
    if body.leader_id is None and not own:
        raise invalid("leader_id", "请写明作出批示的领导")
    leader_id = body.leader_id or actor.id
    assert leader_id is not None
    if leader_id != actor.id:
        actor.require(Permission.CASE_SUPERVISE, case.area_path)
    await _leader(leader_id, case)
    unit = await department(body.unit) if body.unit else None
    if body.unit and unit is None:
        raise invalid("unit", "没有这个单位")
    if unit and unit.id == case.complained_department_id:
        raise ConflictOfInterest
    await Instruction.create(
        id=new_id(), case_id=case.id, leader_id=leader_id, recorded_by=actor.id, text=body.text, at=now(),
        department_id=unit.id if unit else None, principal=await _is_principal(leader_id, case),
    )  # fmt: skip
    if unit and case.lead_id is None:
        await _until_midnight(case)
    turn.text = body.text
    turn.data |= {"leader_id": str(leader_id), "unit_id": str(unit.id) if unit else None}


async def _until_midnight(case: Case) -> None:
    at = now()
    left = int((end_of_day(local_date(at)) - at).total_seconds() // 60)
    await clocks.set_clock(case, "instructed", Limit(max(1, left), Unit.MINUTE), at)


async def _leader(staff_id: UUID, case: Case) -> Staff:
    known = await Staff.get_or_none(id=staff_id, active=True)
    if known is None or not await Assignment.exists(staff_id=staff_id, role__in=list(LEADERS)):
        raise invalid("leader_id", "没有这位领导")
    if str(staff_id) in case.recused or known.department_id == (case.complained_department_id or ""):
        raise ConflictOfInterest
    return known


async def _is_principal(staff_id: UUID, case: Case) -> bool:
    return await Assignment.exists(staff_id=staff_id, role="principal", department_id=case.lead_id)


class Named(Body, kw_only=True):
    """Co-units and the handler, where the instruction leaves them open."""

    co_units: Annotated[list[str], msgspec.Meta(max_length=10)] = []


@effect("dispatch-instructed", Named)
async def dispatch_instructed(turn: Turn, body: Named) -> None:
    """Dispatch to the unit that the instruction names, without the desk (000-30); it says whether that was the same
    day."""
    case, at = turn.case, now()
    instruction = (
        await Instruction.filter(case_id=case.id, dispatched_at=None).exclude(department_id=None).order_by("-id").first()
    )
    if instruction is None:
        raise GuardNotMet(reason="没有写明承办单位的领导批示。", missing=["instruct"])
    if case.kind == "appeal" and case.accepted_at is None:
        if not case.petition_class:
            raise GuardNotMet(reason="请先登记:确定类别、诉求类型和信访类别。", missing=["register"])
        await accept_underway(case, at)
    instruction.dispatched_at = at
    await instruction.save(update_fields=["dispatched_at"])
    await assign_units(turn, Dispatch(lead=str(instruction.department_id), co_units=body.co_units))
    turn.data |= {
        "instruction_id": str(instruction.id), "same_day": local_date(instruction.at) == local_date(at),
        "reasons": ["领导批示指定承办单位"],
    }  # fmt: skip


class AssignLeader(Body, kw_only=True):
    """One leader, one team, one plan, one date (一个案件、一名领导、一套班子、一个方案)."""

    leader_id: UUID
    plan: Text
    team: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=12)]
    due_on: date


@effect("assign-leader", AssignLeader)
async def assign_leader(turn: Turn, body: AssignLeader) -> None:
    """Give a hard case to exactly one leader (包案, 001-11, 003-12, 004-11)."""
    if turn.case.leader_id:
        raise GuardNotMet(reason="此件已有领导包案,更换须经批准。", missing=["hand-over-leader"])
    await _take(turn, body)


@effect("hand-over-leader", AssignLeader)
async def hand_over_leader(turn: Turn, body: AssignLeader) -> None:
    """Change the leader before the case is resolved: the section asks, a leading-group member who is neither agrees."""
    current = await leader_case(turn.case)
    if current is None:
        raise GuardNotMet(reason="此件没有领导包案。", missing=["assign-leader"])
    if body.leader_id == current.leader_id:
        raise invalid("leader_id", "这位领导已在包案")
    await second_person(turn, body)
    if turn.hold:
        return
    if not await one_may(turn, Permission.CASE_INSTRUCT):
        raise NotAllowed
    current.state, current.ended_at = "handed_over", now()
    await current.save(update_fields=["state", "ended_at"])
    turn.data["before"] = str(current.leader_id)
    await _take(turn, body)


async def _take(turn: Turn, body: AssignLeader) -> None:
    case = turn.case
    await _leader(body.leader_id, case)
    if body.due_on <= local_date(now()):
        raise invalid("due_on", "化解期限应在今天之后")
    if await Staff.filter(id__in=body.team, active=True).count() != len(set(body.team)):
        raise invalid("team", "专班成员中有不存在的账号")
    await LeaderCase.create(
        id=new_id(), case_id=case.id, leader_id=body.leader_id, plan=body.plan, team=[str(one) for one in body.team],
        due_on=body.due_on, state="open", assigned_at=now(),
    )  # fmt: skip
    case.leader_id = body.leader_id
    turn.text = body.plan
    turn.data |= {"leader_id": str(body.leader_id), "due_on": body.due_on.isoformat()}


class Done(Body, kw_only=True):
    """Which of the five duties was done, and how."""

    duty: Duty
    note: Text


@effect("leader-duty", Done)
async def leader_duty(turn: Turn, body: Done) -> None:
    """The leader or the team does one of the five duties; the last one resolves the case of the leader (004-12)."""
    found = await leader_case(turn.case)
    if found is None:
        raise GuardNotMet(reason="此件没有领导包案。", missing=["assign-leader"])
    if str(turn.actor.id) not in {str(found.leader_id), *found.team}:
        raise NotAllowed
    if body.duty == "settled" and turn.case.answered_at is None:
        raise GuardNotMet(reason="答复之后,才能确认事情已解决。", missing=["answer"])
    found.duties = {**found.duties, body.duty: now().isoformat()}
    if set(DUTIES) <= set(found.duties):
        found.state, found.ended_at = "resolved", now()
        turn.case.leader_id = None
    await found.save(update_fields=["duties", "state", "ended_at"])
    turn.text = body.note
    turn.data |= {"duty": body.duty, "resolved": found.state == "resolved"}


async def leader_case(case: Case) -> LeaderCase | None:
    """The leader's case that is not resolved yet."""
    return await LeaderCase.get_or_none(case_id=case.id, state="open")


class Recuse(Body, kw_only=True):
    """Why, as far as one wants to say."""

    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


@effect("recuse", Recuse)
async def recuse(turn: Turn, body: Recuse) -> None:
    """Declare that one may not work on this case (回避): no move on it any more, and it is given to nobody like that."""
    case, actor = turn.case, turn.actor
    case.recused = [*case.recused, str(actor.id)]
    if case.handler_id == actor.id:
        case.handler_id = None
    if case.leader_id == actor.id:
        raise GuardNotMet(reason="包案领导回避前,请先更换包案领导。", missing=["hand-over-leader"])
    turn.text = body.reason
    turn.data["unit_id"] = str(case.lead_id) if case.lead_id and _of_lead(turn) else None


def _of_lead(turn: Turn) -> bool:
    return any(g.role in UNIT_ROLES and g.department_id == turn.case.lead_id for g in turn.actor.grants)
