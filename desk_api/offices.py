"""Staff door: what offices owe beside the cases (reviews, hearings, reports, verdicts), and verdicts on first handlers."""

from typing import Any, Literal
from uuid import UUID

from desk_api.schemas import Words, words
from domain.access.permissions import Permission as P
from domain.cases.clocks import exact_level
from domain.clock import now
from domain.notices.texts import CLOCKS
from domain.problems import ConflictOfInterest, GuardNotMet
from domain.supervision.actions import close_report_supervision
from domain.supervision.first_handlers import FirstHandlerVerdict, decide_first_handler
from domain.supervision.queries import DueWanted, first_handler_reviews, first_handler_row, office_due
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local

CAUSES = {"dissatisfied": "群众评价不满意", "survey": "四问调查不满意", "repeat": "重复反映"}


class DueList(Page, kw_only=True):
    """Of which kind; `overdue` those that are past their due."""

    kind: Literal["review", "rereview", "hearing", "retaliation", "first_handler"] | None = None
    overdue: bool = False


class FirstHandlerList(Page, kw_only=True):
    """Which state."""

    state: Literal["open", "decided"] | None = None


class LateContact(Strict):
    """What was found about a contact that came too late."""

    verdict: Words


class NewVerdict(Strict):
    """Whether the first handling was at fault, why, and what follows."""

    fault: bool
    reason: Words
    measure: Words


async def list_due(ask: Ask) -> dict[str, Any]:
    """What my office owes beside the cases, the nearest due first (`GET /office-clocks`)."""
    query: DueList = ask.query
    wanted = DueWanted(query.kind, now() if query.overdue else None, query.before)
    return paged(await office_due(ask.actor, wanted, query.limit), query.limit, _clock)


async def list_first_handlers(ask: Ask) -> dict[str, Any]:
    """Verdicts on first handlings (`GET /first-handler-reviews`)."""
    query: FirstHandlerList = ask.query
    rows = await first_handler_reviews(ask.actor, query.state, query.before, query.limit)
    return paged(rows, query.limit, _verdict)


async def decide(ask: Ask) -> dict[str, Any]:
    """Say whether the first handling was at fault (`POST /first-handler-reviews/{id}/verdict`)."""
    body: NewVerdict = ask.body
    review_id: UUID = path_id(ask)
    verdict = FirstHandlerVerdict(body.fault, words("reason", body.reason), words("measure", body.measure))
    await decide_first_handler(ask.actor, review_id, verdict)
    return _verdict(await first_handler_row(ask.actor, review_id))


async def close_secret(ask: Ask) -> dict[str, Any]:
    """The verdict on a contact that came too late (`POST /retaliation-reports/{id}/supervision-verdict`)."""
    text = words("verdict", ask.body.verdict)
    done = await close_report_supervision(ask.actor, path_id(ask), text)
    return {"id": done.id, "state": done.state, "verdict": done.verdict, "closed_at": local(done.closed_at)}


def _clock(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "kind", "name", "subject_id", "case_id", "case_number", "office", "explanation")
    return {
        **{name: row[name] for name in names},
        "title": "" if row["kind"] == "retaliation" else row["title"],
        "clock": CLOCKS[f"{row['kind']}.{row['name']}"],
        "started_at": local(row["started_at"]),
        "due_at": local(row["due_at"]),
        "level": exact_level(row["ladder"], now()),
        "overdue": row["due_at"] < now(),
    }


def _verdict(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "case_id", "case_number", "title", "supervision_id", "unit", "handler", "round", "cause", "state",
             "fault", "reason", "measure")  # fmt: skip
    times = ("opened_at", "due_at", "decided_at")
    return {
        **{name: row[name] for name in names},
        **{name: local(row[name]) for name in times},
        "cause_name": CAUSES[row["cause"]],
        "overdue": row["state"] == "open" and row["due_at"] < now(),
    }


ROUTES = (
    Route(method="GET", path="/office-clocks", handler=list_due, gate=P.CASE_READ, query=DueList, reads=True,
          summary="复查复核、听证等到期提醒"),
    Route(method="GET", path="/first-handler-reviews", handler=list_first_handlers, gate=P.CASE_READ,
          query=FirstHandlerList, reads=True, summary="首办责任核查列表"),
    Route(method="POST", path="/first-handler-reviews/<id:str>/verdict", handler=decide, gate=P.CASE_SUPERVISE,
          body=NewVerdict, summary="首办责任核查结论", problems=(ConflictOfInterest, GuardNotMet)),
    Route(method="POST", path="/retaliation-reports/<id:str>/supervision-verdict", handler=close_secret,
          gate=P.RETALIATION_HANDLE, body=LateContact, summary="打击报复反映超期督办结论"),
)  # fmt: skip
