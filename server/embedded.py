"""The embedded PostgreSQL: started by the first process that needs it, stopped with the last one.

A holder is a shared `flock` on one file, which the kernel drops however the process ends, kill -9
included. A small detached watcher (embedded_watch.py) tries for the exclusive lock: while it cannot have
it somebody lives, and a dead server is started again; once it has it, nobody does, and the server stops.

Access is by the kernel's word: the only login is the unix socket in a 0700 folder, with `peer`
authentication mapped to the OS user that starts us. There is no password that could leak or be lost.
"""

import fcntl
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psutil

from server.embedded_place import EmbeddedError, Place, locate, own, run_as

MAJOR = "18"
DATABASE = "huying"
READY_SECONDS = 60.0
POLL_SECONDS = 0.05
NO_PROCESS = "99999999"  # above every possible pid_max

# For 2 cores and a few GB. Errors are terse and parameters unlogged: they would carry personal data.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": "256MB",
        "effective_cache_size": "1GB",
        "work_mem": "8MB",
        "maintenance_work_mem": "128MB",
        "random_page_cost": "1.1",
        "jit": "off",
        "fsync": "on",
        "synchronous_commit": "on",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "on",
        "log_directory": "../log",
        "log_filename": "postgresql-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
)


@dataclass(slots=True)
class EmbeddedCluster:
    """One holder of a running embedded PostgreSQL; it runs until the last holder stops or dies."""

    place: Place
    holder: int

    @property
    def dsn(self) -> str:
        """Return the database's URL through the unix socket."""
        return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(self.place.sockets))}&port=5432"

    def stop(self) -> None:
        """Let go of the server; the last holder also stops it, before this returns."""
        if self.holder < 0:
            return
        os.close(self.holder)
        self.holder = -1
        with changing(self.place):
            stop_unheld(self.place)


def start(data_dir: Path, *, settings: Mapping[str, str] | None = None) -> EmbeddedCluster:
    """Start (or join) the cluster of `data_dir` and return once it accepts connections.

    Blocking, up to about a second (three at the very first start). `settings` are PostgreSQL settings
    over ours; they are used if this call has to start the server. Raises EmbeddedError.
    """
    place = locate(data_dir)
    with changing(place):
        holder = _hold(place)
        try:
            _prepare(place, {**SETTINGS, **(settings or {})})
            ensure_running(place)
            _watch(place)
        except BaseException:
            os.close(holder)
            raise
    return EmbeddedCluster(place, holder)


def ensure_running(place: Place) -> None:
    """Start the server unless it runs, and wait until it accepts connections."""
    until = time.monotonic() + READY_SECONDS
    said = ""
    while time.monotonic() < until:
        if is_running(place):
            ready = place.command("pg_isready", "-q", "-h", str(place.sockets))
            if ready.returncode == 0:
                return
        else:
            _disown_stranger(place)
            own(place.sockets, place.user)
            log = place.folder / "log" / "start.log"
            done = place.command("pg_ctl", "start", "-w", "-s", "-D", str(place.data), "-l", str(log))
            if done.returncode == 0:
                return
            said = log.read_text(encoding="utf-8", errors="replace")[-2000:] if log.exists() else done.stdout
            # Children of a killed postmaster hold its shared memory for some moments more.
            if "shared memory block" not in said:
                break
        time.sleep(POLL_SECONDS)
    raise EmbeddedError(f"内置数据库没有启动：\n{said or '等待超时'}")


def is_running(place: Place) -> bool:
    """Tell whether the process named in the pid file is alive and is this cluster's server."""
    try:
        pid = int((place.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and str(place.data) in process.cmdline()
    except (OSError, ValueError, psutil.NoSuchProcess):
        return False


def stop_unheld(place: Place) -> bool:
    """Stop the server if nobody holds it, tell whether nobody does; call it inside `changing`."""
    with file_of(place, "holders.lock") as holders:
        if not lock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return False
        if is_running(place):
            place.command("pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", str(place.data))
        return True


@contextmanager
def changing(place: Place) -> Iterator[None]:
    """Be the only one that starts or stops this cluster's server."""
    with file_of(place, "change.lock") as changers:
        lock(changers, fcntl.LOCK_EX)
        yield


@contextmanager
def file_of(place: Place, name: str) -> Iterator[int]:
    """Open one lock file of the cluster."""
    handle = os.open(place.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def lock(handle: int, kind: int) -> bool:
    """Take a flock; tell whether it was free (only LOCK_NB can find it taken)."""
    try:
        fcntl.flock(handle, kind)
    except BlockingIOError:
        return False
    return True


def _hold(place: Place) -> int:
    handle = os.open(place.folder / "holders.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    lock(handle, fcntl.LOCK_SH)
    return handle


def _prepare(place: Place, settings: Mapping[str, str]) -> None:
    if not place.data.exists():
        _create(place)
    found = (place.data / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != MAJOR:
        raise EmbeddedError(
            f"{place.data} 里是 PostgreSQL {found} 的数据，本程序带的是 {MAJOR}。"
            f"请用 PostgreSQL {found} 的 pg_dump 导出，再导入新的数据文件夹。"
        )
    own(place.folder / "log", place.user)
    if is_running(place):
        return
    all_settings = {**settings, "unix_socket_directories": str(place.sockets)}
    lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in all_settings.items()]
    # `nobody` is shared with strangers: as the server's OS user it may not log in.
    names = sorted({"root", pwd.getpwuid(os.geteuid()).pw_name, place.user.pw_name} - {"nobody"})
    _write(place, "huying.conf", lines)
    _write(place, "pg_ident.conf", [f'huying "{name}" {DATABASE}' for name in names])
    _write(
        place,
        "pg_hba.conf",
        [
            "local all all peer map=huying",
            "local replication all peer map=huying",
            "host all all all scram-sha-256",
        ],
    )


def _write(place: Place, name: str, lines: list[str]) -> None:
    path = place.data / name
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    if os.geteuid() == 0:
        os.chown(path, place.user.pw_uid, place.user.pw_gid)


def _create(place: Place) -> None:
    # Complete in its own folder, then renamed: a start that dies half-way leaves no half cluster.
    fresh = place.folder / f"new-{os.getpid()}"
    done = place.command(
        *("initdb", "-D", str(fresh), "-U", DATABASE, "--encoding=UTF8", "--locale=C.UTF-8"),
        *("--auth=reject", "--no-instructions"),
    )
    if done.returncode == 0:
        postgres = str(place.binaries / "postgres")
        create = f"CREATE DATABASE {DATABASE}\n"
        done = run_as(place.user, [postgres, "--single", "-j", "-D", str(fresh), "postgres"], create)
    if done.returncode != 0 or "ERROR" in done.stdout:
        raise EmbeddedError(f"内置数据库没有建成：\n{done.stdout[-2000:]}")
    with (fresh / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write("include_if_exists = 'huying.conf'\n")
    fresh.rename(place.data)


def _disown_stranger(place: Place) -> None:
    """Free a pid file whose process number now belongs to a stranger, which PostgreSQL would respect.

    Only the number is replaced: the rest names the shared memory by which PostgreSQL notices children
    of a killed server that still write. A number of no process is left alone, PostgreSQL handles it.
    """
    path = place.data / "postmaster.pid"
    if path.exists():
        pid, *rest = path.read_text(encoding="utf-8").split("\n")
        if pid.isdigit() and psutil.pid_exists(int(pid)):
            path.write_text("\n".join([NO_PROCESS, *rest]), encoding="utf-8")
    (place.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def _watch(place: Place) -> None:
    with file_of(place, "watcher.lock") as watcher:
        if not lock(watcher, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return
        root = str(Path(__file__).resolve().parents[1])
        # The lock goes over to the watcher with the open file, so there is no moment without one. The
        # shell in between leaves at once: the watcher outlives us and must not end as our zombie.
        subprocess.run(
            [
                *("/bin/sh", "-c", '"$@" &', "sh"),
                *(sys.executable, "-m", "server.embedded_watch", str(watcher)),
                *(str(place.folder), place.user.pw_name, str(place.binaries)),
            ],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, "PYTHONPATH": root},
            pass_fds=[watcher],
            start_new_session=True,
        )
