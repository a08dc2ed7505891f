"""Reading one appeal with timeline and deadline: over HTTP, against the same SQL by bare asyncpg behind a bare route."""

import asyncio
import json
import subprocess
import sys
from statistics import median
from typing import Any

import httpx

from benchmarks.stage import Stage
from server.db import credentials
from tests.support.gateways import free_port

BARE = "benchmarks.bare"


async def _owned(stage: Stage, count: int = 200) -> list[tuple[str, str]]:
    """Appeals filed for the bench with the token of their owner."""
    found: list[tuple[str, str]] = []
    async with httpx.AsyncClient(base_url=stage.url) as client:
        for n in range(count):
            token = stage.tokens[n % len(stage.tokens)]
            body = {"kind": "help", "content": "路灯坏了三天", "area_code": stage.villages[n % len(stage.villages)]}
            answer = await client.post(
                "/api/miniprogram/v1/appeals", json=body, headers={"Authorization": f"Bearer {token}"}
            )
            found.append((answer.json()["id"], token))
    return found


def measure(stage: Stage, seconds: int = 6, rounds: int = 3) -> dict[str, float]:
    """Medians of the rounds; the ratio of the product to the bare route."""
    owned = asyncio.run(_owned(stage))
    tokens = [token for _, token in owned]
    port = free_port()
    command = [sys.executable, "-m", BARE, str(port), json.dumps(credentials(stage.dsn))]
    bare = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
    try:
        for process in bare:
            _await(f"http://127.0.0.1:{port}/0", process)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(_load(stage, stage.url, [f"/api/miniprogram/v1/appeals/{i}" for i, _ in owned], tokens, seconds))
            theirs.append(_load(stage, f"http://127.0.0.1:{port}", [f"/{i}" for i, _ in owned], tokens, seconds))
    finally:
        for process in bare:
            process.terminate()
            process.wait()
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    return {"http_per_s": median(ours), "bare_per_s": median(theirs), "ratio": ratio}


def _load(stage: Stage, url: str, paths: list[str], tokens: list[str], seconds: int) -> float:
    found: dict[str, Any] = stage.load(url=url, method="GET", paths=paths, tokens=tokens, seconds=seconds)
    if found["failed"]:
        raise RuntimeError(f"{found['failed']} reads failed at {url}")
    return float(found["per_second"])


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            continue
    raise RuntimeError("the bare server did not start")


