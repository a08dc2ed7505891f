"""Resolves a bearer token to an actor, anew for each request: a changed role or area acts on the next one."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor, Grant
from domain.access.models import Session
from domain.clock import real_now
from domain.problems import NotSignedIn
from domain.sql import execute, fetch_one

_LOAD = """
SELECT s.token_hash, s.kind, s.subject_id, s.appeal_id, s.used_at, s.expires_at, s.idle_seconds,
       f.active, f.name, f.department_id, r.erased_at, r.id AS resident,
       (SELECT json_agg(json_build_array(a.role, a.area_path, a.department_id)) FROM assignments a
         WHERE a.staff_id = s.subject_id) AS grants
FROM sessions s
LEFT JOIN staff f ON f.id = s.subject_id AND s.kind IN ('staff', 'worker')
LEFT JOIN residents r ON r.id = s.subject_id AND s.kind IN ('resident', 'guest')
WHERE s.token_hash = $1
"""

_TOUCH_EVERY = timedelta(seconds=60)

LIFETIMES: dict[str, tuple[timedelta, timedelta | None]] = {
    "resident": (timedelta(days=180), timedelta(days=30)),
    "guest": (timedelta(days=180), timedelta(days=30)),
    "lookup": (timedelta(minutes=30), None),
    "worker": (timedelta(hours=12), None),
    "staff": (timedelta(hours=12), timedelta(minutes=30)),
}


def token_hash(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


async def open_session(kind: str, subject_id: UUID, appeal_id: UUID | None = None) -> tuple[str, datetime]:
    """A new session; its token (256 random bits) and the instant it ends at the latest."""
    token = "hhs_" + secrets.token_urlsafe(32)
    lifetime, idle = LIFETIMES[kind]
    at = real_now()
    await Session.create(
        token_hash=token_hash(token), kind=kind, subject_id=subject_id, appeal_id=appeal_id, created_at=at, used_at=at,
        expires_at=at + lifetime, idle_seconds=int(idle.total_seconds()) if idle else None,
    )  # fmt: skip
    return token, at + lifetime


async def resolve(token: str | None) -> Actor:
    """The actor behind a token; 401 `not-signed-in` for a missing, dead or idle one."""
    if not token or len(token) > 200:
        raise NotSignedIn
    row = await fetch_one(_LOAD, [token_hash(token)])
    at = real_now()
    if row is None or row["expires_at"] <= at or _idle(row, at) or not _subject_alive(row):
        raise NotSignedIn
    if at - row["used_at"] > _TOUCH_EVERY:
        await execute("UPDATE sessions SET used_at = $2 WHERE token_hash = $1", [row["token_hash"], at])
    return Actor(
        kind=row["kind"],
        id=row["subject_id"],
        name=row["name"] or "",
        grants=_grants(row),
        department_id=row["department_id"],
        session=bytes(row["token_hash"]),
        appeal_id=row["appeal_id"],
    )


def _idle(row: dict[str, Any], at: datetime) -> bool:
    return row["idle_seconds"] is not None and at - row["used_at"] > timedelta(seconds=row["idle_seconds"])


def _subject_alive(row: dict[str, Any]) -> bool:
    if row["kind"] in {"staff", "worker"}:
        return bool(row["active"])
    return row["kind"] == "lookup" or (row["resident"] is not None and row["erased_at"] is None)


def _grants(row: dict[str, Any]) -> tuple[Grant, ...]:
    if row["kind"] in {"resident", "guest", "lookup"}:
        return (Grant(row["kind"], ""),)
    rows = msgspec.json.decode(row["grants"]) if row["grants"] else []
    return tuple(Grant(role, path, UUID(unit) if unit else None) for role, path, unit in rows)
