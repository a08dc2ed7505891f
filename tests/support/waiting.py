"""Waits for another process to reach a state: looks again and again, and gives up with what it saw last."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], wanted: Callable[[T], bool], within: float = 30.0) -> T:
    """What `look` sees once it is as `wanted`; an AssertionError after `within` seconds."""
    end = time.monotonic() + within
    while not wanted(seen := look()):
        assert time.monotonic() < end, f"still {seen!r} after {within} s"
        time.sleep(0.05)
    return seen
