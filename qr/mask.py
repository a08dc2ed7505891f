"""Chooses a symbol's mask as ISO/IEC 18004 §7.8.3 asks, eight times faster than encoding it eight times.

Masks differ by a pattern that depends on the size alone, so one encoded symbol and seven exclusive-ors give
all eight. A whole symbol is one big integer, row after row from the highest bit, each row followed by unused
bits: a shift by one looks at the right neighbour of all modules at once, a shift by a row at the one below.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the modules of a symbol stand in the integer: `size` in a row, `stride` bits a row."""

    size: int
    stride: int

    @property
    def modules(self) -> int:
        """The integer with every module dark."""
        row = ((1 << self.size) - 1) << (self.stride - self.size)
        return sum(row << (self.stride * line) for line in range(self.size))


def penalty(symbol: int, grid: Grid, modules: int) -> int:
    """The standard's penalty points for long runs, blocks, false finder patterns and uneven darkness."""
    right = _same(symbol, 1, modules)
    down = _same(symbol, grid.stride, modules)
    blocks = right & (right << grid.stride) & down
    lines = _lines(symbol, right, 1, modules) + _lines(symbol, down, grid.stride, modules)
    total = grid.size * grid.size
    uneven = abs(2 * symbol.bit_count() - total) * 10 // total
    return lines + 3 * blocks.bit_count() + 10 * uneven


def _same(symbol: int, step: int, modules: int) -> int:
    """Modules that look like their neighbour one step on, where they have one."""
    return ~(symbol ^ (symbol << step)) & modules & (modules << step)


def _lines(symbol: int, same: int, step: int, modules: int) -> int:
    """Points along one direction: runs of five and more, and 1011101 with four light modules beside it."""
    pairs = same & (same << step)
    fives = pairs & (pairs << 2 * step)
    # A run of n holds n - 4 fives and one start; it costs n - 2.
    runs = fives.bit_count() + 2 * (fives & ~(fives >> step)).bit_count()
    light = ~symbol & modules
    two = light & (light << step)
    four = two & (two << 2 * step)
    dark = symbol & (symbol << 4 * step) & (symbol << 2 * step) & (symbol << 3 * step) & (symbol << 6 * step)
    finder = dark & (light << step) & (light << 5 * step)
    false_finders = (finder & (four << 7 * step)).bit_count() + (four & (finder << 4 * step)).bit_count()
    return runs + 40 * false_finders
