"""Which life of the database this is. A restored backup has forgotten what phones were told is safe; the counter in
DATA_DIR has not, so a start on a restored database is refused until the restore tool has bumped the epoch."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.clock import real_now
from domain.sql import execute, fetch_one

FILE = "epoch"


@dataclass(frozen=True)
class Life:
    """The epoch, the secret that signs cursors, and the instant that a complete backup holds."""

    epoch: int
    secret: bytes
    backed_up_at: datetime | None


@dataclass(frozen=True)
class Marker:
    """What lies outside the database: the epoch and the number of the last item that was answered."""

    epoch: int
    number: int


async def life() -> Life:
    """The one row, written by the migrations."""
    row = await fetch_one("SELECT epoch, secret, backed_up_at FROM server_epoch")
    assert row is not None
    return Life(row["epoch"], bytes(row["secret"]), row["backed_up_at"])


async def last_number() -> int:
    """The number of the last item that the database holds."""
    row = await fetch_one("SELECT coalesce(max(number), 0) AS number FROM sync_items")
    return int(row["number"]) if row else 0


def read_marker(folder: Path) -> Marker | None:
    """The counter kept outside the database; None where none was written yet."""
    try:
        epoch, number = (folder / FILE).read_text(encoding="ascii").split()
        return Marker(int(epoch), int(number))
    except FileNotFoundError:
        return None


def write_marker(folder: Path, marker: Marker) -> None:
    """Write the counter whole or not at all, also through a power cut; it never falls, however many write at once."""
    if _reached(folder, marker):
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        if _reached(folder, marker):
            return
        draft = folder / f"{FILE}.draft"
        with draft.open("w", encoding="ascii") as out:
            out.write(f"{marker.epoch} {marker.number}\n")
            out.flush()
            os.fsync(out.fileno())
        draft.replace(folder / FILE)


def _reached(folder: Path, marker: Marker) -> bool:
    known = read_marker(folder)
    return known is not None and (known.epoch, known.number) >= (marker.epoch, marker.number)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer at a time, of all threads and all server processes: each opens the lock file for itself."""
    with (folder / f"{FILE}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


async def restored(folder: Path) -> str | None:
    """Why this database must not be served, in plain words, or None; writes the first counter."""
    known, now = read_marker(folder), await life()
    if known is None:
        write_marker(folder, Marker(now.epoch, await last_number()))
        return None
    have = await last_number()
    if known.epoch == now.epoch and known.number <= have:
        return None
    return (
        f"数据库像是从备份恢复的(库内纪元 {now.epoch}、最后一条 {have};{folder / FILE} 记的是纪元 {known.epoch}、"
        f"最后一条 {known.number})。请执行 huying epoch bump,手机会把备份之后的记录重新送来;否则它们会丢失。"
    )


async def bump(folder: Path, reason: str) -> int:
    """Begin a new epoch above both counters; the new one. Run by the restore tool while no server runs."""
    known, now = read_marker(folder), await life()
    epoch = max(now.epoch, known.epoch if known else 0) + 1
    await execute(
        "UPDATE server_epoch SET epoch = $1, changed_at = $2, reason = $3", [epoch, real_now(), reason[:200]]
    )
    write_marker(folder, Marker(epoch, await last_number()))
    return epoch


async def backed_up(at: datetime) -> None:
    """A complete backup was begun at this instant: phones may forget what was received before it."""
    await execute(
        "UPDATE server_epoch SET backed_up_at = greatest(coalesce(backed_up_at, $1::timestamptz), $1::timestamptz)", [at]
    )
