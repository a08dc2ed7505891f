"""Suggestions and complaints about the app itself, from the people who have to work with it."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.areas.queries import area
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import NotAllowed
from domain.rulebook import rulebook
from domain.sql import fetch
from domain.suggestions.models import Suggestion


async def suggest(actor: Actor, text: str) -> Suggestion:
    """Keep what the worker has to say about the app; nobody is asked for a reason or a score."""
    county = await area(rulebook().county)
    path = next(iter(actor.areas(Permission.FIELD_READ)), county.path if county else "")
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
        "SELECT id, text, at FROM suggestions WHERE author = $1 AND ($2::uuid IS NULL OR id < $2)"
        f" ORDER BY id DESC LIMIT {limit + 1}",
        [actor.label, before],
    )
