"""A proxy that cuts connections after a random number of bytes, seeded: what a moving phone does to its server."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Cutting:
    """Where it listens; how many of its connections it cut."""

    url: str
    target: tuple[str, int]
    chance: random.Random
    cuts_left: int
    longest: int
    cut: int = 0
    open: set[socket.socket] = field(default_factory=set)

    def carry(self, near: socket.socket) -> None:
        """One connection: everything back as it comes, everything forth until the cut."""
        with suppress(OSError), near, socket.create_connection(self.target) as far:
            self.open |= {near, far}
            threading.Thread(target=self._back, args=(far, near), daemon=True).start()
            self._forth(near, far)
            for each in (far, near):
                each.shutdown(socket.SHUT_RDWR)

    def _forth(self, near: socket.socket, far: socket.socket) -> None:
        allowed = self.chance.randrange(1, self.longest) if self.cuts_left > 0 else None
        while data := near.recv(65_536):
            if allowed is not None and len(data) >= allowed:
                far.sendall(data[:allowed])
                self.cuts_left, self.cut = self.cuts_left - 1, self.cut + 1
                return
            far.sendall(data)
            allowed = allowed - len(data) if allowed is not None else None

    def _back(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(65_536):
                near.sendall(data)
            near.shutdown(socket.SHUT_WR)


@contextmanager
def cutting(url: str, seed: int, cuts: int, longest: int) -> Iterator[Cutting]:
    """Stand before a server and cut the first connections, each after at most `longest` bytes from the client."""
    parts = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Cutting(
            f"http://127.0.0.1:{listening.getsockname()[1]}", (str(parts.hostname), int(parts.port or 0)),
            random.Random(seed), cuts, longest,
        )  # fmt: skip

        def accept() -> None:
            with suppress(OSError):
                while True:
                    near, _ = listening.accept()
                    threading.Thread(target=made.carry, args=(near,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield made
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for each in made.open:
                each.close()
