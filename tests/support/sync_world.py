"""A world for sync: real servers on a database of their own, which can be killed and restored, and its people."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row

from tests.support.cluster import Cluster
from tests.support.sync_nursery import Nursery

VILLAGE = "360781100001"
LIKE = f"{VILLAGE}001"
_worlds = count(1)


class World:
    """A server, or several on one database as in production, and the last backup."""

    def __init__(self, cluster: Cluster, stage: str, nursery: Nursery, folder: Path, *, mistake: str = "", servers: int = 1):
        self.cluster, self.folder, self.mistake, self.nursery = cluster, folder, mistake, nursery
        self.http, self._servers = nursery.http, servers
        self.pids: list[int] = []
        self._number = 0
        self.backed_up = False
        number = next(_worlds)
        self.live, self.copy = f"sync_live_{number}", f"sync_backup_{number}"
        self.dsn = cluster.create_database(self.live, stage)
        self._connect()
        self._start()

    def close(self) -> None:
        self._disconnect()
        for name in (self.live, self.copy):
            self.cluster.drop_database(name)

    # ---- misfortunes

    def kill(self) -> None:
        """`kill -9`, and another one in its place."""
        self._disconnect()
        self._connect()
        self._start()

    def backup(self) -> None:
        """A complete copy of the database; afterwards the live one knows that it was made."""
        begun = datetime.now(UTC)
        self._disconnect()
        self._copy(self.live, self.copy)
        self._connect()
        self.sql.execute("UPDATE server_epoch SET backed_up_at = %s", [begun])
        self._start()
        self.backed_up = True

    def restore(self) -> None:
        """The last backup takes the place of the database; the restore tool bumps the epoch (unless forgotten)."""
        self._disconnect()
        self._copy(self.copy, self.live)
        self._connect()
        self._start(bump=self.mistake != "no-epoch")

    def _copy(self, source: str, target: str) -> None:
        """By files: half the time of the default, which writes the copy into the log."""
        self.cluster.drop_database(target)
        with psycopg.connect(self.cluster.dsn("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY FILE_COPY")

    def _start(self, *, bump: bool = False) -> None:
        self.urls = []
        for number in range(self._servers):
            pid, url = self.nursery.start(self.dsn, self.folder, bump=bump and not number, mistake=self.mistake)
            self.pids.append(pid)
            self.urls.append(url)

    def _connect(self) -> None:
        self.sql = psycopg.connect(self.dsn, autocommit=True, row_factory=dict_row)

    def _disconnect(self) -> None:
        for pid in self.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.pids.clear()
        self.sql.close()
        with psycopg.connect(self.cluster.dsn("postgres"), autocommit=True) as admin:
            while admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (%s, %s)", [self.live, self.copy]
            ).fetchall():
                pass

    # ---- the window of a race

    @contextlib.contextmanager
    def standstill(self, area: str) -> Iterator[None]:
        """Every unit with facts about the area stands still in its last step before the commit."""
        with psycopg.connect(self.dsn) as other:
            other.execute("SELECT 1 FROM journal_heads WHERE area = %s FOR UPDATE", [area])
            yield
            other.rollback()

    def standing(self) -> int:
        """How many units wait for a lock."""
        query = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        return int(self.rows(query, self.live)[0]["n"])

    # ---- people and places

    def number(self) -> int:
        self._number += 1
        return self._number

    def grid(self) -> tuple[str, str]:
        """A new grid with one house: code and household id."""
        code, house, number = f"{VILLAGE}9{self.number():05d}", str(uuid4()), self._number
        self._like("areas", "code", LIKE, {"code": code, "path": f"{self._path(VILLAGE)}.{code}", "name": f"网格{number}"})
        self._like("households", "grid_code", LIKE, {
            "id": house, "grid_code": code, "area_path": f"{self._path(VILLAGE)}.{code}", "serial": f"SY{number:08d}",
            "import_key": f"sync:{number}",
        })  # fmt: skip
        return code, house

    def worker(self, grids: list[str]) -> tuple[str, str]:
        """A new worker of these grids: id and token."""
        worker, token = str(uuid4()), f"hhs_{uuid4().hex}"
        self._like("staff", "login", "13800000001", {"id": worker, "login": worker, "phone": "", "openid": None})
        for grid in grids:
            self.assign(worker, grid)
        self._session("worker", worker, token)
        return worker, token

    def staff(self, login: str) -> str:
        """The token of somebody at a desk."""
        token = f"hhs_{uuid4().hex}"
        self._session("staff", str(self.rows("SELECT id FROM staff WHERE login = %s", login)[0]["id"]), token)
        return token

    def _session(self, kind: str, subject: str, token: str) -> None:
        self.sql.execute(
            "INSERT INTO sessions (token_hash, kind, subject_id, created_at, used_at, expires_at)"
            " VALUES (%s, %s, %s, now(), now(), now() + interval '1 day')",
            [sha256(token.encode()).digest(), kind, subject],
        )

    def assign(self, worker: str, grid: str) -> None:
        self.sql.execute(
            "INSERT INTO assignments (id, staff_id, role, area_code, area_path) SELECT gen_random_uuid(), %s, 'grid_worker',"
            " code, path FROM areas WHERE code = %s",
            [worker, grid],
        )

    def unassign(self, worker: str, grid: str) -> None:
        self.sql.execute("DELETE FROM assignments WHERE staff_id = %s AND area_code = %s", [worker, grid])

    def duty(self, worker: str, grid: str) -> None:
        """The grid is the worker's to hand over."""
        self.sql.execute(
            "INSERT INTO grid_duties (id, worker_id, grid_code, since_on) VALUES (gen_random_uuid(), %s, %s, current_date)",
            [worker, grid],
        )

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return self.sql.execute(query, values).fetchall()

    def _path(self, code: str) -> str:
        return str(self.rows("SELECT path FROM areas WHERE code = %s", code)[0]["path"])

    def _like(self, table: str, column: str, value: str, changes: dict[str, Any]) -> None:
        """A new row like an existing one, so that a new column of a table is no concern of this file."""
        self.sql.execute(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(t, %s::jsonb)).* FROM {table} t WHERE {column} = %s LIMIT 1",
            [json.dumps(changes), value],
        )
