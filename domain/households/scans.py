"""The scan log: forged, lost and worn plates become visible; never who scanned, and not for long."""

from datetime import datetime, timedelta
from typing import Any

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.clock import now
from domain.ids import new_id
from domain.sql import execute, fetch

SHOWN = timedelta(days=30)


async def note_scan(code_id: bytes | None, outcome: str, door: str, kid: int | None = None) -> None:
    """Keep one scan, one cheap insert. `outcome` is live, dead, unknown or orphan; a `report` of a wrong plate;

    an alarm: `junk` (too many unknown ones in an hour), `crowd` (too many people show one plate in a day).
    """
    await execute(
        "INSERT INTO code_scans (id, code_id, at, outcome, door, kid) VALUES ($1, $2, $3, $4, $5, $6)",
        [new_id(), code_id, now(), outcome, door, kid],
    )


async def scan_counts(since: datetime) -> list[dict[str, Any]]:
    """Scans a day by outcome and door since an instant (live ones: at most one a minute and code)."""
    return await fetch(
        "SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS day, outcome, door, count(*) AS scans FROM code_scans"
        " WHERE at >= $1 AND outcome IN ('live', 'dead', 'unknown', 'orphan') GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3",
        [since],
    )


async def scan_alarms(actor: Actor, since: datetime) -> list[dict[str, Any]]:
    """Plates in the actor's areas that were reported or shown by too many since an instant, latest first."""
    where = Where()
    in_scope(where, actor, Permission.PLATE_PRINT, "h.area_path")
    where.add("s.at >= {}", since)
    return await fetch(
        "SELECT h.id AS household_id, h.serial, c.state, s.outcome AS kind, count(*) AS times, max(s.at) AS last_at"
        " FROM code_scans s JOIN household_codes c ON c.code_id = s.code_id JOIN households h ON h.id = c.household_id"
        f" WHERE s.outcome IN ('report', 'crowd') AND {where.sql}"
        " GROUP BY h.id, h.serial, c.state, s.outcome ORDER BY last_at DESC LIMIT 200",
        where.values,
    )


async def alarms_of_today(since: datetime) -> dict[str, int]:
    """How often each alarm was raised since an instant."""
    rows = await fetch(
        "SELECT outcome, count(*) AS n FROM code_scans WHERE at >= $1 AND outcome IN ('junk', 'crowd', 'report') GROUP BY 1",
        [since],
    )
    return {"junk": 0, "crowd": 0, "report": 0} | {row["outcome"]: int(row["n"]) for row in rows}


async def reports_of(code_id: bytes, since: datetime) -> int:
    """How often a plate was reported since an instant."""
    rows = await fetch(
        "SELECT count(*) AS n FROM code_scans WHERE code_id = $1 AND outcome = 'report' AND at >= $2", [code_id, since]
    )
    return int(rows[0]["n"])


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
