"""Worker door: what a phone recorded without a network, and what changed meanwhile. One request pushes and pulls.

Each item runs in a unit of work of its own, through the very handlers that serve the call online, so that a synced visit
is a visit. What is wrong with one item is its result, never the answer of the request.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import structlog

from domain.access.actor import SYSTEM
from domain.clock import real_now
from domain.problems import (
    BodyTooLarge,
    CursorTooOld,
    EpochChanged,
    InvalidCursor,
    NotAllowed,
    NotSignedIn,
    TemporarilyUnavailable,
    TooManyItems,
)
from domain.sync.cursor import Cursor, device_key, fits, seal, unseal
from domain.sync.devices import current_worker, device_row, greet
from domain.sync.epoch import Life, Marker, last_number, life, write_marker
from domain.sync.files import expecting, tie_arrived
from domain.sync.intake import Desk, Sender, keep_refused, release, take, waiting
from domain.sync.items import KEEP_DAYS, MOST_BYTES, MOST_ITEMS, Envelope, Parcel, Received, read_item
from domain.sync.mark import lock_entity
from domain.sync.mine import give_up as leave
from domain.sync.outcome import PASSING, Outcome, TryAgain, unreadable
from domain.sync.pull import PAGE, Page, pull
from domain.sync.queries import item_result, refused_items
from grid_api.sync_verbs import verbs
from web.faults import translate
from web.paging import Page as List
from web.paging import paged
from web.routes import PUBLIC, SIGNED_IN, Ask, Limit, Route, path_id
from web.shapes import local
from web.unit_of_work import attempt, run_unit

log = structlog.get_logger("sync")

AT_ONCE = 24  # pushes of one process under way; each needs a connection of the pool for each item
LOOK_BACK_S = 10.0
_pushing = [0]
_turned_away: deque[float] = deque()


async def sync(ask: Ask) -> dict[str, Any]:
    """Push and pull (contract: `POST /sync`): 409 for another epoch, 410 for a cursor beyond the feed, 413 for too much;
    otherwise 200 with one result for each item, in order."""
    body: Envelope = ask.body
    worker = _worker(ask)
    _measure(ask, body.items)
    with _turn(len(body.items)):
        now = await life()
        return await _serve(ask, _cursor(worker, body, now), now)


async def _serve(ask: Ask, cursor: Cursor, now: Life) -> dict[str, Any]:
    body, worker = ask.body, _worker(ask)
    trusted = await greet(body.device_id, worker, body.cursor or "")
    sender = Sender(body.device_id, worker, now.epoch, body.clock, locked_out=not trusted)
    results = await _push(ask, sender, body.items)
    page = await _page(ask, cursor, sender)
    return {
        "epoch": now.epoch,
        "results": results,
        "changes": page.changes,
        "next_cursor": seal(page.cursor, now.secret),
        "more": page.more,
        "revoked": page.revoked,
        "backup_watermark": local(now.backed_up_at),
        "server_time": real_now().isoformat(),
        "device_key": device_key(body.device_id, now.secret),
        "limits": {"items": MOST_ITEMS, "bytes": MOST_BYTES, "page": PAGE, "keep_days": KEEP_DAYS},
    }


async def hand_over(ask: Ask) -> dict[str, Any]:
    """Unsent items of a worker who may not sign in any more, or of a lost phone: kept for a person, nothing is done
    (`POST /sync/quarantine`). The credential is the key that the phone was given when it was still trusted."""
    body: Parcel = ask.body
    _measure(ask, body.items)
    now = await life()
    device = await device_row(body.device_id)
    if device is None or not fits(body.device_key, body.device_id, now.secret):
        raise NotSignedIn
    sender = Sender(body.device_id, device["worker"], now.epoch, body.clock, locked_out=True)
    return {"epoch": now.epoch, "results": await _push(ask, sender, body.items)}


async def show_item(ask: Ask) -> dict[str, Any]:
    """The stored result of an item (contract: `GET /sync/items/{id}`)."""
    row = await item_result(ask.actor, path_id(ask))
    return {
        "id": row["id"], "sequence": row["sequence"], "verb": row["verb"], "entity_id": row["entity"], **row["result"],
        "received_at": local(row["received_at"]), "occurred_at": local(row["occurred_at"]),
        "clock": {"quality": row["clock_quality"], "skew_s": row["skew_s"]},
    }  # fmt: skip


async def list_refused(ask: Ask) -> dict[str, Any]:
    """My items that were refused or overtaken and wait for a person (`GET /sync/items`)."""
    _worker(ask)
    page: List = ask.query
    return paged(await refused_items(ask.actor, page.before, page.limit), page.limit, _refused)


async def give_up(ask: Ask) -> None:
    """I leave a refused item of mine (`DELETE /sync/items/{id}`)."""
    _worker(ask)
    await leave(ask.actor, path_id(ask))


def _refused(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["item"], "sequence": row["sequence"], "verb": row["verb"], "entity_id": row["entity"],
        **row["result"], "received_at": local(row["received_at"]), "occurred_at": local(row["occurred_at"]),
    }  # fmt: skip


@contextmanager
def _turn(items: int) -> Iterator[None]:
    """When a thousand phones come back at once, those that would wait too long are told to come again in a while."""
    if items and _pushing[0] >= AT_ONCE:
        raise TemporarilyUnavailable(retry_after=_pause())
    _pushing[0] += bool(items)
    try:
        yield
    finally:
        _pushing[0] -= bool(items)


def _pause() -> int:
    """Seconds: the more were turned away of late, the later, lest those who ask in vain take the time of those at work."""
    now = time.monotonic()
    while _turned_away and now - _turned_away[0] > LOOK_BACK_S:
        _turned_away.popleft()
    _turned_away.append(now)
    return 2 + random.randint(0, 2 + len(_turned_away) // 10)  # noqa: S311 (spreads phones, hides nothing)


def _worker(ask: Ask) -> UUID:
    """Whoever is a worker may sync, also one whose last grid was taken: the phone must hand over and forget."""
    if ask.actor.kind != "worker" or ask.actor.id is None:
        raise NotAllowed
    return ask.actor.id


def _measure(ask: Ask, items: list[msgspec.Raw]) -> None:
    if len(ask.request.body) > MOST_BYTES:
        raise BodyTooLarge(limit_bytes=MOST_BYTES)
    if len(items) > MOST_ITEMS:
        raise TooManyItems(limit_items=MOST_ITEMS)


def _cursor(worker: UUID, body: Envelope, now: Life) -> Cursor:
    """Where the phone stands; another epoch is said before anything is taken, so that the phone sends all again."""
    if body.epoch is not None and body.epoch != now.epoch:
        raise EpochChanged(epoch=now.epoch)
    if body.cursor is None:
        return Cursor(now.epoch, worker)
    cursor = unseal(body.cursor, now.secret)
    if cursor.epoch != now.epoch:
        raise EpochChanged(epoch=now.epoch)
    if cursor.worker != worker:
        raise CursorTooOld
    return cursor


async def _page(ask: Ask, cursor: Cursor, sender: Sender) -> Page:
    """What the rights of this moment show: they may have changed while the items were applied. A revoked phone is told to
    forget everything it has."""
    actor = await current_worker(sender.worker) if ask.body.items else ask.actor
    if actor is not None and not sender.locked_out:
        return await pull(actor, cursor)
    return Page(Cursor(cursor.epoch, cursor.worker), revoked=sorted(cursor.scopes))


async def _push(ask: Ask, sender: Sender, items: list[msgspec.Raw]) -> list[dict[str, Any]]:
    desk = Desk(verbs(ask), attempt, translate, _log_fault)
    results = [await _one(ask, desk, sender, bytes(raw)) for raw in items]
    if any(result["status"] != "retry" for result in results):  # a duplicate too is told to be safe
        folder = ask.app.services.settings.data_dir
        await asyncio.to_thread(write_marker, folder, Marker(sender.epoch, await last_number()))
    if not sender.locked_out:
        await _catch_up(ask, desk, sender)
    return results


async def _one(ask: Ask, desk: Desk, sender: Sender, raw: bytes) -> dict[str, Any]:
    """The result of one item. Only what is ours to mend may come again; what the item itself is at fault for is refused and
    kept, or the phone would send it for ever."""
    received = read_item(raw)
    try:
        outcome = await run_unit(ask.actor, partial(take, desk, sender, received), ask.app.enqueue)
    except Exception as error:  # noqa: BLE001 (one item must not sink the batch)
        outcome = await _refuse(ask, sender, received, error)
    return {"id": received.id, **outcome.shown}


async def _refuse(ask: Ask, sender: Sender, received: Received, error: Exception) -> Outcome:
    """Keep the text of an item that could not be taken in for a fault of its own."""
    problem = translate(error.__cause__ if isinstance(error, TryAgain) and error.__cause__ else error)
    if problem.status < 500 and problem.code not in PASSING:
        keep = partial(keep_refused, sender, received, unreadable(f"{problem.code}: {type(error).__name__}"))
        try:
            return await run_unit(ask.actor, keep, ask.app.enqueue)
        except Exception as again:  # noqa: BLE001 (nothing is stored, so the phone keeps it)
            problem, error = translate(again), again
    if not isinstance(error, TryAgain):
        _log_fault(received.id, error)
    return Outcome("retry", problem.code, problem.title)


async def _catch_up(ask: Ask, desk: Desk, sender: Sender) -> None:
    """What was held for this phone and can be decided by now; files that have arrived by another way."""
    for entity in await waiting(sender.device):

        async def again(entity: UUID = entity) -> None:
            await lock_entity(entity)
            await release(desk, entity)

        try:
            await run_unit(SYSTEM, again, ask.app.enqueue)
        except Exception as error:  # noqa: BLE001 (what waits must not stand in the way of what comes)
            _log_fault(entity, error)
    if await expecting(ask.actor):
        await run_unit(ask.actor, partial(tie_arrived, ask.actor), ask.app.enqueue)


def _log_fault(item_id: UUID | None, error: BaseException) -> None:
    log.error("sync item failed", item_id=str(item_id), exc_info=error)


_PROBLEMS = (EpochChanged, CursorTooOld, InvalidCursor, BodyTooLarge, TooManyItems)
_LIMIT = (Limit("sync", 600, 60, per="caller"),)
ROUTES = (
    Route(method="POST", path="/sync", handler=sync, gate=SIGNED_IN, body=Envelope, own_units=True, replay=False,
          limit=_LIMIT, summary="离线同步:送记录、取变化", problems=_PROBLEMS),
    Route(method="POST", path="/sync/quarantine", handler=hand_over, gate=PUBLIC, body=Parcel, own_units=True,
          replay=False, limit=(Limit("quarantine", 60, 60),), summary="停用后交出未送记录(待审核)",
          problems=(NotSignedIn, BodyTooLarge, TooManyItems)),
    Route(method="GET", path="/sync/items", handler=list_refused, gate=SIGNED_IN, query=List, reads=True,
          summary="我没有登记上的离线记录"),
    Route(method="GET", path="/sync/items/<id:str>", handler=show_item, gate=SIGNED_IN, reads=True,
          summary="一条记录的处理结果"),
    Route(method="DELETE", path="/sync/items/<id:str>", handler=give_up, gate=SIGNED_IN, status=204,
          summary="放弃我的一条没有登记上的记录"),
)  # fmt: skip
