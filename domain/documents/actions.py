"""Closure reports to the superior (闭环报告, 000-10, 000-28): sent once a round (again when it
came back), with the chain of responsibility, and their receipt."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM, Actor
from domain.access.models import Assignment
from domain.access.permissions import Permission
from domain.cases.clocks import handling_track
from domain.cases.models import Case
from domain.cases.move import Body, lock_visible, move_locked
from domain.clock import now
from domain.documents.chain import chain_of, completed
from domain.documents.models import ClosureReport
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, NotAllowed, NotFound
from domain.workflow.closing import missing_for_close

REPORTABLE = frozenset({"answered", "closed", "long_term"})


@dataclass(frozen=True)
class Sent:
    """To whom a report goes, what it says, and the links of the chain that no account here stands for."""

    recipient: str
    text: str
    chain: tuple[dict[str, str], ...] = ()


async def send_closure_report(actor: Actor, case_id: UUID, sent: Sent) -> ClosureReport:
    """Report an answered case upward with its chain of responsibility; 409 before the answer, while a report of the
    round is with the superior, or where the track demands a chain that has a gap."""
    case, _ = await lock_visible(actor, case_id)
    actor.require(Permission.CASE_SUPERVISE, case.area_path)
    if case.state not in REPORTABLE:
        raise GuardNotMet(reason="答复之后才能上报办理情况。", missing=["答复"])
    before = await ClosureReport.filter(case_id=case.id, round=case.round)
    if any(report.state != "returned" for report in before):
        raise GuardNotMet(reason="这一轮的办理情况已经上报。", missing=[])
    chain = completed(await chain_of(case), sent.chain)
    gaps = [f"{link['unit']}:{name}" for link in chain for name in link["missing"]]
    if gaps and handling_track(case).report:
        raise GuardNotMet(reason="闭环报告须写明责任链条:主要负责同志、分管负责同志、承办科室。", missing=gaps)
    report = await ClosureReport.create(
        id=new_id(), case_id=case.id, area_path=case.area_path, round=case.round, attempt=len(before) + 1, chain=chain,
        recipient=sent.recipient, text=sent.text, sent_at=now(), sent_by=actor.label,
        from_path=max((g.area_path for g in actor.granting(Permission.CASE_SUPERVISE, case.area_path)), key=len),
    )  # fmt: skip
    _record(actor, case, report, "closure.reported", {"text_digest": digest(report.id, sent.text)})
    return report


async def note_receipt(actor: Actor, report_id: UUID, number: str, note: str, *, accepted: bool = True) -> ClosureReport:
    """Note the superior's receipt, once: accepted, or returned to be sent again. Where a higher office works in this
    deployment only that office gives it (403); an accepted report lets a complete case close."""
    known = await ClosureReport.get_or_none(id=report_id)
    if known is None:
        raise NotFound
    case, co_ids = await lock_visible(actor, known.case_id)
    actor.require(Permission.CASE_SUPERVISE, case.area_path)
    report = await ClosureReport.filter(id=report_id).select_for_update().get()
    if report.received_at:
        raise GuardNotMet(reason="回执已经登记。", missing=[])
    await _check_superior(actor, report.from_path)
    received_at: datetime = now()
    report.receipt_number, report.receipt_note, report.received_at = number, note, received_at
    report.state = "accepted" if accepted else "returned"
    await report.save()
    _record(actor, case, report, "closure.received", {"accepted": accepted})
    if accepted and case.state == "answered" and not await missing_for_close(case):
        await move_locked(SYSTEM, case, co_ids, "close", Body())
    return report


async def _check_superior(actor: Actor, from_path: str) -> None:
    above = [place for n in range(1, from_path.count(".") + 1) if (place := from_path.rsplit(".", n)[0])]
    if not await Assignment.exists(role="supervision_section", area_path__in=above):
        return  # the superior works outside this deployment: the office enters the receipt that it got
    if not any(grant.area_path in above for grant in actor.granting(Permission.CASE_SUPERVISE)):
        raise NotAllowed


def _record(actor: Actor, case: Case, report: ClosureReport, event: str, data: dict[str, Any]) -> None:
    feed = ("case", case.id, case.version)
    record(Fact(event, case.area_code, case.id, report.id, {**data, "round": str(report.round)}, feed, actor))
