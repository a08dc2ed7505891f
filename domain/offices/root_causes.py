"""Root-cause projects (源头治理, 000-17): what a superior assigned more than twice in twelve months, a topic in a town at
one unit, gets one project, whose cause and policy are worked out; a campaign may follow, and the outcome ends it.

Later assignments are linked and make no second one; after the outcome it is counted anew. The slow round of the timers
counts (`follow_assignments`), for an assignment may also come to a unit by merging, by a return or by a new topic.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM, Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.areas.models import Area
from domain.cases.move import lock_case
from domain.cases.queries import visible_cases
from domain.clock import local_date, now
from domain.deadlines.calendar import start_of_day
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.offices.models import RootCauseLink, RootCauseProject, RootCauseStep
from domain.problems import GuardNotMet, NotFound, invalid
from domain.sql import fetch
from domain.statistics.assignments import Issue, Span, assignments_until
from domain.statistics.rates import third_assignment
from domain.supervision.actions import open_supervision

Row = dict[str, Any]
ASSIGNED_BEFORE = 2  # 超2次: the third one makes the project
STEPS = {"cause": "成因排查", "policy": "政策分析", "campaign": "专项整治", "outcome": "治理成效"}
STATES = {"opened": "已立项", **STEPS}
NEXT = {"opened": ("cause",), "cause": ("policy",), "policy": ("campaign", "outcome"), "campaign": ("outcome",), "outcome": ()}
OUTCOMES = {
    "policy_change": "政策完善", "new_rule": "建章立制", "process_fix": "流程改进", "campaign": "专项整治",
}  # fmt: skip
DEMAND = "同类问题十二个月内第三次交办,请排查成因、研究政策。"


async def follow_assignments(at: datetime) -> int:
    """Make the project of each third assignment and link the later ones to it; how many assignments are new. It counts
    again whenever it is called, so it misses nothing and does nothing twice."""
    rows = await assignments_until(at, start_of_day(Span(local_date(at)).first))
    answered = await _answered([row["appeal_id"] for row in rows])
    issues: dict[Issue, list[Row]] = defaultdict(list)
    for row in rows:
        if row["appeal_id"] not in answered:
            issues[Issue(row["topic"], row["issue_path"], row["unit_id"])].append(row)
    projects = await _unfinished()
    new = 0
    for issue, counted in issues.items():
        project, linked = projects.get(issue, (None, frozenset()))
        if project is None and third_assignment(len(counted), ASSIGNED_BEFORE):
            project = await _open(issue, counted, at)
        if project is not None:
            new += await _link(project, [row for row in counted if row["appeal_id"] not in linked], at)
    return new


async def _answered(appeal_ids: list[UUID]) -> frozenset[UUID]:
    """Those among assigned appeals that a finished project stood for: after its outcome it is counted anew."""
    rows = await fetch(
        "SELECT l.appeal_id FROM root_cause_links l JOIN root_cause_projects p ON p.id = l.project_id"
        " WHERE l.appeal_id = ANY($1::uuid[]) AND p.finished_at IS NOT NULL",
        [appeal_ids],
    )
    return frozenset(row["appeal_id"] for row in rows)


async def _unfinished() -> dict[Issue, tuple[RootCauseProject, frozenset[UUID]]]:
    """The projects under way by their issue, each with the appeals that are linked already."""
    projects = await RootCauseProject.filter(finished_at=None)
    links: dict[UUID, set[UUID]] = defaultdict(set)
    for link in await RootCauseLink.filter(project_id__in=[one.id for one in projects]):
        links[link.project_id].add(link.appeal_id)
    return {Issue(one.topic, one.area_path, one.department_id): (one, frozenset(links[one.id])) for one in projects}


async def _open(issue: Issue, counted: list[Row], at: datetime) -> RootCauseProject:
    place = await Area.get(path=issue.area_path)
    project = await RootCauseProject.create(
        id=new_id(), topic=issue.topic, area_code=place.code, area_path=place.path, department_id=issue.unit_id,
        opened_at=at,
    )  # fmt: skip
    data = {"topic": issue.topic, "unit_id": str(issue.unit_id), "assigned": len(counted)}
    record(Fact("root-cause.opened", place.code, None, project.id, data, actor=SYSTEM))
    newest, _ = await lock_case(counted[-1]["case_id"])
    if newest.ended_at is None:
        await open_supervision(newest, "key", "third_assignment", DEMAND)
    return project


async def _link(project: RootCauseProject, new: list[Row], at: datetime) -> int:
    await RootCauseLink.bulk_create(
        RootCauseLink(id=new_id(), project_id=project.id, appeal_id=row["appeal_id"], case_id=row["case_id"], at=at)
        for row in new
    )
    for row in new:
        # Beside the case, not in its file: it is no progress of the case.
        data = {"case_id": str(row["case_id"]), "appeal_id": str(row["appeal_id"])}
        record(Fact("root-cause.linked", project.area_code, None, project.id, data, actor=SYSTEM))
    return len(new)


@dataclass(frozen=True)
class Found:
    """What a step found; an outcome has its kind."""

    step: str
    text: str
    outcome: str = ""


async def take_step(actor: Actor, project_id: UUID, found: Found) -> RootCauseProject:
    """Write down the next step; 404 outside the area, 409 out of turn, 422 for an outcome without its kind."""
    project = await RootCauseProject.filter(id=project_id).select_for_update().first()
    if project is None or not actor.may(Permission.CASE_SUPERVISE, project.area_path):
        raise NotFound
    if found.step not in NEXT[project.state]:
        allowed = [STEPS[name] for name in NEXT[project.state]]
        raise GuardNotMet(reason=f"当前为“{STATES[project.state]}”,不能登记“{STEPS[found.step]}”。", missing=allowed)
    if (found.outcome != "") != (found.step == "outcome"):
        raise invalid("outcome", "治理成效须选择类型,其他步骤不选")
    made = await RootCauseStep.create(
        id=new_id(), project_id=project.id, step=found.step, outcome=found.outcome, text=found.text, by=actor.label,
        at=now(),
    )  # fmt: skip
    project.state, project.finished_at = found.step, made.at if found.step == "outcome" else None
    await project.save(update_fields=["state", "finished_at"])
    data = {"step": found.step, "outcome": found.outcome, "text_digest": digest(made.id, found.text)}
    record(Fact("root-cause.step-taken", project.area_code, None, project.id, data, actor=actor))
    return project


@dataclass(frozen=True)
class Wanted:
    """Which projects; what is not set does not narrow."""

    finished: bool | None = None
    unit: UUID | None = None
    case_id: UUID | None = None
    before: UUID | None = None
    id: UUID | None = None


async def find_projects(actor: Actor, wanted: Wanted, limit: int) -> list[dict[str, Any]]:
    """Projects of the actor's areas or unit, newest first, one more than the limit, with how much each answers; what is
    said about the actor's own unit is not even counted."""
    where = Where()
    wide = actor.areas(Permission.CASE_READ, units=False)
    scope = area_condition(where, "p.area_path", wide)
    where.conditions.append(f"({scope}) OR p.department_id = ANY({where.bind(list(actor.units))}::uuid[])")
    if wanted.finished is not None:
        where.conditions.append(f"p.finished_at IS {'NOT ' if wanted.finished else ''}NULL")
    if wanted.case_id:
        where.add("EXISTS (SELECT 1 FROM root_cause_links l WHERE l.project_id = p.id AND l.case_id = {})", wanted.case_id)
    for column, value in (("p.department_id = {}", wanted.unit), ("p.id < {}", wanted.before), ("p.id = {}", wanted.id)):
        if value:
            where.add(column, value)
    own = where.bind(list(actor.departments))
    return await fetch(
        "SELECT p.*, a.name AS area, d.name AS unit, (SELECT count(*) FROM root_cause_links l JOIN cases c ON c.id = l.case_id"
        f" WHERE l.project_id = p.id AND NOT COALESCE(c.complained_department_id = ANY({own}::uuid[]), FALSE)) AS assigned"
        " FROM root_cause_projects p"
        " LEFT JOIN areas a ON a.code = p.area_code LEFT JOIN departments d ON d.id = p.department_id"
        f" WHERE {where.sql} ORDER BY p.id DESC LIMIT {limit + 1}",
        where.values,
    )


async def project_of(actor: Actor, project_id: UUID) -> dict[str, Any]:
    """One project with its steps and those of its cases that the actor may see; 404 outside the scope."""
    rows = await find_projects(actor, Wanted(id=project_id), 1)
    if not rows:
        raise NotFound
    steps = await fetch(
        "SELECT s.step, s.outcome, s.text, s.at FROM root_cause_steps s WHERE s.project_id = $1 ORDER BY s.id", [project_id]
    )
    where = visible_cases(actor)
    where.add("l.project_id = {}", project_id)
    cases = await fetch(
        "SELECT DISTINCT c.id, c.number, c.title, c.state FROM root_cause_links l JOIN cases c ON c.id = l.case_id"
        f" WHERE {where.sql} ORDER BY c.id LIMIT 500",
        where.values,
    )
    return {**rows[0], "steps": steps, "cases": cases}
