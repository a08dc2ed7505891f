"""The scan log: forged, lost and worn plates become visible; never who scanned, and not for long."""

from datetime import datetime, timedelta
from typing import Any

from domain.clock import now
from domain.ids import new_id
from domain.sql import execute, fetch

SHOWN = timedelta(days=30)


async def note_scan(code_id: bytes | None, outcome: str, door: str, kid: int | None = None) -> None:
    """Keep one scan; `outcome` is live, dead, unknown or orphan. One cheap insert."""
    await execute(
        "INSERT INTO code_scans (id, code_id, at, outcome, door, kid) VALUES ($1, $2, $3, $4, $5, $6)",
        [new_id(), code_id, now(), outcome, door, kid],
    )


async def scan_counts(since: datetime) -> list[dict[str, Any]]:
    """Scans a day by outcome and door since an instant (live ones: at most one a minute and code)."""
    return await fetch(
        "SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS day, outcome, door, count(*) AS scans FROM code_scans"
        " WHERE at >= $1 GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3",
        [since],
    )


async def orphans(limit: int = 200, only: bytes | None = None) -> list[dict[str, Any]]:
    """Genuine codes without a row, still to be tied to a household again after a restore."""
    where = "" if only is None else " AND s.code_id = $1"
    return await fetch(
        "SELECT encode(s.code_id, 'hex') AS code_id, max(s.kid) AS kid, count(*) AS scans,"
        " min(s.at) AS first_at, max(s.at) AS last_at"
        " FROM code_scans s WHERE s.outcome = 'orphan'"
        " AND NOT EXISTS (SELECT 1 FROM household_codes c WHERE c.code_id = s.code_id)"
        f"{where} GROUP BY s.code_id ORDER BY last_at DESC LIMIT {limit}",
        [] if only is None else [only],
    )
