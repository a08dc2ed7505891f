"""A world for sync: one real server on its own database, which can be killed and restored; scenes with fresh grids,
workers and phones in it; and what must hold of them in the end (I1–I13 of the sync protocol)."""

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import psycopg
from psycopg.rows import dict_row

from tests.support.cluster import Cluster
from tests.support.phone import SYNC, NoNetwork, Phone
from tests.support.sync_nursery import Nursery
from tests.support.uploads import amr

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


@dataclass
class Carrier:
    """A worker with a phone on a bad network."""

    world: World
    worker: str
    token: str
    phone: Phone
    grids: list[str]
    fate: str = "ok"
    delayed: list[dict[str, Any]] = field(default_factory=list)
    finals: dict[tuple[int, str], str] = field(default_factory=dict)

    def carry(self, envelope: dict[str, Any]) -> httpx.Response:
        """What the network does with a request: `ok`, `request-lost`, `reply-lost`, `twice`, `portal`, `delayed`."""
        fate, self.fate = self.fate, "ok"
        if fate == "delayed":
            self.delayed.append(envelope)
        if fate in ("request-lost", "delayed"):
            raise httpx.ConnectError(fate)
        if fate == "portal":
            return httpx.Response(200, json={"welcome": "please pay"})
        answer = self.post(envelope)
        if fate == "twice":
            answer = self.post(envelope)
        if fate == "reply-lost":
            raise httpx.ReadError(fate)
        return answer

    def post(self, envelope: dict[str, Any]) -> httpx.Response:
        address = self.world.urls[0] + SYNC
        answer = self.world.http.post(address, json=envelope, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code in (200, 409, 410), answer.text
        if answer.status_code == 200:
            self._look(answer.json(), envelope)
        return answer

    def _look(self, answer: dict[str, Any], envelope: dict[str, Any]) -> None:
        scopes = {change["scope"] for change in answer["changes"]}
        assert scopes <= {*self.grids, "own"}, "I8: a row outside the scope"
        assert not (answer["revoked"] and answer["changes"]), "I8: rows beside a purge"
        assert [result["id"] for result in answer["results"]] == [item["id"] for item in envelope["items"]]
        for result in answer["results"]:
            status = result.get("first", result["status"])
            if status in ("done", "rejected", "conflict"):
                known = self.finals.setdefault((answer["epoch"], result["id"]), status)
                assert known == status, f"I3: {known} became {status}"


class Scene:
    """Three workers with phones and two grids that nobody else uses; what they recorded, for the reckoning."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder / f"scene{world.number()}"
        self.folder.mkdir()
        self.started = datetime.now(UTC)
        self.grids = [world.grid() for _ in range(2)]
        self.areas = [code for code, _ in self.grids]
        self.offset = [timedelta(0)] * 3
        self.carriers = [self._carrier(number, grids) for number, grids in enumerate(([0], [0, 1], [1]))]
        self.items: list[tuple[str, dict[str, Any]]] = []  # kind, item
        self.events: list[str] = []
        self.photos: dict[str, tuple[int, str]] = {}  # declared files: whose, on which visit
        self.stored: dict[str, str] = {}  # files that the server has taken: SHA-256

    def _carrier(self, number: int, grids: list[int]) -> Carrier:
        mine = [self.areas[grid] for grid in grids]
        worker, token = self.world.worker(mine)
        carrier: Carrier

        def send(envelope: dict[str, Any]) -> httpx.Response:
            return carrier.carry(envelope)

        phone = self._phone(self.folder / f"phone{number}.db", send, lambda: datetime.now(UTC) + self.offset[number])
        phone.keeps_acknowledged = self.world.mistake != "prune-on-ack"
        carrier = Carrier(self.world, worker, token, phone, mine)
        return carrier

    def _phone(self, path: Path, send: Callable[[dict[str, Any]], httpx.Response], now: Callable[[], datetime]) -> Phone:
        return Phone(path, send, now, keep=timedelta(0), durable=False)

    # ---- what people do

    def visit(self, who: int, grid: int) -> None:
        body = {"household_id": self.grids[grid][1], "purposes": ["visit"], "outcome": "met"}
        self.items.append(("visit", self.carriers[who].phone.record("visit", str(uuid4()), body)))

    def photo(self, who: int, grid: int) -> None:
        """A visit with a recording that is declared now; its bytes come when they come."""
        file, visit = str(uuid4()), str(uuid4())
        body = {"household_id": self.grids[grid][1], "purposes": ["visit"], "outcome": "met"}
        item = self.carriers[who].phone.record("visit", visit, body, attachments=[{"id": file}])
        self.items.append(("visit", item))
        self.photos[file] = (who, visit)

    def upload(self, which: int, frames: int) -> None:
        """The bytes of a declared file arrive, or other bytes under its id."""
        if not self.photos:
            return
        file = list(self.photos)[which % len(self.photos)]
        data = amr(50 * frames)
        carrier = self.carriers[self.photos[file][0]]
        answer = self.world.http.post(
            f"{self.world.urls[0]}/api/grid/v1/uploads/simple", data={"attachment_id": file},
            files={"file": ("a.amr", data, "audio/amr")}, headers={"Authorization": f"Bearer {carrier.token}"},
        )  # fmt: skip
        known, digest = self.stored.get(file), sha256(data).hexdigest()
        if not carrier.grids:
            assert answer.status_code == 403, answer.text
            return
        assert answer.status_code == (201 if known in (None, digest) else 409), f"I9: {answer.text}"
        self.stored.setdefault(file, digest)

    def event(self, who: int, grid: int) -> None:
        body = {"event_type": "E4", "level": "ordinary", "grid_code": self.areas[grid], "description": "水管破了"}
        item = self.carriers[who].phone.record("event", str(uuid4()), body)
        self.items.append(("event", item))
        self.events.append(item["entity_id"])

    def note(self, who: int, which: int) -> None:
        """A note on an event that somebody made, perhaps one that the server has never heard of."""
        if self.events:
            case = self.events[which % len(self.events)]
            item = self.carriers[who].phone.record("case:add-note", case, {"text": f"记 {uuid4()}"})
            self.items.append(("note", item))

    def handle(self, who: int, which: int, base: int) -> None:
        if self.events:
            case = self.events[which % len(self.events)]
            body = {"result": f"办 {uuid4()}"}
            item = self.carriers[who].phone.record("case:self-handle", case, body, base_version=base)
            self.items.append(("handle", item))

    def inspect(self, who: int, which: int, base: int) -> None:
        """A colleague has looked: the case ends, for ever as far as phones go."""
        if self.events:
            case = self.events[which % len(self.events)]
            body = {"passed": True, "note": f"看 {uuid4()}"}
            item = self.carriers[who].phone.record("case:inspect", case, body, base_version=base)
            self.items.append(("inspect", item))

    def sync(self, who: int, fate: str = "ok") -> None:
        self.carriers[who].fate = fate
        with contextlib.suppress(NoNetwork):
            self.carriers[who].phone.sync()

    def deliver(self, who: int, which: int, *, keep: bool = False) -> None:
        """A request that was on its way for long arrives; nobody waits for its answer any more."""
        carrier = self.carriers[who]
        if carrier.delayed:
            at = which % len(carrier.delayed)
            carrier.post(carrier.delayed[at] if keep else carrier.delayed.pop(at))

    def switch(self, who: int, grid: int) -> None:
        """A grid is taken from a worker, or given."""
        carrier, code = self.carriers[who], self.areas[grid]
        if code in carrier.grids:
            self.world.unassign(carrier.worker, code)
            carrier.grids.remove(code)
        else:
            self.world.assign(carrier.worker, code)
            carrier.grids.append(code)

    def reboot(self, who: int) -> None:
        """A phone is switched off and on: what was saved lies in its file, and its steady clock begins anew."""
        old = self.carriers[who].phone
        old.close()
        self.carriers[who].phone = replace(old)

    def restored(self) -> None:
        """Assignments and files came back with the backup; requests under way died with the server."""
        here = self.world.rows("SELECT id FROM attachments WHERE id = ANY(%s::uuid[])", list(self.stored))
        self.stored = {str(row["id"]): self.stored[str(row["id"])] for row in here}
        for carrier in self.carriers:
            rows = self.world.rows("SELECT area_code FROM assignments WHERE staff_id = %s", carrier.worker)
            carrier.grids[:] = [row["area_code"] for row in rows]
            carrier.delayed.clear()

    # ---- what must hold

    def gapless(self) -> None:
        rows = self.world.rows(
            "SELECT h.area, h.feed_n AS n, count(f.seq) AS rows, coalesce(min(f.seq), 1) AS low, coalesce(max(f.seq), 0) AS high"
            " FROM journal_heads h LEFT JOIN feed f ON f.area = h.area WHERE h.area = ANY(%s) GROUP BY h.area, h.feed_n",
            self.areas,
        )
        assert all(row["n"] == row["rows"] == row["high"] and row["low"] == 1 for row in rows), "I5: a gap in the feed"

    def reckon(self) -> None:
        """Everybody comes back into the network, comes to rest, and everything is compared."""
        for _ in range(2):
            for carrier in self.carriers:
                carrier.fate = "ok"
                carrier.phone.sync_all()
        self.gapless()
        self._nothing_lost()
        self._once()
        self._content()
        self._files()
        self._ended()
        self._deadlines()
        for carrier in self.carriers:
            self._same_as_new(carrier)

    def _nothing_lost(self) -> None:
        kept = {str(row["id"]): row for row in self.world.rows(
            "SELECT id, status, code, body_sha256, entity, EXISTS (SELECT 1 FROM cases c WHERE c.id = entity) AS there,"
            " received_at FROM sync_items WHERE id = ANY(%s)", [item["id"] for _, item in self.items])}  # fmt: skip
        for _, item in self.items:
            assert item["id"] in kept, f"I1: {item['verb']} {item['id']} is lost"
            digest = sha256(msgspec.json.encode(item, order="deterministic")).digest()
            assert bytes(kept[item["id"]]["body_sha256"]) == digest, "I1: other content"
        stuck = [row["code"] for row in kept.values() if row["status"] == "held" and row["there"] and row["code"] != "waiting-for-version"
                 and row["code"] != "waiting-for-earlier"]  # fmt: skip
        assert not stuck, f"I12: held for ever: {stuck}"
        assert not [1 for carrier in self.carriers for _ in carrier.phone.waiting(1)], "I12: no progress"
        self.status = {item: row["status"] for item, row in kept.items()}

    def _once(self) -> None:
        subjects = [item["entity_id"] for _, item in self.items]
        facts = self._count("SELECT subject_id AS id, count(*) AS n FROM journal WHERE subject_id = ANY(%s)"
                            " AND event IN ('visit.logged', 'event.reported') GROUP BY 1", subjects)  # fmt: skip
        texts = self._count("SELECT text AS id, count(*) AS n FROM case_texts WHERE case_id = ANY(%s) GROUP BY 1", self.events)
        records = self._count("SELECT id, 1 AS n FROM visits WHERE id = ANY(%s::uuid[])", subjects)
        records |= self._count("SELECT id, 1 AS n FROM cases WHERE id = ANY(%s::uuid[])", subjects)
        for kind, item in self.items:
            done = self.status[item["id"]] == "done"
            if kind in ("visit", "event"):
                found = (records.get(item["entity_id"], 0), facts.get(item["entity_id"], 0))
                assert found == (int(done), int(done)), f"I2/I11: {kind} {self.status[item['id']]}: {found}"
            elif kind == "note":
                assert texts.get(item["body"]["text"], 0) == int(done), f"I2: note {texts.get(item['body']['text'], 0)} times"
        versions = self.world.rows(
            "SELECT case_id FROM (SELECT case_id, (data->>'version')::int AS v, lag((data->>'version')::int) OVER"
            " (PARTITION BY case_id ORDER BY area, n) AS before FROM journal WHERE case_id = ANY(%s) AND data ? 'version') j"
            " WHERE v <= before", self.events)  # fmt: skip
        assert not versions, "I7: a version fell"

    def _content(self) -> None:
        """Whatever the order and however often it came, a fact says what its worker said."""
        made = {str(row["id"]): row for row in self.world.rows(
            "SELECT id, worker_id, household_id, outcome FROM visits WHERE id = ANY(%s::uuid[])",
            [item["entity_id"] for kind, item in self.items if kind == "visit"])}  # fmt: skip
        by = {row["id"]: row["worker"] for row in self.world.rows(
            "SELECT id::text AS id, worker FROM sync_items WHERE id = ANY(%s::uuid[])", [item["id"] for _, item in self.items])}  # fmt: skip
        for _, item in self.items:
            row = made.get(item["entity_id"])
            if row:
                said = (by[item["id"]], item["body"]["household_id"], item["body"]["outcome"])
                assert (row["worker_id"], str(row["household_id"]), row["outcome"]) == said, "I6: other content"

    def _files(self) -> None:
        """A file keeps its first bytes; the record of a done visit has it, or waits for it."""
        rows = {str(row["id"]): row for row in self.world.rows(
            "SELECT id, sha256, subject_id FROM attachments WHERE id = ANY(%s::uuid[])", list(self.photos))}  # fmt: skip
        awaited = {str(row["id"]) for row in self.world.rows(
            "SELECT id FROM sync_files WHERE id = ANY(%s::uuid[])", list(self.photos))}  # fmt: skip
        done = {item["entity_id"] for kind, item in self.items if kind == "visit" and self.status[item["id"]] == "done"}
        for file, (_, visit) in self.photos.items():
            row = rows.get(file)
            assert (row["sha256"] if row else None) == self.stored.get(file), "I9: other bytes"
            tied = str(row["subject_id"]) if row and row["subject_id"] else None
            assert tied == (visit if row and visit in done else None), "I9: a file is not with its record"
            assert (file in awaited) == (row is None and visit in done), "I9: a file is not waited for"

    def _ended(self) -> None:
        cases = {item["entity_id"] for kind, item in self.items if kind == "inspect" and self.status[item["id"]] == "done"}
        rows = self.world.rows("SELECT state FROM cases WHERE id = ANY(%s::uuid[])", list(cases))
        assert [row["state"] for row in rows] == ["closed"] * len(cases), "I10: an ended case lives again"

    def _count(self, query: str, ids: list[str]) -> dict[str, int]:
        return {str(row["id"]): row["n"] for row in self.world.rows(query, ids)}

    def _deadlines(self) -> None:
        rows = self.world.rows("SELECT started_at FROM deadlines WHERE case_id = ANY(%s)", self.events)
        until = datetime.now(UTC) + timedelta(minutes=1)
        assert all(self.started - timedelta(minutes=1) <= row["started_at"] <= until for row in rows), "I13"

    def _same_as_new(self, carrier: Carrier) -> None:
        """A phone that lived through all of it shows what a phone shows that was switched on today."""
        new = self._phone(Path(":memory:"), carrier.post, lambda: datetime.now(UTC))
        new.sync_all()
        old, fresh = carrier.phone.rows(), new.rows()
        new.close()
        assert old == fresh, f"I4: {set(old) ^ set(fresh) or 'other data'}"

    def close(self) -> None:
        for carrier in self.carriers:
            carrier.phone.close()
        shutil.rmtree(self.folder)
