"""Reads a multipart upload in pieces and counts the bytes: Sanic does not enforce its size limit on streams."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sanic import Request

from domain.problems import BodyTooLarge, invalid

MAX_PARTS = 20
MAX_HEAD = 4096
MAX_FIELD = 10_000
_BOUNDARY = re.compile(
    r"""multipart/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))""", re.IGNORECASE
)
_NAME = re.compile(r'[;\s]name="([^"]{1,100})"', re.IGNORECASE)
_FILENAME = re.compile(r'[;\s]filename="([^"]{0,300})"', re.IGNORECASE)


@dataclass(frozen=True)
class Upload:
    """One uploaded file and the text fields beside it."""

    data: bytes
    filename: str
    fields: dict[str, str]
    digest: bytes


@dataclass(frozen=True)
class _Part:
    name: str
    filename: str | None
    data: bytes


async def read_upload(request: Request, limit: int) -> Upload:
    """The part named `file`; 413 `body-too-large` as soon as the limit is passed, 422 when there is no file."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise BodyTooLarge(limit_bytes=limit)
    found = _BOUNDARY.match(request.headers.get("content-type", ""))
    if found is None:
        raise invalid("file", "请以 multipart/form-data 上传", "required")
    raw = await _received(request, limit)
    try:
        parts = list(_parts(raw, (found[1] or found[2]).encode()))
    except ValueError:
        raise invalid("file", "上传的内容无法识别") from None
    file = next((part for part in parts if part.name == "file" and part.filename is not None), None)
    if file is None:
        raise invalid("file", "请选择要上传的文件", "required")
    fields = {
        part.name: part.data.decode(errors="replace")
        for part in parts
        if part.filename is None and len(part.data) <= MAX_FIELD
    }
    return Upload(file.data, file.filename or "", fields, hashlib.sha256(file.data).digest())


async def _received(request: Request, limit: int) -> bytes:
    raw = bytearray()
    if request.stream is None:
        return b""
    async for piece in request.stream:  # type: ignore[attr-defined]  # an empty piece is not yet the end
        raw += piece
        if len(raw) > limit:
            raise BodyTooLarge(limit_bytes=limit)
    return bytes(raw)


def _parts(raw: bytes, boundary: bytes) -> Iterator[_Part]:
    """The parts of a multipart body; ValueError when it is none, is cut off, or has absurdly many parts.

    Not Sanic's parser: it walks any number of parts, so a body of nothing but boundaries would hold up everybody.
    """
    pieces = (b"\r\n" + raw).split(b"\r\n--" + boundary, MAX_PARTS + 2)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise ValueError("not multipart, cut off, or too many parts")
    for piece in pieces[1:-1]:
        end = piece.find(b"\r\n\r\n", 0, MAX_HEAD)
        if end < 0:
            raise ValueError("a part without a head")
        head = piece[:end].decode(errors="replace")
        name, filename = _NAME.search(head), _FILENAME.search(head)
        if name:
            yield _Part(name[1], filename[1] if filename else None, piece[end + 4 :])
