"""Takes one item in, in one unit of work: lock its entity, look whether it was here before, apply it or hold it, keep
what became of it, and let go of what waited for it. All of it is in the database, or nothing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid5

import msgspec

from domain.access.actor import Actor
from domain.clock import now
from domain.problems import DeviceCloned, ItemIdReused, Problem, Quarantined, ServerFault
from domain.sql import execute, fetch, fetch_one
from domain.sync.clocks import Moment, moment
from domain.sync.devices import WORKER, current_worker, read_worker
from domain.sync.items import Item, PhoneNow, Received
from domain.sync.mark import attempt_from_mark, lock_and_mark
from domain.sync.mine import settle_corrected
from domain.sync.outcome import PASSING, Outcome, TryAgain, held, refused, repeated, unreadable
from domain.sync.queries import REFUSED

PATIENCE = timedelta(days=5)
MOST_RELEASED = 200
T = TypeVar("T")


@dataclass(frozen=True)
class Verb:
    """What a phone can do: the newest version of its body that we know, the table that must hold its entity (empty
    for what makes one), and whether an older base version is a conflict."""

    perform: Callable[[Actor, Item, datetime], Awaitable[int | None]]
    newest: int = 1
    table: str = ""
    versioned: bool = False
    record: bool = False  # the entity is the very record that the item makes
    late: Callable[[Actor, Item, datetime], Awaitable[None]] | None = None  # what remains of an overtaken item


class Attempt(Protocol):
    """Runs a part of the unit that may fail alone."""

    async def __call__(self, actor: Actor, work: Callable[[], Awaitable[T]]) -> T:
        """The result of the work, or what it raised, with all that it wrote undone."""


@dataclass(frozen=True)
class Desk:
    """What the intake is handed by the door."""

    verbs: Mapping[str, Verb]
    attempt: Attempt
    translate: Callable[[BaseException], Problem]
    log_fault: Callable[[UUID, BaseException], None]


@dataclass(frozen=True)
class Sender:
    """Whose phone it is, what its clocks say now, and which epoch this is; `locked` out: everything to quarantine."""

    device: UUID
    worker: UUID
    epoch: int
    clock: PhoneNow | None = None
    locked_out: bool = False


@dataclass(frozen=True)
class _Case:
    """An item under decision, and its worker with the rights of this moment (None: disabled)."""

    item: Item
    device: UUID
    worker: Actor | None
    at: datetime
    received_at: datetime
    marked: bool = False  # it is the item of this unit, which is marked for it


async def take(desk: Desk, sender: Sender, received: Received) -> Outcome:
    """Take one readable item in; to be run in a unit of its own. `TryAgain` when nothing may be stored."""
    item = received.item
    if item is None:
        return await _take_unreadable(sender, received)
    await lock_and_mark(item.entity_id)
    seen = await _look(sender, item)
    if seen.known is not None:
        return _again(seen.known, received)
    found = moment(item, sender.clock, now())
    if seen.taken:
        return await _keep(sender, replace(received, item=_unnumbered(item)), found, refused(DeviceCloned()))
    if sender.locked_out:
        return await _keep(sender, received, found, refused(Quarantined()))
    outcome = await _decide(desk, _Case(item, sender.device, seen.worker, found.at, now(), marked=True))
    await _keep(sender, received, found, outcome)
    if outcome.status == "done" and seen.refused and desk.verbs[item.verb].record:
        await settle_corrected(item, sender.worker)
    if outcome.status == "done" and seen.awaited:
        await release(desk, item.entity_id)
    return outcome


async def release(desk: Desk, entity: UUID) -> None:
    """Decide anew on everything held for an entity, in the order of its phones; the caller holds the entity's lock."""
    rows = await fetch(
        "SELECT id, device, coalesce(given_to, worker) AS worker, body, code, occurred_at, received_at FROM sync_items"
        f" WHERE entity = $1 AND status = 'held' ORDER BY device, sequence LIMIT {MOST_RELEASED}",
        [entity],
    )
    people = {worker: await current_worker(worker) for worker in {row["worker"] for row in rows}}
    moved = bool(rows)
    while moved:
        moved = False
        for row in list(rows):
            item = msgspec.json.decode(row["body"], type=Item)
            case = _Case(item, row["device"], people[row["worker"]], row["occurred_at"], row["received_at"])
            try:
                outcome = await _decide(desk, case)
            except TryAgain:
                continue
            if outcome.status != "held":
                rows.remove(row)
                moved = True
            if outcome.code != row["code"] or outcome.status != "held":
                await _settle(item.id, outcome)
                row["code"] = outcome.code


async def decide_again(desk: Desk, row: dict[str, Any], worker: UUID) -> Outcome:
    """Decide anew on a kept item under the rights that a worker has now, and keep the outcome; the caller holds the
    entity's lock. What waited for the entity is let go."""
    item = msgspec.json.decode(row["body"], type=Item)
    actor = await current_worker(worker)
    outcome = await _decide(desk, _Case(item, row["device"], actor, row["occurred_at"], row["received_at"]))
    await _settle(item.id, outcome)
    if outcome.status == "done":
        await release(desk, item.entity_id)
    return outcome


async def waiting(device: UUID) -> list[UUID]:
    """Entities for which something of this phone is held."""
    rows = await fetch(
        "SELECT DISTINCT entity FROM (SELECT entity FROM sync_items WHERE device = $1 AND status = 'held'"
        " ORDER BY sequence LIMIT 100) w",
        [device],
    )
    return [row["entity"] for row in rows]


async def _decide(desk: Desk, case: _Case) -> Outcome:
    """What becomes of an item now; only `_apply` writes."""
    verb = desk.verbs.get(case.item.verb)
    if verb is None:
        return held("unknown-verb")
    if case.item.version > verb.newest:
        return held("newer-version")
    patient = now() - case.received_at < PATIENCE
    if patient and (reason := await _missing(verb, case)):
        return held(reason)
    if case.worker is None:
        return refused(Quarantined())
    return await _apply(desk, verb, case.worker, case)


async def _missing(verb: Verb, case: _Case) -> str | None:
    """What an item has to wait for; after five days it is tried anyhow, and a person sees what came of it."""
    if not verb.table:
        return None
    column = "version" if verb.versioned else "1"
    row = await fetch_one(
        f"SELECT (SELECT {column} FROM {verb.table} WHERE id = $1) AS version,"
        " EXISTS (SELECT 1 FROM sync_items WHERE entity = $1 AND device = $2 AND sequence < $3 AND status = 'held'"
        " AND code NOT IN ('unknown-verb', 'newer-version')) AS queued",
        [case.item.entity_id, case.device, case.item.sequence],
    )
    assert row is not None
    if row["version"] is None:
        return "waiting-for-entity"
    if row["queued"]:
        return "waiting-for-earlier"
    if verb.versioned and case.item.base_version is not None and case.item.base_version > row["version"]:
        return "waiting-for-version"
    return None


async def _apply(desk: Desk, verb: Verb, actor: Actor, case: _Case) -> Outcome:
    item, at, attempt = case.item, case.at, attempt_from_mark if case.marked else desk.attempt
    try:
        version = await attempt(actor, lambda: verb.perform(actor, item, at))
    except Exception as error:  # whatever one item does, the others of the batch go on
        problem = desk.translate(error)
        if problem.code in PASSING:
            raise TryAgain from error
        if isinstance(problem, ServerFault):
            desk.log_fault(item.id, error)
            return held("server-fault")
        outcome = refused(problem)
        late = verb.late
        if outcome.status == "conflict" and late is not None:
            await _leave_note(desk, actor, item.id, lambda: late(actor, item, at))
        return outcome
    return Outcome("done", entity_version=version)


async def _leave_note(desk: Desk, actor: Actor, item_id: UUID, work: Callable[[], Awaitable[None]]) -> None:
    """What an overtaken item says is appended for colleagues; where even that is refused, the item alone keeps it."""
    try:
        await desk.attempt(actor, work)
    except Exception as error:  # whatever comes of the note, the item is in conflict and kept
        problem = desk.translate(error)
        if problem.code in PASSING:
            raise TryAgain from error
        if isinstance(problem, ServerFault):
            desk.log_fault(item_id, error)


# ---- what is kept


@dataclass(frozen=True)
class _Seen:
    """What the database holds about an item before anything is decided: its first result; whether its place in the
    phone's sequence is taken; whether somebody waits for its entity, and whether something on it was refused; its worker."""

    known: dict[str, Any] | None
    taken: bool
    awaited: bool
    refused: bool
    worker: Actor | None


_LOOK = f"""
SELECT i.body_sha256, i.result, EXISTS (SELECT 1 FROM sync_items WHERE device = $2 AND sequence = $3) AS taken,
  EXISTS (SELECT 1 FROM sync_items WHERE entity = $4 AND status = 'held') AS awaited,
  EXISTS (SELECT 1 FROM sync_items WHERE entity = $4 AND {REFUSED}) AS refused, ({WORKER.format("$5")}) AS worker
FROM (SELECT 1) AS one LEFT JOIN sync_items i ON i.id = $1
"""


async def _look(sender: Sender, item: Item) -> _Seen:
    """One query for all of it; what is awaited cannot change before the commit, for whoever waits locks the entity."""
    row = await fetch_one(_LOOK, [item.id, sender.device, item.sequence, item.entity_id, sender.worker], json=("result",))
    assert row is not None
    known = row if row["body_sha256"] is not None else None
    return _Seen(known, row["taken"], row["awaited"], row["refused"], read_worker(row["worker"]))


async def _known(item_id: UUID) -> dict[str, Any] | None:
    return await fetch_one("SELECT body_sha256, result FROM sync_items WHERE id = $1", [item_id], json=("result",))


def _again(known: dict[str, Any], received: Received) -> Outcome:
    if bytes(known["body_sha256"]) != received.digest:
        return refused(ItemIdReused())
    return repeated(known["result"])


def _unnumbered(item: Item) -> Item:
    return msgspec.structs.replace(item, sequence=0)


async def _take_unreadable(sender: Sender, received: Received) -> Outcome:
    """Keep an item that has no sense: the worker sees that it was refused, a person can read it."""
    return await keep_refused(sender, received, unreadable(received.fault))


async def keep_refused(sender: Sender, received: Received, outcome: Outcome) -> Outcome:
    """Keep the bare text of an item; one without an id gets one that is the same whenever this phone sends it."""
    item_id = received.id or uuid5(sender.device, received.digest.hex())
    if (known := await _known(item_id)) is not None:
        return _again(known, received)
    empty = Item(id=item_id, sequence=0, verb="?", entity_id=item_id, occurred_at="")
    return await _keep(sender, replace(received, item=empty), moment(empty, None, now()), outcome)


_INSERT = """
INSERT INTO sync_items (id, number, area, device, sequence, worker, verb, version, entity, body_sha256, body, status, code,
  result, occurred_at, clock_quality, skew_s, received_at, epoch)
VALUES ($1, nextval('sync_item_numbers'), $2, $3, nullif($4::bigint, 0), $5, $6, $7, $8, $9, $10, $11, $12,
  $13::text::jsonb, $14, $15, $16, $17, $18)
"""


async def _keep(sender: Sender, received: Received, found: Moment, outcome: Outcome) -> Outcome:
    """Write the item. Once done its words live where they can be erased, so the copy here is dropped."""
    item = received.item
    assert item is not None
    body = "" if outcome.status == "done" else received.text
    await execute(
        _INSERT,
        [item.id, item.area, sender.device, item.sequence, sender.worker, item.verb, item.version, item.entity_id,
         received.digest, body, outcome.status, outcome.code, msgspec.json.encode(outcome.shown).decode(), found.at,
         found.quality, found.skew_s, now(), sender.epoch],
    )  # fmt: skip
    return outcome


async def _settle(item_id: UUID, outcome: Outcome) -> None:
    await execute(
        "UPDATE sync_items SET status = $2::text, code = $3, result = $4::text::jsonb,"
        " body = CASE WHEN $2::text = 'done' THEN '' ELSE body END WHERE id = $1",
        [item_id, outcome.status, outcome.code, msgspec.json.encode(outcome.shown).decode()],
    )
