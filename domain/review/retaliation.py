"""Reports of retaliation (打击报复, 条例 art 18; domain §7.4): they go to the next higher unit and to discipline, never
into the file of the case, and whoever is accused may not close, merge or call back that case.

Until an inspector names the accused, those who worked on the case for its units count as accused. A report goes where
its appeal goes (归并, 拆分); `case_id` stays the case on which it was made, whose units do not hear of it."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Staff
from domain.access.scope import Where
from domain.cases.models import Case
from domain.cases.move import GUARDS, Body, Turn
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import ConflictOfInterest, GuardNotMet, NotFound, invalid
from domain.review.bodies import next_higher
from domain.review.models import RetaliationReport
from domain.rulebook import rulebook
from domain.sql import fetch, fetch_one
from domain.supervision.office_clocks import RETALIATION, Owed, start_office_clock, stop_office_clocks
from domain.supervision.secrecy import knows_of_reports
from domain.workflow.own import Own

BARRED = frozenset({"close", "merge", "unmerge", "callback"})


async def report_retaliation(own: Own, text: str) -> RetaliationReport:
    """Take a report in at any time, in any state, as often as somebody wants to say it; the clock is 24 hours."""
    case, at = own.case, now()
    people = [case.handler_id, case.first_handler_id, case.reviewer_id]
    report_id, body_id = new_id(), await next_higher(case)
    owed = Owed(RETALIATION, "contact", report_id, case.id, case.area_path, body_id)
    clock = await start_office_clock(owed, rulebook().for_area(case.area_path).limits["retaliation_contact"], at)
    report = await RetaliationReport.create(
        id=report_id, appeal_id=own.appeal.id, case_id=case.id, area_path=case.area_path, text=text, state="open",
        body_id=body_id, accused=sorted({str(person) for person in people if person}),
        reported_at=at, contact_due_at=clock.due_at,
    )  # fmt: skip
    _record(report, case.area_code, "retaliation.reported", {"text_digest": digest(report.id, text)})
    return report


async def contact_reporter(actor: Actor, report_id: UUID) -> RetaliationReport:
    """Note the first contact; a repeat changes nothing."""
    report, area = await _lock(actor, report_id)
    if report.contacted_at is None:
        report.state, report.contacted_at, report.officer_id = "contacted", now(), actor.id
        await report.save()
        await stop_office_clocks(report.id, ("contact",), report.contacted_at)
        met = report.contacted_at <= report.contact_due_at
        _record(report, area, "retaliation.contacted", {"met": met})
    return report


async def name_accused(actor: Actor, report_id: UUID, staff_ids: list[UUID]) -> RetaliationReport:
    """Say who is accused, instead of those who worked on the case; 422 for an unknown account."""
    report, area = await _lock(actor, report_id)
    if await Staff.filter(id__in=staff_ids).count() != len(set(staff_ids)):
        raise invalid("staff_ids", "有的账号不存在")
    report.accused = sorted({str(found) for found in staff_ids})
    await report.save(update_fields=["accused"])
    _record(report, area, "retaliation.accused-named", {"accused": len(report.accused)})
    return report


async def close_report(actor: Actor, report_id: UUID, outcome: str) -> RetaliationReport:
    """Close a report with its outcome, after the contact."""
    report, area = await _lock(actor, report_id)
    if report.contacted_at is None:
        raise GuardNotMet(reason="先与反映人联系,再办结。", missing=["首次联系"])
    report.state, report.outcome, report.closed_at = "closed", outcome, now()
    await report.save()
    _record(report, area, "retaliation.closed", {"text_digest": digest(report.id, outcome)})
    return report


async def find_reports(actor: Actor, state: str | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The reports that the actor may handle, newest first, one more than the limit; none against the actor."""
    where = _visible(actor)
    if state:
        where.add("r.state = {}", state)
    if before:
        where.add("r.id < {}", before)
    return await fetch(
        "SELECT r.*, c.id AS case_id, c.number AS case_number, p.number AS appeal_number FROM retaliation_reports r"
        " JOIN appeals p ON p.id = r.appeal_id JOIN cases c ON c.id = p.case_id"
        f" WHERE {where.sql} ORDER BY r.id DESC LIMIT {limit + 1}",
        where.values, json=("accused",),
    )  # fmt: skip


def _visible(actor: Actor) -> Where:
    where = Where()
    where.conditions.append(knows_of_reports(where, actor))
    return where


async def _lock(actor: Actor, report_id: UUID) -> tuple[RetaliationReport, str]:
    where = _visible(actor)
    where.add("r.id = {}", report_id)
    if await fetch_one(f"SELECT 1 AS seen FROM retaliation_reports r WHERE {where.sql}", where.values) is None:
        raise NotFound
    report = await RetaliationReport.filter(id=report_id).select_for_update().get()
    if report.state == "closed":
        raise GuardNotMet(reason="这份反映已经办结。", missing=[])
    return report, (await Case.get(id=report.case_id)).area_code


def _record(report: RetaliationReport, area: str, event: str, data: dict[str, Any]) -> None:
    """Without the case: its timeline is read by the people who are complained about."""
    record(Fact(event, area, None, report.id, data))


async def keep_accused_away(turn: Turn, body: Body) -> None:
    """409 for an accused who would close, merge or call back the case, merge another one into it, or take it out of the
    one into which it was merged."""
    others = (getattr(body, "into", None), (turn.case.merge or {}).get("into"))
    row = await fetch_one(
        "SELECT 1 AS accused FROM retaliation_reports r JOIN appeals p ON p.id = r.appeal_id"
        " WHERE p.case_id = ANY($1::uuid[]) AND r.accused @> jsonb_build_array($2::text)",
        [[turn.case.id, *filter(None, others)], str(turn.actor.id)],
    )
    if row:
        raise ConflictOfInterest


for _action in BARRED:
    GUARDS.setdefault(_action, []).append(keep_accused_away)
