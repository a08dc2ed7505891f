"""What a phone can do without a network: each verb runs the handler of the same call online, with the same body.

Left out on purpose: filing for a villager (the query code is told in the answer, for the slip) and whatever only reads.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor
from domain.attachments.actions import attach_evidence
from domain.attachments.declarations import declare
from domain.sync.intake import Verb
from domain.sync.items import Declared, Item, known_fields, named_files
from domain.times import instant
from domain.visits.patrols import LONGEST
from grid_api import cases, events, patrols, plates, rounds, tasks, visits
from grid_api.schemas import NewEvent, NewSuggestion, NewVisit, Told
from web.routes import Answer, Ask


@dataclass(frozen=True)
class _Call:
    """How an item becomes a call: the handler, its body, where the ids go, what the attached files belong to."""

    handler: Callable[[Ask], Any]
    body: type[msgspec.Struct]
    path: Callable[[Item], dict[str, str]] = lambda item: {"id": str(item.entity_id)}
    files: str = ""
    stamp: Callable[[Item, str], dict[str, Any]] | None = None


def _record_stamp(item: Item, at: str) -> dict[str, Any]:
    return {"id": str(item.entity_id), "occurred_at": at}


def _move_stamp(item: Item, at: str) -> dict[str, Any]:
    return {"id": str(item.id), "occurred_at": at, "version": item.base_version}


def _note_stamp(item: Item, at: str) -> dict[str, Any]:
    return {"id": str(item.id), "occurred_at": at}


def _patrol_stamp(item: Item, at: str) -> dict[str, Any]:
    """A patrol is as long as the phone says; its end is when the item was made, by the corrected clock."""
    since, until = instant(item.body.get("since")), instant(item.body.get("until"))
    if since is None or until is None or not timedelta() <= until - since <= LONGEST:
        return {"id": str(item.entity_id)}  # refused for what it says, as online
    began = datetime.fromisoformat(at) - (until - since)
    return {"id": str(item.entity_id), "since": began.isoformat(), "until": at}


_APPENDED = frozenset({"contact", "add-note", "report-on-site"})  # facts: they never conflict with a version
_RECORDS = {
    "visit": _Call(visits.create_visit, NewVisit, files="visit", stamp=_record_stamp),
    "event": _Call(events.create_event, NewEvent, files="event", stamp=_record_stamp),
    "patrol": _Call(patrols.create_patrol, patrols.NewPatrol, stamp=_patrol_stamp),
    "plate:activate": _Call(plates.activate, plates.Activation, lambda item: {"code": str(item.body.get("code", ""))}),
    "suggestion": _Call(tasks.create_suggestion, NewSuggestion),
}


def verbs(ask: Ask) -> dict[str, Verb]:
    """Every verb by its name: `visit`, `visit:agree`, `event`, `case:<action>`, `patrol`, `task:done`, …"""
    found = {name: Verb(partial(_perform, ask, call), record=call.stamp is not None) for name, call in _RECORDS.items()}
    for action, kind in cases.ACTIONS.items():
        stamp = _note_stamp if action in _APPENDED else _move_stamp
        path = partial(_case_path, action)
        call = _Call(cases.act, kind, path, files="case", stamp=stamp)
        perform, late = partial(_perform, ask, call), partial(_late, ask)
        found[f"case:{action}"] = (
            Verb(perform, table="cases") if action in _APPENDED else Verb(perform, table="cases", versioned=True, late=late)
        )
    found["task:done"] = Verb(partial(_perform, ask, _Call(tasks.finish_task, Told)), table="tell_tasks")
    agree = _Call(rounds.agreement, rounds.Agreed)
    found["visit:agree"] = Verb(partial(_perform, ask, agree), table="visits")
    return found


def _case_path(action: str, item: Item) -> dict[str, str]:
    return {"id": str(item.entity_id), "action": action}


async def _perform(ask: Ask, call: _Call, actor: Actor, item: Item, at: datetime) -> int | None:
    """Run the handler; the version of the entity afterwards. Files that are still to come are announced first, so the
    action takes them for given and they are tied when they arrive."""
    body = known_fields(item.body, call.body)
    loose: list[UUID] = []
    if call.files:
        loose = await _files(actor, call, item, body)
    if call.stamp:
        body |= call.stamp(item, at.isoformat())
    answer = await call.handler(replace(ask, actor=actor, body=msgspec.convert(body, call.body), path=call.path(item)))
    if loose:
        await attach_evidence(actor, loose, call.files, item.entity_id, item.entity_id)
    shape = answer.body if isinstance(answer, Answer) else answer
    return shape.get("version", 1) if call.files else None


async def _files(actor: Actor, call: _Call, item: Item, body: dict[str, Any]) -> list[UUID]:
    """Announce the files of an item and put those that only the item names into the body; those for which the body has
    no place are returned."""
    if not (named := named_files(item)):
        return []
    await declare(actor, named)
    inside = set(named_files(msgspec.structs.replace(item, attachments=[])))
    loose = [each.id for each in item.attachments if each.id not in inside]
    if "attachment_ids" not in call.body.__struct_fields__:
        return loose
    said = body.get("attachment_ids", [])
    if isinstance(said, list):  # anything else is refused with the rest of the body
        body["attachment_ids"] = [*said, *map(str, loose)]
    return []


async def _late(ask: Ask, actor: Actor, item: Item, at: datetime) -> None:
    """Somebody else was first: what this worker wrote and photographed is appended to the case as a note."""
    texts = [item.body.get(name) for name in ("result", "text", "reason", "facts", "note")]
    text = next((each for each in texts if isinstance(each, str) and each.strip()), "")
    if text:
        call = _Call(cases.act, cases.ACTIONS["add-note"], partial(_case_path, "add-note"), "case", _note_stamp)
        files = [Declared(id=each) for each in named_files(item)]
        note = msgspec.structs.replace(item, body={"text": text}, attachments=files)
        await _perform(ask, call, actor, note, at)
