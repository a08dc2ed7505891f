"""The reference phone: the executable specification of a worker app's queue, and a small client for tests.

What it promises: "saved" is said only when the item lies in a file. Items go oldest first, one push at a time. What was
acknowledged is kept until a backup of the server holds it and at least seven days; when the server has been restored, all
of it goes out again. An answer without `X-Huying-Api` comes from a hotel's portal and counts as no network.
"""

import json
import random
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 900.0
KEEP = timedelta(days=7)
SYNC = "/api/grid/v1/sync"

_TABLES = """
CREATE TABLE IF NOT EXISTS items (sequence INTEGER PRIMARY KEY, id TEXT UNIQUE, text TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting', result TEXT, answered_at TEXT);
CREATE TABLE IF NOT EXISTS rows (scope TEXT, entity TEXT, id TEXT, version INTEGER, data TEXT,
  PRIMARY KEY (scope, entity, id));
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT);
"""


class NoNetwork(Exception):
    """Nothing that can be believed came back."""


@dataclass
class Phone:
    """A phone with its queue in a SQLite file. `now` is its own wall clock, `send` its network (both may lie)."""

    path: Path
    send: Callable[[dict[str, Any]], httpx.Response]
    now: Callable[[], datetime]
    keeps_acknowledged: bool = True  # False is a known mistake, for the tests that must catch it
    keep: timedelta = KEEP
    durable: bool = True  # survives a power cut; without, only a crash, which is enough for tests and far quicker
    batch: int = 100
    pause_s: float = 0.0

    def __post_init__(self) -> None:
        self._file = sqlite3.connect(self.path, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=DELETE")
        self._file.execute(f"PRAGMA synchronous={'FULL' if self.durable else 'OFF'}")
        self._file.executescript(_TABLES)
        self.device_id = self._note("device_id") or self._keep("device_id", str(uuid4()))
        self._boot, self._started = str(uuid4()), time.monotonic()

    def close(self) -> None:
        """Switch the phone off; the file stays."""
        self._file.close()

    # ---- recording

    def record(self, verb: str, entity_id: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Keep an item; when this returns it is saved. `base_version` and `attachments` where the item has them."""
        (last,) = self._file.execute("SELECT coalesce(max(sequence), 0) FROM items").fetchone()
        floor = int(self._note("sequence") or 0)
        item = {
            "id": str(uuid4()), "sequence": max(last, floor) + 1, "verb": verb, "version": 1, "entity_id": entity_id,
            "occurred_at": self.now().isoformat(), "clock": {"boot_id": self._boot, "mono_ms": self._mono()}, "body": body, **more,
        }  # fmt: skip
        with self._file:
            self._file.execute("BEGIN")
            self._file.execute(
                "INSERT INTO items (sequence, id, text) VALUES (?, ?, ?)", (item["sequence"], item["id"], json.dumps(item))
            )
            self._keep("sequence", str(item["sequence"]))
        return item

    # ---- syncing

    def sync(self) -> bool:
        """One request; whether there is more to do. `NoNetwork` when nothing came back: try again after `pause_s`."""
        items = self.waiting(self.batch)
        try:
            answer = self._ask(items)
        except NoNetwork:
            ceiling = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, self.pause_s * 2))
            self.pause_s = random.uniform(FIRST_PAUSE_S, ceiling)  # full jitter: a village does not call in chorus
            raise
        self.pause_s = 0.0
        if answer.status_code == 200:
            return self._take(items, answer.json())
        return self._refused(answer, len(items))

    def sync_all(self, most: int = 200) -> None:
        """Until there is nothing left to send or to fetch."""
        for _ in range(most):
            if not self.sync():
                return
        raise AssertionError("the phone does not come to rest")

    def waiting(self, limit: int) -> list[dict[str, Any]]:
        """What is to be sent, oldest first."""
        found = self._file.execute("SELECT text FROM items WHERE state = 'waiting' ORDER BY sequence LIMIT ?", (limit,))
        return [json.loads(text) for (text,) in found]

    def results(self) -> dict[str, dict[str, Any]]:
        """The last result of each item that has one."""
        found = self._file.execute("SELECT id, result FROM items WHERE result IS NOT NULL")
        return {item: json.loads(result) for item, result in found}

    def set_aside(self) -> list[str]:
        """Items that were refused alone, unread: kept here until the user has seen them."""
        return [item for (item,) in self._file.execute("SELECT id FROM items WHERE state = 'set-aside' ORDER BY sequence")]

    def rows(self) -> dict[tuple[str, str, str], tuple[int, Any]]:
        """What the phone shows: (scope, entity, id) → version and data."""
        found = self._file.execute("SELECT scope, entity, id, version, data FROM rows")
        return {(scope, entity, row): (version, json.loads(data)) for scope, entity, row, version, data in found}

    def _ask(self, items: list[dict[str, Any]]) -> httpx.Response:
        epoch = self._note("epoch")
        envelope = {
            "device_id": self.device_id, "items": items, "cursor": self._note("cursor"),
            "epoch": int(epoch) if epoch else None,
            "clock": {"wall": self.now().isoformat(), "boot_id": self._boot, "mono_ms": self._mono()},
        }  # fmt: skip
        try:
            answer = self.send({name: value for name, value in envelope.items() if value is not None})
        except httpx.TransportError as error:
            raise NoNetwork from error
        if answer.headers.get("x-huying-api") != "1" or answer.status_code in (429, 502, 503, 504):
            raise NoNetwork
        return answer

    def _refused(self, answer: httpx.Response, sent: int) -> bool:
        code = answer.json()["code"]
        if answer.status_code == 413 or (code == "malformed-body" and sent):
            if sent <= 1:
                self._file.execute(
                    "UPDATE items SET state = 'set-aside' WHERE sequence = (SELECT min(sequence) FROM items WHERE state = 'waiting')"
                )
                self.batch = 100
            else:
                self.batch = max(1, sent // 2)
            return True
        if code == "epoch-changed":
            self._start_over(answer.json()["epoch"])
            return True
        if code in ("cursor-too-old", "invalid-cursor"):
            self._forget_rows()
            return True
        raise PermissionError(f"{answer.status_code} {code}")

    def _start_over(self, epoch: int) -> None:
        """The server has forgotten: everything kept goes out again, everything shown is fetched anew."""
        with self._file:
            self._file.execute("BEGIN")
            self._file.execute("UPDATE items SET state = 'waiting', answered_at = NULL WHERE state = 'answered'")
            self._keep("epoch", str(epoch))
            self._forget_rows()

    def _forget_rows(self) -> None:
        self._file.execute("DELETE FROM notes WHERE name = 'cursor'")
        self._file.execute("DELETE FROM rows")

    def _take(self, items: list[dict[str, Any]], answer: dict[str, Any]) -> bool:
        assert len(answer["results"]) == len(items)
        again = False
        with self._file:
            self._file.execute("BEGIN")
            for item, result in zip(items, answer["results"], strict=True):
                assert result["id"] == item["id"]
                if result["status"] == "retry":
                    again = True
                else:
                    self._acknowledge(item, result, answer["server_time"])
            for scope in answer["revoked"]:
                self._file.execute("DELETE FROM rows WHERE scope = ?", (scope,))
            for change in answer["changes"]:
                self._apply(change)
            self._keep("cursor", answer["next_cursor"])
            self._keep("epoch", str(answer["epoch"]))
            self._keep("device_key", answer["device_key"])
            self._prune(answer["backup_watermark"], answer["server_time"])
        self.batch = min(100, self.batch * 2)
        return again or answer["more"] or bool(self.waiting(1))

    def _acknowledge(self, item: dict[str, Any], result: dict[str, Any], at: str) -> None:
        self._file.execute(
            "UPDATE items SET state = 'answered', result = ?, answered_at = ? WHERE id = ?",
            (json.dumps(result), at, item["id"]),
        )
        if not self.keeps_acknowledged:
            self._file.execute("DELETE FROM items WHERE id = ?", (item["id"],))

    def _apply(self, change: dict[str, Any]) -> None:
        if change["kind"] == "reset":
            self._file.execute("DELETE FROM rows WHERE scope = ?", (change["scope"],))
            return
        key = (change["scope"], change["entity"], change["id"])
        if change["kind"] == "gone":
            self._file.execute("DELETE FROM rows WHERE scope = ? AND entity = ? AND id = ?", key)
            return
        self._file.execute(
            "INSERT INTO rows VALUES (?, ?, ?, ?, ?) ON CONFLICT (scope, entity, id) DO UPDATE SET"
            " version = excluded.version, data = excluded.data WHERE excluded.version >= rows.version",
            (*key, change["version"], json.dumps(change["data"])),
        )

    def _prune(self, watermark: str | None, server_time: str) -> None:
        """By the server's clock on both sides: the phone's own may be years off."""
        if watermark is None:
            return
        by = min(datetime.fromisoformat(watermark), datetime.fromisoformat(server_time) - self.keep)
        done = self._file.execute("SELECT sequence, answered_at FROM items WHERE state = 'answered'").fetchall()
        gone = [(sequence,) for sequence, at in done if datetime.fromisoformat(at) < by]
        self._file.executemany("DELETE FROM items WHERE sequence = ?", gone)

    # ---- small things

    def _mono(self) -> int:
        return int((time.monotonic() - self._started) * 1000)

    def _note(self, name: str) -> str | None:
        found = self._file.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return found[0] if found else None

    def _keep(self, name: str, value: str) -> str:
        self._file.execute("INSERT INTO notes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))
        return value


def network(client: httpx.Client) -> Callable[[dict[str, Any]], httpx.Response]:
    """A network that works: the requests of a signed-in client."""
    headers = {"Content-Type": "application/json"}
    return lambda envelope: client.post(SYNC, content=json.dumps(envelope), headers=headers)  # as JSON.stringify writes it
