"""Idempotency-Key: the first answer again for the same request, stored in the transaction of its effect.

Only who has the key reads the answer: it holds what its caller alone may know, such as a query code, and lies in the
table for a month. It is sealed with the caller's key, of which the table holds a hash.

The lock is tried, never waited for: a waiting duplicate would hold a pool connection and starve unrelated callers.
"""

import hashlib
import os
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from domain.clock import real_now
from domain.problems import IdempotencyKeyReused, StillRunning
from domain.sql import fetch_one

_NONCE = 12


@dataclass(frozen=True)
class Stored:
    """The answer that a first request got."""

    status: int
    body: bytes


@dataclass(frozen=True)
class ReplayKey:
    """A caller's key with the fingerprint of what was sent."""

    caller: str
    key: str
    fingerprint: bytes

    @property
    def id(self) -> bytes:
        """The row of this key: a hash, so a key of any shape fits and tells nothing."""
        return hashlib.sha256(f"{self.caller}\0{self.key}".encode()).digest()

    def seal(self, text: bytes) -> bytes:
        """The answer as it is stored."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, text, self.id)

    def unseal(self, sealed: bytes) -> bytes:
        """The answer as it was given."""
        return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self.id)

    @property
    def _cipher(self) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(hashlib.sha256(f"answer\0{self.caller}\0{self.key}".encode()).digest())

    @property
    def lock(self) -> int:
        """A 64-bit advisory lock number."""
        return int.from_bytes(self.id[:8], "big", signed=True)


def replay_key(caller: str, key: str, method: str, path: str, body: bytes) -> ReplayKey:
    """The key of a request; JSON bodies are compared as values, so white space does not matter."""
    try:
        canonical = msgspec.json.encode(msgspec.json.decode(body), order="deterministic")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        canonical = body
    return ReplayKey(caller, key, hashlib.sha256(b"\0".join((method.encode(), path.encode(), canonical))).digest())


async def find(key: ReplayKey) -> Stored | None:
    """The stored answer; 422 when the key was used for something else."""
    return _stored(key, await fetch_one("SELECT fingerprint, status, body FROM replays WHERE id = $1", [key.id]))


def _stored(key: ReplayKey, row: dict[str, Any] | None) -> Stored | None:
    if row is None or row["fingerprint"] is None:
        return None
    if bytes(row["fingerprint"]) != key.fingerprint:
        raise IdempotencyKeyReused
    return Stored(row["status"], key.unseal(bytes(row["body"])))


async def claim(key: ReplayKey) -> Stored | None:
    """Take the key for this transaction; the stored answer if there is one, 409 while the first still runs.

    One statement looks before it locks, so it may miss what was committed between the two: then `keep` finds the row.
    """
    row = await fetch_one(_CLAIM, [key.lock, key.id])
    stored = _stored(key, row)
    if stored is None and not (row and row["held"]):
        raise StillRunning(retry_after=1)
    return stored


_CLAIM = (
    "SELECT l.held, r.fingerprint, r.status, r.body FROM (SELECT pg_try_advisory_xact_lock($1) AS held) l"
    " LEFT JOIN replays r ON r.id = $2"
)


async def keep(key: ReplayKey, status: int, body: bytes) -> None:
    """Store the answer beside its effect; 409, and nothing done, when another request of this key has just done so."""
    kept = await fetch_one(
        "INSERT INTO replays (id, fingerprint, status, body, created_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (id) DO NOTHING RETURNING status",
        [key.id, key.fingerprint, status, key.seal(body), real_now()],
    )
    if kept is None:
        raise StillRunning(retry_after=1)
