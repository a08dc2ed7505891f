"""Staff door: review and re-review, their hearings, matters ended by re-review, and reports of retaliation."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

import domain.workflow  # noqa: F401 (a review may send a case into rework)
from desk_api.schemas import Words
from domain.access.permissions import Permission as P
from domain.clock import now
from domain.entries import phone_of
from domain.problems import GuardNotMet, SameOfficer
from domain.review import decisions, hearing_requests, hearings, queries, retaliation
from domain.review.finality import note_finality
from domain.review.states import NEXT, STATES, STEPS
from domain.text import clean_text
from web.bodies import Nothing, Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local, masked_phone

Name = Annotated[str, Meta(min_length=1, max_length=60)]


class ReviewList(Page, kw_only=True):
    """Which state; `overdue` those not accepted or not decided in time."""

    state: Literal["requested", "accepted", "deciding", "upheld", "changed", "redo", "revoked"] | None = None
    overdue: bool = False


class Decision(Strict):
    """The outcome and its reasons, as the appellant reads them."""

    outcome: Literal["upheld", "changed", "redo", "revoked"]
    decision: Words


class Member(Strict):
    """Somebody who sits at a hearing; told in the inbox of an account, else by text message, else by hand."""

    name: Name
    post: Name
    staff_id: UUID | None = None
    phone: Annotated[str, Meta(max_length=40)] = ""


class NewHearing(Strict):
    """A hearing to be held."""

    reason: Words
    planned_at: Annotated[datetime, Meta(tz=True)]
    place: Annotated[str, Meta(min_length=1, max_length=120)]
    members: Annotated[list[Member], Meta(min_length=3, max_length=15)]
    publicity: Literal["public", "parties", "closed"] = "public"


class HearingWish(Strict):
    """Why a hearing is asked for, or refused."""

    reason: Words


class RequestList(Page, kw_only=True):
    """Which state."""

    state: Literal["open", "granted", "refused"] | None = None


class Conclusion(Strict):
    """What was said, and what was concluded."""

    record: Words
    conclusion: Words


class Finality(Strict):
    """Whether a new case repeats a matter that a re-review has ended."""

    review_id: UUID
    verdict: Literal["same_facts", "new_facts"]
    explanation: Words


class ReportList(Page, kw_only=True):
    """Which state."""

    state: Literal["open", "contacted", "closed"] | None = None


class Accused(Strict):
    """Who is accused."""

    staff_ids: Annotated[list[UUID], Meta(max_length=20)]


class Outcome(Strict):
    """How it ended."""

    outcome: Words


async def list_reviews(ask: Ask) -> dict[str, Any]:
    """The reviews that my unit has to decide (`GET /reviews`)."""
    query: ReviewList = ask.query
    overdue_at = now() if query.overdue else None
    rows = await queries.find_reviews(ask.actor, query.state, overdue_at, query.before, query.limit)
    return paged(rows, query.limit, _review)


async def accept(ask: Ask) -> dict[str, Any]:
    """Accept a request (`POST /reviews/{id}/accept`)."""
    await decisions.accept_review(ask.actor, path_id(ask))
    return _review(await queries.review_row(ask.actor, path_id(ask)))


async def begin(ask: Ask) -> dict[str, Any]:
    """Begin to examine (`POST /reviews/{id}/begin`)."""
    await decisions.begin_review(ask.actor, path_id(ask))
    return _review(await queries.review_row(ask.actor, path_id(ask)))


async def decide(ask: Ask) -> dict[str, Any]:
    """Decide (`POST /reviews/{id}/decision`)."""
    body: Decision = ask.body
    await decisions.decide_review(ask.actor, path_id(ask), body.outcome, clean_text(body.decision))
    return _review(await queries.review_row(ask.actor, path_id(ask)))


async def order_hearing(ask: Ask) -> dict[str, Any]:
    """Order a hearing in a review (`POST /reviews/{id}/hearings`)."""
    return _hearing(await hearings.order_review_hearing(ask.actor, path_id(ask), _plan(ask.body)))


async def order_case_hearing(ask: Ask) -> dict[str, Any]:
    """Order a hearing on a case (`POST /cases/{id}/hearings`)."""
    return _hearing(await hearings.order_hearing(ask.actor, path_id(ask), _plan(ask.body)))


async def list_hearings(ask: Ask) -> dict[str, Any]:
    """The hearings on a case (`GET /cases/{id}/hearings`)."""
    rows = await hearings.hearings_of(ask.actor, path_id(ask))
    fields = ("id", "review_id", "state", "publicity", "reason", "place", "record", "conclusion")
    times = ("planned_at", "ordered_at", "concluded_at")
    return {"items": [
        {**{f: row[f] for f in fields}, **{t: local(row[t]) for t in times},
         "members": [{**one, "phone": masked_phone(one.get("phone", ""))} for one in row["members"]]}
        for row in rows
    ]}  # fmt: skip


async def list_requests(ask: Ask) -> dict[str, Any]:
    """Requests for hearings that I decide (`GET /hearing-requests`)."""
    rows = await hearing_requests.requests_of(ask.actor, ask.query.state, ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, lambda row: {
        **row, "asked_at": local(row["asked_at"]), "decided_at": local(row["decided_at"]),
    })  # fmt: skip


async def ask_hearing(ask: Ask) -> dict[str, Any]:
    """My unit asks for a hearing on its case (`POST /cases/{id}/hearing-requests`)."""
    found = await hearing_requests.ask_for_unit(ask.actor, path_id(ask), clean_text(ask.body.reason))
    return {"id": found.id, "case_id": found.case_id, "state": found.state, "asked_at": local(found.asked_at)}


async def refuse_hearing(ask: Ask) -> dict[str, Any]:
    """Refuse a hearing with reasons (`POST /hearing-requests/{id}/refusal`)."""
    found = await hearing_requests.refuse_request(ask.actor, path_id(ask), clean_text(ask.body.reason))
    return {"id": found.id, "state": found.state, "decided_at": local(found.decided_at)}


async def conclude(ask: Ask) -> dict[str, Any]:
    """Record and conclude a hearing (`POST /hearings/{id}/conclusion`)."""
    account, conclusion = clean_text(ask.body.record), clean_text(ask.body.conclusion)
    return _hearing(await hearings.conclude_hearing(ask.actor, path_id(ask), account, conclusion))


async def judge_finality(ask: Ask) -> dict[str, Any]:
    """Say whether a new case repeats an ended matter (`POST /cases/{id}/finality`)."""
    body: Finality = ask.body
    found = await note_finality(
        ask.actor, path_id(ask), body.review_id, body.verdict, clean_text(body.explanation)
    )
    return {"id": found.id, "case_id": found.case_id, "earlier_case_id": found.earlier_case_id,
            "verdict": found.verdict}  # fmt: skip


async def list_reports(ask: Ask) -> dict[str, Any]:
    """Reports of retaliation that I may handle (`GET /retaliation-reports`)."""
    rows = await retaliation.find_reports(ask.actor, ask.query.state, ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, _report)


async def contact(ask: Ask) -> dict[str, Any]:
    """Note the first contact (`POST /retaliation-reports/{id}/contact`)."""
    return _report_state(await retaliation.contact_reporter(ask.actor, path_id(ask)))


async def name_accused(ask: Ask) -> dict[str, Any]:
    """Name the accused (`POST /retaliation-reports/{id}/accused`)."""
    return _report_state(await retaliation.name_accused(ask.actor, path_id(ask), ask.body.staff_ids))


async def close_report(ask: Ask) -> dict[str, Any]:
    """Close a report (`POST /retaliation-reports/{id}/outcome`)."""
    outcome = clean_text(ask.body.outcome)
    return _report_state(await retaliation.close_report(ask.actor, path_id(ask), outcome))


def _member(member: Member) -> dict[str, str]:
    phone = phone_of("members", member.phone)
    account = {"staff_id": str(member.staff_id)} if member.staff_id else {}
    return {"name": clean_text(member.name), "post": clean_text(member.post), "phone": phone, **account}


def _plan(body: NewHearing) -> hearings.HearingPlan:
    return hearings.HearingPlan(
        clean_text(body.reason), body.planned_at, clean_text(body.place), tuple(map(_member, body.members)), body.publicity
    )


def _review(row: dict[str, Any]) -> dict[str, Any]:
    plain = ("id", "step", "state", "case_id", "case_number", "appeal_id", "appeal_number", "title", "round", "reason",
             "body", "from_unit", "hearing_days", "explanation", "decision")  # fmt: skip
    times = ("requested_at", "accept_due_at", "decide_due_at", "accepted_at", "decided_at")
    return {
        **{name: row[name] for name in plain}, **{name: local(row[name]) for name in times},
        "step_name": STEPS[row["step"]], "state_name": STATES[row["state"]],
        "can": [] if row["worked"] else list(NEXT.get(row["state"], ())),
    }  # fmt: skip


def _hearing(hearing: Any) -> dict[str, Any]:
    return {"id": hearing.id, "case_id": hearing.case_id, "review_id": hearing.review_id, "state": hearing.state,
            "publicity": hearing.publicity, "planned_at": local(hearing.planned_at),
            "concluded_at": local(hearing.concluded_at)}  # fmt: skip


def _report(row: dict[str, Any]) -> dict[str, Any]:
    plain = ("id", "case_id", "case_number", "appeal_number", "text", "state", "accused", "outcome")
    times = ("reported_at", "contact_due_at", "contacted_at", "closed_at")
    late = row["contacted_at"] is None and row["contact_due_at"] < now()
    return {**{n: row[n] for n in plain}, **{n: local(row[n]) for n in times}, "overdue": late}


def _report_state(report: Any) -> dict[str, Any]:
    return {"id": report.id, "state": report.state, "accused": report.accused,
            "contacted_at": local(report.contacted_at), "closed_at": local(report.closed_at)}  # fmt: skip


def _post(path: str, handler: Any, gate: P, body: type, summary: str) -> Route:
    made = path.endswith(("hearings", "finality", "hearing-requests"))
    return Route(method="POST", path=path, handler=handler, gate=gate, body=body, summary=summary,
                 status=201 if made else 200, problems=(GuardNotMet, SameOfficer))  # fmt: skip


ROUTES = (
    Route(method="GET", path="/reviews", handler=list_reviews, gate=P.REVIEW_DECIDE, query=ReviewList, reads=True,
          summary="复查复核列表"),
    _post("/reviews/<id:str>/accept", accept, P.REVIEW_DECIDE, Nothing, "受理复查复核"),
    _post("/reviews/<id:str>/begin", begin, P.REVIEW_DECIDE, Nothing, "开始复查复核"),
    _post("/reviews/<id:str>/decision", decide, P.REVIEW_DECIDE, Decision, "复查复核决定"),
    _post("/reviews/<id:str>/hearings", order_hearing, P.REVIEW_DECIDE, NewHearing, "复查复核听证"),
    _post("/cases/<id:str>/hearings", order_case_hearing, P.REVIEW_DECIDE, NewHearing, "举行听证"),
    Route(method="GET", path="/cases/<id:str>/hearings", handler=list_hearings, gate=P.REVIEW_DECIDE, reads=True,
          summary="听证列表"),
    Route(method="GET", path="/hearing-requests", handler=list_requests, gate=P.REVIEW_DECIDE, query=RequestList,
          reads=True, summary="听证申请列表"),
    _post("/cases/<id:str>/hearing-requests", ask_hearing, P.CASE_HANDLE, HearingWish, "申请听证"),
    _post("/hearing-requests/<id:str>/refusal", refuse_hearing, P.REVIEW_DECIDE, HearingWish, "不举行听证"),
    _post("/hearings/<id:str>/conclusion", conclude, P.REVIEW_DECIDE, Conclusion, "听证结论"),
    _post("/cases/<id:str>/finality", judge_finality, P.CASE_REGISTER, Finality, "复核终结后再次反映的判断"),
    Route(method="GET", path="/retaliation-reports", handler=list_reports, gate=P.RETALIATION_HANDLE, query=ReportList,
          reads=True, summary="打击报复反映列表"),
    _post("/retaliation-reports/<id:str>/contact", contact, P.RETALIATION_HANDLE, Nothing, "首次联系反映人"),
    _post("/retaliation-reports/<id:str>/accused", name_accused, P.RETALIATION_HANDLE, Accused, "指明被反映的人员"),
    _post("/retaliation-reports/<id:str>/outcome", close_report, P.RETALIATION_HANDLE, Outcome, "办结打击报复反映"),
)  # fmt: skip
