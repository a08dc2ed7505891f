"""Effects of handling: contact, grade, result, review, answer, inspection."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from domain.attachments.actions import attach_evidence
from domain.cases import clocks
from domain.cases.models import Case, CaseUnit, Contact
from domain.cases.move import Body, Turn, effect, keep_text
from domain.clock import now
from domain.deadlines.choice import choose_track
from domain.deadlines.limits import due
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import ClientTimeAbsurd, GuardNotMet, NotAllowed, invalid
from domain.rulebook import rulebook
from domain.sql import execute
from domain.times import occurred
from domain.workflow.dispatching import drop_return
from domain.workflow.intake import Text, track_facts

Mode = Annotated[str, msgspec.Meta(pattern="^(in_person|phone|video|message)$")]

SLIP = timedelta(minutes=5)  # by which clocks may differ
_BEFORE_HANDLING = frozenset({"signed", "investigating"})


class Meeting(Body, kw_only=True):
    """One of the three meetings with the appellant (三见面)."""

    stage: Annotated[str, msgspec.Meta(pattern="^(accept|investigate|answer)$")]
    mode: Mode = "phone"
    at: str | None = None
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class Met(Body, kw_only=True):
    """What the unit reports, with the meetings that belong to it: told with the report, they need no call of their own."""

    meetings: Annotated[list[Meeting], msgspec.Meta(max_length=3)] = []


@effect("contact", Meeting)
async def contact(turn: Turn, body: Meeting) -> None:
    """Record a contact; the first one stops the contact clock and starts the investigation (003-11)."""
    await drop_return(turn.case)
    await _meet(turn, body)
    turn.text = body.note
    turn.data |= {"stage": body.stage, "mode": body.mode}


async def note_meetings(turn: Turn, body: Met) -> None:
    """Record the meetings told with a report as contacts, each with its line in the file of the case."""
    for meeting in body.meetings:
        await _meet(turn, meeting)
        told = await keep_text(turn, "contact", meeting.note) if meeting.note else {}
        data = {"stage": meeting.stage, "mode": meeting.mode, **told}
        record(Fact("case.contacted", turn.case.area_code, turn.case.id, turn.case.id, data, actor=turn.actor))


async def _meet(turn: Turn, meeting: Meeting) -> None:
    if meeting.stage == "answer" and turn.case.state in _BEFORE_HANDLING:
        raise GuardNotMet(reason="尚未核查定级,不能记录答复见面。", missing=["grade"])
    field = "at" if meeting.at else "occurred_at"
    at = occurred(meeting.at or meeting.occurred_at, field)
    if meeting.at is None:
        at = min(at, now())  # a phone's clock may run ahead; nobody was met in the future
    if not turn.case.received_at - SLIP <= at <= now() + SLIP:
        raise ClientTimeAbsurd(field=field)
    await Contact.create(
        id=new_id(), case_id=turn.case.id, stage=meeting.stage, mode=meeting.mode, at=at, note=meeting.note,
        staff_id=turn.actor.id,
    )  # fmt: skip


class Grade(Met, kw_only=True):
    """How hard the matter is, and what was found."""

    grade: Annotated[str, msgspec.Meta(pattern="^(clear|complex|unresolvable_now)$")]
    facts: Text


@effect("grade", Grade)
async def grade(turn: Turn, body: Grade) -> None:
    """Grade the matter. A shorter limit acts at once; a longer one needs its own approval, never a grade alone."""
    case = turn.case
    await note_meetings(turn, body)
    case.grade = body.grade
    turn.text = body.facts
    turn.data["grade"] = body.grade
    facts = await track_facts(case, body.grade)
    book = rulebook().for_area(case.area_path)
    choice = choose_track(facts, book.track_rules, book.tracks, book.calendar)
    before, after = clocks.handling_track(case).handling, book.tracks[choice.handling].handling
    if not (before and after) or choice.handling == case.handling_track:
        return
    old = due(before.limit, case.received_at, book.calendar).due_at
    if due(after.limit, case.received_at, book.calendar).due_at < old:
        await clocks.change_track(case, choice.handling, now())
        turn.data["track"] = choice.handling


Disposition = Annotated[
    str, msgspec.Meta(pattern="^(solved_reasonable|explained_unreasonable|aided_hardship|referred_unlawful_act)$")
]


class Result(Met, kw_only=True):
    """What was done, on what basis, and how it was disposed of (三到位一处理)."""

    result: Annotated[str, msgspec.Meta(min_length=1, max_length=5000)]
    basis: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    disposition: Disposition | None = None
    evidence: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []
    attachment_ids: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []
    rectification: Annotated[str, msgspec.Meta(max_length=2000)] = ""


@effect("submit-result", Result)
async def submit_result(turn: Turn, body: Result) -> None:
    """Hand the result to another person for review; an answer needs facts and a basis (000-05, 000-36, 003-14)."""
    case = turn.case
    if case.kind == "appeal" and len(body.basis.strip()) < 2:
        raise invalid("basis", "请写明办理依据")
    if case.kind == "appeal" and body.disposition is None:
        raise invalid("disposition", "请选择处理结果(三到位一处理)")
    await note_meetings(turn, body)
    case.handler_id = turn.actor.id  # whoever writes the result is the one who may not review it
    case.result, case.basis, case.disposition = body.result, body.basis, body.disposition or ""
    await attach_evidence(turn.actor, [*body.evidence, *body.attachment_ids], "result", case.id, case.id)
    turn.text = body.rectification or body.result
    turn.data |= {"disposition": case.disposition, "unit_id": str(case.lead_id) if case.lead_id else None}


@effect("self-handle", Result)
async def self_handle(turn: Turn, body: Result) -> None:
    """The reporter put it right on the spot (自办); another person inspects it."""
    await note_meetings(turn, body)
    turn.case.handler_id = turn.actor.id
    turn.case.result = body.result
    await attach_evidence(turn.actor, [*body.evidence, *body.attachment_ids], "result", turn.case.id, turn.case.id)
    turn.text = body.result


class Reason(Body, kw_only=True):
    """Why."""

    reason: Text


@effect("reject", Reason)
async def reject(turn: Turn, body: Reason) -> None:
    """Send the result back to the handler with the reason."""
    turn.text = body.reason


class AnswerBody(Body, kw_only=True):
    """The final text that the appellant gets."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=5000)]


@effect("answer", AnswerBody)
async def answer(turn: Turn, body: AnswerBody) -> None:
    """Approve and serve the answer in one move, to every appeal of the case; a principal signs what a superior
    assigned (000-05, 000-21)."""
    case = turn.case
    if (case.origin == "superior_assigned" or case.major) and not _principal_of(turn):
        raise NotAllowed
    if not case.result or not case.basis:
        raise GuardNotMet(reason="还没有写明查明的事实和办理依据。", missing=["result", "basis"])
    case.reviewer_id = turn.actor.id
    await serve(case, body.text)
    turn.text, turn.public = body.text, True
    turn.data["unit_id"] = str(case.lead_id)
    turn.data["round"] = case.round


def _principal_of(turn: Turn) -> bool:
    """Whether the actor heads the unit that owes the work, or the town that reviews for its village."""
    heads = {grant.department_id for grant in turn.actor.grants if grant.role == "principal"} - {None}
    return bool(heads & {turn.case.lead_id, turn.case.review_unit_id})


_SERVE = """
INSERT INTO replies (id, appeal_id, case_id, round, text, unit_name, at)
SELECT gen_random_uuid(), p.id, $1, $2::int, $3::text, coalesce((SELECT name FROM departments WHERE id = $4), ''),
  $5::timestamptz FROM appeals p WHERE p.case_id = $1
ON CONFLICT (appeal_id, round) DO UPDATE SET text = EXCLUDED.text, unit_name = EXCLUDED.unit_name, at = EXCLUDED.at
"""


async def serve(case: Case, text: str) -> None:
    """Give the answer to every appeal of the case, once in each round."""
    case.answered_at = now()
    await execute(_SERVE, [case.id, case.round, text, case.lead_id, case.answered_at])


class Inspect(Body, kw_only=True):
    """What another person saw on site."""

    passed: bool
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    attachment_ids: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []


@effect("inspect", Inspect)
async def inspect(turn: Turn, body: Inspect) -> None:
    """Close the event, or send it back to be done properly."""
    await attach_evidence(turn.actor, body.attachment_ids, "inspection", turn.case.id, turn.case.id)
    turn.text = body.note
    turn.data["passed"] = body.passed
    if body.passed:
        turn.case.ended_at = now()
        return
    turn.state = "handling"
    turn.keep_clocks = True


class CoResult(Body, kw_only=True):
    """What a co-unit has done of its part."""

    note: Text
    attachment_ids: Annotated[list[UUID], msgspec.Meta(max_length=20)] = []


@effect("co-result", CoResult)
async def co_result(turn: Turn, body: CoResult) -> None:
    """A co-unit reports its part done (协办完成); the case cannot close before every part is."""
    part = await CaseUnit.filter(case_id=turn.case.id, department_id__in=list(turn.actor.departments)).first()
    if part is None:
        raise NotAllowed
    part.done_at, part.note = now(), body.note
    await part.save(update_fields=["done_at", "note"])
    await attach_evidence(turn.actor, body.attachment_ids, "co_result", turn.case.id, turn.case.id)
    turn.text = body.note
    turn.data["unit_id"] = str(part.department_id)


class Plan(Body, kw_only=True):
    """How the rework will be done."""

    plan: Text


@effect("take-up", Plan)
async def take_up(turn: Turn, body: Plan) -> None:
    """Take the rework up with a plan."""
    turn.case.handler_id = turn.case.handler_id or turn.actor.id
    turn.text = body.plan
