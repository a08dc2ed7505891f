"""Staff door: supervision (督办), its answers and verdicts."""

from typing import Any, Literal
from uuid import UUID

from desk_api.case_shapes import supervision_shape
from desk_api.schemas import Words
from domain.access.permissions import Permission as P
from domain.cases.file import supervision_row
from domain.problems import GuardNotMet
from domain.supervision.actions import answer_supervision, close_supervision
from domain.supervision.queries import Wanted, find_supervisions
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id


class SupervisionList(Page, kw_only=True):
    """Which state; `overdue` those that the unit has not answered in time."""

    state: Literal["open", "answered", "closed"] | None = None
    overdue: bool = False
    case_id: UUID | None = None


class Response(Strict):
    """What the unit did."""

    text: Words


class Verdict(Strict):
    """What the supervision section found."""

    verdict: Words


async def list_supervisions(ask: Ask) -> dict[str, Any]:
    """The supervisions of the cases that I may see (`GET /supervisions`)."""
    query: SupervisionList = ask.query
    wanted = Wanted(query.state, query.overdue, query.case_id)
    rows = await find_supervisions(ask.actor, wanted, before=query.before, limit=query.limit)
    return paged(rows, query.limit, _line)


def _line(row: dict[str, Any]) -> dict[str, Any]:
    return {**supervision_shape(row), "case_number": row["number"], "first_handler_review": row["first_handler"]}


async def respond(ask: Ask) -> dict[str, Any]:
    """The unit answers (`POST /supervisions/{id}/response`)."""
    done = await answer_supervision(ask.actor, path_id(ask), clean_text(ask.body.text))
    return supervision_shape(await supervision_row(done.id))


async def decide(ask: Ask) -> dict[str, Any]:
    """The verdict that closes it (`POST /supervisions/{id}/verdict`)."""
    done = await close_supervision(ask.actor, path_id(ask), clean_text(ask.body.verdict))
    return supervision_shape(await supervision_row(done.id))


ROUTES = (
    Route(method="GET", path="/supervisions", handler=list_supervisions, gate=P.CASE_READ, query=SupervisionList,
          reads=True, summary="督办列表"),
    Route(method="POST", path="/supervisions/<id:str>/response", handler=respond, gate=P.CASE_READ, body=Response,
          summary="回复督办"),
    Route(method="POST", path="/supervisions/<id:str>/verdict", handler=decide, gate=P.CASE_SUPERVISE, body=Verdict,
          summary="督办结论", problems=(GuardNotMet,)),
)  # fmt: skip
