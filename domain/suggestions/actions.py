"""Suggestions and complaints about the app itself, from the people who have to work with it."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.areas.queries import area
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import NotAllowed, NotFound
from domain.rulebook import rulebook
from domain.sql import fetch
from domain.suggestions.models import Suggestion


async def suggest(actor: Actor, text: str) -> Suggestion:
    """Keep what the worker has to say about the app; nobody is asked for a reason or a score."""
    county = await area(rulebook().county)
    path = next(iter(actor.areas(Permission.FIELD_TRACK)), county.path if county else "")
    if not path:
        raise NotAllowed
    code = path.rpartition(".")[2]
    said = await Suggestion.create(
        id=new_id(), author=actor.label, area_code=code, area_path=path, text=text, at=now()
    )
    record(Fact("suggestion.made", code, None, said.id, {"text_digest": digest(said.id, text)}))
    return said


async def my_suggestions(actor: Actor, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """What this caller has suggested, newest first, one row more than the limit."""
    return await fetch(
        "SELECT id, text, at, reply, replied_at FROM suggestions WHERE author = $1 AND ($2::uuid IS NULL OR id < $2)"
        f" ORDER BY id DESC LIMIT {limit + 1}",
        [actor.label, before],
    )


async def suggestions(actor: Actor, before: UUID | None, limit: int, *, waiting: bool) -> list[dict[str, Any]]:
    """A page of what was suggested in the actor's areas, newest first, one row more than the limit."""
    where = Where()
    in_scope(where, actor, Permission.SUGGESTION_ANSWER, "s.area_path")
    if waiting:
        where.conditions.append("s.replied_at IS NULL")
    if before:
        where.add("s.id < {}", before)
    return await fetch(
        "SELECT s.id, s.text, s.at, s.reply, s.replied_at, s.area_code, a.name AS area, f.name AS author"
        " FROM suggestions s LEFT JOIN areas a ON a.code = s.area_code"
        " LEFT JOIN staff f ON f.id = split_part(s.author, ':', 2)::uuid"
        f" WHERE {where.sql} ORDER BY s.id DESC LIMIT {limit + 1}",
        where.values,
    )


async def reply(actor: Actor, suggestion_id: UUID, text: str) -> Suggestion:
    """Answer a suggestion, or better an earlier answer; 404 outside the actor's areas."""
    said = await Suggestion.filter(id=suggestion_id).select_for_update().first()
    if said is None or not actor.may(Permission.SUGGESTION_ANSWER, said.area_path):
        raise NotFound
    said.reply, said.replied_at, said.replied_by = text, now(), actor.id
    await said.save(update_fields=["reply", "replied_at", "replied_by"])
    record(Fact("suggestion.answered", said.area_code, None, said.id, {"reply_digest": digest(said.id, text)}))
    found: Suggestion = said
    return found
