"""Waits for another process to reach a state: looks again and again, and gives up with what it saw last."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], wanted: Callable[[T], bool], within: float = 30.0) -> T:
    """What `look` sees once it is as `wanted`; an AssertionError after `within` seconds."""
    end = time.monotonic() + within
    while not wanted(seen := look()):
        assert time.monotonic() < end, f"still {seen!r} after {within} s"
        time.sleep(0.05)
    return seen


async def eventually(holds: Callable[[], Awaitable[bool]], within: float = 30.0) -> None:
    """Return once `holds` says so; a TimeoutError after `within` seconds."""
    async with asyncio.timeout(within):
        while not await holds():
            await asyncio.sleep(0.01)
