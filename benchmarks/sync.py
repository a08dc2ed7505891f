"""A thousand phones come back at 18:00 with thirty items each; an idle sync; a week away in a grid of 500 households;
sixteen writers and a reader who must not miss one of 100,000 changes."""

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from benchmarks.stage import Stage, cpu_seconds
from domain.access.actor import SYSTEM
from domain.journal.unit import Fact, record
from domain.sql import execute
from server import jobs
from server.db import credentials, model_modules, opened, tortoise_config
from web.unit_of_work import run_unit

PHONES, ITEMS, HOUSES, WEEK = 1000, 30, 500, 700
WRITERS, GRIDS, CHANGES, MOST_IN_UNIT, ROLLED_BACK = 16, 4, 100_000, 20, 0.05
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
INSERT INTO assignments (id, staff_id, role, area_code, area_path)  -- the second one reads the grids of the writers
  SELECT gen_random_uuid(), r.id, 'grid_worker', w.code, w.path FROM bench_workers w, bench_workers r
  WHERE r.n = 2 AND w.n BETWEEN 3 AND {GRIDS} + 2;
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


async def _phone(client: httpx.AsyncClient, number: int, items: list[dict[str, Any]], tally: Counter[str]) -> None:
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
        statuses = Counter(result["status"] for result in answer.json()["results"])
        tally["done"] += statuses["done"]
        if not statuses["retry"]:
            tally["errors"] += statuses.total() - statuses["done"] - statuses["duplicate"]
            return


async def _storm(stage: Stage, homes: list[tuple[str, str]]) -> dict[str, float]:
    """Everybody at once: seconds until all is taken."""
    tally: Counter[str] = Counter()
    limits = httpx.Limits(max_connections=PHONES, max_keepalive_connections=PHONES)
    async with httpx.AsyncClient(base_url=stage.url, timeout=120, limits=limits) as client:
        began = time.perf_counter()
        await asyncio.gather(*(_phone(client, n + 1, _items(*home), tally) for n, home in enumerate(homes)))
        seconds = time.perf_counter() - began
    return {"storm_s": seconds, **{f"storm_{name}": float(tally[name]) for name in ("busy", "errors", "done")}}


async def _gaps(dsn: str) -> int:
    connection = await asyncpg.connect(**credentials(dsn))
    try:
        return int(await connection.fetchval(
            "SELECT count(*) FROM journal_heads h WHERE feed_n <> (SELECT count(*) FROM feed f WHERE f.area = h.area)"
            " OR feed_n <> (SELECT coalesce(max(seq), 0) FROM feed f WHERE f.area = h.area)"
        ))  # fmt: skip
    finally:
        await connection.close()


@dataclass
class _Reader:
    """A phone that only reads."""

    client: httpx.AsyncClient
    number: int
    device: str = field(default_factory=lambda: str(uuid4()))
    cursor: str | None = None

    async def page(self) -> tuple[list[dict[str, Any]], bool]:
        """The next changes, and whether there are more."""
        body = {"device_id": self.device, "items": [], **({"cursor": self.cursor} if self.cursor else {})}
        answer = await self.client.post(SYNC, json=body, headers={"Authorization": f"Bearer bench{self.number}"})
        answer.raise_for_status()
        found = answer.json()
        self.cursor = found["next_cursor"]
        return found["changes"], found["more"]

    async def all(self) -> list[dict[str, Any]]:
        """Everything up to now."""
        found, more = await self.page()
        while more:
            changes, more = await self.page()
            found += changes
        return found


async def _quiet(stage: Stage, homes: list[tuple[str, str]]) -> dict[str, float]:
    """An idle sync by one phone, and what a phone reads that was away for a week of a colleague's work."""
    async with httpx.AsyncClient(base_url=stage.url, timeout=60) as client:
        reader = _Reader(client, 1)
        began = time.perf_counter()
        rows = len(await reader.all())
        copy_s = time.perf_counter() - began
        idle = []
        for _ in range(50):
            began = time.perf_counter()
            await reader.all()
            idle.append((time.perf_counter() - began) * 1000)
        colleague, tally = str(uuid4()), Counter[str]()
        for start in range(1, WEEK, 100):
            body = {"device_id": colleague, "items": _items(*homes[0], first=start, count=100)}
            answer = await client.post(SYNC, json=body, headers={"Authorization": "Bearer bench1"})
            tally.update(result["status"] for result in answer.json()["results"])
        began = time.perf_counter()
        changed = len(await reader.all())
        away_s = time.perf_counter() - began
    return {"copy_s": copy_s, "copy_rows": rows, "idle_ms": median(idle), "week_away_s": away_s, "week_away_rows": changed,
            "week_errors": tally.total() - tally["done"]}  # fmt: skip


class _Undo(Exception):
    """Ends a unit of a writer that is rolled back."""


_VISITS = """
INSERT INTO visits SELECT (jsonb_populate_record(v, jsonb_build_object('id', u.id, 'area_path', w.path))).*
FROM (SELECT * FROM bench_workers WHERE code = $2) w, unnest($1::uuid[]) u(id), visits v
WHERE v.id = (SELECT id FROM visits ORDER BY id LIMIT 1)
"""


@dataclass
class _Writers:
    """Units of one to twenty visits in a few grids, some of them rolled back; what was committed."""

    grids: list[str]
    left: int = CHANGES
    written: set[str] = field(default_factory=set)

    async def run(self, chance: random.Random) -> None:
        while self.left > 0:
            count = min(self.left, chance.randint(1, MOST_IN_UNIT))
            ids, undone = [uuid4() for _ in range(count)], chance.random() < ROLLED_BACK
            self.left -= 0 if undone else count
            parts = sorted(chance.sample(self.grids, 2)) if chance.random() < 0.1 else [chance.choice(self.grids)]
            with suppress(_Undo):
                await run_unit(SYSTEM, lambda ids=ids, parts=parts, undone=undone: _unit(ids, parts, undone), _enqueue)  # type: ignore[misc]
                self.written.update(map(str, ids))


async def _unit(ids: list[UUID], grids: list[str], undone: bool) -> None:
    for number, grid in enumerate(grids):
        mine = ids[number :: len(grids)]
        if mine:
            await execute(_VISITS, [mine, grid])
        for each in mine:
            record(Fact("visit.logged", grid, None, each, {"outcome": "met"}, feed=("visit", each, 1)))
    if undone:
        raise _Undo


async def _enqueue(connection: Any, reactions: Any) -> None:
    await jobs.enqueue(connection, [jobs.Job(each.name, each.args, each.key, each.unique_key) for each in reactions])


async def _race(stage: Stage, homes: list[tuple[str, str]]) -> dict[str, float]:
    """Writers on connections of their own, and meanwhile a phone that follows the feed of all their grids."""
    writers = _Writers([code for code, _ in homes[2 : GRIDS + 2]])
    async with (
        httpx.AsyncClient(base_url=stage.url, timeout=60) as client,
        opened(tortoise_config(stage.dsn, model_modules(), WRITERS)),
    ):
        reader, seen = _Reader(client, 2), Counter[str]()
        before = {change["id"] for change in await reader.all()}
        began = time.perf_counter()
        running = [asyncio.create_task(writers.run(random.Random(number))) for number in range(WRITERS)]
        while not all(each.done() for each in running):
            changes, more = await reader.page()
            seen.update(change["id"] for change in changes)
            if not more:
                await asyncio.sleep(0.1)  # a phone may not ask without a pause: 600 times a minute
        seconds = time.perf_counter() - began
        await asyncio.gather(*running)
        seen.update(change["id"] for change in await reader.all())
    return {
        "race_changes": len(writers.written), "race_changes_per_s": len(writers.written) / seconds,
        "race_missed": len(writers.written - seen.keys()), "race_never_written": len(seen.keys() - writers.written - before),
    }  # fmt: skip


def measure(stage: Stage) -> dict[str, float]:
    """Seconds for the storm (all applied), milliseconds of an idle sync, seconds for the copy and the week away, changes
    that a reader missed."""
    homes = asyncio.run(_fill(stage.dsn))
    before = sum(cpu_seconds(stage).values())
    figures = asyncio.run(_storm(stage, homes))
    figures["storm_per_s"] = PHONES * ITEMS / figures["storm_s"]
    figures["storm_cpu_ms_per_item"] = (sum(cpu_seconds(stage).values()) - before) * 1000 / (PHONES * ITEMS)
    figures |= asyncio.run(_quiet(stage, homes))
    figures |= asyncio.run(_race(stage, homes))
    figures["gaps"] = asyncio.run(_gaps(stage.dsn))
    return figures


if __name__ == "__main__":
    from benchmarks.stage import bench_stage

    with bench_stage() as found:
        print(measure(found))
