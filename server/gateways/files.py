"""A folder of files: written aside, synced, then renamed, so a crash or a full disk leaves no half file."""

import asyncio
import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

from domain.attachments.store import FileMissing, Shelf, StorageFull
from server.gateways.seal import Seal, open_seal

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LEFT_OVER_S = 86_400


class FolderFiles:
    """A FileStore in a local or mounted folder that several processes may share."""

    def __init__(self, folder: Path, seal: Seal) -> None:
        self._folder = folder
        self._seal = seal
        self._incoming = folder / "incoming"
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()

    async def put(self, shelf: Shelf, file_id: UUID, data: bytes) -> None:
        """Store durably, all or nothing; StorageFull when there is no room."""
        await asyncio.to_thread(self._put, shelf, file_id, data)

    async def adopt(self, shelf: Shelf, file_id: UUID, draft: Path) -> None:
        """Store a finished file that is too large for memory, all or nothing; the draft is gone afterwards."""
        if shelf is Shelf.SEALED:
            raise ValueError("sealed files are encrypted in memory: put them")
        await asyncio.to_thread(self._adopt, shelf, file_id, draft)

    async def open(self, shelf: Shelf, file_id: UUID) -> BinaryIO:
        """A readable, seekable file that the caller closes; FileMissing, FileTampered."""
        return await asyncio.to_thread(self._open, shelf, file_id)

    async def delete(self, shelf: Shelf, file_id: UUID) -> bool:
        """Remove for good; False when it was not there."""
        return await asyncio.to_thread(self._delete, shelf, file_id)

    def _place(self, shelf: Shelf, file_id: UUID) -> Path:
        # ids made at the same time start alike: their last digits spread the files over 256 folders
        return self._folder / shelf.value / file_id.hex[-2:] / file_id.hex

    def _put(self, shelf: Shelf, file_id: UUID, data: bytes) -> None:
        place = self._place(shelf, file_id)
        kept = self._seal.close(file_id, data) if shelf is Shelf.SEALED else data
        draft = self._incoming / uuid4().hex
        with _room(draft):
            _make_folder(place.parent)
            _write(draft, kept)
            draft.replace(place)
            sync_folder(place.parent)

    def _adopt(self, shelf: Shelf, file_id: UUID, draft: Path) -> None:
        place = self._place(shelf, file_id)
        mine = self._incoming / uuid4().hex
        with _room(mine):
            _make_folder(place.parent)
            shutil.move(draft, mine)  # a copy where the draft lies on another disk
            with mine.open("rb") as file:
                os.fchmod(file.fileno(), 0o600)
                os.fsync(file.fileno())
            mine.replace(place)
            sync_folder(place.parent)

    def _open(self, shelf: Shelf, file_id: UUID) -> BinaryIO:
        try:
            if shelf is not Shelf.SEALED:
                return self._place(shelf, file_id).open("rb")
            kept = self._place(shelf, file_id).read_bytes()
        except FileNotFoundError:
            raise FileMissing(shelf.value, str(file_id)) from None
        return BytesIO(self._seal.open(file_id, kept))

    def _delete(self, shelf: Shelf, file_id: UUID) -> bool:
        place = self._place(shelf, file_id)
        try:
            place.unlink()
        except FileNotFoundError:
            return False
        sync_folder(place.parent)
        return True

    def _sweep(self) -> None:
        """Remove drafts of processes that were killed; a younger one may still be being written."""
        for draft in self._incoming.iterdir():
            try:
                if time.time() - draft.stat().st_mtime > _LEFT_OVER_S:
                    draft.unlink()
            except FileNotFoundError:
                continue  # another process sweeps, too


def open_files(folder: Path, keys: Path) -> FolderFiles:
    """The store in `folder`, sealed with the key in `keys`, which is made if nothing has been sealed yet."""
    sealed = folder / Shelf.SEALED.value
    in_use = sealed.is_dir() and any(sealed.glob("*/*"))
    return FolderFiles(folder, open_seal(keys / "attachments.key", may_make=not in_use))


@contextmanager
def _room(draft: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        draft.unlink(missing_ok=True)
        if error.errno in NO_ROOM:
            raise StorageFull from error
        raise


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)
        sync_folder(folder.parent.parent)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder would survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
