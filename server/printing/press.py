"""Runs one printing child and listens to it."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from server.printing.order import ORDER, Line, Order, Printed

MIB = 1024 * 1024
SEVERAL_ABOVE = 3000


class PressFailed(Exception):
    """The child died; trying again may help."""


class PressRefused(Exception):
    """The layout cannot print these plates; trying again cannot help."""


class PressStopped(Exception):
    """Somebody cancelled the batch."""


def processes_for(count: int) -> int:
    """Two processes pay for their start only with many plates."""
    return 2 if count > SEVERAL_ABOVE and (os.cpu_count() or 1) > 1 else 1


async def run_press(folder: Path, order: Order, heard: Callable[[int], Awaitable[bool]]) -> Printed:
    """Print the order spooled in a folder; `heard` is told the plates done, and says whether to go on."""
    (folder / ORDER).write_bytes(msgspec.json.encode(order))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.printing.child", str(folder), stdin=DEVNULL, stdout=PIPE, limit=16 * MIB,
        start_new_session=True, env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert child.stdout is not None
    try:
        async for raw in child.stdout:
            line = msgspec.json.decode(raw, type=Line)
            if line.refused:
                raise PressRefused(line.refused)
            if line.printed is not None:
                return line.printed
            if not await heard(line.done):
                raise PressStopped
        raise PressFailed(f"exit {await child.wait()}")
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
