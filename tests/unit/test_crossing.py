"""Boundaries that cross themselves, and such that only look like it."""

import math

import pytest

from domain.areas import crossing as module
from domain.areas.crossing import TooTangled, crossing

SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]
BOW = [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]


def test_a_bow_tie_crosses_itself_and_a_square_does_not() -> None:
    assert crossing(BOW) == (1, 3)
    assert crossing(BOW[::-1]) == (2, 4)
    assert crossing(SQUARE) is None


def test_edges_that_touch_or_repeat_a_point_do_not_cross() -> None:
    assert crossing([(0, 0), (2, 0), (2, 0), (2, 2), (1, 0), (0, 2), (0, 0)]) is None


def test_a_long_boundary_is_looked_at_in_full() -> None:
    count = 5000
    circle = [(math.cos(2 * math.pi * n / count), math.sin(2 * math.pi * n / count)) for n in range(count)]
    assert crossing([*circle, circle[0]]) is None
    circle[100], circle[101] = circle[101], circle[100]
    assert crossing([*circle, circle[0]]) == (100, 102)


def test_a_tangle_is_given_up_rather_than_worked_out_for_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", 1000)
    comb = [point for n in range(100) for point in ((0.0, 2.0 * n), (1.0, 2.0 * n + 1))]
    with pytest.raises(TooTangled):
        crossing([*comb, (-1.0, 0.0), comb[0]])
