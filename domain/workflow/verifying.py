"""Effects around dispatch: the marks of 三跨三分离, and matters handed down to be verified (转交基层核实, 000-31)."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from domain.access.actor import within
from domain.access.models import Department
from domain.access.queries import department
from domain.areas.queries import area
from domain.attachments.actions import attach_evidence
from domain.cases.models import CaseUnit
from domain.cases.move import Body, Turn, effect
from domain.clock import local_date, now
from domain.deadlines.limits import due
from domain.dispatch.crossing import mark
from domain.dispatch.models import Verification
from domain.ids import new_id
from domain.problems import ConflictOfInterest, GuardNotMet, NotAllowed, invalid
from domain.rulebook import rulebook
from domain.workflow.intake import Text

Flag = Literal[
    "cross_region", "cross_department", "cross_industry", "person_case", "person_household", "case_household"
]


class MarkCrossing(Body, kw_only=True):
    """Which of 三跨三分离 the matter is, with the other areas and units concerned; no flag takes the mark away."""

    flags: Annotated[list[Flag], msgspec.Meta(max_length=6)]
    areas: Annotated[list[str], msgspec.Meta(max_length=10)] = []
    units: Annotated[list[str], msgspec.Meta(max_length=10)] = []
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@effect("mark-crossing", MarkCrossing)
async def mark_crossing(turn: Turn, body: MarkCrossing) -> None:
    """Set the marks; from then on the common superior of all concerned fixes the lead unit (004-14)."""
    areas, units = [], []
    for code in body.areas:
        place = await area(code)
        if place is None:
            raise invalid("areas", f"没有这个地区:{code}")
        areas.append(place)
    for name in body.units:
        unit = await department(name)
        if unit is None:
            raise invalid("units", f"没有这个单位:{name}")
        units.append(unit)
    found = await mark(turn.case, body.flags, areas, units, turn.actor.id)
    turn.text = body.note
    turn.data |= {
        "flags": list(found.flags) if found else [], "areas": [place.code for place in areas],
        "superior": found.superior_path.rpartition(".")[2] if found else None,
    }  # fmt: skip


class TransferDown(Body, kw_only=True):
    """Which unit below is to verify what, and by which day."""

    unit: str
    task: Text
    due_on: date | None = None


@effect("transfer-down", TransferDown)
async def transfer_down(turn: Turn, body: TransferDown) -> None:
    """Hand the matter down to be verified; the unit above keeps the case, supervises and hears the result (000-31)."""
    case = turn.case
    unit = await department(body.unit)
    if unit is None:
        raise invalid("unit", "没有这个单位")
    if unit.id == case.complained_department_id:
        raise ConflictOfInterest
    parent = await _parent(turn)
    if unit.id == parent.id or not within(unit.area_path, parent.area_path) or unit.area_path == parent.area_path:
        raise invalid("unit", f"“{unit.name}”不是{parent.name}的下级地区单位")
    if await Verification.exists(case_id=case.id, department_id=unit.id, state__in=["open", "reported"]):
        raise GuardNotMet(reason="该单位已有未完成的核实任务。", missing=[])
    book = rulebook().for_area(case.area_path)
    last = body.due_on or local_date(due(book.limits["verification"], now(), book.calendar).due_at)
    if last < local_date(now()):
        raise invalid("due_on", "核实期限不能早于今天")
    made = await Verification.create(
        id=new_id(), case_id=case.id, parent_id=parent.id, department_id=unit.id, task=body.task, due_on=last,
        state="open", created_at=now(),
    )  # fmt: skip
    await _join(turn, unit, last)
    turn.text = body.task
    turn.data |= {
        "verification_id": str(made.id), "unit_id": str(unit.id), "parent_id": str(parent.id),
        "co_units": [str(unit.id)], "due_on": last.isoformat(),
    }  # fmt: skip


async def _parent(turn: Turn) -> Department:
    """The unit that hands down: the lead unit for its own people, else the desk's own."""
    own = turn.case.lead_id if turn.case.lead_id in turn.actor.departments else turn.actor.department_id
    found = await Department.get_or_none(id=own) if own else None
    if found is None:
        raise NotAllowed
    return found


async def _join(turn: Turn, unit: Department, last: date) -> None:
    if unit.id == turn.case.lead_id or unit.id in turn.co_ids:
        return
    await CaseUnit.create(
        id=new_id(), case_id=turn.case.id, department_id=unit.id, duty="转交核实", added_at=now(), due_on=last
    )


class ReportVerification(Body, kw_only=True):
    """How far the verification is, or what it came to."""

    note: Text
    found: Literal["true", "partly", "untrue"] | None = None  # set = this is the result
    attachment_ids: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []


@effect("report-verification", ReportVerification)
async def report_verification(turn: Turn, body: ReportVerification) -> None:
    """The unit below tells its progress, or the result; the unit above sees either."""
    task = await Verification.filter(
        case_id=turn.case.id, department_id__in=list(turn.actor.departments), state="open"
    ).order_by("-id").first()
    if task is None:
        raise GuardNotMet(reason="本单位没有待办的核实任务。", missing=[])
    task.progress_at = now()
    if body.found:
        task.state, task.found, task.result, task.reported_at = "reported", body.found, body.note, now()
    await task.save()
    await attach_evidence(turn.actor, body.attachment_ids, "verification", turn.case.id, turn.case.id)
    turn.text = body.note
    turn.data |= {
        "verification_id": str(task.id), "unit_id": str(task.department_id), "parent_id": str(task.parent_id),
        "found": body.found,
    }  # fmt: skip


class JudgeVerification(Body, kw_only=True):
    """Whether the unit above accepts the result; if not, what is missing."""

    verification_id: UUID
    accepted: bool
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""


@effect("judge-verification", JudgeVerification)
async def judge_verification(turn: Turn, body: JudgeVerification) -> None:
    """The supervising unit accepts a result, which ends the part of the unit below, or sends it back."""
    task = await Verification.get_or_none(id=body.verification_id, case_id=turn.case.id)
    if task is None:
        raise invalid("verification_id", "没有这项核实任务")
    if task.parent_id not in turn.actor.departments:
        raise NotAllowed
    if task.state != "reported":
        raise GuardNotMet(reason="核实结果还没有上报,或已经确认。", missing=["report-verification"])
    if not body.accepted and not body.note.strip():
        raise invalid("note", "退回时请写明还要核实什么")
    if body.accepted:
        task.state, task.confirmed_at = "confirmed", now()
        await CaseUnit.filter(
            case_id=turn.case.id, department_id=task.department_id, duty="转交核实", done_at=None
        ).update(done_at=now(), note=task.result)
    else:
        task.state, task.sent_back = "open", task.sent_back + 1
    await task.save()
    turn.text = body.note
    turn.data |= {
        "verification_id": str(task.id), "unit_id": str(task.department_id), "accepted": body.accepted,
    }  # fmt: skip
