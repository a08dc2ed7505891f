"""Where the bytes of unfinished uploads lie: one part file each, which one writer at a time may hold."""

from typing import Protocol
from uuid import UUID


class PartMissing(Exception):
    """The part file that an upload had begun is not there, after a restore from a backup for example."""


class Part(Protocol):
    """A part file that this writer holds alone, also against other processes; given back with `release`."""

    async def write(self, at: int, data: bytes) -> None:
        """Write at an offset; domain.attachments.store.StorageFull."""
        ...

    async def sync(self) -> None:
        """Return when everything written would survive a power cut; StorageFull."""
        ...

    async def read(self, length: int) -> bytes:
        """The first `length` bytes; PartMissing when there are fewer."""
        ...

    async def release(self) -> None:
        """Let the next writer in."""
        ...


class PartStore(Protocol):
    """The part files of all uploads."""

    async def hold(self, upload_id: UUID, *, begun: bool) -> Part | None:
        """Take a part file; None while another writer holds it. A writer that dies lets go, a cancelled call takes none.

        One that is not there is made, unless the upload had `begun`: PartMissing. StorageFull.
        """
        ...

    async def exists(self, upload_id: UUID) -> bool:
        """Whether there is a part file."""
        ...

    async def delete(self, upload_id: UUID) -> None:
        """Remove a part file, if there is one; a writer who still holds it writes into nothing."""
        ...
