"""The watcher of one embedded PostgreSQL: starts a dead server again, stops one that nobody holds."""

import os
import pwd
import signal
import sys
import time
from pathlib import Path

from server.embedded import changing, ensure_running, is_running, stop_unheld
from server.embedded_place import EmbeddedError, Place

LOOK_SECONDS = 0.5
FAILED_SECONDS = 5.0


def watch(place: Place, watcher: int) -> None:
    """Look after the server of `place`, by right of the lock `watcher`, until its last holder is gone."""
    # A stop signal to the whole process group is for the holders; we go when they are gone.
    for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    while True:
        pause = LOOK_SECONDS
        with changing(place):
            if stop_unheld(place):
                # Before the next starter may look: it must not rely on a watcher that leaves.
                os.close(watcher)
                return
            try:
                if not is_running(place):
                    ensure_running(place)
            except EmbeddedError:
                pause = FAILED_SECONDS  # PostgreSQL's own log says why; the next holder's start does too
        time.sleep(pause)


if __name__ == "__main__":
    lock_handle, folder, user, binaries = sys.argv[1:]
    os.set_inheritable(int(lock_handle), False)
    watch(Place(Path(folder), pwd.getpwnam(user), Path(binaries)), int(lock_handle))
