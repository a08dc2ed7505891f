"""Does a boundary cross itself? A sweep from west to east over its edges, so that long boundaries stay cheap. Pure."""

from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]
MOST_PAIRS = 2_000_000  # pairs of edges looked at, some seconds of work; a boundary of a grid needs a few thousand


class TooTangled(ValueError):
    """So many edges lie beside each other that nobody drew this as a boundary."""


def crossing(ring: Sequence[Point]) -> tuple[int, int] | None:
    """Two edges of a closed ring that cross, numbered from 1, or None; edges that only touch do not cross."""
    edges = sorted(
        (min(a[0], b[0]), max(a[0], b[0]), number, a, b)
        for number, (a, b) in enumerate(pairwise(ring), 1)
        if a != b
    )
    active: list[tuple[float, float, int, Point, Point]] = []
    pairs = 0
    for edge in edges:
        west, _, number, a, b = edge
        active = [other for other in active if other[1] >= west]
        pairs += len(active)
        if pairs > MOST_PAIRS:
            raise TooTangled
        for _, _, other, c, d in active:
            if _cross(a, b, c, d):
                return min(number, other), max(number, other)
        active.append(edge)
    return None


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether each of two edges has the ends of the other on different sides."""
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, at: Point) -> int:
    turn = (b[0] - a[0]) * (at[1] - a[1]) - (b[1] - a[1]) * (at[0] - a[0])
    return (turn > 0) - (turn < 0)
