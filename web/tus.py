"""Resumable uploads, tus 1.0.0 (https://tus.io/protocols/resumable-upload): its headers, and the writing of parts.

What a part brings is written at the offset and synced; only then the offset in the row moves. So a broken line, a full
disk or a killed process loses at most what was not acknowledged, and never counts what is not safe.
"""

import asyncio
import hashlib
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from typing import Any, Final
from uuid import UUID

from domain.attachments.intake import LIMITS
from domain.attachments.store import StorageFull as NoRoom
from domain.problems import (
    BodyTooLarge,
    ChecksumMismatch,
    ChecksumUnsupported,
    OffsetMismatch,
    StorageFull,
    TusVersionUnsupported,
    UnsupportedMediaType,
    UploadStalled,
    invalid,
)
from domain.uploads.actions import NewUpload, advance
from domain.uploads.models import Upload
from domain.uploads.parts import Part
from web.unit_of_work import shielded

VERSION: Final = "1.0.0"
PART_TYPE: Final = "application/offset+octet-stream"
ALGORITHMS: Final = ("sha1", "sha256")
ABILITIES: Final = {
    "Tus-Version": VERSION,
    "Tus-Extension": "creation,expiration,checksum,termination",
    "Tus-Max-Size": str(LIMITS.largest),
    "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
}
STALL_S = 10
"""A line that brings nothing for so long gives the upload free for the next connection of the same phone."""
PIECE, CHECKPOINT = 256 * 1024, 1024 * 1024
_NUMBER = re.compile(r"\d{1,15}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_METADATA = 2000


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one part must hash to."""

    algorithm: str
    digest: bytes


def demand_version(headers: Any) -> None:
    """412 unless the request speaks tus 1.0.0."""
    if headers.get("tus-resumable") != VERSION:
        raise TusVersionUnsupported


def read_creation(headers: Any) -> NewUpload:
    """The announcement of a new upload; 422 names the header that is wrong."""
    metadata = headers.get("upload-metadata", "")
    if len(metadata) > _MOST_METADATA:
        raise invalid("Upload-Metadata", f"最多 {_MOST_METADATA} 个字符")
    named = _metadata(metadata)
    sha256 = named.get("sha256", "").lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise invalid("Upload-Metadata.sha256", "应为 64 位十六进制")
    return NewUpload(_number(headers, "Upload-Length"), _id(named.get("attachment_id", "")), sha256, metadata)


def check_part(headers: Any, upload: Upload) -> Checksum | None:
    """The checksum of a part that fits here: 415 other type, 422, 400, 409 other offset, 413 more than announced."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != PART_TYPE:
        raise UnsupportedMediaType(expected=PART_TYPE)
    offset = _number(headers, "Upload-Offset")
    if offset != upload.stored:
        raise OffsetMismatch(offset=upload.stored)
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > upload.length - offset:
        raise BodyTooLarge(limit_bytes=upload.length - offset)
    return _checksum(headers.get("upload-checksum", ""))


def state_headers(upload: Upload) -> dict[str, str]:
    """How far an upload is and until when it waits."""
    found = {"Upload-Offset": str(upload.stored)}
    if upload.state == "receiving":
        found["Upload-Expires"] = format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)
    return found


async def pieces(request: Any) -> AsyncIterator[bytes]:
    """The body as it arrives; 408 when it stops arriving."""
    if request.stream is None:
        return
    arriving = aiter(request.stream)
    while True:
        try:
            async with asyncio.timeout(STALL_S):
                piece = await anext(arriving)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise UploadStalled from None
        yield piece


async def receive(request: Any, part: Part, upload: Upload) -> None:
    """Take one part in at its offset; what arrived safely stays when the line breaks (unless a checksum was promised).

    Problems: 409 another offset, 413 more than announced, 460 other bytes than promised, 507 no room, 408.
    """
    writer = _Writer(part, upload, check_part(request.headers, upload))
    ended = False
    try:
        async for piece in pieces(request):
            await shielded(writer.add(piece))
        ended = True
    finally:
        await shielded(writer.end(whole=ended))


class _Writer:
    """Writes one part; its steps wait for each other, so a cancelled step is finished before the last one begins."""

    def __init__(self, part: Part, upload: Upload, checksum: Checksum | None) -> None:
        self._part, self._upload, self._checksum = part, upload, checksum
        self._hash = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        self._at = upload.stored
        self._waiting = bytearray()
        self._full = False
        self._turn = asyncio.Lock()

    async def add(self, piece: bytes) -> None:
        """Take the next bytes."""
        async with self._turn:
            if self._at + len(self._waiting) + len(piece) > self._upload.length:
                raise BodyTooLarge(limit_bytes=self._upload.length)
            self._waiting += piece
            if self._hash:
                self._hash.update(piece)
            if len(self._waiting) >= PIECE:
                await self._write()
            if not self._checksum and self._at - self._upload.stored >= CHECKPOINT:
                await self._commit()

    async def end(self, *, whole: bool) -> None:
        """Commit what came; after a promise only when all of it came and is what was promised."""
        async with self._turn:
            if self._full or (self._checksum and not whole):
                return
            if self._checksum and self._hash and self._hash.digest() != self._checksum.digest:
                raise ChecksumMismatch
            await self._write()
            await self._commit()

    async def _write(self) -> None:
        data = bytes(self._waiting)
        try:
            await self._part.write(self._at, data)
        except NoRoom:
            self._full = True
            raise StorageFull from None
        self._at += len(data)
        self._waiting.clear()

    async def _commit(self) -> None:
        if self._at == self._upload.stored:
            return
        try:
            await self._part.sync()
        except NoRoom:
            self._full = True
            raise StorageFull from None
        await advance(self._upload, self._at)


def _number(headers: Any, name: str) -> int:
    value = headers.get(name.lower(), "")
    if not _NUMBER.fullmatch(value):
        raise invalid(name, "请求头须为不小于 0 的整数", "required" if not value else "invalid")
    return int(value)


def _metadata(text: str) -> dict[str, str]:
    found = {}
    for pair in filter(None, (each.strip() for each in text.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = b64decode(value, validate=True).decode()
        except (NotBase64, ValueError):
            raise invalid("Upload-Metadata", "每一项应为名称、空格、Base64") from None
    return found


def _id(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise invalid("Upload-Metadata.attachment_id", "编号格式不对") from None


def _checksum(text: str) -> Checksum | None:
    if not text:
        return None
    algorithm, _, encoded = text.partition(" ")
    try:
        digest = b64decode(encoded, validate=True)
    except (NotBase64, ValueError):
        raise ChecksumUnsupported from None
    if algorithm not in ALGORITHMS:
        raise ChecksumUnsupported
    return Checksum(algorithm, digest)

