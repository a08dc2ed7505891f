"""Readers of attachments for the people who may see them, and for the timer that clears what nobody used."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.problems import NotFound
from domain.sql import fetch

_COLUMNS = "x.id, x.kind, x.mime, x.bytes, x.width, x.height, x.duration_s, x.has_thumbnail"


async def own_or_shown(actor: Actor, attachment_id: UUID) -> dict[str, Any]:
    """A file that the person uploaded, that belongs to an own appeal, or that was shared with its appellants; else 404."""
    mine = "a.id = $3" if actor.kind == "lookup" else "a.resident_id = $3"
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM attachments x WHERE x.id = $1 AND (x.owner = $2"
        f" OR EXISTS (SELECT 1 FROM appeals a WHERE {mine} AND (a.id = x.subject_id"
        "  OR a.id = (SELECT m.appeal_id FROM appeal_messages m WHERE m.id = x.subject_id)"
        "  OR (x.purpose = 'public' AND a.case_id = x.case_id))))",
        [attachment_id, actor.label, actor.appeal_id if actor.kind == "lookup" else actor.id],
    )
    if not rows:
        raise NotFound
    return rows[0]


async def orphans(before: datetime, limit: int) -> list[UUID]:
    """Files uploaded before an instant to which nothing ever referred, oldest first."""
    rows = await fetch(
        "SELECT id FROM attachments WHERE subject_id IS NULL AND created_at < $1 ORDER BY created_at LIMIT $2",
        [before, limit],
    )
    return [row["id"] for row in rows]
