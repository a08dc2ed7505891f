"""Discover and report: a grid worker opens a case of kind event; put right on the spot, it goes straight to inspection.

The case is opened by `open_case` like every other and moved by the same table: 自办 is counted as dispatched work is.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.areas.boundaries import grid_at
from domain.areas.geometry import Position
from domain.areas.models import Area
from domain.attachments.actions import attach, link
from domain.cases import clocks
from domain.cases.models import Case, CaseText
from domain.cases.move import Body, lock_visible, move_locked
from domain.cases.opening import open_case
from domain.clock import now
from domain.deadlines.choice import Facts, choose_track
from domain.deadlines.tracks import Start
from domain.ids import new_id
from domain.journal.once import first_time
from domain.journal.unit import Fact, digest, record
from domain.problems import InvalidFields, NotFound, SameIdOtherContent, invalid
from domain.rulebook import rulebook

TITLE_LENGTH = 30


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """What a worker found, after the door has read it; `household_id` when somebody of that house told of it."""

    id: UUID
    event_type: str
    level: str
    place: Area
    occurred_at: datetime
    description: str = ""
    attachment_ids: tuple[UUID, ...] = ()
    household_id: UUID | None = None
    location: tuple[float, float, str] | None = None
    self_handled: Body | None = None


async def report_event(actor: Actor, found: Discovery) -> tuple[Case, bool]:
    """Open the case of an event once per id; the case, and whether it is new (001-06, 002-12)."""
    actor.require(Permission.EVENT_REPORT, found.place.path)
    if not await first_time(actor, found.id, "event", _content(found)):
        return await Case.get(id=found.id), False
    if await Case.exists(id=found.id):
        raise SameIdOtherContent
    await attach(actor, found.attachment_ids)
    case = await _open(actor, found)
    if found.attachment_ids:
        await link(found.attachment_ids, "event", case.id, case.id)
    if found.self_handled is not None:
        case = await move_locked(actor, case, frozenset(), "self-handle", found.self_handled)
    return case, True


async def move_in_the_field(actor: Actor, case_id: UUID, action: str, body: Body) -> Case:
    """Make a move for a grid worker; sent again under the same id it changes nothing, other content is a 409."""
    case, co_ids = await lock_visible(actor, case_id)
    if body.id and not await first_time(actor, body.id, f"{case_id}:{action}", body):
        return case
    return await move_locked(actor, case, co_ids, action, body)


async def grid_for(actor: Actor, code: str | None, position: Position | None = None) -> Area:
    """The grid in which something was found: the named one, the one whose boundary holds the position, or the worker's
    only one; 404 for a grid of others.

    A position chooses only where a boundary says so: the nearest grid may be the wrong one.
    """
    if code is not None:
        area = await Area.get_or_none(code=code)
        if area is None or not actor.may(Permission.EVENT_REPORT, area.path):
            raise NotFound
        return area
    paths = actor.areas(Permission.EVENT_REPORT)
    found = await grid_at(position, paths) if position else None
    if found is None and len(paths) == 1:
        found = await Area.get(path=paths[0])
    if found is None:
        message = "您负责多个网格,请选择事件所在的网格"
        raise invalid("grid_code", message, "required")
    return found


async def _open(actor: Actor, found: Discovery) -> Case:
    book = rulebook().for_area(found.place.path)
    kind = book.event_types.get(found.event_type)
    if kind is None:
        allowed = "、".join(f"{code} {each.name}" for code, each in book.event_types.items())
        errors = [{"field": "event_type", "code": "invalid", "message": f"没有这个事件类型,可选:{allowed}"}]
        raise InvalidFields(errors=errors)
    received_at = now()
    facts = Facts("event", "grid", received_at, found.level, topic=kind.topic, registered=True)
    choice = choose_track(facts, book.track_rules, book.tracks, book.calendar)
    lon, lat, datum = found.location or (None, None, None)
    case = await open_case(
        "event", found.place, received_at, id=found.id, origin="village_direct" if found.household_id else "proactive",
        title=" ".join(found.description.split())[:TITLE_LENGTH] or kind.name, topic=kind.topic,
        event_type=kind.code, level=found.level, urgent=found.level == "urgent", track=choice.track,
        handling_track=choice.handling, track_reasons=[*choice.matched, *choice.skipped], reporter_id=actor.id,
        household_id=found.household_id, lon=lon, lat=lat, datum=datum,
    )  # fmt: skip
    track = book.tracks[choice.track]
    await clocks.start(case, [c.name for c in track.clocks.values() if c.start is Start.RECEIVED], received_at)
    data: dict[str, Any] = {
        "to": "submitted", "version": 1, "event_type": kind.code, "level": found.level, "origin": case.origin,
        "occurred_at": found.occurred_at.isoformat(), "attachments": len(found.attachment_ids),
    }  # fmt: skip
    data |= {"urgent": True} if case.urgent else {}
    data |= await _describe(actor, case, found.description) | clocks.notes(case)
    record(Fact("event.reported", case.area_code, case.id, case.id, data, feed=("case", case.id, 1)))
    if case.urgent:
        record(Fact("duty.needed", case.area_code, case.id, case.id, {"cause": "event"}))
    return case


async def _describe(actor: Actor, case: Case, description: str) -> dict[str, str]:
    if not description:
        return {}
    text = await CaseText.create(
        id=new_id(), case_id=case.id, action="report", text=description, author=actor.label, at=now()
    )
    return {"text_id": str(text.id), "text_digest": digest(text.id, description)}


def _content(found: Discovery) -> list[Any]:
    """What makes two reports the same: all that was sent, and not what the server added."""
    handled = msgspec.to_builtins(found.self_handled) if found.self_handled else None
    return [
        found.event_type, found.level, found.place.code, found.occurred_at, found.description, found.attachment_ids,
        found.household_id, found.location, handled,
    ]  # fmt: skip
