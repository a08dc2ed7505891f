"""Takes an uploaded file in: judges it, stores what is shown and what is sealed, and says what the row must hold.

Run it outside the transaction (a route's `prepare`): it waits for the disk and for the photo children. The row is
written afterwards with `store_attachment(actor, **values)`; until then nothing refers to the file.
"""

import asyncio
from hashlib import sha256
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

from domain.attachments.images import CleanImage
from domain.attachments.kinds import FileType, Kind, SizeLimits, recognise, sniff
from domain.attachments.media import duration_s, without_tags
from domain.attachments.refusals import Reason, UnacceptableFile
from domain.attachments.store import FileStore, Shelf
from domain.attachments.store import StorageFull as NoRoom
from domain.clock import real_now
from domain.ids import new_id
from domain.problems import BodyTooLarge, Problem, StorageFull, UnacceptableUpload

LIMITS: Final = SizeLimits()
_REQUESTS: Final = UUID("6f0f7a52-5d0b-5a0e-9a55-3f6f1f0a7c11")


class PhotoDesk(Protocol):
    """Cleans photos away from this process."""

    async def clean(self, data: bytes) -> CleanImage:
        """The photo upright and bare; UnacceptableFile."""
        ...


def repeatable_id(caller: str, key: str, digest: bytes) -> UUID:
    """The id of a file that may be sent again under the same Idempotency-Key: racing repeats write one file, not many;
    a new id when there is no key."""
    return uuid5(_REQUESTS, f"{caller}\0{key}\0{digest.hex()}") if key else new_id()


async def take_in(
    files: FileStore, photos: PhotoDesk, data: bytes, file_id: UUID | None = None, limits: SizeLimits = LIMITS
) -> dict[str, Any]:
    """Store an upload; the values for `store_attachment`, `id` included.

    Problems: 422 `unacceptable-file` with its reason, 413 `body-too-large`, 507 `storage-full`; then nothing is kept.
    """
    found = file_id or new_id()
    try:
        file_type = await asyncio.to_thread(recognise, data, limits)
        values, shelves = await _derive(photos, data, file_type)
    except UnacceptableFile as refused:
        raise _problem(refused, data, limits) from None
    await _put(files, found, {**shelves, Shelf.SEALED: data})
    return {
        "id": found,
        "kind": file_type.kind.value,
        "bytes": len(shelves[Shelf.SERVED]),
        "sha256": sha256(data).hexdigest(),
        "has_thumbnail": Shelf.THUMBNAIL in shelves,
        "created_at": real_now(),
        **values,
    }


async def _derive(
    photos: PhotoDesk, data: bytes, file_type: FileType
) -> tuple[dict[str, Any], dict[Shelf, bytes]]:
    """What the row says of the shown file, and the bytes for each open shelf."""
    if file_type.kind is Kind.IMAGE:
        image = await photos.clean(data)
        values = {"mime": image.mime, "width": image.width, "height": image.height}
        return values, {Shelf.SERVED: image.data, Shelf.THUMBNAIL: image.thumbnail}
    seconds = await asyncio.to_thread(duration_s, data, file_type)
    shown = await asyncio.to_thread(without_tags, data, file_type)
    return {"mime": file_type.mime, "duration_s": seconds}, {Shelf.SERVED: shown}


async def _put(files: FileStore, file_id: UUID, shelves: dict[Shelf, bytes]) -> None:
    written: list[Shelf] = []
    try:
        for shelf, data in shelves.items():
            await files.put(shelf, file_id, data)
            written.append(shelf)
    except NoRoom:
        for shelf in written:
            await files.delete(shelf, file_id)
        raise StorageFull from None


def _problem(refused: UnacceptableFile, data: bytes, limits: SizeLimits) -> Problem:
    if refused.reason_code is Reason.FILE_TOO_LARGE:
        limit = getattr(limits, sniff(data).kind.value)
        return BodyTooLarge(limit_bytes=limit, reason=refused.reason_code.value, message=refused.message_zh)
    return UnacceptableUpload(reason=refused.reason_code.value, message=refused.message_zh)
