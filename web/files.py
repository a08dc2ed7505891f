"""Takes files in and sends them: a photo as it is shown, a recording in pieces as players ask for them; never an
original. The same for every door."""

import asyncio
import re
from typing import Any, BinaryIO, Literal

from msgspec import Struct

from domain.attachments.intake import LIMITS, repeatable_id, take_in
from domain.attachments.models import Attachment
from domain.attachments.store import FileMissing, FileStore, Shelf
from domain.problems import NotFound, RangeNotSatisfiable
from web.routes import Answer, Ask

MOST_BYTES = LIMITS.largest + 64 * 1024  # the largest file and what a multipart body puts around it
PIECE = 4 * 1024 * 1024  # a player asks for "everything from here"; it gets this much and asks again
SUFFIXES = {
    "image/jpeg": "jpg", "audio/mp4": "m4a", "audio/mpeg": "mp3", "audio/amr": "amr", "audio/amr-wb": "awb",
    "audio/wav": "wav", "audio/aac": "aac", "audio/ogg": "ogg", "audio/webm": "weba", "video/mp4": "mp4",
    "video/quicktime": "mov", "video/webm": "webm",
}  # fmt: skip
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class Size(Struct, forbid_unknown_fields=True):
    """Which size of a photo."""

    size: Literal["full", "thumbnail"] = "full"


async def receive(ask: Ask) -> dict[str, Any]:
    """Judge and store the bytes of an upload outside the transaction; one Idempotency-Key is one file."""
    services, key = ask.app.services, ask.request.headers.get("idempotency-key", "")
    file_id = repeatable_id(ask.actor.label, key, ask.body.digest)
    return await take_in(services.files, services.images, ask.body.data, file_id)


def stored_shape(stored: Attachment) -> dict[str, Any]:
    """What an uploader is told of the stored file."""
    return {name: getattr(stored, name) for name in ("id", "kind", "bytes", "width", "height", "duration_s")}


async def file_answer(files: FileStore, row: dict[str, Any], size: str, wanted: str) -> Answer:
    """The file of an attachment row that the caller may see, `size` full or thumbnail, `wanted` the Range header.

    404 when there is no such file, 416 for a range outside of it.
    """
    small = size == "thumbnail"
    if small and not row["has_thumbnail"]:
        raise NotFound
    try:
        file = await files.open(Shelf.THUMBNAIL if small else Shelf.SERVED, row["id"])
    except FileMissing:
        raise NotFound from None
    return await asyncio.to_thread(_answer, file, row, wanted)


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
