"""Campaigns of an area (专项治理): phases with real days, their tasks for each village, who is responsible first. A
campaign counts what offices did, and nothing about people who petition."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.areas.models import Area
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.offices.models import CampaignTask
from domain.offices.obligations import readable_area
from domain.practices import Campaign, Phase, Task
from domain.problems import GuardNotMet, NotFound, invalid
from domain.rulebook import rulebook
from domain.sql import fetch


@dataclass(frozen=True)
class Done:
    """Which task of which campaign is done where."""

    campaign: str
    year: int
    task: str
    area_code: str
    note: str


async def campaigns(actor: Actor, code: str, on: date) -> list[dict[str, Any]]:
    """The campaigns in force at a place in the year of a day, with what is done and what is overdue there."""
    place = await readable_area(actor, code, Permission.AREA_READ)
    done = await fetch(
        "SELECT campaign, task, done_at FROM campaign_tasks WHERE area_path = $1 AND year = $2", [place.path, on.year]
    )
    known = {(row["campaign"], row["task"]): row["done_at"] for row in done}
    holders = await holders_of(place)
    return [
        {
            "code": name, "name": one.name, "basis": one.basis, "year": on.year,
            "first_responsible": {role: holders.get(role, []) for role in one.first_responsible},
            "phases": [_phase(on, (name, phase), known, one) for phase in one.phases],
        }
        for name, one in rulebook().for_area(place.path).practices.campaigns.items()
    ]  # fmt: skip


async def finish(actor: Actor, done: Done) -> CampaignTask:
    """Note that an area has done a task, once; 404 outside the area or for no such campaign, 422 for no such task."""
    place = await readable_area(actor, done.area_code, Permission.OBLIGATION_RECORD)
    campaign = rulebook().for_area(place.path).practices.campaigns.get(done.campaign)
    if campaign is None:
        raise NotFound
    tasks = {f"{phase}.{task}" for phase, one in campaign.phases.items() for task in one.tasks}
    if done.task not in tasks:
        message = f"没有这项任务,可选:{'、'.join(sorted(tasks))}"
        raise invalid("task", message)
    key: dict[str, Any] = {"campaign": done.campaign, "year": done.year, "task": done.task, "area_code": place.code}
    if await CampaignTask.exists(**key):
        raise GuardNotMet(reason="这项任务已经登记完成。", missing=[])
    kept = await CampaignTask.create(
        id=new_id(), **key, area_path=place.path, note=done.note, done_by=actor.label, done_at=now()
    )
    data = {"campaign": done.campaign, "task": done.task, "note_digest": digest(kept.id, done.note)}
    record(Fact("campaign.task-done", place.code, None, kept.id, data, actor=actor))
    return kept


async def holders_of(place: Area) -> dict[str, list[str]]:
    """The names of the staff who hold each role for a place, those of the nearest area."""
    rows = await fetch(
        "SELECT DISTINCT ON (a.role, s.id) a.role, s.name, a.area_path FROM assignments a JOIN staff s ON s.id = a.staff_id"
        " WHERE s.active AND ($1 = a.area_path OR starts_with($1, a.area_path || '.')) ORDER BY a.role, s.id, a.area_path",
        [place.path],
    )
    nearest: dict[str, int] = {}
    for row in rows:
        nearest[row["role"]] = max(nearest.get(row["role"], 0), len(row["area_path"]))
    found: dict[str, list[str]] = {}
    for row in rows:
        if len(row["area_path"]) == nearest[row["role"]]:
            found.setdefault(row["role"], []).append(row["name"])
    return found


def _phase(on: date, key: tuple[str, str], known: dict[tuple[str, str], Any], one: Campaign) -> dict[str, Any]:
    campaign, name = key
    phase: Phase = one.phases[name]
    since_on, until_on = _day(on.year, phase.since), _day(on.year, phase.until)
    state = "past" if until_on < on else "now" if since_on <= on else "future"
    tasks = [_task(on, f"{name}.{code}", task, known.get((campaign, f"{name}.{code}"))) for code, task in phase.tasks.items()]
    return {"code": name, "name": phase.name, "since_on": since_on, "until_on": until_on, "state": state, "tasks": tasks}


def _task(on: date, code: str, task: Task, done_at: Any) -> dict[str, Any]:
    due_on = _day(on.year, task.due)
    state = "done" if done_at else "overdue" if due_on < min(on, local_date(now())) else "open"
    late = bool(done_at) and local_date(done_at) > due_on
    return {"code": code, "text": task.text, "by": task.by, "due_on": due_on, "state": state, "late": late}


def _day(year: int, text: str) -> date:
    """The day of a year; 29 February is the last day of that month in a common year."""
    month, day = int(text[:2]), int(text[3:])
    return date(year, month, min(day, 28) if month == 2 and day == 29 and year % 4 else day)
