"""A real S3-compatible server for tests: `nanio` (PyPI) over a folder; it checks signatures and knows ranges."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.gateways import free_port

START_WITHIN = 15.0


@dataclass(frozen=True)
class S3Server:
    """Where it listens, what opens it, and the folder in which its buckets lie."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str
    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """The settings of a server that keeps its files here."""
        return {
            "S3_ENDPOINT": self.endpoint, "S3_BUCKET": self.bucket, "S3_ACCESS_KEY": self.access_key,
            "S3_SECRET_KEY": self.secret_key,
        }  # fmt: skip


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Start the server with one bucket and stop it at the end."""
    port = free_port()
    made = S3Server(f"http://127.0.0.1:{port}", "huying", "test-access", "test-secret", folder)
    (folder / made.bucket).mkdir(parents=True)
    command = [sys.executable, "-m", "nanio", "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir",
               str(folder), "--no-access-log", "--log-level", "warning"]  # fmt: skip
    env = {**os.environ, "NANIO_ACCESS_KEY": made.access_key, "NANIO_SECRET_KEY": made.secret_key}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield made
    finally:
        process.terminate()
        process.wait(10)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError("the S3 server did not start")
