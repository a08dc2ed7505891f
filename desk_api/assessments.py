"""Staff door: demands that a third-party panel is asked about; a finding changes figures and nothing else (X4)."""

from typing import Any, Literal

from desk_api.schemas import Words, words
from domain.access.permissions import Permission as P
from domain.problems import ConflictOfInterest, GuardNotMet, SameOfficer
from domain.supervision.assessments import ask_assessment, find_assessments, give_assessment
from domain.supervision.models import DemandAssessment
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local


class AssessmentList(Page, kw_only=True):
    """Those to judge, or those judged."""

    state: Literal["open", "given"] | None = None


class Wish(Strict):
    """Why the unit holds the demand to be unreasonable."""

    reason: Words


class Finding(Strict):
    """What the panel found, and why."""

    unreasonable: bool
    finding: Words


async def ask_panel(ask: Ask) -> dict[str, Any]:
    """Ask the panel about the demand of a case (`POST /cases/{id}/demand-assessments`)."""
    return _state(await ask_assessment(ask.actor, path_id(ask), words("reason", ask.body.reason)))


async def list_assessments(ask: Ask) -> dict[str, Any]:
    """What the panel is asked (`GET /demand-assessments`)."""
    query: AssessmentList = ask.query
    rows = await find_assessments(ask.actor, query.state, query.before, query.limit)
    return paged(rows, query.limit, _line)


async def give(ask: Ask) -> dict[str, Any]:
    """Write down what the panel found, once (`POST /demand-assessments/{id}/finding`)."""
    body: Finding = ask.body
    return _state(await give_assessment(ask.actor, path_id(ask), body.unreasonable, words("finding", body.finding)))


def _line(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "asked_at": local(row["asked_at"]), "decided_at": local(row["decided_at"])}


def _state(found: DemandAssessment) -> dict[str, Any]:
    return {"id": found.id, "round": found.round, "state": found.state, "unreasonable": found.unreasonable,
            "asked_at": local(found.asked_at), "decided_at": local(found.decided_at)}  # fmt: skip


ROUTES = (
    Route(method="POST", path="/cases/<id:str>/demand-assessments", handler=ask_panel, gate=P.CASE_APPROVE, body=Wish,
          status=201, summary="提请第三方评议诉求是否合理(只影响统计)", problems=(GuardNotMet, ConflictOfInterest)),
    Route(method="GET", path="/demand-assessments", handler=list_assessments, gate=P.DEMAND_ASSESS, query=AssessmentList,
          reads=True, summary="第三方评议列表"),
    Route(method="POST", path="/demand-assessments/<id:str>/finding", handler=give, gate=P.DEMAND_ASSESS, body=Finding,
          summary="第三方评议结论", problems=(GuardNotMet, SameOfficer, ConflictOfInterest)),
)  # fmt: skip
