"""Part files in a folder, each under the lock of the kernel: a killed process lets go at once, in whatever state."""

import asyncio
import fcntl
import os
from pathlib import Path
from uuid import UUID

from domain.attachments.store import StorageFull
from domain.uploads.parts import PartMissing
from server.gateways.files import NO_ROOM, sync_folder


class FolderPart:
    """An open, locked part file. It is closed after the last step that runs, so no step meets a foreign file."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._turn = asyncio.Lock()

    async def write(self, at: int, data: bytes) -> None:
        """Write at an offset; StorageFull."""
        async with self._turn:
            await asyncio.to_thread(self._write, at, data)

    async def sync(self) -> None:
        """Return when everything written would survive a power cut; StorageFull."""
        async with self._turn:
            await asyncio.to_thread(self._sync)

    async def read(self, length: int) -> bytes:
        """The first `length` bytes; PartMissing when there are fewer."""
        async with self._turn:
            data = await asyncio.to_thread(os.pread, self._handle, length, 0)
        if len(data) != length:
            raise PartMissing
        return data

    async def release(self) -> None:
        """Let the next writer in."""
        async with self._turn:
            self.close()

    def close(self) -> None:
        """Let go at once, when no step runs."""
        os.close(self._handle)
        self._handle = -1

    def _write(self, at: int, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                written = os.pwrite(self._handle, rest, at)
                at, rest = at + written, rest[written:]
        except OSError as error:
            raise _named(error) from error

    def _sync(self) -> None:
        try:
            os.fsync(self._handle)  # where space is given late, a full disk shows only now
        except OSError as error:
            raise _named(error) from error


class FolderParts:
    """A PartStore in a local or mounted folder that several processes share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def hold(self, upload_id: UUID, *, begun: bool) -> FolderPart | None:
        """Take a part file; None while another writer holds it, PartMissing when it had `begun` and is not there."""
        taking = asyncio.ensure_future(asyncio.to_thread(self._hold, upload_id, begun))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(_let_go)  # nobody waits any more for what the thread still takes
            raise

    async def exists(self, upload_id: UUID) -> bool:
        """Whether there is a part file."""
        return await asyncio.to_thread(self._place(upload_id).exists)

    async def delete(self, upload_id: UUID) -> None:
        """Remove a part file, if there is one."""
        await asyncio.to_thread(self._place(upload_id).unlink, missing_ok=True)

    def _place(self, upload_id: UUID) -> Path:
        return self._folder / upload_id.hex

    def _hold(self, upload_id: UUID, begun: bool) -> FolderPart | None:
        place = self._place(upload_id)
        while True:
            handle = self._open(place, begun)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return None
            if _is(handle, place):
                return FolderPart(handle)
            os.close(handle)  # deleted between opening and locking: the next one is another file

    def _open(self, place: Path, begun: bool) -> int:
        try:
            return os.open(place, os.O_RDWR)
        except FileNotFoundError:
            if begun:
                raise PartMissing from None
        try:
            handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
            sync_folder(self._folder)
        except OSError as error:
            raise _named(error) from error
        return handle


def _let_go(taking: asyncio.Future[FolderPart | None]) -> None:
    part = None if taking.cancelled() or taking.exception() else taking.result()
    if part is not None:
        part.close()


def _is(handle: int, place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), place.stat())
    except FileNotFoundError:
        return False


def _named(error: OSError) -> Exception:
    return StorageFull() if error.errno in NO_ROOM else error
