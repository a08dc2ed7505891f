"""Effects of urgent work: who went to the place, what the unit's leaders gave, how it was filed and who was told."""

from typing import Annotated
from uuid import UUID

import msgspec

from domain.access.models import Staff
from domain.attachments.actions import attach_evidence
from domain.cases.models import OnSite, ResourceRequest, UrgentFile
from domain.cases.move import Body, Turn, effect
from domain.clock import now
from domain.ids import new_id
from domain.problems import GuardNotMet, SameOfficer, invalid
from domain.times import occurred
from domain.workflow.intake import Text

Thing = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Things = Annotated[list[Thing], msgspec.Meta(max_length=30)]


class OnSiteBody(Body, kw_only=True):
    """Who came, with what, when; without names it was the reporter alone."""

    note: Text
    people: Things = []
    equipment: Things = []
    arrived_at: str | None = None
    attachment_ids: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []


@effect("report-on-site", OnSiteBody)
async def report_on_site(turn: Turn, body: OnSiteBody) -> None:
    """Record people, equipment, arrival and photos of a dispatch to the place (001-15)."""
    case = turn.case
    field = "arrived_at" if body.arrived_at else "occurred_at"
    arrived_at = occurred(body.arrived_at or body.occurred_at, field)
    if case.dispatched_at and arrived_at < case.dispatched_at:
        raise invalid("arrived_at", "到场时间不能早于派单")
    await attach_evidence(turn.actor, body.attachment_ids, "on_site", case.id, case.id)
    reporter = await Staff.get(id=turn.actor.id)
    await OnSite.create(
        id=new_id(), case_id=case.id, people=body.people or [reporter.name], equipment=body.equipment,
        arrived_at=arrived_at, note=body.note, photos=len(body.attachment_ids), reported_by=reporter.id,
        reported_at=now(),
    )  # fmt: skip
    turn.text = body.note
    turn.data |= {"people": len(body.people) or 1, "equipment": len(body.equipment), "arrived_at": arrived_at.isoformat()}


class Resources(Body, kw_only=True):
    """What is needed on the spot, and why."""

    reason: Text
    people: Annotated[int, msgspec.Meta(ge=0, le=500)] = 0
    equipment: Things = []


@effect("request-resources", Resources)
async def request_resources(turn: Turn, body: Resources) -> None:
    """Ask the leaders of the unit for people or equipment (资源调度并给予保障, 001-15)."""
    case = turn.case
    if not body.people and not body.equipment:
        raise invalid("people", "请写明需要的人员或设备")
    if await ResourceRequest.exists(case_id=case.id, state="open"):
        raise GuardNotMet(reason="上一次资源申请正在等待单位负责人答复。", missing=["answer-resources"])
    found = await ResourceRequest.create(
        id=new_id(), case_id=case.id, department_id=case.lead_id, people=body.people, equipment=body.equipment,
        reason=body.reason, state="open", asked_by=turn.actor.id, asked_at=now(),
    )  # fmt: skip
    turn.text = body.reason
    turn.data |= {"request_id": str(found.id), "people": body.people, "equipment": len(body.equipment)}


class ResourceAnswer(Body, kw_only=True):
    """Whether it is given, and what comes when."""

    granted: bool
    note: Text


@effect("answer-resources", ResourceAnswer)
async def answer_resources(turn: Turn, body: ResourceAnswer) -> None:
    """A leader of the unit answers the request; never the one who asked."""
    found = await ResourceRequest.filter(case_id=turn.case.id, state="open").first()
    if found is None:
        raise GuardNotMet(reason="没有等待答复的资源申请。", missing=["request-resources"])
    if found.asked_by == turn.actor.id:
        raise SameOfficer
    found.state = "granted" if body.granted else "refused"
    found.answer, found.answered_by, found.answered_at = body.note, turn.actor.id, now()
    await found.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    turn.text = body.note
    turn.data |= {"request_id": str(found.id), "granted": body.granted}


class FileUrgent(Body, kw_only=True):
    """Where the record is kept, and whether the duty office has to know, with the reason either way."""

    file_number: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    report_to_duty_office: bool
    reason: Text


@effect("file-urgent", FileUrgent)
async def file_urgent(turn: Turn, body: FileUrgent) -> None:
    """File an urgent case with its callback record and decide about the report to the duty office (001-16)."""
    case = turn.case
    if not case.urgent:
        raise GuardNotMet(reason="只有即办事项需要归档并决定是否报值班室。", missing=[])
    if "callback" not in case.steps:
        raise GuardNotMet(reason="请先回访并做好反馈记录,再归档。", missing=["follow-up"])
    if await UrgentFile.exists(case_id=case.id, round=case.round):
        raise GuardNotMet(reason="此件本轮已经归档。", missing=[])
    await UrgentFile.create(
        id=new_id(), case_id=case.id, round=case.round, file_number=body.file_number,
        reported=body.report_to_duty_office, reason=body.reason, filed_by=turn.actor.id, filed_at=now(),
    )  # fmt: skip
    turn.text = body.reason
    turn.data["report_to_duty_office"] = body.report_to_duty_office
