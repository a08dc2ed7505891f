"""A code for each of a million households, durably and so that a crash issues none twice; then what is printed leads home.

`python -m benchmarks.issuing --count 1000000`
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from uuid import UUID

import asyncpg

from domain import rulebook
from domain.access.actor import SYSTEM
from domain.households.batches import BatchWish, issue_chunk, printed_plates, request_batch
from domain.households.models import PlateBatch
from domain.journal.flush import ReactionJob
from domain.sql import fetch
from qr.codes import Keyring, read
from qr.matrix import make_matrix, read_matrix
from server import embedded
from server.db import credentials, model_modules, opened, tortoise_config
from server.migrate import migrate
from server.printing.batch import PlateMaker
from server.rules import build_rulebook, seed
from tests.support.app import test_settings
from tests.support.cast import make_stage
from web.unit_of_work import run_unit

URL = "https://q.example.gov.cn"
PAGE = 2000
# The houses of the register spread over all villages, streets of 500 doors.
_HOUSES = """
INSERT INTO households (id, village_code, grid_code, area_path, group_name, door_text, serial, external_no, head_name,
  phone, import_key, state, version, route_key, created_at, changed_at)
SELECT gen_random_uuid(), v.code, v.code || '001', v.path || '.' || v.code || '001', '', '长街' || n || '号', 'B' || n,
  '', '', '', 'bench:' || n, 'active', 1, lpad((n / v.villages)::text, 6, '0'), now(), now()
FROM generate_series(1, $1::int) n
JOIN (SELECT code, path, row_number() OVER (ORDER BY code) AS i, count(*) OVER () AS villages FROM areas
      WHERE kind = 'village') v ON v.i = 1 + n % v.villages
"""


async def _nobody(connection: object, jobs: list[ReactionJob]) -> None:
    """No reactions here: the batch is carried out by hand."""


async def _measure(dsn: str, count: int, printed: int) -> dict[str, float]:
    await migrate(dsn)
    profile, book = build_rulebook(test_settings(Path()))
    rulebook.install(book)
    keyring = Keyring({1: os.urandom(32)}, active=1)
    async with opened(tortoise_config(dsn, model_modules(), 2)):
        await seed(profile)
        await make_stage()
        await _register(dsn, count)
        wish = BatchWish(layout="a4-10", area_code=profile.area)
        batch = await run_unit(SYSTEM, lambda: request_batch(SYSTEM, wish), _nobody)
        batch_id = batch.id
        started = time.perf_counter()
        while batch.stage == "issuing":
            batch = await run_unit(SYSTEM, lambda: issue_chunk(batch_id, keyring), _nobody)
        seconds = time.perf_counter() - started
        wrong, looked = await _astray(batch.id, keyring, min(printed, batch.listed))
        rows = await fetch("SELECT current_setting('fsync') || current_setting('synchronous_commit') AS how")
        return {
            "issued": float((await PlateBatch.get(id=batch.id)).issued),
            "seconds_per_million": seconds * 1_000_000 / batch.issued,
            "durable": float(rows[0]["how"] == "onon"),
            "decoded": float(looked),
            "decoded_to_another_house": float(wrong),
        }


async def _register(dsn: str, count: int) -> None:
    connection = await asyncpg.connect(**credentials(dsn))
    try:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute(_HOUSES, count, timeout=600)
        await connection.execute("ANALYZE households", timeout=600)
    finally:
        await connection.close()


async def _astray(batch_id: UUID, keyring: Keyring, upto: int) -> tuple[int, int]:
    """Of so many plates, made and decoded as they are printed, how many do not lead to the house they hang on."""
    make = PlateMaker(keyring, URL, {})
    wrong = looked = 0
    for after in range(0, upto, PAGE):
        rows = await printed_plates(batch_id, after, min(after + PAGE, upto))
        seen = [read_matrix(make_matrix(make(row).url)) or "" for row in rows]
        ids = [read(text.rsplit("/", 1)[-1], keyring).code_id for text in seen]
        home = await fetch(
            "SELECT h.serial FROM unnest($1::bytea[]) WITH ORDINALITY AS u(code_id, n)"
            " LEFT JOIN household_codes c ON c.code_id = u.code_id LEFT JOIN households h ON h.id = c.household_id"
            " ORDER BY u.n",
            [ids],
        )
        wrong += sum(found["serial"] != row["serial"] for found, row in zip(home, rows, strict=True))
        looked += len(rows)
    return wrong, looked


def measure(count: int = 1_000_000, printed: int = 100_000) -> dict[str, float]:
    """Seconds a million codes take with durable commits, and how many of 100,000 printed ones lead astray."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = embedded.start(Path(folder) / "data")
        try:
            return asyncio.run(_measure(cluster.dsn, count, printed))
        finally:
            cluster.stop()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--printed", type=int, default=100_000)
    arguments = parser.parse_args()
    for name, value in measure(arguments.count, arguments.printed).items():
        print(f"{name:28}{value:14,.1f}")


if __name__ == "__main__":
    main()
