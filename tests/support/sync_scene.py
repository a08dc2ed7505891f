"""Scenes of a world for sync: workers with phones on a bad network, grids that nobody else uses, and what they do."""

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.support.phone import SYNC, NoNetwork, Phone
from tests.support.sync_world import World
from tests.support.uploads import amr


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
        self.status: dict[str, str] = {}  # of each item, as the reckoning found it

    def _carrier(self, number: int, grids: list[int]) -> Carrier:
        mine = [self.areas[grid] for grid in grids]
        worker, token = self.world.worker(mine)
        carrier: Carrier

        def send(envelope: dict[str, Any]) -> httpx.Response:
            return carrier.carry(envelope)

        phone = self.phone_at(self.folder / f"phone{number}.db", send, lambda: datetime.now(UTC) + self.offset[number])
        phone.keeps_acknowledged = self.world.mistake != "prune-on-ack"
        carrier = Carrier(self.world, worker, token, phone, mine)
        return carrier

    def phone_at(self, path: Path, send: Callable[[dict[str, Any]], httpx.Response], now: Callable[[], datetime]) -> Phone:
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

    def close(self) -> None:
        for carrier in self.carriers:
            carrier.phone.close()
        shutil.rmtree(self.folder)
