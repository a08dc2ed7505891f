"""A bucket of an S3-compatible store: MinIO, Ceph, Alibaba Cloud OSS, Huawei Cloud OBS, AWS.

Originals are sealed with our own key before they leave this machine, so the store never holds them readable.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit
from uuid import UUID

from obstore import exceptions
from obstore.store import S3Store

from domain.attachments.store import FileMissing, Shelf, StorageFull
from server.gateways.seal import Seal

WHOLE = 8 * 1024 * 1024
"""A file up to this size is fetched at once; a larger one piece by piece, as it is read."""
PIECE = 4 * 1024 * 1024
_NO_ROOM = ("QuotaExceeded", "StorageFull", "InsufficientStorage", "507 ")


def open_bucket(endpoint: str, bucket: str, region: str, keys: tuple[str, str], *, retries: int = 3) -> S3Store:
    """A bucket by its address, `keys` being access key and secret; nothing is asked of it yet."""
    named_in_host = (urlsplit(endpoint).hostname or "").startswith(f"{bucket}.")
    return S3Store(
        bucket, endpoint=endpoint, region=region, access_key_id=keys[0], secret_access_key=keys[1],
        virtual_hosted_style_request=named_in_host,
        client_options={
            "allow_http": endpoint.startswith("http://"), "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=60),
        },
        retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=30)},
    )  # fmt: skip


async def has_sealed(bucket: S3Store) -> bool:
    """Whether anything was sealed into this bucket before."""
    with _named():
        async for page in bucket.list(prefix=f"{Shelf.SEALED.value}/", chunk_size=1):
            return bool(page)
    return False


class S3Files:
    """A FileStore in a bucket that any number of servers share."""

    def __init__(self, bucket: S3Store, seal: Seal) -> None:
        self._bucket = bucket
        self._seal = seal

    async def put(self, shelf: Shelf, file_id: UUID, data: bytes) -> None:
        """Store durably, all or nothing; StorageFull when there is no room."""
        kept = self._seal.close(file_id, data) if shelf is Shelf.SEALED else data
        with _named():
            await self._bucket.put_async(_key(shelf, file_id), kept)

    async def adopt(self, shelf: Shelf, file_id: UUID, draft: Path) -> None:
        """Store a finished file that is too large for memory, all or nothing; the draft is gone afterwards."""
        if shelf is Shelf.SEALED:
            raise ValueError("sealed files are encrypted in memory: put them")
        with _named():
            await self._bucket.put_async(_key(shelf, file_id), draft)
        draft.unlink()

    async def open(self, shelf: Shelf, file_id: UUID) -> BinaryIO:
        """A readable, seekable file that the caller closes; FileMissing, FileTampered."""
        key = _key(shelf, file_id)
        with _named(shelf, file_id):
            found = await self._bucket.get_async(key)
            size = found.meta["size"]
            if shelf is not Shelf.SEALED and size > WHOLE:
                return cast("BinaryIO", io.BufferedReader(_Distant(self._bucket, key, size), PIECE))
            kept = bytes(await found.bytes_async())
        return io.BytesIO(self._seal.open(file_id, kept) if shelf is Shelf.SEALED else kept)

    async def delete(self, shelf: Shelf, file_id: UUID) -> bool:
        """Remove for good; False when it was not there."""
        key = _key(shelf, file_id)
        try:
            with _named(shelf, file_id):
                await self._bucket.head_async(key)
                await self._bucket.delete_async(key)
        except FileMissing:
            return False
        return True


class _Distant(io.RawIOBase):
    """A large object, fetched in ranges; read it in a thread."""

    def __init__(self, bucket: S3Store, key: str, size: int) -> None:
        self._bucket, self._key, self._size, self._at = bucket, key, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        length = min(len(view), self._size - self._at)
        if length <= 0:
            return 0
        with _named():
            view[:length] = bytes(self._bucket.get_range(self._key, start=self._at, length=length))
        self._at += length
        return length


def _key(shelf: Shelf, file_id: UUID) -> str:
    return f"{shelf.value}/{file_id.hex[-2:]}/{file_id.hex}"


@contextmanager
def _named(shelf: Shelf = Shelf.SERVED, file_id: UUID | None = None) -> Iterator[None]:
    """Failures of the store by our names; one that cannot be reached is a ConnectionError (503 at the door)."""
    try:
        yield
    except (exceptions.NotFoundError, FileNotFoundError):
        raise FileMissing(shelf.value, str(file_id)) from None
    except exceptions.BaseError as error:
        if any(sign in str(error) for sign in _NO_ROOM):
            raise StorageFull from None
        raise ConnectionError(f"the object store refuses or is away: {type(error).__name__}") from None
