"""`make bench`: every figure that the project promises, medians of three, printed as a table with its bound."""

import sys

from rich.console import Console
from rich.table import Table

from benchmarks import aborts, filing, plates, reading
from benchmarks.stage import bench_stage

BOUNDS = {
    ("filing", "ratio"): ("≥", 0.30),
    ("reading", "ratio"): ("≥", 0.50),
    ("aborts", "stuck_connections"): ("=", 0),
    ("plates", "per_s"): ("≥", 1500),
    ("plates", "memory_mb"): ("≤", 250),
    ("plates", "unread"): ("=", 0),
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
    figures["plates"] = plates.measure()
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
