"""Phones and the people behind them, as they are now: what may be done is decided when an item is applied."""

from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor, Grant
from domain.access.permissions import Permission
from domain.access.scope import Where
from domain.clock import real_now
from domain.journal.unit import Fact, record
from domain.problems import GuardNotMet, NotFound
from domain.sql import execute, fetch, fetch_one
from domain.sync.scope import area_of, of_my_workers

_WORKER = """
SELECT f.id, f.kind, f.name, f.department_id,
       (SELECT json_agg(json_build_array(a.role, a.area_path, a.department_id)) FROM assignments a
         WHERE a.staff_id = f.id) AS grants
FROM staff f WHERE f.id = $1 AND f.active
"""

_GREET = """
INSERT INTO devices AS d (id, worker, first_seen_at, seen_at, cursor) VALUES ($1, $2, $3, $3, $4)
ON CONFLICT (id) DO UPDATE SET worker = $2, seen_at = $3, cursor = $4 RETURNING revoked_at
"""


async def current_worker(worker: UUID) -> Actor | None:
    """The worker with the roles and areas of this moment; None when the account is disabled."""
    row = await fetch_one(_WORKER, [worker])
    if row is None:
        return None
    grants = msgspec.json.decode(row["grants"]) if row["grants"] else []
    return Actor(
        kind=row["kind"], id=row["id"], name=row["name"], department_id=row["department_id"],
        grants=tuple(Grant(role, path, UUID(unit) if unit else None) for role, path, unit in grants),
    )  # fmt: skip


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
        "SELECT id, worker, first_seen_at, seen_at, revoked_at FROM devices WHERE worker = $1"
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
        "SELECT d.id, d.worker, d.first_seen_at, d.seen_at, d.revoked_at,"
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
        await execute("DELETE FROM sessions WHERE subject_id = $1", [row["worker"]])
    event = "device.restored" if trusted else "device.revoked"
    record(Fact(event, row["area"], None, device, {"worker": str(row["worker"]), "reason": reason}))
    return row
