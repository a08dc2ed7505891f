"""Scripted misfortunes: what happens to the next calls of a path, and how the connection is spoilt."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from dataclasses import dataclass
from typing import Any

KINDS = frozenset(
    {"errcode", "latency", "html", "status", "empty", "truncated", "image", "reset", "close", "half"}
)


@dataclass
class Fault:
    """`times` None means for ever; `effect` False spares the world: the call is lost before it works."""

    path: str
    kind: str
    value: float = 0
    times: int | None = 1
    probability: float = 1.0
    effect: bool = True
    text: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}")


class Faults:
    """The script; the first fault that fits a path is used up first."""

    def __init__(self, seed: int = 1) -> None:
        self._script: list[Fault] = []
        self._random = random.Random(seed)

    def add(self, fault: Fault) -> None:
        """Append to the script."""
        self._script.append(fault)

    def clear(self) -> None:
        """Forget the script."""
        self._script.clear()

    def take(self, path: str) -> Fault | None:
        """The fault for this call, if any."""
        for fault in self._script:
            if fault.path not in ("*", path) or self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._script.remove(fault)
            return fault
        return None


def wreck(transport: Any, kind: str, body: bytes) -> None:
    """Spoil the connection below HTTP: `reset` sends RST, `close` hangs up, `half` stops in the body."""
    if kind == "half":
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body) * 2}\r\n\r\n"
        transport.write(head.encode() + body[: max(1, len(body) // 2)])
        transport.close()
        return
    if kind == "reset":
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def pause(fault: Fault | None) -> None:
    """The delay of a latency fault."""
    if fault is not None and fault.kind == "latency":
        await asyncio.sleep(fault.value)
