"""Phones and the people behind them, as they are now: what may be done is decided when an item is applied."""

from typing import Any
from uuid import UUID

import msgspec

from domain.access.actor import Actor, Grant
from domain.clock import real_now
from domain.sql import execute, fetch_one

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


async def revoke(device: UUID) -> bool:
    """Trust a phone no longer (lost, stolen, cloned); whether it was trusted."""
    return bool(
        await execute("UPDATE devices SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", [device, real_now()])
    )
