"""Staff door: callback tasks, look-backs (回头看), and ratings taken down by staff, which are kept and not counted."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

import domain.workflow  # noqa: F401 (a relapse sends the case into rework)
from desk_api.schemas import Code, Words
from domain.access.permissions import Permission as P
from domain.clock import now
from domain.problems import AlreadyRated, GuardNotMet, NotYetAnswered, RatingWindowClosed
from domain.ratings import lookbacks
from domain.ratings.actions import Verdict
from domain.ratings.assisted import take_down
from domain.ratings.tasks import callback_tasks
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local

Score = Annotated[int, Meta(ge=1, le=5)]


class TaskList(Page, kw_only=True):
    """`overdue`: those past the callback clock."""

    overdue: bool = False


class LookBackDraw(Strict):
    """Which closed cases to look at again."""

    area_code: Code
    after_days: Literal[30, 90]
    closed_from: date
    closed_to: date
    size: Annotated[int, Meta(ge=1, le=500)]
    seed: Annotated[int, Meta(ge=0, le=2**53)]


class LookBackList(Page, kw_only=True):
    """Those done, or those to do."""

    done: bool | None = None


class LookBackVerdict(Strict):
    """Whether what was done still holds."""

    verdict: Literal["holds", "relapsed"]
    note: Words


class Assisted(Strict):
    """What an appellant said to somebody of the staff."""

    appeal_id: UUID
    process: Score
    result: Score
    solved: Literal["yes", "partly", "no"]
    staff: Literal["active", "average", "inactive"]
    comment: Annotated[str, Meta(max_length=1000)] = ""


async def list_callbacks(ask: Ask) -> dict[str, Any]:
    """The cases that wait for my call (`GET /callbacks`)."""
    overdue_at = now() if ask.query.overdue else None
    rows = await callback_tasks(ask.actor, overdue_at, ask.query.before, ask.query.limit)
    plain = ("id", "number", "title", "round", "version", "area", "lead", "attempts", "days")
    return paged(rows, ask.query.limit, lambda row: {
        **{name: row[name] for name in plain}, **{n: local(row[n]) for n in ("answered_at", "due_at", "last_at")},
        "case_id": row["id"],
    })  # fmt: skip


async def post_draw(ask: Ask) -> dict[str, Any]:
    """Draw a sample of closed cases (`POST /look-backs`)."""
    body: LookBackDraw = ask.body
    chosen = await lookbacks.draw_look_backs(ask.actor, lookbacks.Draw(
        body.area_code, body.after_days, body.closed_from, body.closed_to, body.size, body.seed
    ))  # fmt: skip
    return {"cases": chosen, "seed": body.seed}


async def list_look_backs(ask: Ask) -> dict[str, Any]:
    """The cases to be looked at again (`GET /look-backs`)."""
    rows = await lookbacks.find_look_backs(ask.actor, ask.query.done, ask.query.before, ask.query.limit)
    plain = ("id", "case_id", "number", "title", "case_state", "lead", "after_days", "verdict", "note")
    return paged(rows, ask.query.limit, lambda row: {
        **{name: row[name] for name in plain}, **{n: local(row[n]) for n in ("ended_at", "drawn_at", "done_at")},
    })  # fmt: skip


async def judge(ask: Ask) -> dict[str, Any]:
    """What the look-back found (`POST /look-backs/{id}/verdict`)."""
    note = clean_text(ask.body.note)
    found, case = await lookbacks.judge_look_back(ask.actor, path_id(ask), ask.body.verdict, note)
    return {"id": found.id, "verdict": found.verdict, "case_id": case.id, "case_state": case.state}


async def post_assisted(ask: Ask) -> dict[str, Any]:
    """Take a rating down for an appellant; kept, shown, not counted (`POST /cases/{id}/assisted-ratings`)."""
    body: Assisted = ask.body
    verdict = Verdict(body.process, body.result, body.solved, body.staff, clean_text(body.comment))
    rating = await take_down(ask.actor, path_id(ask), body.appeal_id, verdict)
    return {"id": rating.id, "source": rating.source, "counts": rating.counts, "flag": rating.flag}


ROUTES = (
    Route(method="GET", path="/callbacks", handler=list_callbacks, gate=P.CASE_CALLBACK, query=TaskList, reads=True,
          summary="回访任务"),
    Route(method="POST", path="/look-backs", handler=post_draw, gate=P.CASE_SUPERVISE, body=LookBackDraw, status=201,
          summary="回头看抽样"),
    Route(method="GET", path="/look-backs", handler=list_look_backs, gate=P.CASE_CALLBACK, query=LookBackList,
          reads=True, summary="回头看列表"),
    Route(method="POST", path="/look-backs/<id:str>/verdict", handler=judge, gate=P.CASE_CALLBACK,
          body=LookBackVerdict, summary="回头看结论", problems=(GuardNotMet,)),
    Route(method="POST", path="/cases/<id:str>/assisted-ratings", handler=post_assisted, gate=P.CASE_READ,
          body=Assisted, status=201, summary="代录评价(不计入)",
          problems=(AlreadyRated, NotYetAnswered, RatingWindowClosed)),
)  # fmt: skip
