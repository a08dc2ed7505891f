"""Staff door: the village workbench (村为主, 004-19). What arose in the village waits here first."""

from typing import Any, Literal
from uuid import UUID

from domain.access.permissions import Permission as P
from domain.cases.clocks import exact_level
from domain.cases.move import Version
from domain.cases.states import STATES
from domain.cases.workbench import workbench, workbench_counts
from domain.clock import now
from domain.problems import ChangedMeanwhile, GuardNotMet, MoveNotAllowed
from domain.workflow.levels import shown_level
from domain.workflow.village import take
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local


class Part(Page, kw_only=True):
    """`first`: mine to take first; `mine`: in the village's hands; `inspection`: for me to look at; `raised`: gone up,
    care and contact stay with the village."""

    part: Literal["first", "mine", "inspection", "raised"] = "first"


class Taken(Strict):
    """The version that I saw."""

    version: Version | None = None


async def show_workbench(ask: Ask) -> dict[str, Any]:
    """What waits for my village (`GET /workbench`); the numbers are counted by the conditions of the lists."""
    query: Part = ask.query
    rows = await workbench(ask.actor, query.part, query.before, query.limit)
    return {"counts": await workbench_counts(ask.actor), "part": query.part, **paged(rows, query.limit, _line)}


async def take_up(ask: Ask) -> dict[str, Any]:
    """The village takes a matter of its own (`POST /workbench/{id}/take`): dispatched to it and signed at once."""
    case_id: UUID = path_id(ask)
    case = await take(ask.actor, case_id, ask.body.version)
    return {
        "id": case.id, "number": case.number, "state": case.state, "state_name": STATES[case.state],
        "version": case.version,
    }  # fmt: skip


def _line(row: dict[str, Any]) -> dict[str, Any]:
    clock = None
    if row["next_clock"]:
        level = exact_level(row["ladder"], now())
        clock = {"name": row["next_clock"], "due_at": local(row["next_due_at"]), "level": level}
    names = ("id", "number", "kind", "state", "version", "title", "event_type", "level", "urgent", "area_code",
             "area_name")  # fmt: skip
    return {
        **{name: row[name] for name in names}, "state_name": STATES[row["state"]],
        **shown_level(row["desk_level"], row["place_kind"], row["lead_kind"]),
        "received_at": local(row["received_at"]), "clock": clock,
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/workbench", handler=show_workbench, gate=P.VILLAGE_FIRST, query=Part, reads=True,
          summary="村级工作台"),
    Route(method="POST", path="/workbench/<id:str>/take", handler=take_up, gate=P.VILLAGE_FIRST, body=Taken,
          summary="村级优先办理", problems=(MoveNotAllowed, ChangedMeanwhile, GuardNotMet)),
)  # fmt: skip
