"""Staff door: what phones could not hand in. A person looks (logged), applies it after all, or discards it.

The verbs of the phones belong to the worker door; `server/doors.py` hands them in.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from msgspec import Meta

from domain.access.permissions import Permission as P
from domain.problems import GuardNotMet, catalogue, invalid
from domain.sync import quarantine
from domain.sync.clocks import far_off
from domain.sync.intake import Desk, Verb
from domain.text import clean_text
from web.bodies import Strict
from web.faults import translate
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local
from web.unit_of_work import attempt

log = structlog.get_logger("sync")

ADVICE = {kind.code: kind.advice for kind in catalogue()}
STATUS = {"rejected": "未登记", "conflict": "与后来的情况冲突", "held": "等待中", "done": "已补登"}


class Items(Page, kw_only=True):
    """Which items: those that wait for a person, those that wait by themselves, those that are settled."""

    state: Literal["waiting", "held", "settled"] = "waiting"
    reason: Annotated[str, Meta(max_length=40, pattern=r"^[a-z-]+$")] | None = None
    worker: UUID | None = None


class Look(Strict):
    """What the words of the item are opened for."""

    purpose: Literal["decide", "ask_worker", "complaint"]


class Release(Strict):
    """In whose name: the owner's, or that of another worker of mine."""

    worker: UUID | None = None


class Discard(Strict):
    """Why it is not entered; the worker reads it."""

    reason: Annotated[str, Meta(min_length=2, max_length=150)]


async def list_items(ask: Ask) -> dict[str, Any]:
    """Items of my workers without their words, newest first (`GET /sync-quarantine`)."""
    query: Items = ask.query
    search = quarantine.Search(query.state, query.reason, query.worker, query.before, query.limit)
    return paged(await quarantine.items(ask.actor, search), query.limit, _shape)


async def open_item(ask: Ask) -> dict[str, Any]:
    """One item and why it was refused, without its words (`GET /sync-quarantine/{id}`)."""
    return _shape(await quarantine.item(ask.actor, path_id(ask)))


async def reveal(ask: Ask) -> dict[str, Any]:
    """What the phone wrote (`POST /sync-quarantine/{id}/reveal`); logged with the purpose."""
    item_id = path_id(ask)
    words = await quarantine.reveal(ask.actor, item_id, ask.body.purpose)
    return {**_shape(await quarantine.item(ask.actor, item_id)), "item": words}


async def discard(ask: Ask) -> dict[str, Any]:
    """It is not entered (`POST /sync-quarantine/{id}/discard`)."""
    item_id, reason = path_id(ask), clean_text(ask.body.reason)
    if not reason:
        raise invalid("reason", "请写明不予登记的理由", "required")
    await quarantine.discard(ask.actor, item_id, reason)
    return _shape(await quarantine.item(ask.actor, item_id))


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    result = row["result"]
    reason = {"code": result.get("code"), "text": result.get("message"), "technical": result.get("technical")}
    return {
        "id": row["item"],
        "verb": row["verb"],
        "verb_name": quarantine.verb_name(row["verb"]),
        "entity_id": row["entity"],
        "worker": {"id": row["worker"], "name": row["worker_name"], "active": row["worker_active"]},
        "given_to": {"id": row["given_to"], "name": row["given_name"]} if row["given_to"] else None,
        "device_id": row["device"],
        "status": row["status"],
        "status_name": STATUS[row["status"]],
        "reason": {**reason, "advice": ADVICE.get(reason["code"], "")},
        "now": result.get("now"),
        "occurred_at": local(row["occurred_at"]),
        "clock": {"quality": row["clock_quality"], "skew_s": row["skew_s"], "far_off": far_off(row["skew_s"])},
        "received_at": local(row["received_at"]),
        "settled_at": local(row["settled_at"]),
        "settled_by": row["settled_name"],
        "settled_note": row["settled_note"],
    }


def quarantine_routes(verbs: Callable[[Ask], Mapping[str, Verb]]) -> tuple[Route, ...]:
    """The rows of this module; `verbs` are what phones can do, bound to a request."""

    async def release(ask: Ask) -> dict[str, Any]:
        """Apply it after all (`POST /sync-quarantine/{id}/release`); refused again, it says why."""
        item_id = path_id(ask)
        desk = Desk(verbs(ask), attempt, translate, _log_fault)
        outcome = await quarantine.release(ask.actor, desk, item_id, ask.body.worker)
        return {**_shape(await quarantine.item(ask.actor, item_id)), "applied": outcome.status == "done"}

    gate: dict[str, Any] = {"gate": P.QUARANTINE_DECIDE}
    path, one = "/sync-quarantine", "/sync-quarantine/<id:str>"
    return (
        Route(method="GET", path=path, handler=list_items, query=Items, reads=True, summary="离线隔离区", **gate),
        Route(method="GET", path=one, handler=open_item, reads=True, summary="一条隔离记录及原因", **gate),
        Route(method="POST", path=f"{one}/reveal", handler=reveal, body=Look, replay=False,
              summary="查看隔离记录的内容(留痕)", **gate),
        Route(method="POST", path=f"{one}/release", handler=release, body=Release, summary="补登隔离记录",
              problems=(GuardNotMet,), **gate),
        Route(method="POST", path=f"{one}/discard", handler=discard, body=Discard, summary="不予登记",
              problems=(GuardNotMet,), **gate),
    )  # fmt: skip


def _log_fault(item_id: UUID, error: BaseException) -> None:
    log.error("sync item failed", item_id=str(item_id), exc_info=error)
