"""Worker door: photos, recordings and videos, one part at a time (`wx.uploadFile`), and those of my cases back."""

import asyncio
from typing import Any, Literal
from uuid import UUID

from domain.attachments.actions import store_attachment
from domain.attachments.intake import repeatable_id, take_in
from domain.attachments.store import FileMissing, Shelf
from domain.cases.field import field_attachment
from domain.problems import NotFound
from grid_api.schemas import Strict
from web.routes import Answer, Ask


async def receive(ask: Ask) -> dict[str, Any]:
    """Judge and store the file before the transaction; under one Idempotency-Key it is one file."""
    services = ask.app.services
    key = ask.request.headers.get("idempotency-key", "")
    file_id = repeatable_id(ask.actor.label, key, ask.body.digest)
    return await take_in(services.files, services.images, ask.body.data, file_id)


async def keep(ask: Ask) -> dict[str, Any]:
    """Write the row of the stored file (contract: `POST /uploads/simple`); its id is an `attachment_id`."""
    stored = await store_attachment(ask.actor, **ask.prepared)
    return {
        "id": stored.id,
        "kind": stored.kind,
        "bytes": stored.bytes,
        "width": stored.width,
        "height": stored.height,
        "duration_s": stored.duration_s,
    }


class Size(Strict):
    """Which rendering of a photo."""

    size: Literal["full", "small"] = "full"


async def show(ask: Ask) -> Answer:
    """A file of a case or visit that I can see, or my own (`GET /attachments/{id}`); never a sealed original."""
    try:
        wanted = UUID(ask.path["id"])
    except ValueError:
        raise NotFound from None
    row = await field_attachment(ask.actor, wanted)
    small = ask.query.size == "small" and row["has_thumbnail"]
    try:
        file = await ask.app.services.files.open(Shelf.THUMBNAIL if small else Shelf.SERVED, wanted)
    except FileMissing:
        raise NotFound from None
    with file:
        data = await asyncio.to_thread(file.read)
    return Answer(raw=data, content_type=row["mime"], headers={"Cache-Control": "private, max-age=3600"})
