"""What a phone can do without a network: each verb runs the handler of the same call online, with the same body."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor
from domain.sync.files import Belonging, arrived, expect
from domain.sync.intake import Verb
from domain.sync.items import Item, known_fields
from grid_api import cases, events, plates, tasks, visits
from grid_api.schemas import NewEvent, NewVisit, Told
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


_APPENDED = frozenset({"contact", "add-note", "report-on-site"})  # facts: they never conflict with a version
_RECORDS = {
    "visit": _Call(visits.create_visit, NewVisit, files="visit", stamp=_record_stamp),
    "event": _Call(events.create_event, NewEvent, files="event", stamp=_record_stamp),
}


def verbs(ask: Ask) -> dict[str, Verb]:
    """Every verb by its name: `visit`, `event`, `case:<action>`, `task:done`, `plate:activate`."""
    found = {name: Verb(partial(_perform, ask, call)) for name, call in _RECORDS.items()}
    for action, kind in cases.ACTIONS.items():
        stamp = _note_stamp if action in _APPENDED else _move_stamp
        path = partial(_case_path, action)
        call = _Call(cases.act, kind, path, files="case", stamp=stamp)
        perform, late = partial(_perform, ask, call), partial(_late, ask)
        found[f"case:{action}"] = (
            Verb(perform, table="cases") if action in _APPENDED else Verb(perform, table="cases", versioned=True, late=late)
        )
    found["task:done"] = Verb(partial(_perform, ask, _Call(tasks.finish_task, Told)), table="tell_tasks")
    plate = _Call(plates.activate, plates.Activation, lambda item: {"code": str(item.body.get("code", ""))})
    found["plate:activate"] = Verb(partial(_perform, ask, plate))
    return found


def _case_path(action: str, item: Item) -> dict[str, str]:
    return {"id": str(item.entity_id), "action": action}


async def _perform(ask: Ask, call: _Call, actor: Actor, item: Item, at: datetime) -> int | None:
    """Run the handler; the version of the entity afterwards. Files that are still to come are waited for elsewhere."""
    body = known_fields(item.body, call.body)
    missing: list[UUID] = []
    if call.files:
        wanted = [*_ids(body.get("attachment_ids", [])), *(each.id for each in item.attachments)]
        wanted = list(dict.fromkeys(wanted))
        here = await arrived(actor, wanted)
        missing = [each for each in wanted if each not in set(here)]
        if wanted and "attachment_ids" in call.body.__struct_fields__:
            body["attachment_ids"] = [str(each) for each in here]
    if call.stamp:
        body |= call.stamp(item, at.isoformat())
    answer = await call.handler(replace(ask, actor=actor, body=msgspec.convert(body, call.body), path=call.path(item)))
    if missing:
        case_id = None if call.files == "visit" else item.entity_id
        await expect(actor, missing, Belonging(call.files, item.entity_id, case_id))
    shape = answer.body if isinstance(answer, Answer) else answer
    return shape.get("version", 1) if call.files else None


def _ids(given: Any) -> list[UUID]:
    """The ids of attached files; 422 for what is none."""
    return msgspec.convert(given, list[UUID])


async def _late(ask: Ask, actor: Actor, item: Item, at: datetime) -> None:
    """Somebody else was first: what this worker wrote is appended to the case as a note."""
    texts = [item.body.get(name) for name in ("result", "text", "reason", "facts", "note")]
    text = next((each for each in texts if isinstance(each, str) and each.strip()), "")
    if text:
        call = _Call(cases.act, cases.ACTIONS["add-note"], partial(_case_path, "add-note"), stamp=_note_stamp)
        note = msgspec.structs.replace(item, body={"text": text}, attachments=[])
        await _perform(ask, call, actor, note, at)
