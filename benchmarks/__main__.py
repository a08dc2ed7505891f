"""`make bench`: every figure that the project promises, medians of three, printed as a table with its bound.

`make bench ARGS="plates sync"` runs some suites only. Each runs in a process of its own, so that the memory of one is not
counted for another; those that need a server get a fresh one.
"""

import json
import subprocess
import sys
from importlib import import_module

from rich.console import Console
from rich.table import Table

SERVED = ("filing", "reading", "aborts", "sync")  # measured at a running server
ALONE = ("plates", "issuing", "million")
BOUNDS = {
    ("filing", "ratio"): ("≥", 0.30),
    ("reading", "ratio"): ("≥", 0.50),
    ("aborts", "stuck_connections"): ("=", 0),
    ("plates", "per_s"): ("≥", 4000),
    ("plates", "memory_mb"): ("≤", 200),
    ("plates", "unread"): ("=", 0),
    ("plates", "refusals_slowest_to_fastest"): ("≤", 1.5),
    ("plates", "read_modules_per_s"): ("≥", 5000),
    ("plates", "read_modules_lost"): ("=", 0),
    ("plates", "read_raster_per_s"): ("≥", 300),
    ("plates", "read_raster_lost"): ("=", 0),
    ("plates", "read_turned_7_lost"): ("=", 0),
    ("plates", "read_blurred_lost"): ("=", 0),
    ("issuing", "durable"): ("=", 1),
    ("issuing", "seconds_per_million"): ("≤", 60),
    ("issuing", "decoded"): ("=", 100_000),
    ("issuing", "decoded_to_another_house"): ("=", 0),
    ("sync", "storm_s"): ("≤", 120),
    ("sync", "storm_done"): ("=", 30_000),
    ("sync", "storm_errors"): ("=", 0),
    ("sync", "idle_ms"): ("≤", 15),
    ("sync", "week_away_s"): ("≤", 2),
    ("sync", "week_errors"): ("=", 0),
    ("sync", "race_changes"): ("≥", 100_000),
    ("sync", "race_missed"): ("=", 0),
    ("sync", "race_never_written"): ("=", 0),
    ("sync", "gaps"): ("=", 0),
    ("million", "load_s"): ("≤", 600),
    ("million", "duplicates_ms"): ("≤", 50),
    ("million", "empty_lives_per_s"): ("≥", 25),
    ("million", "full_lives_per_s"): ("≥", 20),
    ("million", "page_worst_ratio"): ("≤", 1.5),
}


def _holds(bound: tuple[str, float], value: float) -> bool:
    sign, limit = bound
    return value >= limit if sign == "≥" else value <= limit if sign == "≤" else value == limit


def _measure(name: str) -> dict[str, float]:
    suite = import_module(f"benchmarks.{name}")
    if name in ALONE:
        return dict(suite.measure())
    from benchmarks.stage import bench_stage

    with bench_stage() as stage:
        return dict(suite.measure(stage))


def _in_own_process(name: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks", "--only", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main(names: list[str]) -> int:
    """Run the suites; the number of bounds that do not hold."""
    figures = {name: _in_own_process(name) for name in names or (*SERVED, *ALONE)}
    table = Table("suite", "figure", "value", "bound", "")
    missed = 0
    for name, found in figures.items():
        for figure, value in found.items():
            bound = BOUNDS.get((name, figure))
            holds = bound is None or _holds(bound, value)
            missed += not holds
            table.add_row(name, figure, f"{value:,.3f}", f"{bound[0]} {bound[1]}" if bound else "", "" if holds else "✗")
    Console().print(table)
    return missed


if __name__ == "__main__":
    if sys.argv[1:2] == ["--only"]:
        print(json.dumps(_measure(sys.argv[2])))
    else:
        sys.exit(main(sys.argv[1:]))
