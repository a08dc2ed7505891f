"""gzip on the way in and out: phones pay for bytes. What comes in is unpacked up to a limit and no further."""

import asyncio
import gzip
import zlib

from sanic import Request

from domain.problems import BadEncoding, BodyTooLarge

LEAST = 1024  # bytes below which packing costs more than it saves
HEAVY = 64 * 1024  # bytes from which packing goes to a thread
LEVEL = 5
PACKED = ("application/json", "application/problem+json", "application/geo+json")
_WINDOW = 16 + zlib.MAX_WBITS  # zlib's way of saying: with the head of gzip


def unpack_body(request: Request) -> None:
    """Replace a packed body by what it holds: 413 for more than the server takes, 400 for what is no gzip. Everything
    behind it (checks, replays, limits) sees the plain body."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity" or not request.body:
        return
    if encoding not in ("gzip", "x-gzip"):
        raise BadEncoding(encoding=encoding[:40])
    limit = int(request.app.config.REQUEST_MAX_SIZE)
    try:
        request.body = _unpacked(request.body, limit)
    except (zlib.error, EOFError):
        raise BadEncoding(encoding="gzip") from None


def _unpacked(packed: bytes, limit: int) -> bytes:
    """All members of a gzip body; EOFError when it is cut off."""
    plain, rest = bytearray(), packed
    while rest:
        member = zlib.decompressobj(_WINDOW)
        plain += member.decompress(rest, limit + 1 - len(plain))
        if len(plain) > limit:
            raise BodyTooLarge(limit_bytes=limit)
        if not member.eof:
            raise EOFError
        rest = member.unused_data
    return bytes(plain)


async def pack_answer(request: Request, body: bytes, headers: dict[str, str], content_type: str) -> bytes:
    """The body packed where that is worth it and asked for; the headers say so."""
    if len(body) < LEAST or content_type.partition(";")[0] not in PACKED or "Content-Encoding" in headers:
        return body
    headers["Vary"] = "Accept-Encoding"
    if not _accepted(request.headers.get("accept-encoding", "")):
        return body
    headers["Content-Encoding"] = "gzip"
    if len(body) < HEAVY:
        return gzip.compress(body, LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0)


def _accepted(header: str) -> bool:
    """Whether `gzip` or `*` stands in an Accept-Encoding with a weight that is not zero; `gzip` counts before `*`."""
    weights: dict[str, bool] = {}
    for part in header.split(","):
        name, _, weight = part.partition(";")
        number = weight.strip().removeprefix("q=").rstrip("0").rstrip(".") if weight else "1"
        weights[name.strip().lower()] = number not in ("", "0")
    return weights.get("gzip", weights.get("*", False))
