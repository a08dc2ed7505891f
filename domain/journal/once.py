"""A phone without a network sends again: what it sent is counted once, by the id that the phone made."""

from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor
from domain.clock import now
from domain.problems import SameIdOtherContent
from domain.sql import fetch, fetch_one


async def first_time(actor: Actor, record_id: UUID, verb: str, content: Any) -> bool:
    """True when this id is new, False when the same caller sent the same content before; 409 for other content.

    Two senders of one id at once queue on its row, so the second sees what the first committed.
    """
    fingerprint = _fingerprint(actor, verb, content)
    written = await fetch(
        "INSERT INTO client_records (id, fingerprint, at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING RETURNING id",
        [record_id, fingerprint, now()],
    )
    if written:
        return True
    known = await fetch_one("SELECT fingerprint FROM client_records WHERE id = $1", [record_id])
    if known is None or bytes(known["fingerprint"]) != fingerprint:
        raise SameIdOtherContent
    return False


def _fingerprint(actor: Actor, verb: str, content: Any) -> bytes:
    body = msgspec.json.encode(content, order="deterministic")
    return sha256(b"\0".join((actor.label.encode(), verb.encode(), body))).digest()
