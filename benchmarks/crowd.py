"""A million cases in the database, made where they will lie: INSERT … SELECT inside PostgreSQL, nothing over the wire.

Three years of filings, even over the villages, one in five a grid event, about 3 % open and nearly all of those recent;
every case has its appeal with an appellant, clocks, texts and a journal line, answered ones a reply, most a rating.
"""

import time
from pathlib import Path

import asyncpg

from server.db import credentials

OPEN_DAYS = 60
STEPS = Path(__file__).with_name("crowd.sql").read_text(encoding="utf-8").split("-- step: ")[1:]
_VACUUM = "VACUUM (ANALYZE) cases, appeals, appellants, deadlines, replies, ratings, case_texts, journal, residents"


async def load(dsn: str, count: int, topics: list[str], *, say: bool = False) -> float:
    """Fill an empty bench database with so many cases; the seconds it took, statistics included."""
    connection = await asyncpg.connect(**credentials(dsn))
    begun = time.perf_counter()
    try:
        await connection.execute("SET statement_timeout = 0; SET synchronous_commit = off; SET work_mem = '64MB'")
        for step in STEPS:
            name, sql = step.split("\n", 1)
            at = time.perf_counter()
            values = (count, topics, OPEN_DAYS) if name == "plan" else (count,) if "$1" in sql else ()
            await connection.execute(sql, *values, timeout=1200)
            if say:
                print(f"{name:14}{time.perf_counter() - at:8.1f} s", flush=True)
        await connection.execute("DROP TABLE crowd")
        await connection.execute(_VACUUM, timeout=600)
    finally:
        await connection.close()
    return time.perf_counter() - begun
