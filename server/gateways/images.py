"""Photos are decoded in child processes with limits: a hostile one costs its own child, never the server."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from typing import Self

import msgspec

from domain.attachments.images import CleanImage, too_many_pixels
from domain.attachments.refusals import UnacceptableFile
from server.gateways.image_frames import LENGTH, Cleaned, Refused, decode, framed

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DeskLimits:
    """How many children, and what one photo may take: address space, processor and wall-clock seconds."""

    children: int = 2
    memory_bytes: int = 768 * MIB
    cpu_s: int = 8
    wait_s: float = 30.0
    answer_bytes: int = 32 * MIB


class ImageDesk:
    """Cleans photos in a few long-lived children; one that dies or hangs is replaced for the next photo."""

    def __init__(self, limits: DeskLimits | None = None) -> None:
        self._limits = limits or DeskLimits()
        self._free: asyncio.Queue[Process | None] = asyncio.Queue()
        for _ in range(self._limits.children):
            self._free.put_nowait(None)  # a place without a child yet: it starts with its first photo
        self._alive: set[Process] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def pids(self) -> frozenset[int]:
        """The process ids of the children, for whoever watches them."""
        return frozenset(child.pid for child in self._alive)

    async def clean(self, data: bytes) -> CleanImage:
        """The photo made clean and upright; UnacceptableFile when it cannot be or kills the child."""
        child = await self._free.get()
        kept: Process | None = None
        try:
            if child is None or child.returncode is not None:
                self._forget(child)
                child = await self._start()
            async with asyncio.timeout(self._limits.wait_s):
                answer = await self._ask(child, data)
            kept = child
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, msgspec.DecodeError):
            raise too_many_pixels() from None
        finally:
            # after a failure or when our caller was cancelled the child is in the middle of something: end it
            if kept is None:
                self._forget(child)
            self._free.put_nowait(kept)
        if isinstance(answer, Refused):
            raise UnacceptableFile(answer.reason_code, answer.message_zh)
        return answer.image

    async def close(self) -> None:
        """End all children."""
        gone = list(self._alive)
        for child in gone:
            self._forget(child)
        for child in gone:
            await child.wait()

    async def _start(self) -> Process:
        limits = self._limits
        child = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "server.gateways.image_child",
                str(limits.memory_bytes),
                str(limits.cpu_s),
            ),
            stdin=PIPE,
            stdout=PIPE,
            limit=MIB,
            start_new_session=True,  # Ctrl-C in a terminal is for the server, which then ends its children
            env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8"},
        )
        self._alive.add(child)
        return child

    async def _ask(self, child: Process, data: bytes) -> Cleaned | Refused:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(framed(data))
        await child.stdin.drain()
        (length,) = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
        if length > self._limits.answer_bytes:
            raise ConnectionError
        return decode(await child.stdout.readexactly(length))

    def _forget(self, child: Process | None) -> None:
        if child is None:
            return
        self._alive.discard(child)
        if child.returncode is None:
            child.kill()
