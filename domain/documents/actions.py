"""Closure reports to the superior (闭环报告, 000-10, 000-28): sent once a round, and their receipt."""

from datetime import datetime
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.cases.models import Case
from domain.cases.move import lock_visible
from domain.clock import now
from domain.documents.models import ClosureReport
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, NotFound

REPORTABLE = frozenset({"answered", "closed", "long_term"})


async def send_closure_report(actor: Actor, case_id: UUID, recipient: str, text: str) -> ClosureReport:
    """Report an answered case upward; 409 before the answer or the second time in a round."""
    case, _ = await lock_visible(actor, case_id)
    actor.require(Permission.CASE_SUPERVISE, case.area_path)
    if case.state not in REPORTABLE:
        raise GuardNotMet(reason="答复之后才能上报办理情况。", missing=["答复"])
    if await ClosureReport.exists(case_id=case.id, round=case.round):
        raise GuardNotMet(reason="这一轮的办理情况已经上报。", missing=[])
    report = await ClosureReport.create(
        id=new_id(), case_id=case.id, area_path=case.area_path, round=case.round, recipient=recipient, text=text,
        sent_at=now(), sent_by=actor.label,
    )  # fmt: skip
    _record(actor, case, report, "closure.reported", {"text_digest": digest(report.id, text)})
    return report


async def note_receipt(actor: Actor, report_id: UUID, number: str, note: str) -> ClosureReport:
    """Note the superior's receipt, once."""
    known = await ClosureReport.get_or_none(id=report_id)
    if known is None:
        raise NotFound
    case, _ = await lock_visible(actor, known.case_id)
    actor.require(Permission.CASE_SUPERVISE, case.area_path)
    report = await ClosureReport.filter(id=report_id).select_for_update().get()
    if report.received_at:
        raise GuardNotMet(reason="回执已经登记。", missing=[])
    received_at: datetime = now()
    report.receipt_number, report.receipt_note, report.received_at = number, note, received_at
    await report.save()
    _record(actor, case, report, "closure.received", {})
    return report


def _record(actor: Actor, case: Case, report: ClosureReport, event: str, data: dict[str, str]) -> None:
    feed = ("case", case.id, case.version)
    record(Fact(event, case.area_code, case.id, report.id, {**data, "round": str(report.round)}, feed, actor))
