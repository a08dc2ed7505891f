"""A thousand phones come back at 18:00 with thirty items each; an idle sync; a week away in a grid of 500 households."""

import asyncio
import random
import time
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from benchmarks.stage import Stage
from server.db import credentials

PHONES, ITEMS, HOUSES, WEEK = 1000, 30, 500, 700
SYNC = "/api/grid/v1/sync"
VILLAGE, LIKE = "360781100001", "360781100001001"

_FILL = f"""
INSERT INTO areas SELECT (jsonb_populate_record(a, jsonb_build_object('code', '{VILLAGE}8' || lpad(n::text, 5, '0'),
  'path', p.path || '.{VILLAGE}8' || lpad(n::text, 5, '0')))).* FROM areas a, generate_series(1, {PHONES}) n,
  (SELECT path FROM areas WHERE code = '{VILLAGE}') p WHERE a.code = '{LIKE}';
CREATE TABLE bench_workers AS SELECT n, gen_random_uuid() AS id, a.code, a.path FROM generate_series(1, {PHONES}) n
  JOIN areas a ON a.code = '{VILLAGE}8' || lpad(n::text, 5, '0');
INSERT INTO staff SELECT (jsonb_populate_record(f, jsonb_build_object('id', w.id, 'login', w.id, 'openid', NULL))).*
  FROM bench_workers w, staff f WHERE f.login = '13800000001';
INSERT INTO assignments (id, staff_id, role, area_code, area_path)
  SELECT gen_random_uuid(), id, 'grid_worker', code, path FROM bench_workers;
INSERT INTO sessions (token_hash, kind, subject_id, created_at, used_at, expires_at)
  SELECT sha256(('bench' || n)::bytea), 'worker', id, now(), now(), now() + interval '1 day' FROM bench_workers;
INSERT INTO households SELECT (jsonb_populate_record(h, jsonb_build_object('id', gen_random_uuid(), 'grid_code', w.code,
  'area_path', w.path, 'serial', 'B' || w.n || '-' || k, 'import_key', 'bench:' || w.n || ':' || k))).*
  FROM bench_workers w, generate_series(1, CASE WHEN w.n = 1 THEN {HOUSES} ELSE 3 END) k, households h
  WHERE h.id = (SELECT id FROM households WHERE grid_code = '{LIKE}' LIMIT 1);
ANALYZE;
"""


async def _fill(dsn: str) -> list[tuple[str, str]]:
    """Grid and a household of each phone."""
    connection = await asyncpg.connect(**credentials(dsn))
    try:
        await connection.execute(_FILL)
        rows = await connection.fetch(
            "SELECT w.code, (SELECT id FROM households h WHERE h.grid_code = w.code LIMIT 1) AS house FROM bench_workers w"
            " ORDER BY n"
        )
        return [(row["code"], str(row["house"])) for row in rows]
    finally:
        await connection.close()


def _items(grid: str, house: str, first: int = 1, count: int = ITEMS) -> list[dict[str, Any]]:
    """Two visits for each event, and a note on it."""
    made: list[dict[str, Any]] = []
    event = ""
    for sequence in range(first, first + count):
        item = {"id": str(uuid4()), "sequence": sequence, "version": 1, "entity_id": str(uuid4()),
                "occurred_at": datetime.now(UTC).isoformat(), "attachments": [{"id": str(uuid4())}]}  # fmt: skip
        if sequence % 5 == 1:
            event = str(item["entity_id"])
            body = {"event_type": "E4", "level": "ordinary", "grid_code": grid, "description": "路面破损"}
            item |= {"verb": "event", "body": body}
        elif sequence % 5 == 2:
            item |= {"verb": "case:add-note", "entity_id": event, "body": {"text": "已拍照"}, "attachments": []}
        else:
            item |= {"verb": "visit", "body": {"household_id": house, "purposes": ["visit"], "outcome": "met"}}
        made.append(item)
    return made


async def _phone(client: httpx.AsyncClient, number: int, items: list[dict[str, Any]], tally: dict[str, int]) -> None:
    """Send until it is taken; a busy server names the pause."""
    body = {"device_id": str(uuid4()), "items": items}
    while True:
        answer = await client.post(SYNC, json=body, headers={"Authorization": f"Bearer bench{number}"})
        if answer.status_code == 503:
            tally["busy"] += 1
            await asyncio.sleep(float(answer.headers["retry-after"]) * random.uniform(0.5, 1.0))
            continue
        if answer.status_code != 200:
            tally["errors"] += 1
            return
        statuses = [result["status"] for result in answer.json()["results"]]
        tally["done"] += statuses.count("done")
        if "retry" not in statuses:
            tally["errors"] += len(statuses) - statuses.count("done") - statuses.count("duplicate")
            return


async def _storm(stage: Stage, homes: list[tuple[str, str]]) -> dict[str, float]:
    tally = {"busy": 0, "errors": 0, "done": 0}
    limits = httpx.Limits(max_connections=PHONES, max_keepalive_connections=PHONES)
    async with httpx.AsyncClient(base_url=stage.url, timeout=120, limits=limits) as client:
        began = time.perf_counter()
        await asyncio.gather(*(_phone(client, n + 1, _items(*home), tally) for n, home in enumerate(homes)))
        return {"storm_s": time.perf_counter() - began, **{f"storm_{name}": count for name, count in tally.items()}}


async def _gaps(dsn: str) -> int:
    connection = await asyncpg.connect(**credentials(dsn))
    try:
        return int(await connection.fetchval(
            "SELECT count(*) FROM journal_heads h WHERE feed_n <> (SELECT count(*) FROM feed f WHERE f.area = h.area)"
            " OR feed_n <> (SELECT coalesce(max(seq), 0) FROM feed f WHERE f.area = h.area)"
        ))  # fmt: skip
    finally:
        await connection.close()


async def _quiet(stage: Stage, homes: list[tuple[str, str]]) -> dict[str, float]:
    """An idle sync by one phone, and what a phone reads that was away for a week of a colleague's work."""
    device, headers = str(uuid4()), {"Authorization": "Bearer bench1"}
    async with httpx.AsyncClient(base_url=stage.url, timeout=60, headers=headers) as client:

        async def read(cursor: str | None) -> tuple[str, int]:
            rows = 0
            while True:
                body = {"device_id": device, "items": [], **({"cursor": cursor} if cursor else {})}
                answer = (await client.post(SYNC, json=body)).json()
                cursor, rows = answer["next_cursor"], rows + len(answer["changes"])
                if not answer["more"]:
                    return str(cursor), rows

        began = time.perf_counter()
        cursor, rows = await read(None)
        copy_s = time.perf_counter() - began
        idle = []
        for _ in range(50):
            began = time.perf_counter()
            await read(cursor)
            idle.append((time.perf_counter() - began) * 1000)
        colleague, tally = str(uuid4()), {"busy": 0, "errors": 0, "done": 0}
        for start in range(1, WEEK, 100):
            body = {"device_id": colleague, "items": _items(*homes[0], first=start, count=100)}
            await client.post(SYNC, json=body)
        began = time.perf_counter()
        _, changed = await read(cursor)
        away_s = time.perf_counter() - began
    return {"copy_s": copy_s, "copy_rows": rows, "idle_ms": median(idle), "week_away_s": away_s, "week_away_rows": changed,
            "week_errors": tally["errors"]}  # fmt: skip


def measure(stage: Stage) -> dict[str, float]:
    """Seconds for the storm (all applied), milliseconds of an idle sync, seconds for the copy and the week away."""
    homes = asyncio.run(_fill(stage.dsn))
    figures = asyncio.run(_storm(stage, homes))
    figures["storm_per_s"] = PHONES * ITEMS / figures["storm_s"]
    figures["gaps"] = asyncio.run(_gaps(stage.dsn))
    return figures | asyncio.run(_quiet(stage, homes))
