"""Worker door: track and handle. A worker sees what was given to them, what they reported, and the events of their
grids; who filed an appeal is never shown here."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

import msgspec

import domain.workflow  # noqa: F401  (registers what each move does, before the bodies are read off it)
from domain.access.permissions import Permission as P
from domain.attachments.declarations import pending
from domain.cases.clocks import exact_level
from domain.cases.events import move_in_the_field
from domain.cases.field import FieldSearch, field_cases
from domain.cases.move import EFFECTS
from domain.cases.policy import allowed, identity_open
from domain.cases.queries import case_row, deadlines, facts, return_requests, timeline
from domain.cases.states import ENDED, OPEN, STATES
from domain.clock import SHANGHAI, local_date, now
from domain.problems import (
    ChangedMeanwhile,
    ClientTimeAbsurd,
    GuardNotMet,
    MoveNotAllowed,
    NotFound,
    SameIdOtherContent,
    SameOfficer,
    UnknownAttachment,
    invalid,
)
from domain.sql import fetch
from domain.workflow.bars import barred
from domain.workflow.levels import shown_level
from grid_api.schemas import CasePage
from web.paging import paged
from web.routes import Ask, Route, path_id
from web.shapes import clock_shape, local

# Everything a worker may do to a case: the bodies are those of the workflow.
ACTIONS: dict[str, type[msgspec.Struct]] = {
    name: EFFECTS[name][0]
    for name in (
        "sign", "contact", "grade", "submit-result", "self-handle", "return", "escalate", "inspect", "take-up",
        "report-on-site", "add-note",
    )
}  # fmt: skip

_SPEAKERS = {
    "worker": "网格员", "staff": "工作人员", "system": "系统", "resident": "群众", "guest": "群众", "lookup": "群众",
}  # fmt: skip
_GROUPS = {"open": OPEN, "ended": ENDED}


async def list_cases(ask: Ask) -> dict[str, Any]:
    """My cases, newest first (contract: `GET /cases`)."""
    page: CasePage = ask.query
    search = FieldSearch(
        mine=page.mine, states=_states(page.state), due_by=tonight() if page.due else None, before=page.before,
        limit=page.limit,
    )  # fmt: skip
    rows = await field_cases(ask.actor, search)
    return paged(rows, page.limit, lambda row: _brief(ask, row))


async def open_case(ask: Ask) -> dict[str, Any]:
    """One case with its clocks, its way so far and what I may do now (`GET /cases/{id}`)."""
    row = await case_row(ask.actor, path_id(ask))
    whole = row["kind"] == "event" or row["handler_id"] == ask.actor.id
    lines = [_line(entry, whole) for entry in await timeline(row["id"])]
    return {**await _detail(ask, row), "timeline": lines}


async def act(ask: Ask) -> dict[str, Any]:
    """Make a move (`POST /cases/{id}/{action}`); the case as it is then, without the timeline, whose new line is only
    written at the commit. A move may take the case out of the worker's sight: then a short answer."""
    case = await move_in_the_field(ask.actor, path_id(ask), ask.path["action"], ask.body)
    try:
        return await _detail(ask, await case_row(ask.actor, case.id))
    except NotFound:
        return {
            "id": case.id, "number": case.number, "state": case.state, "state_name": STATES[case.state],
            "version": case.version, "can": [],
        }  # fmt: skip


def tonight() -> datetime:
    """The last second of today, local time."""
    return datetime.combine(local_date(now()), time(23, 59, 59), SHANGHAI)


def _states(text: str) -> tuple[str, ...]:
    if text in _GROUPS:
        return tuple(sorted(_GROUPS[text]))
    states = tuple(filter(None, (part.strip() for part in text.split(","))))
    if unknown := [state for state in states if state not in STATES]:
        raise invalid("state", f"没有“{unknown[0][:20]}”这个状态,可选 open、ended 或具体状态")
    return states


def _brief(ask: Ask, row: dict[str, Any]) -> dict[str, Any]:
    next_clock = None
    if row["next_clock"]:
        next_clock = {
            "name": row["next_clock"],
            "due_at": local(row["next_due_at"]),
            "level": exact_level(row["ladder"], now()),
        }
    return {**_heading(ask, row), "next_clock": next_clock}


def _heading(ask: Ask, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "number": row["number"],
        "kind": row["kind"],
        "state": row["state"],
        "state_name": STATES[row["state"]],
        "version": row["version"],
        "title": row["title"],
        "event_type": row["event_type"],
        "level": row["level"],
        "urgent": row["urgent"],
        "origin": row["origin"],
        "area": {"code": row["area_code"], "name": row["area_name"]},
        "unit": row["lead_name"],
        "received_at": local(row["received_at"]),
        "reported_by_me": row["reporter_id"] == ask.actor.id,
        "assigned_to_me": row["handler_id"] == ask.actor.id,
    }


async def _detail(ask: Ask, row: dict[str, Any]) -> dict[str, Any]:
    said = await _said(ask, row)
    # where somebody stood who wants to stay unknown tells who it is; so it does to whoever took revenge on them
    about = facts(row)
    known = row["lon"] is not None and all(identity_open(appeal["identity"], about, ask.actor) for appeal in said)
    running = await deadlines(row["id"])
    idle = barred(ask.actor, about, row, running, await return_requests(row["id"]))
    return {
        **_heading(ask, row),
        **shown_level(row["desk_level"], row["place_kind"], row["lead_kind"]),
        "can": [name for name in allowed(about, ask.actor) if name in ACTIONS and name not in idle],
        "clocks": [clock_shape(clock, exact_level(clock["ladder"], now())) for clock in running],
        "result": row["result"],
        "location": {"lon": row["lon"], "lat": row["lat"], "datum": row["datum"]} if known else None,
        "said": [appeal["content"] for appeal in said if appeal["shown"]],
        "attachments": await _attachments(row["id"]),
        "attachments_pending": (await pending([row["id"]])).get(row["id"], []),
    }


async def _said(ask: Ask, row: dict[str, Any]) -> list[dict[str, Any]]:
    """What the appeals of the case say, never who says it: all of it for the worker who handles them, for others only what
    they took down themselves."""
    if row["kind"] != "appeal":
        return []
    return await fetch(
        "SELECT content, identity, $2 OR entered_by IS NOT DISTINCT FROM $3 AS shown FROM appeals WHERE case_id = $1 ORDER BY id",
        [row["id"], row["handler_id"] == ask.actor.id, ask.actor.id],
    )


def _line(entry: dict[str, Any], whole: bool) -> dict[str, Any]:
    return {
        "at": local(entry["at"]),
        "event": entry["event"],
        "by": _SPEAKERS.get(entry["actor"].partition(":")[0], ""),
        "unit": entry["unit"],
        # what was said to the callback officer is not for whoever did the work, colleagues' notes not for whoever reported
        "text": entry["text"] if entry["event"] != "case.called-back" and (whole or entry["public"]) else None,
        "state": entry["data"].get("to"),
    }


async def _attachments(case_id: UUID) -> list[dict[str, Any]]:
    return await fetch(
        "SELECT id, kind, mime, bytes, width, height, duration_s, purpose, subject_kind, has_thumbnail"
        " FROM attachments WHERE case_id = $1 ORDER BY id LIMIT 200",
        [case_id],
    )

ROUTES = (
    Route(method="GET", path="/cases", handler=list_cases, gate=P.FIELD_TRACK, query=CasePage, reads=True,
          summary="跟踪:我的事件和工单"),
    Route(method="GET", path="/cases/<id:str>", handler=open_case, gate=P.FIELD_TRACK, reads=True, summary="一件的详情"),
    Route(method="POST", path="/cases/<id:str>/<action:str>", handler=act, gate=P.FIELD_READ, body=ACTIONS,
          summary="办理", problems=(MoveNotAllowed, ChangedMeanwhile, GuardNotMet, SameOfficer, SameIdOtherContent,
                                  ClientTimeAbsurd, UnknownAttachment)),
)  # fmt: skip
