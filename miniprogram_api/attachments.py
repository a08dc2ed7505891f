"""Resident door: photos, recordings and videos up; the own ones and those shared with an answer down."""

import asyncio
import re
from typing import Any, BinaryIO, Literal

from domain.access.permissions import Permission as P
from domain.attachments.actions import store_attachment
from domain.attachments.intake import LIMITS, repeatable_id, take_in
from domain.attachments.queries import own_or_shown
from domain.attachments.store import FileMissing, Shelf
from domain.problems import NotFound, RangeNotSatisfiable, StorageFull, UnacceptableUpload
from miniprogram_api.own import path_id
from miniprogram_api.schemas import Strict
from web.routes import Answer, Ask, Limit, Route

MULTIPART_EXTRA = 64 * 1024
PIECE = 4 * 1024 * 1024  # a player asks for "everything from here"; it gets this much and asks again
SUFFIXES = {
    "image/jpeg": "jpg", "audio/mp4": "m4a", "audio/mpeg": "mp3", "audio/amr": "amr", "audio/amr-wb": "awb",
    "audio/wav": "wav", "audio/aac": "aac", "audio/ogg": "ogg", "audio/webm": "weba", "video/mp4": "mp4",
    "video/quicktime": "mov", "video/webm": "webm",
}  # fmt: skip
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class Size(Strict):
    """Which size of a photo."""

    size: Literal["full", "thumbnail"] = "full"


async def take(ask: Ask) -> dict[str, Any]:
    """Judge and store the bytes outside the transaction."""
    services = ask.app.services
    key = ask.request.headers.get("idempotency-key", "")
    file_id = repeatable_id(ask.actor.label, key, ask.body.digest)
    return await take_in(services.files, services.images, ask.body.data, file_id)


async def create_attachment(ask: Ask) -> dict[str, Any]:
    """Write the row of the stored file (contract: `POST /attachments`)."""
    stored = await store_attachment(ask.actor, **ask.prepared)
    return {
        "id": stored.id,
        "kind": stored.kind,
        "bytes": stored.bytes,
        "width": stored.width,
        "height": stored.height,
        "duration_s": stored.duration_s,
    }


async def read_attachment(ask: Ask) -> Answer:
    """The file as it is shown: a clean photo, a recording without tags; its original stays sealed."""
    row = await own_or_shown(ask.actor, path_id(ask))
    small = ask.query.size == "thumbnail"
    if small and not row["has_thumbnail"]:
        raise NotFound
    try:
        file = await ask.app.services.files.open(Shelf.THUMBNAIL if small else Shelf.SERVED, row["id"])
    except FileMissing:
        raise NotFound from None
    return await asyncio.to_thread(_answer, file, row, ask.request.headers.get("range", ""))


def _answer(file: BinaryIO, row: dict[str, Any], wanted: str) -> Answer:
    headers = {
        "Content-Disposition": f'inline; filename="{row["id"]}.{SUFFIXES.get(row["mime"], "bin")}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=300",
        "Accept-Ranges": "bytes",
    }
    with file:
        total = file.seek(0, 2)
        found = _RANGE.fullmatch(wanted)
        if found is None or not any(found.groups()):
            file.seek(0)
            return Answer(raw=file.read(), headers=headers, content_type=row["mime"])
        start, end = _bounds(found[1], found[2], total)
        file.seek(start)
        headers["Content-Range"] = f"bytes {start}-{end}/{total}"
        return Answer(raw=file.read(end - start + 1), status=206, headers=headers, content_type=row["mime"])


def _bounds(first: str, last: str, total: int) -> tuple[int, int]:
    """The first and last byte of a range (RFC 9110 §14.1.2), at most one piece; 416 when it lies outside."""
    start = int(first) if first else max(0, total - int(last))
    end = min(int(last) if first and last else total - 1, total - 1, start + PIECE - 1)
    if start > end:
        raise RangeNotSatisfiable(bytes=total)
    return start, end


ROUTES = (
    Route(method="POST", path="/attachments", handler=create_attachment, prepare=take, gate=P.FILE_UPLOAD, status=201,
          upload_bytes=LIMITS.largest + MULTIPART_EXTRA, limit=(Limit("upload", 60, 60, per="caller"),),
          problems=(UnacceptableUpload, StorageFull), summary="上传照片、录音、视频"),
    Route(method="GET", path="/attachments/<id:str>", handler=read_attachment, gate=P.APPEAL_FOLLOW, query=Size,
          reads=True, also=(206,), problems=(RangeNotSatisfiable,), content_type="application/octet-stream",
          summary="查看照片、录音、视频"),
)  # fmt: skip
