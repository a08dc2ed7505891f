"""Resident door: the villager rates process and result of an answer (000-23)."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.cases.states import STATES
from domain.problems import AlreadyRated, NotYetAnswered, RatingWindowClosed
from domain.ratings.actions import Verdict, rate
from domain.text import clean_text
from domain.workflow.closing import after_verdict
from domain.workflow.own import lock_own
from miniprogram_api.schemas import NewRating
from web.routes import Ask, Route, path_id
from web.shapes import local

REDO = "您不满意,我们已安排督办并重新办理,办好后再请您评价。"
BAD = "您不满意,督查人员会核查,请留意后续答复。"
DONE = "感谢您的评价,此件已办结。"
GOOD = "感谢您的评价。"


async def post_rating(ask: Ask) -> dict[str, Any]:
    """Rate the answer of this round, once; a bad rating sets supervision and rework going by itself."""
    body: NewRating = ask.body
    own = await lock_own(ask.actor, path_id(ask))
    verdict = Verdict(body.process, body.result, body.solved, body.staff, clean_text(body.comment))
    rating = await rate(own.appeal, own.case, verdict, "self")
    await after_verdict(own.case, own.co_ids, verdict)
    state = own.case.state
    return {
        "id": rating.id,
        "round": rating.round,
        "rated_at": local(rating.rated_at),
        "status": state,
        "status_name": STATES[state],
        "next_step": _next_step(state, verdict),
    }


def _next_step(state: str, verdict: Verdict) -> str:
    if verdict.bad:
        return REDO if state == "rework" else BAD
    return DONE if state == "closed" else GOOD


ROUTES = (
    Route(method="POST", path="/appeals/<id:str>/ratings", handler=post_rating, gate=P.APPEAL_RATE, body=NewRating,
          status=201, summary="评价", problems=(AlreadyRated, NotYetAnswered, RatingWindowClosed)),
)  # fmt: skip
