"""Effects of intake: register, ask for information, accept, refuse, redirect, transfer, void."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from domain.access.actor import SYSTEM, within
from domain.access.models import Assignment
from domain.access.permissions import ROLE_PERMISSIONS, Permission
from domain.access.queries import department
from domain.areas.queries import area
from domain.attachments.actions import attach_evidence
from domain.cases import clocks
from domain.cases.models import Case, CaseText, SecondSignature
from domain.cases.move import Body, Turn, effect
from domain.clock import local_date, now
from domain.deadlines.choice import Facts, choose_track
from domain.deadlines.tracks import ClockName
from domain.entries import topic_of
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import ConflictOfInterest, GuardNotMet, invalid
from domain.rulebook import Rulebook, rulebook
from domain.sql import fetch_one
from domain.supervision.actions import open_supervision
from domain.workflow.levels import at_level

REPEATED = "群众重复反映,请核查前次办理情况,一次办结。"
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
AppealType = Annotated[str, msgspec.Meta(pattern="^(consult|help|complaint|report|suggestion|thanks)$")]
PetitionClass = Annotated[str, msgspec.Meta(pattern="^(suggestion_opinion|accusation|appeal_for_decision)$")]



class ComplainedOf(msgspec.Struct, forbid_unknown_fields=True):
    """Whom an appeal is about."""

    department_id: str | None = None
    text: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Register(Body, kw_only=True):
    """What the desk decides when it registers an appeal."""

    appeal_type: AppealType
    topic: str
    area: str | None = None
    urgency: Annotated[str, msgspec.Meta(pattern="^(ordinary|urgent)$")] = "ordinary"
    petition_class: PetitionClass = "appeal_for_decision"
    complained_of: ComplainedOf | None = None
    complex: bool = False
    major: bool = False
    repeat: bool = False  # the same person about the same matter again: no longer limit, but supervision
    skipped_level: bool = False
    flags: Annotated[list[str], msgspec.Meta(max_length=20)] = []  # words of the profile that fit the matter
    emergency: str | None = None  # one of the four kinds: urgent, and the linked units are told together


@effect("register", Register)
async def register(turn: Turn, body: Register) -> None:
    """Classify the appeal and choose its track, with the reasons kept (001-10, 004-22, 004-23)."""
    case = turn.case
    book = rulebook().for_area(case.area_path)
    _check_words(body, book)
    topic_of(body.topic)
    if body.area and body.area != case.area_code:
        place = await area(body.area)
        if place is None or not turn.actor.may(Permission.CASE_REGISTER, place.path):
            raise invalid("area", "没有这个地区,或不在您的管辖范围内")
        case.area_code, case.area_path = place.code, place.path
    case.appeal_type, case.topic, case.petition_class = body.appeal_type, body.topic, body.petition_class
    case.urgent, case.major = body.urgency == "urgent" or body.emergency is not None, body.major
    case.emergency = body.emergency or ""
    case.registrar_id = turn.actor.id
    case.first_receiver_id = case.first_receiver_id or turn.actor.id
    case.complained_department_id = await complained_unit(turn, body.complained_of) or case.complained_department_id
    case.flags = _flags(case, body)
    earlier = await said_before(case)
    case.is_initial = "repeat" not in case.flags and earlier is None
    await set_track(case, await track_facts(case, "complex" if "complex" in case.flags else None))
    turn.data |= {"track": case.track, "topic": case.topic, "flags": case.flags, "initial": case.is_initial}
    turn.data |= {"repeats": str(earlier)} if earlier else {}
    turn.data |= {"emergency": case.emergency} if case.emergency else {}
    if body.repeat:
        await open_supervision(case, "key", "repeat", REPEATED, by=turn.actor)


async def complained_unit(turn: Turn, about: ComplainedOf | None) -> UUID | None:
    """The unit that an appeal is about, if one is named; 409 for the actor's own."""
    if about is None or not about.department_id:
        return None
    unit = await department(about.department_id)
    if unit is None:
        raise invalid("complained_of.department_id", "没有这个单位")
    if unit.id in turn.actor.departments:
        raise ConflictOfInterest
    return unit.id


def _check_words(body: Register, book: Rulebook) -> None:
    if unknown := set(body.flags) - set(book.flags):
        raise invalid("flags", f"没有这种情形:{min(unknown)[:20]},可选:{'、'.join(book.flags)}")
    if body.emergency is not None and body.emergency not in book.emergencies:
        raise invalid("emergency", f"没有这种应急事件,可选:{'、'.join(book.emergencies)}")


def _flags(case: Case, body: Register) -> list[str]:
    """What the officer marked, and what the case itself shows."""
    told = {"complex": body.complex, "repeat": body.repeat, "skipped_level": body.skipped_level}
    told["superior_assigned"] = case.origin == "superior_assigned"
    return sorted({*body.flags, *(name for name, holds in told.items() if holds)})


_BEFORE = """
WITH mine AS (SELECT id, resident_id, received_at FROM appeals WHERE case_id = $1), earlier AS (
  SELECT q.case_id FROM mine p JOIN appeals q ON q.resident_id = p.resident_id
    WHERE (q.received_at, q.id) < (p.received_at, p.id)
  UNION ALL
  SELECT q.case_id FROM mine p JOIN appellants v ON v.appeal_id = p.id AND v.phone <> ''
    JOIN appellants w ON w.phone = v.phone JOIN appeals q ON q.id = w.appeal_id
    WHERE (q.received_at, q.id) < (p.received_at, p.id)
)
SELECT c.id AS case_id FROM earlier e JOIN cases c ON c.id = e.case_id
WHERE c.id <> $1 AND c.topic = $2 AND c.state <> 'voided' ORDER BY c.received_at DESC, c.id DESC LIMIT 1
"""


async def said_before(case: Case) -> UUID | None:
    """The last case in which the same person brought a matter of this topic: then this is no first petition (初信初访)."""
    row = await fetch_one(_BEFORE, [case.id, case.topic])
    return row["case_id"] if row else None


async def track_facts(case: Case, grade: str | None) -> Facts:
    """What the rules of the tracks need to know of a case."""
    first = await fetch_one("SELECT channel FROM appeals WHERE case_id = $1 ORDER BY id LIMIT 1", [case.id])
    return Facts(
        kind=case.kind, channel=first["channel"] if first else "grid", received_at=case.received_at,
        urgency=case.level if case.kind == "event" else ("urgent" if case.urgent else "ordinary"),
        appeal_type=case.appeal_type or None, petition_class=case.petition_class or None, topic=case.topic or None,
        grade=grade, flags=frozenset(case.flags), registered=True,
    )  # fmt: skip


async def set_track(case: Case, facts: Facts) -> None:
    """Choose the track by the rules, keep the reasons, and count the accept clock by it."""
    book = rulebook().for_area(case.area_path)
    choice = choose_track(facts, book.track_rules, book.tracks, book.calendar)
    case.track, case.handling_track = choice.track, choice.handling
    case.track_reasons = [*choice.matched, *choice.skipped]
    accept = book.tracks[choice.track].clocks.get(ClockName.ACCEPT)
    if accept:
        await clocks.set_clock(case, "accept", accept.limit, case.received_at)


async def leave_simple(case: Case, flag: str) -> None:
    """What turns up later may exclude the simple way too: then the ordinary track holds, and the appellant is told."""
    before = clocks.handling_track(case)
    if case.kind != "appeal" or not before.simple or flag in case.flags:
        return
    case.flags = sorted({*case.flags, flag})
    book = rulebook().for_area(case.area_path)
    choice = choose_track(await track_facts(case, case.grade or None), book.track_rules, book.tracks, book.calendar)
    if choice.handling == before.code:
        return
    reason = next((text for text in choice.matched), "")
    case.track_reasons = [f"由“{before.name}”改按“{book.tracks[choice.handling].name}”办理:{reason}", *case.track_reasons]
    await clocks.change_track(case, choice.handling, now())
    await _tell_of_track(case, book.flags.get(flag, reason))


async def _tell_of_track(case: Case, reason: str) -> None:
    text = await CaseText.create(
        id=new_id(), case_id=case.id, action="regrade", text=reason, public=True, author=SYSTEM.label, at=now()
    )
    data: dict[str, Any] = {
        "track": case.handling_track, "text_id": str(text.id), "text_digest": digest(text.id, reason),
    }  # fmt: skip
    if clock := await clocks.running(case, "handling"):
        data["due_on"] = local_date(clock.due_at).isoformat()
    record(Fact("case.regraded", case.area_code, case.id, case.id, data, actor=SYSTEM))


class AskInfo(Body, kw_only=True):
    """One list of what is still needed."""

    items: Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=200)]], msgspec.Meta(min_length=1,
                                                                                                   max_length=10)]


@effect("ask-info", AskInfo)
async def ask_info(turn: Turn, body: AskInfo) -> None:
    """Ask the appellant for a list of information, at most twice."""
    if turn.case.info_asked >= 2:
        raise GuardNotMet(reason="已经要求补充过两次,请直接作出受理决定。", missing=[])
    turn.case.info_asked += 1
    turn.text, turn.public = "请补充:" + ";".join(body.items), True


class SupplyInfo(Body, kw_only=True):
    """What the appellant adds."""

    text: Text
    attachment_ids: list[UUID] = []


@effect("supply-info", SupplyInfo)
async def supply_info(turn: Turn, body: SupplyInfo) -> None:
    """Take in the information asked for."""
    turn.text, turn.public = body.text, turn.actor.kind != "staff"  # what a clerk takes down may name others
    await attach_evidence(turn.actor, body.attachment_ids, "supplement", turn.case.id, turn.case.id)


@effect("accept")
async def accept(turn: Turn, body: Body) -> None:
    """Accept the appeal; the notice names unit, path, limit and rights."""
    case = turn.case
    if not case.petition_class:
        raise GuardNotMet(reason="请先登记:确定类别、诉求类型和信访类别。", missing=["register"])
    case.accepted_at, case.registrar_id, case.deciders = now(), case.registrar_id or turn.actor.id, []


class NotAccept(Body, kw_only=True):
    """Why an appeal is not accepted, and where to go instead."""

    reason_code: Annotated[str, msgspec.Meta(pattern="^[a-z_]{2,40}$")]
    next_channel: Text
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""


@effect("not-accept", NotAccept)
async def not_accept(turn: Turn, body: NotAccept) -> None:
    """Refuse to accept, by two persons, always naming the next channel (domain §7.5)."""
    await second_person(turn, body)
    if turn.hold:
        return
    reason = f"{body.reason.rstrip('。')}。" if body.reason else ""
    turn.text, turn.public = f"{reason}建议途径:{body.next_channel}", True
    turn.data["reason_code"] = body.reason_code
    decide_ending(turn)


class Redirect(Body, kw_only=True):
    """The legal path for a matter that is not for petitions (诉访分离)."""

    legal_path: Annotated[str, msgspec.Meta(pattern="^(litigation|arbitration|reconsideration|prosecution|police|party|"
                                                    "administrative)$")]
    body: Text


@effect("redirect", Redirect)
async def redirect(turn: Turn, body: Redirect) -> None:
    """Lead the appellant to the legal path, named with its body (004-13)."""
    turn.data["legal_path"] = body.legal_path
    turn.text, turn.public = f"此事依法应通过专门途径解决,请向{body.body}提出。", True
    decide_ending(turn)


class Void(Body, kw_only=True):
    """Why an entry is void."""

    reason_code: Annotated[str, msgspec.Meta(pattern="^(spam|test|duplicate_entry)$")]


@effect("void", Void)
async def void(turn: Turn, body: Void) -> None:
    """Take an entry out, by two persons."""
    await second_person(turn, body)
    if turn.hold:
        return
    turn.data["reason_code"] = body.reason_code
    decide_ending(turn)


class TransferOut(Body, kw_only=True):
    """The body that has the power to handle it."""

    target: Text
    basis: Text
    contact: Annotated[str, msgspec.Meta(max_length=100)] = ""


@effect("transfer-out", TransferOut)
async def transfer_out(turn: Turn, body: TransferOut) -> None:
    """Transfer to the body in charge and tell the appellant where to (000-39)."""
    at_level(turn, turn.case.desk_level, "转送")
    contact = f",联系方式:{body.contact}" if body.contact else ""
    turn.text, turn.public = f"已转送{body.target}办理({body.basis}){contact}。", True
    decide_ending(turn)


class Receipt(Body, kw_only=True):
    """What the other body said."""

    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@effect("confirm-transfer", Receipt)
async def confirm_transfer(turn: Turn, body: Receipt) -> None:
    """Keep the receipt of the transfer."""
    turn.text = body.note


@effect("transfer-refused", Receipt)
async def transfer_refused(turn: Turn, body: Receipt) -> None:
    """The other body sent it back; it is ours again."""
    at_level(turn, turn.case.desk_level, "收回")
    turn.text = body.note
    turn.case.ended_at, turn.case.deciders = None, []


def decide_ending(turn: Turn) -> None:
    """End the case; whoever decided that, the first of two persons too, does not decide again after a contest."""
    turn.case.ended_at = now()
    people = (turn.data.get("first_officer"), turn.actor.id)
    turn.case.deciders = [str(person) for person in people if person]


async def accept_underway(case: Case, at: datetime) -> None:
    """Accept an appeal by the move that takes it further (raised, instructed): the step is done, handling counts."""
    case.accepted_at = at
    case.steps = {**case.steps, "accept": at.isoformat()}
    case.plus_steps = {"approve": at.isoformat(), **case.plus_steps}
    await clocks.start(case, ("handling",), at)


async def second_person(turn: Turn, body: Body) -> None:
    """The first officer's call is kept as a request; the move happens when another officer calls with the same body, and
    the case is still in the state in which it was signed, about the same appeals; a note or a message ends nothing."""
    content = msgspec.to_builtins(body)
    content.pop("version", None)
    asked = await first_signature(turn)
    if asked and asked.asked_by != turn.actor.id and asked.body == content:
        await asked.delete()
        turn.data["first_officer"] = str(asked.asked_by)
        return
    await SecondSignature.filter(case_id=turn.case.id, action=turn.move.name).delete()
    await SecondSignature.create(
        id=new_id(), case_id=turn.case.id, action=turn.move.name, body=content, asked_by=turn.actor.id, asked_at=now(),
        case_version=turn.case.version + 1,  # asking is a move itself
    )  # fmt: skip
    turn.event = "case.second-asked"
    turn.data["action"] = turn.move.name
    turn.hold = True


async def first_signature(turn: Turn) -> SecondSignature | None:
    """What the first of two persons has asked for, unless more than a remark came since."""
    return await SecondSignature.get_or_none(
        case_id=turn.case.id, action=turn.move.name, case_version__gte=turn.case.state_version
    )


async def one_may(turn: Turn, permission: Permission) -> bool:
    """Whether one of the two who signed holds a permission where the case lies, whichever of them came first."""
    if turn.actor.may(permission, turn.case.area_path):
        return True
    roles = [role for role, held in ROLE_PERMISSIONS.items() if permission in held]
    rows = await Assignment.filter(staff_id=turn.data["first_officer"], role__in=roles)
    return any(within(turn.case.area_path, row.area_path) for row in rows)
