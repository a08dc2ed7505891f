"""A small tus client over a real socket for tests that must do what no well-behaved client does."""

import base64
import hashlib
import random
import struct
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.support.cast import WORKER
from tests.support.server import RunningServer

PART = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


def metadata(**values: str) -> str:
    """The header of creation."""
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())


def checksum(data: bytes, algorithm: str = "sha1") -> str:
    """The header of a part."""
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


@dataclass
class Sending:
    """One file on its way; `client` is an httpx client, blocking or not, signed in as its owner."""

    client: Any
    data: bytes
    id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def url(self) -> str:
        return f"{WORKER}/uploads/{self.id}"

    @property
    def creation(self) -> dict[str, str]:
        named = metadata(attachment_id=self.id, sha256=hashlib.sha256(self.data).hexdigest(), filename="现场.jpg")
        return {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(self.data)), "Upload-Metadata": named}

    def create(self) -> Any:
        return self.client.post(f"{WORKER}/uploads", headers=self.creation)

    def patch(self, offset: int, data: bytes, **headers: str) -> Any:
        return self.client.patch(self.url, content=data, headers={**PART, "Upload-Offset": str(offset), **headers})

    def head(self) -> Any:
        return self.client.head(self.url, headers={"Tus-Resumable": "1.0.0"})

    def delete(self) -> Any:
        return self.client.delete(self.url, headers={"Tus-Resumable": "1.0.0"})


def offset_of(answer: httpx.Response) -> int:
    """How far the server says the upload is."""
    return int(answer.headers["Upload-Offset"])


def recording(size: int, seed: int) -> bytes:
    """A WAV recording of about `size` bytes of noise: served as it came, so its bytes can be compared."""
    noise = random.Random(seed).randbytes(size - size % 2)
    head = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, 8000, 16_000, 2, 16, b"data", len(noise))
    return b"RIFF" + struct.pack("<I", 4 + len(head) + len(noise)) + b"WAVE" + head + noise


def signed_in(server: RunningServer) -> httpx.Client:
    """The demo's first grid worker, signed in at a real server."""
    answer = server.client().post(f"{WORKER}/sessions", json={"phone": "13800000001", "password": "Huying-demo-2026"})
    assert answer.status_code == 201, answer.text
    return server.client(answer.json()["token"])
