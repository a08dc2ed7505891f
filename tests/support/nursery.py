"""Real server processes without the two seconds that a start spends importing: one process has imported everything, each
server is a fork of it, with its own environment, that can be killed for real. `python -m tests.support.nursery` is that
process; each line of JSON on its stdin forks one."""

import atexit
import gc
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path


class Born:
    """A forked process, handled as a `subprocess.Popen` is; it is nobody's child, so its exit code is unknown."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self._handle = -1

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._handle >= 0 and not select.select([self._handle], [], [], 0)[0]

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._send(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> None:
        """Return when it has ended; subprocess.TimeoutExpired after `timeout` seconds."""
        if self._handle < 0:
            return
        if not select.select([self._handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("server", timeout or 0)
        os.close(self._handle)
        self._handle = -1

    def _send(self, number: signal.Signals) -> None:
        if self._handle >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)


@cache
def _mother() -> "subprocess.Popen[str]":
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.support.nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    atexit.register(started.communicate)
    return started


def fork(words: list[str], environ: Mapping[str, str], log: Path) -> Born:
    """Run `huying` with these words in a fork; what it prints goes into `log`."""
    mother = _mother()
    assert mother.stdin is not None
    assert mother.stdout is not None
    mother.stdin.write(json.dumps({"words": words, "environ": dict(environ), "log": str(log)}) + "\n")
    mother.stdin.flush()
    return Born(int(mother.stdout.readline()))


def _be(order: dict[str, str], words: list[str], environ: dict[str, str]) -> None:
    from server.commands.line import app

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environ)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    out = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    app(words)


def main() -> None:
    """Fork for each line on stdin; end with it."""
    import server.app
    import server.commands.line  # noqa: F401

    gc.set_threshold(100_000, 20, 50)  # as server/__main__.py
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while line := sys.stdin.readline():
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                _be(order, order.pop("words"), order.pop("environ"))
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
