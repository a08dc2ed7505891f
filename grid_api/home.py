"""Worker door: the home page. Its numbers are counted by the conditions of the lists they stand for."""

from collections.abc import Mapping
from typing import Any

from domain.access.permissions import Permission as P
from domain.areas.queries import MOST_GRIDS, grids_within
from domain.cases.field import field_counts
from domain.clock import now
from domain.notices.tell import tasks_to_tell
from domain.rulebook import rulebook
from domain.sync.queries import refused_count
from domain.visits.purposes import NEEDS, OUTCOMES, PURPOSES
from domain.visits.queries import unvisited_count
from grid_api.cases import tonight
from web.routes import Ask, Route
from web.shapes import local

LEVELS = {"ordinary": "一般", "serious": "较大", "urgent": "紧急"}


async def home(ask: Ask) -> dict[str, Any]:
    """What waits for me (contract: `GET /home`); null for what my role does not look after."""
    cases = await field_counts(ask.actor, tonight())
    grids = await grids_within(ask.actor.areas(P.FIELD_TRACK), MOST_GRIDS)
    visits, tells = ask.actor.may(P.VISIT_LOG), ask.actor.may(P.NOTICE_TELL)
    return {
        "grids": [{"code": grid["code"], "name": grid["name"], "village": grid["village"]} for grid in grids],
        "tasks_due": cases["due"],
        "cases": {mine: cases[mine] for mine in ("assigned", "reported", "grid", "inspection")},
        "unvisited_households": await unvisited_count(ask.actor, now()) if visits else None,
        "tell_tasks": await tasks_to_tell(ask.actor) if tells else None,
        "rejected_items": await refused_count(ask.actor),
        "server_time": local(now()),
    }


async def choices(ask: Ask) -> dict[str, Any]:
    """What can be chosen in the forms, by the rules of the worker's place (`GET /choices`)."""
    book = rulebook().for_area(next(iter(ask.actor.areas(P.FIELD_TRACK)), ""))
    return {
        "purposes": _named(PURPOSES),
        "needs": _named(NEEDS),
        "outcomes": _named(OUTCOMES),
        "levels": _named(LEVELS),
        "event_types": [{"code": kind.code, "name": kind.name} for kind in book.event_types.values()],
        "emergency_numbers": list(book.emergency_numbers),
        "hotline": book.hotline,
    }


def _named(words: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"code": code, "name": name} for code, name in words.items()]

ROUTES = (
    Route(method="GET", path="/home", handler=home, gate=P.FIELD_TRACK, reads=True, summary="首页数字"),
    Route(method="GET", path="/choices", handler=choices, gate=P.FIELD_TRACK, reads=True, summary="表单选项"),
)
