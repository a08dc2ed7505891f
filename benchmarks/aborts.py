"""3,000 filings whose client hangs up at a random moment: the pool must be whole afterwards and nothing slower."""

import asyncio
import random
import time
from itertools import count
from statistics import median
from urllib.parse import urlsplit

import asyncpg

from benchmarks.load import Requests
from benchmarks.stage import Stage
from server.db import credentials

ABORTS = 3000
LANES = 24


async def _abort(host: str, port: int, requests: Requests, chance: random.Random, turns: "count[int]") -> None:
    while next(turns) < ABORTS:
        _, writer = await asyncio.open_connection(host, port)
        writer.write(requests.next())
        await writer.drain()
        await asyncio.sleep(chance.random() * 0.04)
        writer.transport.abort()


async def _stuck(dsn: str) -> int:
    connection = await asyncpg.connect(**credentials(dsn))
    try:
        return int(await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'huying' AND state LIKE 'idle in%'"
            " AND state_change < now() - interval '2 seconds'"
        ))  # fmt: skip
    finally:
        await connection.close()


async def _storm(stage: Stage, seed: int) -> None:
    parts = urlsplit(stage.url)
    bodies = [{"kind": "help", "content": "断网测试", "area_code": code} for code in stage.villages]
    plan = {"method": "POST", "paths": ["/api/miniprogram/v1/appeals"], "bodies": bodies, "tokens": stage.tokens}
    requests, turns = Requests(plan, parts.netloc), count()
    lanes = [_abort(str(parts.hostname), int(parts.port or 80), requests, random.Random(seed + n), turns) for n in range(LANES)]
    await asyncio.gather(*lanes)


def measure(stage: Stage, seed: int = 7) -> dict[str, float]:
    """Filings a second before and after the storm, and connections left idle in a transaction."""
    bodies = [{"kind": "help", "content": "路灯坏了", "area_code": code} for code in stage.villages]
    plan = {"method": "POST", "paths": ["/api/miniprogram/v1/appeals"], "bodies": bodies, "seconds": 4}
    before = [stage.load(**plan) for _ in range(3)]
    asyncio.run(_storm(stage, seed))
    time.sleep(3)  # what still stands in a transaction after this is stuck, not at work
    after = [stage.load(**plan) for _ in range(3)]
    return {
        "aborted": ABORTS,
        "stuck_connections": asyncio.run(_stuck(stage.dsn)),
        "p50_before_ms": median(run["p50"] for run in before),
        "p50_after_ms": median(run["p50"] for run in after),
        "p99_before_ms": median(run["p99"] for run in before),
        "p99_after_ms": median(run["p99"] for run in after),
        "failed_after": sum(run["failed"] for run in after),
    }
