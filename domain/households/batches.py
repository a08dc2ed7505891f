"""Plate batches: which households, a code for each without a live one, in chunks that a crash cannot issue twice.

A chunk inserts codes and the numbered list of the batch in one unit of work under the batch's lock, behind a cursor in
walking order; the unique index over live codes refuses a second one whoever else issues at the same moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition, in_scope
from domain.areas.models import Area
from domain.clock import now
from domain.households.models import LIVE_SQL, PlateBatch
from domain.households.queries import area_within
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import NotFound, invalid
from domain.sql import execute, fetch
from qr.codes import Keyring, mint_many

CHUNK = 2000
ENDED = frozenset({"done", "failed", "cancelled"})
Only = Literal["unprinted", "all", "selection"]


@dataclass(frozen=True, kw_only=True)
class BatchWish:
    """What a batch is to print."""

    layout: str
    area_code: str | None = None
    household_ids: Sequence[UUID] = ()
    only: Only = "unprinted"
    format: str = "pdf"
    duplex: bool = False
    per_file: int = 10_000


async def request_batch(actor: Actor, wish: BatchWish) -> PlateBatch:
    """Take in a batch for an area or a list of households; the job follows the commit.

    404 for an area or household outside the actor's areas, 422 when there is nothing to print.
    """
    area = await _batch_area(actor, wish)
    selection = {"only": wish.only, "household_ids": [str(found) for found in wish.household_ids]}
    batch = PlateBatch(
        id=new_id(), area_code=area.code, area_path=area.path, selection=selection, layout=wish.layout,
        format=wish.format, duplex=wish.duplex, per_file=wish.per_file, state="waiting", requested_by=actor.id,
        created_at=now(),
    )  # fmt: skip
    where = _chosen(batch)
    rows = await fetch(f"SELECT count(*) AS n FROM households h WHERE {where.sql}", where.values)
    batch.total = int(rows[0]["n"])
    if batch.total == 0:
        raise invalid("area", "没有要印的户:都已印过,或这里还没有登记", "nothing-to-print")
    await batch.save(force_create=True)
    # The command line prints what it asks for itself; everybody else leaves it to a job.
    event = "plates.begun" if actor.kind == "system" else "plates.requested"
    record(Fact(event, area.code, subject_id=batch.id, data={"total": batch.total, "layout": wish.layout}))
    return batch


async def _batch_area(actor: Actor, wish: BatchWish) -> Area:
    if not wish.household_ids:
        if not wish.area_code:
            raise invalid("area", "请选择地区或户", "required")
        if actor.kind == "system":
            found = await Area.get_or_none(code=wish.area_code)
            if found is None:
                raise NotFound
            return found
        return await area_within(actor, Permission.PLATE_PRINT, wish.area_code)
    where = Where()
    in_scope(where, actor, Permission.PLATE_PRINT, "area_path")
    where.add("id = ANY({}::uuid[])", list(wish.household_ids))
    rows = await fetch(f"SELECT area_path FROM households WHERE {where.sql}", where.values)
    if len(rows) != len(set(wish.household_ids)):
        raise NotFound
    return await _common_area([row["area_path"] for row in rows])


async def _common_area(paths: Sequence[str]) -> Area:
    """The smallest area that holds all of these."""
    split = [path.split(".") for path in paths]
    depth = 0
    while all(len(parts) > depth and parts[depth] == split[0][depth] for parts in split):
        depth += 1
    return await Area.get(path=".".join(split[0][:depth]))


def _chosen(batch: PlateBatch) -> Where:
    """The households of a batch; those whose plate was printed already only when they are asked for."""
    where = Where()
    where.conditions.append("h.state NOT IN ('merged', 'demolished')")
    where.conditions.append(area_condition(where, "h.area_path", [batch.area_path]))
    if batch.selection["household_ids"]:
        where.add("h.id = ANY({}::uuid[])", [UUID(found) for found in batch.selection["household_ids"]])
    if batch.selection["only"] == "unprinted":
        where.conditions.append(
            "NOT EXISTS (SELECT 1 FROM household_codes c WHERE c.household_id = h.id"
            f" AND c.state {LIVE_SQL} AND c.printed_at IS NOT NULL)"
        )
    return where


async def issue_chunk(batch_id: UUID, keyring: Keyring, size: int = CHUNK) -> PlateBatch:
    """Issue codes for the next households in walking order and list their plates; `stage` says when all are listed."""
    batch = await PlateBatch.select_for_update().get(id=batch_id)
    if batch.state in ENDED or batch.stage != "issuing":
        return batch
    rows = await _next_households(batch, size)
    if rows:
        batch.issued += await _issue(batch, rows, keyring)
        await _list(batch, rows)
        batch.cursor = [rows[-1]["area_path"], rows[-1]["route_key"], str(rows[-1]["id"])]
    if len(rows) < size:
        batch.stage = "printing"
    batch.state = "running"
    await batch.save()
    return batch


async def _next_households(batch: PlateBatch, size: int) -> list[dict[str, Any]]:
    where = _chosen(batch)
    if batch.cursor:
        path, route, last = batch.cursor
        where.add(
            '(h.area_path COLLATE "C", h.route_key COLLATE "C", h.id) > ({}, {}, {}::uuid)', path, route, UUID(last)
        )
    return await fetch(
        f"SELECT h.id, h.area_path, h.grid_code, h.route_key FROM households h WHERE {where.sql}"
        f' ORDER BY h.area_path COLLATE "C", h.route_key COLLATE "C", h.id LIMIT {size}',
        where.values,
    )


async def _issue(batch: PlateBatch, rows: Sequence[dict[str, Any]], keyring: Keyring) -> int:
    """Insert a fresh code for each household without a live one; how many were new."""
    ids = [row["id"] for row in rows]
    live = await fetch(
        "SELECT household_id FROM household_codes WHERE household_id = ANY($1::uuid[])"
        f" AND state {LIVE_SQL}",
        [ids],
    )
    having = {row["household_id"] for row in live}
    bare = [row for row in rows if row["id"] not in having]
    codes = [code.code_id for code in mint_many(keyring, len(bare))]
    issued = await fetch(
        "INSERT INTO household_codes (code_id, kid, household_id, area_path, state, batch_id, issued_at)"
        " SELECT code_id, $4, household_id, area_path, 'printed', $5, $6"
        " FROM unnest($1::bytea[], $2::uuid[], $3::text[]) AS u(code_id, household_id, area_path)"
        " ON CONFLICT DO NOTHING RETURNING 1",
        [codes, [r["id"] for r in bare], [r["area_path"] for r in bare], keyring.active, batch.id, now()],
    )
    by_grid: dict[str, list[bytes]] = {}
    for row, code_id in zip(bare, codes, strict=True):
        by_grid.setdefault(row["grid_code"], []).append(code_id)
    for grid, made in by_grid.items():
        digest = sha256(b"".join(sorted(made))).hexdigest()
        record(Fact("codes.issued", grid, subject_id=batch.id, data={"count": len(made), "digest": digest}))
    return len(issued)


async def _list(batch: PlateBatch, rows: Sequence[dict[str, Any]]) -> None:
    listed = await fetch(
        "INSERT INTO plate_prints (batch_id, number, household_id, code_id)"
        " SELECT $1, $2 + row_number() OVER (ORDER BY u.n), c.household_id, c.code_id"
        " FROM unnest($3::uuid[]) WITH ORDINALITY AS u(household_id, n)"
        f" JOIN household_codes c ON c.household_id = u.household_id AND c.state {LIVE_SQL}"
        " ORDER BY u.n RETURNING 1",
        [batch.id, batch.listed, [row["id"] for row in rows]],
    )
    batch.listed += len(listed)


async def printed_plates(batch_id: UUID, after: int, upto: int) -> list[dict[str, Any]]:
    """The plates of a batch with these numbers whose code still lives, in order, with what they show."""
    return await fetch(
        "SELECT p.number, c.code_id, c.kid, h.group_name, h.door_text, h.serial, h.grid_code, v.name AS village,"
        " t.name AS town, g.name AS grid FROM plate_prints p JOIN household_codes c ON c.code_id = p.code_id"
        f" AND c.state {LIVE_SQL} JOIN households h ON h.id = p.household_id"
        " LEFT JOIN areas g ON g.code = h.grid_code LEFT JOIN areas v ON v.code = h.village_code"
        " LEFT JOIN areas t ON t.code = v.parent_code"
        " WHERE p.batch_id = $1 AND p.number > $2 AND p.number <= $3 ORDER BY p.number",
        [batch_id, after, upto],
    )


async def worker_cards(area_path: str) -> dict[str, dict[str, str]]:
    """The public card of the first worker of each grid in an area."""
    where = Where()
    where.conditions.append(area_condition(where, "a.path", [area_path]))
    rows = await fetch(
        "SELECT DISTINCT ON (d.grid_code) d.grid_code, w.name, w.public_phone AS phone FROM grid_duties d"
        f" JOIN areas a ON a.code = d.grid_code JOIN grid_workers w ON w.id = d.worker_id WHERE {where.sql}"
        " ORDER BY d.grid_code, d.since_on, d.id",
        where.values,
    )
    return {row["grid_code"]: {"name": row["name"], "phone": row["phone"]} for row in rows}


async def note_progress(batch_id: UUID, done: int) -> bool:
    """Say how many plates are drawn; False when the batch was cancelled meanwhile."""
    return bool(await PlateBatch.filter(id=batch_id, state="running").update(done=done))


@dataclass(frozen=True)
class Part:
    """One finished file of a batch and what was seen while it was made."""

    file: Mapping[str, Any]
    read_back: int
    unread: Sequence[str]
    missing: Mapping[str, int]
    cramped: Sequence[str]
    samples: Sequence[Mapping[str, Any]]


async def add_part(batch_id: UUID, part: Part) -> bool:
    """Keep a finished file; its plates now count as printed. False when the batch was cancelled meanwhile."""
    batch = await PlateBatch.select_for_update().get(id=batch_id)
    if batch.state in ENDED:
        return False
    if any(file["after"] == part.file["after"] for file in batch.files):
        return True  # a twin of this job was faster
    batch.files = [*batch.files, dict(part.file)]
    batch.done = sum(int(file["plates"]) for file in batch.files)
    batch.read_back += part.read_back
    batch.unread = [*batch.unread, *part.unread][:1000]
    batch.cramped = [*batch.cramped, *part.cramped][:1000]
    batch.samples = [*batch.samples, *part.samples]
    counts = dict(batch.missing_glyphs)
    for glyph, count in part.missing.items():
        counts[glyph] = counts.get(glyph, 0) + count
    batch.missing_glyphs = counts
    await batch.save()
    await execute(
        "UPDATE household_codes c SET printed_at = $4 FROM plate_prints p WHERE p.batch_id = $1 AND p.number > $2"
        " AND p.number <= $3 AND c.code_id = p.code_id",
        [batch_id, part.file["after"], part.file["upto"], now()],
    )
    return True


async def finish_batch(batch_id: UUID) -> PlateBatch:
    """All files are there: done when every code was read back, else failed with the reason."""
    batch = await PlateBatch.select_for_update().get(id=batch_id)
    if batch.state in ENDED:
        return batch
    unread = len(batch.unread)
    batch.state, batch.stage = "failed" if unread else "done", "finished"
    batch.reason = f"有 {unread} 枚二维码没有读回,请勿付印,详见报告" if unread else ""
    batch.finished_at = now()
    await batch.save()
    data = {"plates": batch.done, "read_back": batch.read_back, "issued": batch.issued}
    record(Fact("plates.printed" if not unread else "plates.failed", batch.area_code, subject_id=batch.id, data=data))
    return batch


async def end_batch(batch_id: UUID, state: Literal["failed", "cancelled"], reason: str) -> PlateBatch:
    """Stop a batch that has not ended; codes it issued stay and are printed by the next one."""
    batch = await PlateBatch.select_for_update().get(id=batch_id)
    if batch.state not in ENDED:
        batch.state, batch.reason, batch.finished_at = state, reason[:200], now()
        await batch.save()
        record(Fact(f"plates.{state}", batch.area_code, subject_id=batch.id))
    return batch
