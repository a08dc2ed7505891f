"""How far a phone has read: opaque to it, signed by us, so that nobody reads from a place that was never given out."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from domain.problems import InvalidCursor

SIGNATURE = 8


class Copying(Struct, array_like=True):
    """A scope whose rows are still being copied: the feed goes on from `n` when `entity`/`after` has reached the end."""

    n: int
    entity: int = 0
    after: UUID | None = None


class Cursor(Struct, array_like=True):
    """Places by scope: a number of the feed, or a copy under way; `own` is the state of what is mine elsewhere."""

    epoch: int
    worker: UUID
    scopes: dict[str, int | Copying] = {}
    own: bytes = b""


def seal(cursor: Cursor, secret: bytes) -> str:
    """The cursor as the phone keeps it."""
    body = msgspec.msgpack.encode(cursor)
    return urlsafe_b64encode(body + _sign(body, secret)).decode().rstrip("=")


def unseal(text: str, secret: bytes) -> Cursor:
    """The cursor behind a text; 422 `invalid-cursor` for one that we did not sign."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        body, signature = raw[:-SIGNATURE], raw[-SIGNATURE:]
        if not hmac.compare_digest(signature, _sign(body, secret)):
            raise InvalidCursor
        return msgspec.msgpack.decode(body, type=Cursor)
    except (NotBase64, ValueError, msgspec.DecodeError):
        raise InvalidCursor from None


def device_key(device: UUID, secret: bytes) -> str:
    """The credential of a phone, by which it may hand over unsent items when its user may not sign in any more."""
    return hmac.new(secret, b"device" + device.bytes, sha256).hexdigest()


def fits(given: str, device: UUID, secret: bytes) -> bool:
    """Whether a device key is the one given to this device."""
    return hmac.compare_digest(given.encode(), device_key(device, secret).encode())


def _sign(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, b"cursor" + body, sha256).digest()[:SIGNATURE]


def own_state(rows: list[Any]) -> bytes:
    """Changes exactly when the set of rows or a version in it does."""
    return sha256(msgspec.json.encode([[row["id"], row["version"]] for row in rows])).digest()[:SIGNATURE]
