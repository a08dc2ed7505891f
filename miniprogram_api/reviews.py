"""Resident door: review and re-review of an answer (复查复核), and reports of retaliation."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.clock import now
from domain.problems import GuardNotMet, ReviewFinal, ReviewWindowClosed, invalid
from domain.review.hearing_requests import announced, ask_own
from domain.review.models import Review
from domain.review.queries import own_reviews
from domain.review.requests import request_rereview, request_review
from domain.review.retaliation import report_retaliation
from domain.review.states import STATES, STEPS
from domain.rulebook import rulebook
from domain.text import clean_text
from domain.workflow.own import lock_own
from miniprogram_api.schemas import Words
from miniprogram_api.topics import CACHED
from web.bodies import Strict
from web.routes import PUBLIC, Answer, Ask, Route, path_id
from web.shapes import local

SEEN_BY = "被反映的单位看不到这份反映。上一级单位和纪检监察人员会在 24 小时内与您联系。"


class NewReview(Strict):
    """Why the answer should be looked at again."""

    reason: Words


class NewRetaliation(Strict):
    """What happened."""

    text: Words


async def post_review(ask: Ask) -> dict[str, Any]:
    """Ask for review (contract: `POST /appeals/{id}/review-requests`)."""
    reason = _words("reason", ask.body.reason)
    return _asked(await request_review(await lock_own(ask.actor, path_id(ask)), reason))


async def post_rereview(ask: Ask) -> dict[str, Any]:
    """Ask for re-review (contract: `POST /appeals/{id}/rereview-requests`)."""
    reason = _words("reason", ask.body.reason)
    return _asked(await request_rereview(await lock_own(ask.actor, path_id(ask)), reason))


async def post_hearing(ask: Ask) -> dict[str, Any]:
    """Ask for a hearing on my appeal (`POST /appeals/{id}/hearing-requests`)."""
    reason = _words("reason", ask.body.reason)
    found = await ask_own(await lock_own(ask.actor, path_id(ask)), reason)
    return {"id": found.id, "state": found.state, "asked_at": local(found.asked_at),
            "next_step": "举行听证的,会把时间地点告诉您;不举行的,会告诉您理由。"}  # fmt: skip


async def list_hearings(ask: Ask) -> Answer:
    """Public hearings to come (`GET /public-hearings`); nothing about who asked."""
    topics = rulebook().topics
    return Answer({"items": [
        {"planned_at": local(row["planned_at"]), "place": row["place"], "area": row["area"] or "",
         "topic": topics[row["topic"]].name if row["topic"] in topics else ""}
        for row in await announced(now())
    ]}, headers=CACHED)  # fmt: skip


async def list_reviews(ask: Ask) -> dict[str, Any]:
    """What I asked for on this appeal, and what came of it."""
    return {"items": [_shape(row) for row in await own_reviews(ask.actor, path_id(ask))]}


async def post_retaliation(ask: Ask) -> dict[str, Any]:
    """Report retaliation (contract: `POST /appeals/{id}/retaliation-reports`)."""
    text = _words("text", ask.body.text)
    report = await report_retaliation(await lock_own(ask.actor, path_id(ask)), text)
    return {"id": report.id, "reported_at": local(report.reported_at), "contact_by": local(report.contact_due_at),
            "next_step": SEEN_BY}  # fmt: skip


def _words(field: str, text: str) -> str:
    words = clean_text(text)
    if not words:
        raise invalid(field, "请写几个字", "required")
    return words


def _asked(review: Review) -> dict[str, Any]:
    return {
        "id": review.id, "step": review.step, "step_name": STEPS[review.step], "state": review.state,
        "state_name": STATES[review.state], "requested_at": local(review.requested_at),
        "accept_by": local(review.accept_due_at), "decide_by": local(review.decide_due_at),
        "explanation": review.explanation,
    }  # fmt: skip


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"], "step": row["step"], "step_name": STEPS[row["step"]], "state": row["state"],
        "state_name": STATES[row["state"]], "round": row["round"], "reason": row["reason"], "body": row["body"],
        "requested_at": local(row["requested_at"]), "accept_by": local(row["accept_due_at"]),
        "decide_by": local(row["decide_due_at"]), "explanation": row["explanation"],
        "hearing_days": row["hearing_days"], "decision": row["decision"], "decided_at": local(row["decided_at"]),
    }  # fmt: skip


_PROBLEMS = (GuardNotMet, ReviewWindowClosed, ReviewFinal)
ROUTES = (
    Route(method="POST", path="/appeals/<id:str>/review-requests", handler=post_review, gate=P.APPEAL_DECIDE,
          body=NewReview, status=201, summary="申请复查", problems=_PROBLEMS),
    Route(method="POST", path="/appeals/<id:str>/rereview-requests", handler=post_rereview, gate=P.APPEAL_DECIDE,
          body=NewReview, status=201, summary="申请复核", problems=_PROBLEMS),
    Route(method="POST", path="/appeals/<id:str>/hearing-requests", handler=post_hearing, gate=P.APPEAL_DECIDE,
          body=NewReview, status=201, summary="申请听证", problems=(GuardNotMet,)),
    Route(method="GET", path="/public-hearings", handler=list_hearings, gate=PUBLIC, reads=True, summary="听证公告"),
    Route(method="GET", path="/appeals/<id:str>/reviews", handler=list_reviews, gate=P.APPEAL_FOLLOW, reads=True,
          summary="我的复查复核"),
    Route(method="POST", path="/appeals/<id:str>/retaliation-reports", handler=post_retaliation,
          gate=P.APPEAL_DECIDE, body=NewRetaliation, status=201, summary="反映打击报复"),
)  # fmt: skip
