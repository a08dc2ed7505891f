"""A million cases: lives of cases a second beside them and without them, pages of lists against ten thousand, duplicates.

`python -m benchmarks.million --cases 1000000`. One cluster, one filled stage as the template of three databases: empty,
ten thousand cases, a million. The lives of the empty one are the measure for those of the full one.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from uuid import UUID

import asyncpg

from benchmarks.crowd import load
from benchmarks.lists import page_times
from benchmarks.lives import live
from benchmarks.stage import Stage, fill, jobs_waiting, served
from domain import rulebook
from domain.duplicates.looks import look
from domain.sql import fetch
from server import embedded
from server.db import credentials, model_modules, opened, tortoise_config
from server.rules import build_rulebook
from tests.support.app import test_settings
from tests.support.gateways import valkey

SMALL = 10_000
LOOKS = 60
TOPICS = ["0101", "0401", "0801", "0906", "1101", "1301"]


@contextmanager
def _copies() -> Iterator[tuple[dict[str, str], list[str], list[str]]]:
    """A cluster with a filled stage in three databases: their addresses, tokens of residents, villages."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = embedded.start(Path(folder) / "data")
        try:
            tokens, villages = asyncio.run(fill(cluster.dsn))
            names = ("empty", "small", "full")
            asyncio.run(_copy(cluster.dsn, names))
            yield {name: cluster.dsn.replace("@/huying?", f"@/{name}?") for name in names}, tokens, villages
        finally:
            cluster.stop()


async def _copy(dsn: str, names: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(**{**credentials(dsn), "database": "postgres"})
    try:
        for name in names:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE huying')
    finally:
        await connection.close()


@contextmanager
def _server(dsn: str, tokens: list[str], villages: list[str]) -> Iterator[Stage]:
    with (
        tempfile.TemporaryDirectory() as folder,
        valkey(Path(folder)) as redis,
        served(dsn, redis, Path(folder) / "server") as stage,
    ):
        yield replace(stage, tokens=tokens, villages=villages)


def _lives(stage: Stage, rounds: int) -> dict[str, float]:
    """The median round, after one that warms the plans up."""
    live(stage, seconds=15)
    found = sorted((live(stage) for _ in range(rounds)), key=lambda one: one["lives_per_s"])
    short = sorted(live(stage, prefer="return=minimal")["lives_per_s"] for _ in range(rounds))
    return {**found[rounds // 2], "short_answers_lives_per_s": short[rounds // 2]}


def _settle(dsn: str) -> None:
    """Wait, five minutes at most, until the server has worked off what a loaded database leaves it: supervision of what is
    long overdue, positions that are past their time. Else the first lists are measured beside that."""
    before: tuple[int, ...] = ()
    for _ in range(60):
        time.sleep(5)
        rows = asyncio.run(_undone(dsn))
        if rows == before and not jobs_waiting(dsn):
            return
        before = rows


async def _undone(dsn: str) -> tuple[int, ...]:
    connection = await asyncpg.connect(**credentials(dsn))
    try:
        return tuple(
            await connection.fetchrow(
                "SELECT (SELECT count(*) FROM supervisions), (SELECT count(*) FROM cases WHERE lon IS NOT NULL)"
            )
        )
    finally:
        await connection.close()


async def _looks(dsn: str) -> list[float]:
    """Milliseconds of the search for duplicates of cases filed lately, each looked at once."""
    _, book = build_rulebook(test_settings(Path()))
    rulebook.install(book)
    async with opened(tortoise_config(dsn, model_modules(), 2)):
        rows = await fetch("SELECT id FROM cases WHERE kind = 'appeal' ORDER BY id DESC LIMIT 20000")
        chosen: list[UUID] = [row["id"] for row in random.Random(1).sample(rows, LOOKS)]
        took = []
        for case_id in chosen:
            begun = time.perf_counter()
            await look(case_id)
            took.append((time.perf_counter() - begun) * 1000)
        return took[10:]  # the first plan the statement


def measure(cases: int = 1_000_000, rounds: int = 3) -> dict[str, float]:
    """Every figure; loading takes some minutes."""
    with _copies() as (dsns, tokens, villages):
        asyncio.run(load(dsns["small"], SMALL, TOPICS))
        seconds = asyncio.run(load(dsns["full"], cases, TOPICS))
        found = {"load_s": seconds}
        looks = asyncio.run(_looks(dsns["full"]))
        found |= {"duplicates_ms": median(looks), "duplicates_worst_ms": max(looks)}
        with _server(dsns["full"], tokens, villages) as stage:
            with _server(dsns["small"], tokens, villages) as other:
                _settle(dsns["small"])
                _settle(dsns["full"])
                small, full = page_times([other, stage])
            beside = _lives(stage, rounds)
        with _server(dsns["empty"], tokens, villages) as stage:
            alone = _lives(stage, rounds)
    found["page_worst_ratio"] = max(full[name] / small[name] for name in small)
    found |= {f"page_{name}_ms": value for name, value in full.items()}
    found |= {f"page_{name}_ratio": full[name] / small[name] for name in small}
    for where, lives in (("empty", alone), ("full", beside)):
        found |= {f"{where}_{name}": value for name, value in lives.items()}
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    for name, value in measure(arguments.cases, arguments.rounds).items():
        print(f"{name:36}{value:12,.2f}")


if __name__ == "__main__":
    main()
