"""Staff door: evidence up; the files of cases that I may see down."""

import asyncio
from typing import Any, Literal

from desk_api.schemas import Strict, path_id
from domain.access.permissions import Permission as P
from domain.attachments.actions import store_attachment
from domain.attachments.intake import LIMITS, repeatable_id, take_in
from domain.attachments.store import FileMissing, Shelf
from domain.cases.file import case_attachment
from domain.problems import NotFound, StorageFull, UnacceptableUpload
from web.routes import Answer, Ask, Limit, Route

MULTIPART_EXTRA = 64 * 1024


class Size(Strict):
    """Which size of a photo."""

    size: Literal["full", "thumbnail"] = "full"


async def take(ask: Ask) -> dict[str, Any]:
    """Judge and store the bytes outside the transaction."""
    services, key = ask.app.services, ask.request.headers.get("idempotency-key", "")
    file_id = repeatable_id(ask.actor.label, key, ask.body.digest)
    return await take_in(services.files, services.images, ask.body.data, file_id)


async def create_attachment(ask: Ask) -> dict[str, Any]:
    """Write the row of the stored file (`POST /attachments`); its id goes into a move as evidence."""
    stored = await store_attachment(ask.actor, **ask.prepared)
    names = ("id", "kind", "bytes", "width", "height", "duration_s")
    return {name: getattr(stored, name) for name in names}


async def read_attachment(ask: Ask) -> Answer:
    """A file of my own or of a case that I may see (`GET /attachments/{id}`); never a sealed original."""
    row = await case_attachment(ask.actor, path_id(ask.path["id"]))
    small = ask.query.size == "thumbnail" and row["has_thumbnail"]
    try:
        file = await ask.app.services.files.open(Shelf.THUMBNAIL if small else Shelf.SERVED, row["id"])
    except FileMissing:
        raise NotFound from None
    with file:
        data = await asyncio.to_thread(file.read)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=300"}
    return Answer(raw=data, content_type=row["mime"], headers=headers)


ROUTES = (
    Route(method="POST", path="/attachments", handler=create_attachment, prepare=take, gate=P.FILE_UPLOAD, status=201,
          upload_bytes=LIMITS.largest + MULTIPART_EXTRA, limit=(Limit("desk-upload", 60, 60, per="caller"),),
          problems=(UnacceptableUpload, StorageFull), summary="上传照片、录音、视频"),
    Route(method="GET", path="/attachments/<id:str>", handler=read_attachment, gate=P.CASE_READ, query=Size,
          reads=True, content_type="application/octet-stream", summary="查看照片、录音、视频"),
)  # fmt: skip
