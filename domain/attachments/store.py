"""Where the bytes of attachments lie: shown derivatives in the open, originals sealed as evidence."""

from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID


class Shelf(StrEnum):
    """What a stored file is for: shown to people, shown small, kept sealed, or sent to a printer."""

    SERVED = "served"
    THUMBNAIL = "thumbnails"
    SEALED = "sealed"
    PRINTS = "prints"


class StorageFull(Exception):
    """There is no room (disk or quota); nothing was written."""


class FileMissing(Exception):
    """No file of this id lies on this shelf."""


class FileTampered(Exception):
    """A sealed file does not open: it was altered, swapped, or sealed with another key."""


class FileStore(Protocol):
    """Files by id; the database row decides what may be written twice, a put replaces whole files only."""

    async def put(self, shelf: Shelf, file_id: UUID, data: bytes) -> None:
        """Store durably, all or nothing; StorageFull when there is no room."""
        ...

    async def adopt(self, shelf: Shelf, file_id: UUID, draft: Path) -> None:
        """Store a finished file that is too large for memory, all or nothing; the draft is gone afterwards."""
        ...

    async def open(self, shelf: Shelf, file_id: UUID) -> BinaryIO:
        """A readable, seekable file that the caller closes; FileMissing, FileTampered."""
        ...

    async def delete(self, shelf: Shelf, file_id: UUID) -> bool:
        """Remove for good; False when it was not there."""
        ...
