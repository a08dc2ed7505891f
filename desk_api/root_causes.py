"""Staff door: what superiors assigned more than twice (交办超2次, 5.11, 000-17) on any past day, and the projects of it."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

from desk_api.rates import days_of, path_of, unit_of
from desk_api.schemas import Code, Words, words
from domain.access.permissions import Permission as P
from domain.cases.states import STATES as CASE_STATES
from domain.offices import root_causes
from domain.offices.root_causes import ASSIGNED_BEFORE
from domain.problems import GuardNotMet
from domain.rulebook import rulebook
from domain.statistics.assignments import Span, assigned_cases, repeated_on
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local

Unit = Annotated[str, Meta(max_length=80)]


class Issues(Strict):
    """The twelve months up to which day (today); from how many assignments on (more than two)."""

    on: date | None = None
    area: Code | None = None
    unit: Unit | None = None
    topic: Code | None = None
    least: Annotated[int, Meta(ge=1, le=1000)] = ASSIGNED_BEFORE + 1


class AssignedList(Page, kw_only=True):
    """Up to which day, of which area, unit and topic."""

    on: date | None = None
    area: Code | None = None
    unit: Unit | None = None
    topic: Code | None = None


class ProjectList(Page, kw_only=True):
    """Which projects."""

    finished: bool | None = None
    unit: Unit | None = None
    case_id: UUID | None = None


class NewStep(Strict):
    """What a step found; the outcome says of which kind it is."""

    step: Literal["cause", "policy", "campaign", "outcome"]
    text: Words
    outcome: Literal["policy_change", "new_rule", "process_fix", "campaign"] | None = None


async def list_issues(ask: Ask) -> dict[str, Any]:
    """What was assigned again and again, as the end of a day knew it (`GET /rates/repeated_assignments?on=`)."""
    span = await _span(ask.query)
    rows = await repeated_on(ask.actor, span, ask.query.least)
    return {"on": span.last, "since": span.first, "items": [_issue(row) for row in rows], "next": None}


async def list_assigned(ask: Ask) -> dict[str, Any]:
    """The cases that were counted (`GET /rates/repeated_assignments/cases?on=`), a line for each assignment."""
    query: AssignedList = ask.query
    rows = await assigned_cases(ask.actor, await _span(query), query.before, query.limit)
    return paged(rows, query.limit, lambda row: {
        "id": row["case_id"], "number": row["number"], "title": row["title"], "unit": row["unit"],
        "topic": row["topic"], "appeal_id": row["id"], "assigned_at": local(row["at"]),
    })  # fmt: skip


async def list_projects(ask: Ask) -> dict[str, Any]:
    """Root-cause projects of my area or unit (`GET /root-cause-projects`)."""
    query: ProjectList = ask.query
    wanted = root_causes.Wanted(query.finished, await unit_of(query.unit), query.case_id, query.before)
    return paged(await root_causes.find_projects(ask.actor, wanted, query.limit), query.limit, _project)


async def show_project(ask: Ask) -> dict[str, Any]:
    """One project with its steps and cases (`GET /root-cause-projects/{id}`)."""
    row = await root_causes.project_of(ask.actor, path_id(ask))
    steps = [{
        "step": step["step"], "step_name": root_causes.STEPS[step["step"]], "text": step["text"], "at": local(step["at"]),
        "outcome": step["outcome"] or None, "outcome_name": root_causes.OUTCOMES.get(step["outcome"]),
    } for step in row["steps"]]  # fmt: skip
    cases = [{**case, "state_name": CASE_STATES[case["state"]]} for case in row["cases"]]
    return {**_project(row), "steps": steps, "cases": cases}


async def post_step(ask: Ask) -> dict[str, Any]:
    """Write down what a step found (`POST /root-cause-projects/{id}/steps`)."""
    body: NewStep = ask.body
    found = root_causes.Found(body.step, words("text", body.text), body.outcome or "")
    project = await root_causes.take_step(ask.actor, path_id(ask), found)
    return {"id": project.id, "state": project.state, "state_name": root_causes.STATES[project.state],
            "next": root_causes.NEXT[project.state], "finished_at": local(project.finished_at)}  # fmt: skip


async def _span(query: Issues | AssignedList) -> Span:
    _, last = days_of(query.on, None)
    return Span(last, await path_of(query.area), await unit_of(query.unit), query.topic)


def _topic(code: str) -> str:
    known = rulebook().topics.get(code)
    return known.name if known else code


def _issue(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "topic": row["topic"], "topic_name": _topic(row["topic"]), "area_code": row["area_code"], "area": row["area"],
        "unit_id": row["unit_id"], "unit": row["unit"], "assigned": row["assigned"],
        "over": row["assigned"] > ASSIGNED_BEFORE, "project_id": row["project_id"],
    }  # fmt: skip


def _project(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"], "topic": row["topic"], "topic_name": _topic(row["topic"]), "area_code": row["area_code"],
        "area": row["area"], "unit_id": row["department_id"], "unit": row["unit"], "assigned": row["assigned"],
        "state": row["state"], "state_name": root_causes.STATES[row["state"]], "next": root_causes.NEXT[row["state"]],
        "opened_at": local(row["opened_at"]), "finished_at": local(row["finished_at"]),
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/rates/repeated_assignments", handler=list_issues, gate=P.CASE_READ, query=Issues,
          reads=True, summary="交办超2次的问题(可查过去任何一天)"),
    Route(method="GET", path="/rates/repeated_assignments/cases", handler=list_assigned, gate=P.CASE_READ,
          query=AssignedList, reads=True, summary="交办次数的工单清单"),
    Route(method="GET", path="/root-cause-projects", handler=list_projects, gate=P.CASE_READ, query=ProjectList,
          reads=True, summary="源头治理项目"),
    Route(method="GET", path="/root-cause-projects/<id:str>", handler=show_project, gate=P.CASE_READ, reads=True,
          summary="源头治理项目详情"),
    Route(method="POST", path="/root-cause-projects/<id:str>/steps", handler=post_step, gate=P.CASE_SUPERVISE,
          body=NewStep, status=201, summary="登记成因排查、政策分析、专项整治、治理成效", problems=(GuardNotMet,)),
)  # fmt: skip
