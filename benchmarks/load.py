"""A small HTTP load generator: so many keep-alive connections in one process, raw bytes, little work of its own."""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4


@dataclass
class Outcome:
    """What a run reached."""

    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    times: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answered requests a second."""
        return self.done / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        """Milliseconds within which this share was answered."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


async def _one(host: str, port: int, requests: "Requests", until: float, outcome: Outcome) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    while time.perf_counter() < until:
        begun = time.perf_counter()
        writer.write(requests.next())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        if head[9:12] in (b"200", b"201"):
            outcome.done += 1
            outcome.times.append(time.perf_counter() - begun)
        else:
            outcome.failed += 1
    writer.close()


class Wire:
    """One keep-alive connection that sends JSON and waits for the answer."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, prefer: str) -> None:
        self._host, self._reader, self._writer = host, reader, writer
        self._prefer = f"Prefer: {prefer}\r\n" if prefer else ""

    @classmethod
    async def open(cls, url: str, prefer: str = "") -> "Wire":
        """Connect; `prefer` goes along with every request."""
        parts = urlsplit(url)
        return cls(parts.netloc, *await asyncio.open_connection(parts.hostname, parts.port), prefer)

    async def post(self, path: str, token: str, body: object, expected: int) -> bytes:
        """The body of the answer; raises RuntimeError for any other status."""
        return await self._send("POST", path, token, json.dumps(body, ensure_ascii=False).encode(), expected)

    async def get(self, path: str, token: str) -> bytes:
        """The body of a 200."""
        return await self._send("GET", path, token, b"", 200)

    async def _send(self, method: str, path: str, token: str, body: bytes, expected: int) -> bytes:
        key = f"Idempotency-Key: {uuid4()}\r\n" if method == "POST" else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {token}\r\n"
            f"{key}{self._prefer}Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        told = await self._reader.readuntil(b"\r\n\r\n")
        length = int(told.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        answer = await self._reader.readexactly(length)
        if int(told[9:12]) != expected:
            raise RuntimeError(f"{method} {path}: {told[9:12].decode()} {answer[:400].decode()}")
        return answer

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


class Requests:
    """Turns a plan into request bytes: bodies and tokens in turn, a fresh Idempotency-Key each."""

    def __init__(self, plan: dict[str, object], host: str) -> None:
        self._plan = plan
        self._host = host
        self._turn = count()

    def next(self) -> bytes:
        """The next request."""
        turn = next(self._turn)
        plan = self._plan
        tokens, paths, bodies = plan["tokens"], plan["paths"], plan["bodies"]
        body = json.dumps(bodies[turn % len(bodies)], ensure_ascii=False).encode() if bodies else b""  # type: ignore[index, arg-type]
        key = f"Idempotency-Key: {uuid4()}\r\n" if plan["method"] == "POST" else ""
        head = (
            f"{plan['method']} {paths[turn % len(paths)]} HTTP/1.1\r\nHost: {self._host}\r\n"  # type: ignore[index, arg-type]
            f"Authorization: Bearer {tokens[turn % len(tokens)]}\r\n{key}Content-Length: {len(body)}\r\n\r\n"  # type: ignore[index, arg-type]
        )
        return head.encode() + body


async def run(plan: dict[str, object]) -> Outcome:
    """Drive the plan for its seconds over its connections."""
    parts = urlsplit(str(plan["url"]))
    requests = Requests(plan, parts.netloc)
    outcome = Outcome()
    begun = time.perf_counter()
    until = begun + float(plan["seconds"])  # type: ignore[arg-type]
    lanes = [_one(str(parts.hostname), int(parts.port or 80), requests, until, outcome) for _ in range(int(plan["lanes"]))]  # type: ignore[call-overload]
    await asyncio.gather(*lanes)
    outcome.seconds = time.perf_counter() - begun
    return outcome


if __name__ == "__main__":
    found = asyncio.run(run(json.load(sys.stdin)))
    print(json.dumps({"done": found.done, "failed": found.failed, "per_second": found.per_second,
                      "p50": found.quantile(0.5), "p99": found.quantile(0.99)}))  # fmt: skip
