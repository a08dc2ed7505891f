"""Files are whole or not there, originals are sealed, and a full disk says so."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attachments.store import FileMissing, FileStore, FileTampered, Shelf, StorageFull
from server.gateways.files import open_files
from server.gateways.seal import KeyUnusable, Seal, open_seal

pytestmark = pytest.mark.anyio
ONE, TWO = UUID("01900000-0000-7000-8000-0000000000a1"), UUID("01900000-0000-7000-8000-0000000000b2")
TEXT = b"words that must not be readable on the disk" * 10


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return open_files(tmp_path / "files", tmp_path / "keys")


def on_disk(root: Path) -> list[Path]:
    return sorted(path for path in (root / "files").rglob("*") if path.is_file())


@contextmanager
def room_for(bytes_left: int) -> Iterator[None]:
    """A real quota of the kernel: no file of this process may grow beyond it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def read(store: FileStore, shelf: Shelf, file_id: UUID) -> bytes:
    with await store.open(shelf, file_id) as file:
        return file.read()


@pytest.mark.parametrize("shelf", list(Shelf))
async def test_what_is_put_is_there_until_deleted(store: FileStore, shelf: Shelf) -> None:
    await store.put(shelf, ONE, TEXT)
    assert await read(store, shelf, ONE) == TEXT
    with await store.open(shelf, ONE) as file:
        file.seek(6)
        assert file.read(4) == b"that"
    assert await store.delete(shelf, ONE) is True
    assert await store.delete(shelf, ONE) is False
    with pytest.raises(FileMissing):
        await store.open(shelf, ONE)


async def test_shelves_do_not_mix(store: FileStore) -> None:
    await store.put(Shelf.SERVED, ONE, b"small")
    await store.put(Shelf.SEALED, ONE, b"original")
    assert await read(store, Shelf.SERVED, ONE) == b"small"
    assert await read(store, Shelf.SEALED, ONE) == b"original"


async def test_originals_are_unreadable_on_disk_and_survive_a_restart(
    store: FileStore, tmp_path: Path
) -> None:
    await store.put(Shelf.SEALED, ONE, TEXT)
    (path,) = on_disk(tmp_path)
    assert b"words" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    again = open_files(tmp_path / "files", tmp_path / "keys")
    assert await read(again, Shelf.SEALED, ONE) == TEXT


async def test_altered_or_swapped_originals_do_not_open(store: FileStore, tmp_path: Path) -> None:
    await store.put(Shelf.SEALED, ONE, b"evidence of A")
    await store.put(Shelf.SEALED, TWO, b"evidence of B")
    first, second = on_disk(tmp_path)
    whole = first.read_bytes()
    for broken in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:10], b"", b"plain", second.read_bytes()):
        first.write_bytes(broken)
        with pytest.raises(FileTampered):
            await store.open(Shelf.SEALED, ONE)
    first.write_bytes(whole)
    assert await read(store, Shelf.SEALED, ONE) == b"evidence of A"


async def test_a_full_disk_leaves_the_old_file_and_no_half_one(store: FileStore, tmp_path: Path) -> None:
    await store.put(Shelf.SERVED, ONE, b"old")
    with room_for(10_000):
        for shelf, file_id in ((Shelf.SERVED, ONE), (Shelf.SEALED, TWO)):
            with pytest.raises(StorageFull):
                await store.put(shelf, file_id, bytes(100_000))
    assert await read(store, Shelf.SERVED, ONE) == b"old"
    assert len(on_disk(tmp_path)) == 1
    with pytest.raises(FileMissing):
        await store.open(Shelf.SEALED, TWO)
    await store.put(Shelf.SEALED, TWO, bytes(100_000))


def test_drafts_of_killed_processes_are_swept_when_they_are_old(tmp_path: Path) -> None:
    open_files(tmp_path / "files", tmp_path / "keys")
    old, young = tmp_path / "files/incoming/old", tmp_path / "files/incoming/young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (1, 1))
    open_files(tmp_path / "files", tmp_path / "keys")
    assert not old.exists()
    assert young.exists()


async def test_the_key_is_private_and_never_silently_replaced(store: FileStore, tmp_path: Path) -> None:
    key = tmp_path / "keys/attachments.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) == 32
    assert list(key.parent.iterdir()) == [key]
    await store.put(Shelf.SEALED, ONE, TEXT)
    saved = key.read_bytes()
    key.unlink()
    with pytest.raises(KeyUnusable, match="restore it"):
        open_files(tmp_path / "files", tmp_path / "keys")
    assert not key.exists()
    key.write_bytes(saved)
    key.chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        open_files(tmp_path / "files", tmp_path / "keys")
    key.chmod(0o600)
    key.write_bytes(saved[:16])
    with pytest.raises(KeyUnusable, match="32 bytes"):
        open_files(tmp_path / "files", tmp_path / "keys")


def test_starting_twice_keeps_one_key(tmp_path: Path) -> None:
    first = open_seal(tmp_path / "a.key", may_make=True)
    second = open_seal(tmp_path / "a.key", may_make=True)
    assert second.open(ONE, first.close(ONE, TEXT)) == TEXT
    other = open_seal(tmp_path / "b.key", may_make=True)
    with pytest.raises(FileTampered):
        other.open(ONE, first.close(ONE, TEXT))


@given(data=st.binary(max_size=300), file_id=st.uuids())
def test_sealing_loses_nothing_and_never_repeats(data: bytes, file_id: UUID) -> None:
    seal = Seal(bytes(32))
    first, second = seal.close(file_id, data), seal.close(file_id, data)
    assert first != second
    assert seal.open(file_id, first) == data == seal.open(file_id, second)
