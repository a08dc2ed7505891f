"""`make bench`: every figure that the project promises, medians of three, printed as a table with its bound."""

import sys

from rich.console import Console
from rich.table import Table

from benchmarks import aborts, filing, issuing, plates, reading, sync
from benchmarks.stage import bench_stage

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
}


def _holds(bound: tuple[str, float], value: float) -> bool:
    sign, limit = bound
    return value >= limit if sign == "≥" else value <= limit if sign == "≤" else value == limit


def main() -> int:
    """Run everything; the number of bounds that do not hold."""
    figures: dict[str, dict[str, float]] = {}
    with bench_stage() as stage:
        for name, suite in (("filing", filing), ("reading", reading), ("aborts", aborts)):
            figures[name] = suite.measure(stage)
    with bench_stage() as stage:  # a fresh one: a thousand phones do not wait for the reactions of the suites before
        figures["sync"] = sync.measure(stage)
    figures["plates"] = plates.measure()
    figures["issuing"] = issuing.measure()
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
    sys.exit(main())
