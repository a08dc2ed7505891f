"""Phones and the people behind them, as they are now: what may be done is decided when an item is applied."""

from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor, ActorKind, Grant
from domain.access.permissions import Permission
from domain.access.scope import Where
from domain.access.sessions import end_sessions
from domain.clock import real_now
from domain.journal.unit import Fact, record
from domain.problems import GuardNotMet, NotFound
from domain.sql import execute, fetch, fetch_one
from domain.sync.scope import area_of, of_my_workers

# One JSON object, so that it also fits into a column of another query; the id is filled in by its place.
WORKER = (
    "SELECT json_build_object('id', f.id, 'kind', f.kind, 'name', f.name, 'department_id', f.department_id, 'grants',"
    " (SELECT coalesce(json_agg(json_build_array(a.role, a.area_path, a.department_id)), '[]'::json) FROM assignments a"
    " WHERE a.staff_id = f.id)) FROM staff f WHERE f.id = {} AND f.active"
)

_GREET = """
INSERT INTO devices AS d (id, worker, first_seen_at, seen_at, cursor) VALUES ($1, $2, $3, $3, $4)
ON CONFLICT (id) DO UPDATE SET worker = $2, seen_at = $3, cursor = $4 RETURNING revoked_at
"""
# How far its clock was ahead when it last brought something, in seconds.
_SKEW = (
    "(SELECT s.skew_s FROM sync_items s WHERE s.device = d.id AND s.sequence IS NOT NULL"
    " ORDER BY s.sequence DESC LIMIT 1) AS skew_s"
)


class _Worker(msgspec.Struct):
    id: UUID
    kind: ActorKind
    name: str
    department_id: UUID | None
    grants: list[tuple[str, str, UUID | None]]


async def current_worker(worker: UUID) -> Actor | None:
    """The worker with the roles and areas of this moment; None when the account is disabled."""
    row = await fetch_one(f"SELECT ({WORKER.format('$1')}) AS worker", [worker])
    return read_worker(row["worker"] if row else None)


def read_worker(text: str | None) -> Actor | None:
    """The worker of a `WORKER` column."""
    if text is None:
        return None
    found = msgspec.json.decode(text, type=_Worker)
    grants = tuple(Grant(role, path, unit) for role, path, unit in found.grants)
    return Actor(found.kind, found.id, found.name, grants=grants, department_id=found.department_id)


async def greet(device: UUID, worker: UUID, cursor: str) -> bool:
    """Note that a phone was here and how far it has confirmed; whether it is still trusted."""
    row = await fetch_one(_GREET, [device, worker, real_now(), cursor])
    return row is None or row["revoked_at"] is None


async def device_row(device: UUID) -> dict[str, Any] | None:
    """What is known of a phone."""
    return await fetch_one("SELECT id, worker, seen_at, revoked_at FROM devices WHERE id = $1", [device])


async def devices_of(actor: Actor, worker: UUID) -> list[dict[str, Any]]:
    """The phones of a worker of mine, the last one used first; 404 for a worker of others."""
    where = Where()
    of_my_workers(where, actor, Permission.DEVICE_MANAGE, "f.id")
    where.add("f.id = {}", worker)
    if not await fetch(f"SELECT 1 AS one FROM staff f WHERE f.kind = 'worker' AND {where.sql}", where.values):
        raise NotFound
    return await fetch(
        f"SELECT d.id, d.worker, d.first_seen_at, d.seen_at, d.revoked_at, {_SKEW} FROM devices d WHERE d.worker = $1"
        " ORDER BY seen_at DESC, id LIMIT 100",
        [worker],
    )


async def set_trust(actor: Actor, device: UUID, reason: str, *, trusted: bool) -> dict[str, Any]:
    """Trust a phone no longer, which also ends every session of its worker, or trust it again; the phone as it is then.
    404 for a phone of others, 409 when it is so already."""
    where = Where()
    of_my_workers(where, actor, Permission.DEVICE_MANAGE, "d.worker")
    where.add("d.id = {}", device)
    rows = await fetch(
        f"SELECT d.id, d.worker, d.first_seen_at, d.seen_at, d.revoked_at, {_SKEW},"
        f" {area_of('d.worker')} FROM devices d WHERE {where.sql} FOR UPDATE",
        where.values,
    )
    if not rows:
        raise NotFound
    row = rows[0]
    if (row["revoked_at"] is None) == trusted:
        raise GuardNotMet(reason="这部手机没有停用。" if trusted else "这部手机已经停用。", missing=[])
    row["revoked_at"] = None if trusted else real_now()
    await execute("UPDATE devices SET revoked_at = $2 WHERE id = $1", [device, row["revoked_at"]])
    if not trusted:
        await end_sessions(row["worker"])
    event = "device.restored" if trusted else "device.revoked"
    record(Fact(event, row["area"], None, device, {"worker": str(row["worker"]), "reason": reason}))
    return row
