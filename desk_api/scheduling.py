"""Staff door: how units stand, notes of scheduling with tasks, the end of a matter, and local rules (000-13, 22, 46)."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from desk_api.schemas import Code, Words, words
from domain.access.permissions import Permission as P
from domain.casework import endings, local_rules, scheduling
from domain.clock import local_date, now
from domain.problems import ConflictOfInterest, GuardNotMet, SameOfficer
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local


class OfUnit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Of one unit."""

    unit: UUID | None = None


class Task(Strict):
    """What the unit has to do."""

    text: Words
    due_on: date


class NewNote(Strict):
    """What a unit is behind with, and its tasks."""

    unit: UUID
    text: Words
    tasks: Annotated[list[Task], Meta(max_length=20)] = []


class NoteList(Page, kw_only=True):
    """About which unit."""

    unit: UUID | None = None


class Result(Strict):
    """What the unit did."""

    result: Words


class Check(Strict):
    """Whether it was really done."""

    holds: bool


class Ending(Strict, kw_only=True):
    """Decided, solved, mended, and the talk."""

    decided: bool
    solved: bool
    mended: bool
    mode: Literal["in_person", "phone", "video"] = "in_person"
    talk: Words


class NewRule(Strict, kw_only=True):
    """A local rule or its next version."""

    area_code: Code
    title: Annotated[str, Meta(min_length=2, max_length=120)]
    document_no: Annotated[str, Meta(max_length=60)] = ""
    summary: Words
    since_on: date


class RuleEnd(Strict):
    """Until when it is in force."""

    until_on: date


class RuleList(Page, kw_only=True):
    """Those in force, or those that are not."""

    in_force: bool | None = None


async def show_standing(ask: Ask) -> dict[str, Any]:
    """How each unit stands (`GET /scheduling`)."""
    return {"items": await scheduling.standing(ask.actor, ask.query.unit)}


async def post_note(ask: Ask) -> dict[str, Any]:
    """Write a note of scheduling (`POST /scheduling-notes`)."""
    body: NewNote = ask.body
    tasks = tuple(scheduling.Todo(words(f"tasks[{n}].text", one.text), one.due_on) for n, one in enumerate(body.tasks))
    made = await scheduling.write_note(ask.actor, body.unit, words("text", body.text), tasks)
    return {"id": made.id, "figures": made.figures, "at": local(made.at)}


async def list_notes(ask: Ask) -> dict[str, Any]:
    """Notes of scheduling (`GET /scheduling-notes`)."""
    rows = await scheduling.notes(ask.actor, ask.query.unit, ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, _note)


async def post_result(ask: Ask) -> dict[str, Any]:
    """The unit says what it did (`POST /scheduling-tasks/{id}/result`)."""
    done = await scheduling.finish_task(ask.actor, path_id(ask), words("result", ask.body.result))
    return {"id": done.id, "done_at": local(done.done_at)}


async def post_check(ask: Ask) -> dict[str, Any]:
    """The follow-up of a task (`POST /scheduling-tasks/{id}/check`)."""
    done = await scheduling.check_task(ask.actor, path_id(ask), ask.body.holds)
    return {"id": done.id, "checked": done.checked, "done_at": local(done.done_at)}


async def post_ending(ask: Ask) -> dict[str, Any]:
    """Note decided, solved, mended (`POST /cases/{id}/ending`)."""
    body: Ending = ask.body
    talk = endings.Talk(body.decided, body.solved, body.mended, body.mode, words("talk", body.talk))
    made = await endings.note_talk(ask.actor, path_id(ask), talk)
    return {"id": made.id, "round": made.round, "decided": made.decided, "solved": made.solved, "mended": made.mended}


async def list_endings(ask: Ask) -> dict[str, Any]:
    """The endings of a case (`GET /cases/{id}/ending`)."""
    rows = await endings.talks_of(ask.actor, path_id(ask))
    return {"items": [{**row, "at": local(row["at"])} for row in rows]}


async def post_rule(ask: Ask) -> dict[str, Any]:
    """Enter a local rule (`POST /local-rules`)."""
    body: NewRule = ask.body
    new = local_rules.NewRule(
        area_code=body.area_code, title=words("title", body.title), document_no=clean_text(body.document_no),
        summary=words("summary", body.summary), since_on=body.since_on,
    )  # fmt: skip
    made = await local_rules.enter_rule(ask.actor, new)
    return {"id": made.id, "title": made.title, "version": made.version, "since_on": made.since_on}


async def post_rule_end(ask: Ask) -> dict[str, Any]:
    """Say until when a rule is in force (`POST /local-rules/{id}/end`)."""
    ended = await local_rules.end_rule(ask.actor, path_id(ask), ask.body.until_on)
    return {"id": ended.id, "until_on": ended.until_on}


async def list_rules(ask: Ask) -> dict[str, Any]:
    """The register of local rules (`GET /local-rules`)."""
    rows = await local_rules.local_rules(ask.actor, ask.query.in_force, ask.query.before, ask.query.limit)
    names = ("id", "area_code", "area_name", "title", "version", "document_no", "summary", "since_on", "until_on")
    today = local_date(now())
    return paged(rows, ask.query.limit, lambda row: {
        **{name: row[name] for name in names},
        "in_force": row["since_on"] <= today and (row["until_on"] is None or row["until_on"] > today),
    })  # fmt: skip


def _note(row: dict[str, Any]) -> dict[str, Any]:
    today = local_date(now()).isoformat()
    tasks = [{**task, "overdue": not task["done_at"] and task["due_on"] < today} for task in row["tasks"]]
    return {"id": row["id"], "unit": row["unit"], "text": row["text"], "figures": row["figures"], "at": local(row["at"]),
            "tasks": tasks}  # fmt: skip


ROUTES = (
    Route(method="GET", path="/scheduling", handler=show_standing, gate=P.CASE_READ, query=OfUnit, reads=True,
          summary="调度一览:到期、超期、无进展"),
    Route(method="POST", path="/scheduling-notes", handler=post_note, gate=P.CASE_SUPERVISE, body=NewNote, status=201,
          summary="调度记录"),
    Route(method="GET", path="/scheduling-notes", handler=list_notes, gate=P.CASE_READ, query=NoteList, reads=True,
          summary="调度记录列表"),
    Route(method="POST", path="/scheduling-tasks/<id:str>/result", handler=post_result, gate=P.CASE_READ, body=Result,
          summary="反馈调度任务", problems=(GuardNotMet,)),
    Route(method="POST", path="/scheduling-tasks/<id:str>/check", handler=post_check, gate=P.CASE_SUPERVISE, body=Check,
          summary="核查调度任务", problems=(GuardNotMet, SameOfficer)),
    Route(method="POST", path="/cases/<id:str>/ending", handler=post_ending, gate=P.CASE_HANDLE, body=Ending,
          summary="案结事了人和记录", problems=(GuardNotMet, ConflictOfInterest)),
    Route(method="GET", path="/cases/<id:str>/ending", handler=list_endings, gate=P.CASE_READ, reads=True,
          summary="案结事了人和"),
    Route(method="POST", path="/local-rules", handler=post_rule, gate=P.RULES_MANAGE, body=NewRule, status=201,
          summary="登记制度文件"),
    Route(method="POST", path="/local-rules/<id:str>/end", handler=post_rule_end, gate=P.RULES_MANAGE, body=RuleEnd,
          summary="废止制度文件"),
    Route(method="GET", path="/local-rules", handler=list_rules, gate=P.AREA_READ, query=RuleList, reads=True,
          summary="制度文件目录"),
)  # fmt: skip
