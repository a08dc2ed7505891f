"""Staff door: what an office owes besides single cases by its own rules: standing duties, campaigns, work lists."""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta

from desk_api.schemas import Code, Words
from domain.access.permissions import Permission as P
from domain.clock import local_date, now
from domain.offices import bulletins, campaigns, lists, obligations
from domain.offices.rules import rules
from domain.problems import GuardNotMet, invalid
from domain.rulebook import rulebook
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route


class Where(Strict):
    """Which area, and which day (today)."""

    area: Code
    on: date | None = None


class DutyQuery(Where, kw_only=True):
    """Duties of a special period too, when one is declared."""

    special: bool = False


class Span(Strict):
    """Which area, from day to day."""

    area: Code
    since_on: date
    until_on: date


class Deed(Strict):
    """What was done for a duty."""

    code: Code
    area: Code
    held_on: date
    note: Words


class TaskDone(Strict):
    """Which task is done, as `phase.task`."""

    area: Code
    task: Code
    year: Annotated[int, Meta(ge=2020, le=2100)]
    note: Words


class Issue(Strict):
    """Which area (the whole deployment), and a day of the period (today)."""

    area: Code | None = None
    on: date | None = None


class Lines(Page, kw_only=True):
    """Which area; the whole deployment when none is named."""

    area: Code | None = None


async def show_rules(ask: Ask) -> dict[str, Any]:
    """The rules in force at a place (`GET /rules`)."""
    return await rules(ask.actor, ask.query.area)


async def list_duties(ask: Ask) -> dict[str, Any]:
    """What an area owes (`GET /obligations`)."""
    query: DutyQuery = ask.query
    on = query.on or local_date(now())
    return {"on": on, "items": await obligations.duties(ask.actor, query.area, on, special=query.special)}


async def keep_deed(ask: Ask) -> dict[str, Any]:
    """Record what was done for a duty (`POST /obligations`)."""
    body: Deed = ask.body
    deed = obligations.Deed(body.code, body.area, body.held_on, clean_text(body.note))
    kept = await obligations.keep(ask.actor, deed)
    return {"id": kept.id, "code": kept.code, "area": kept.area_code, "held_on": kept.held_on, "period_on": kept.period_on}


async def rate(ask: Ask) -> dict[str, Any]:
    """The share of duties met (`GET /statistics/obligations`)."""
    query: Span = ask.query
    if query.since_on > query.until_on:
        raise invalid("until_on", "起止日期不对")
    return await obligations.completion(ask.actor, query.area, query.since_on, query.until_on)


async def list_campaigns(ask: Ask) -> dict[str, Any]:
    """The campaigns at a place (`GET /campaigns`)."""
    on = ask.query.on or local_date(now())
    return {"on": on, "items": await campaigns.campaigns(ask.actor, ask.query.area, on)}


async def finish_task(ask: Ask) -> dict[str, Any]:
    """Note a task of a campaign as done (`POST /campaigns/{code}/tasks`)."""
    body: TaskDone = ask.body
    done = campaigns.Done(ask.path["code"], body.year, body.task, body.area, clean_text(body.note))
    kept = await campaigns.finish(ask.actor, done)
    return {"id": kept.id, "campaign": kept.campaign, "task": kept.task, "area": kept.area_code}


async def list_lists(ask: Ask) -> dict[str, Any]:
    """The work lists of a place (`GET /lists`)."""
    return {"items": await lists.lists(ask.actor, ask.query.area)}


async def show_list(ask: Ask) -> dict[str, Any]:
    """The lines of a work list (`GET /lists/{code}`)."""
    query: Lines = ask.query
    chosen, rows = await lists.lines(ask.actor, query.area or rulebook().county, ask.path["code"], query.before, query.limit)
    return {"name": chosen.name, "columns": chosen.columns, **paged(rows, query.limit, lambda row: row)}


async def list_bulletins(ask: Ask) -> dict[str, Any]:
    """The bulletins of a place (`GET /bulletins`)."""
    return {"items": await bulletins.bulletins(ask.actor, ask.query.area)}


async def show_bulletin(ask: Ask) -> dict[str, Any]:
    """The table of a bulletin (`GET /bulletins/{code}`)."""
    on = ask.query.on or local_date(now())
    return await bulletins.bulletin(ask.actor, ask.query.area or rulebook().county, ask.path["code"], on)


ROUTES = (
    Route(method="GET", path="/rules", handler=show_rules, gate=P.AREA_READ, query=Where, reads=True,
          summary="本地执行的制度"),
    Route(method="GET", path="/obligations", handler=list_duties, gate=P.AREA_READ, query=DutyQuery, reads=True,
          summary="固定职责"),
    Route(method="POST", path="/obligations", handler=keep_deed, gate=P.OBLIGATION_RECORD, body=Deed, status=201,
          summary="登记固定职责完成情况"),
    Route(method="GET", path="/statistics/obligations", handler=rate, gate=P.AREA_READ, query=Span, reads=True,
          summary="义务完成率"),
    Route(method="GET", path="/campaigns", handler=list_campaigns, gate=P.AREA_READ, query=Where, reads=True,
          summary="专项行动"),
    Route(method="POST", path="/campaigns/<code:str>/tasks", handler=finish_task, gate=P.OBLIGATION_RECORD,
          body=TaskDone, status=201, summary="登记专项行动任务完成", problems=(GuardNotMet,)),
    Route(method="GET", path="/lists", handler=list_lists, gate=P.CASE_READ, query=Where, reads=True,
          summary="清单和台账"),
    Route(method="GET", path="/lists/<code:str>", handler=show_list, gate=P.CASE_READ, query=Lines, reads=True,
          summary="清单内容"),
    Route(method="GET", path="/bulletins", handler=list_bulletins, gate=P.CASE_READ, query=Where, reads=True,
          summary="通报"),
    Route(method="GET", path="/bulletins/<code:str>", handler=show_bulletin, gate=P.CASE_READ, query=Issue, reads=True,
          summary="通报内容"),
)  # fmt: skip
