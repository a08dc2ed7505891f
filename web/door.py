"""One wrapper owns the request: who calls → body → permission → replay → transaction → handler → answer, sent after
commit. A handler names an action or a query and shapes the answer; it opens no transaction and compares no role."""

import asyncio
import os
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import msgspec
import structlog
from sanic import Request
from sanic.response import BaseHTTPResponse, HTTPResponse

from domain.access.actor import ANONYMOUS, Actor
from domain.access.permissions import Permission
from domain.journal.flush import Enqueue
from domain.ports import Store
from domain.problems import (
    NotAllowed,
    NotFound,
    NotSignedIn,
    Problem,
    ServerFault,
    TemporarilyUnavailable,
    TooManyRequests,
    invalid,
)
from web import replay
from web.bodies import read_json, read_query
from web.compression import pack_answer, unpack_body
from web.days import check_days
from web.faults import translate
from web.identity import resolve
from web.problems import encode
from web.routes import PUBLIC, Answer, Ask, Limit, Route
from web.unit_of_work import run_unit, shielded
from web.uploads import read_upload

log = structlog.get_logger("door")

KEY_LENGTH = 128
PIECE = 256 * 1024


class App(Protocol):
    """What the wrapper needs from the running server (set on `request.app.ctx` at start)."""

    store: Store
    enqueue: Enqueue


@dataclass(frozen=True)
class _Sent:
    status: int
    body: bytes
    headers: dict[str, str]
    content_type: str
    file: BinaryIO | None = None


async def serve(route: Route, request: Request, path: dict[str, str]) -> BaseHTTPResponse:
    """Answer one request of a route; every expected refusal is a problem, every other failure a 500 with a number."""
    request_id = str(request.id)
    try:
        sent = await _run(route, request, path)
    except Exception as error:
        sent = _refusal(translate(error), error, request_id)
    sent.headers.update(route.headers)
    if sent.file is not None:
        return await _send_file(request, sent, sent.file)
    body = await pack_answer(request, sent.body, sent.headers, sent.content_type)
    return HTTPResponse(body, sent.status, sent.headers, sent.content_type)


async def _send_file(request: Request, sent: _Sent, file: BinaryIO) -> BaseHTTPResponse:
    """Send a file piece by piece, read in a thread; HEAD gets its length only."""
    with file:
        length = await asyncio.to_thread(file.seek, 0, os.SEEK_END)
        headers = {**sent.headers, "Content-Length": str(length)}
        if request.method == "HEAD":
            return HTTPResponse(b"", sent.status, headers, sent.content_type)
        await asyncio.to_thread(file.seek, 0)
        answer: HTTPResponse | None = await request.respond(status=sent.status, headers=headers, content_type=sent.content_type)
        assert answer is not None  # nothing was answered before
        while piece := await asyncio.to_thread(file.read, PIECE):
            await answer.send(piece)
        await answer.eof()  # type: ignore[no-untyped-call]
        return answer


def _refusal(problem: Problem, error: Exception, request_id: str) -> _Sent:
    if isinstance(problem, ServerFault):
        problem.details["request_id"] = request_id
        log.error("request failed", request_id=request_id, exc_info=error)
    elif isinstance(problem, TemporarilyUnavailable):
        log.warning("unavailable", request_id=request_id, cause=type(error).__name__)
    headers = {"Cache-Control": "no-store"}
    if "retry_after" in problem.details:
        headers["Retry-After"] = str(problem.details["retry_after"])
    if isinstance(problem, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return _Sent(problem.status, encode(problem, request_id), headers, "application/problem+json")


async def _run(route: Route, request: Request, path: dict[str, str]) -> _Sent:
    app: App = request.app.ctx
    ask = Ask(path=path, request=request, app=app)
    for limit in route.limit:
        if limit.per == "address":
            await _count(app.store, limit, address(request))
    ask.actor = await _actor(route, request)
    for limit in route.limit:
        if limit.per == "caller":
            await _count(app.store, limit, ask.actor.label)
    await _take_in(route, request, ask)
    if route.reads or route.own_units:
        return _shape(route, await shielded(_prepared(route, ask)))
    return await _write(route, request, ask, app)


async def _prepared(route: Route, ask: Ask) -> Any:
    if route.prepare:
        ask.prepared = await route.prepare(ask)
    return await route.handler(ask)


async def _actor(route: Route, request: Request) -> Actor:
    if route.gate is PUBLIC and not request.token:
        return ANONYMOUS
    try:
        actor = await shielded(resolve(request.token))
    except NotSignedIn:
        if route.gate is PUBLIC:
            return ANONYMOUS
        raise
    if isinstance(route.gate, Permission) and not actor.may(route.gate):
        raise NotAllowed
    return actor


async def _take_in(route: Route, request: Request, ask: Ask) -> None:
    if route.body is not None:
        unpack_body(request)
    if route.upload_bytes is not None:
        ask.body = await read_upload(request, route.upload_bytes)
    elif isinstance(route.body, dict):
        kind = route.body.get(ask.path["action"])
        if kind is None:
            raise NotFound
        ask.body = read_json(request.body, kind)
    elif route.body is not None:
        ask.body = read_json(request.body, route.body)
    if route.query is not None:
        ask.query = read_query(dict(request.args), route.query)
    check_days((ask.query, ask.body))


async def _write(route: Route, request: Request, ask: Ask, app: App) -> _Sent:
    key = _replay_key(route, request, ask)
    if key and route.prepare and (stored := await shielded(replay.find(key))):
        return _replayed(stored)
    if route.prepare:
        ask.prepared = await route.prepare(ask)

    async def work() -> _Sent | Problem:
        if key and (stored := await replay.claim(key)):
            return _replayed(stored)
        result = await route.handler(ask)
        if isinstance(result, Problem):
            return result  # returned, not raised: refused, and what was written (a counted failure) stays
        sent = _shape(route, result)
        if key:
            await replay.keep(key, sent.status, sent.body)
        return sent

    try:
        done = await run_unit(ask.actor, work, app.enqueue)
    except Problem:  # the first request of this key committed just as this one began: its answer is the answer
        if key and (stored := await shielded(replay.find(key))):
            return _replayed(stored)
        raise
    if isinstance(done, Problem):
        raise done
    if route.after:
        await shielded(route.after(ask))
    return done


def _replay_key(route: Route, request: Request, ask: Ask) -> replay.ReplayKey | None:
    key = request.headers.get("idempotency-key", "").strip('"')
    if not route.replay or route.method != "POST" or not key or not ask.actor.id:
        return None  # thousands of phones share one address: without a session nobody is told what another one got
    if len(key) > KEY_LENGTH or not key.isprintable():
        raise invalid("Idempotency-Key", f"最多 {KEY_LENGTH} 个可见字符")
    body = ask.body.digest if route.upload_bytes is not None else request.body
    return replay.replay_key(ask.actor.label, key, request.method, request.path, body)


def _replayed(stored: replay.Stored) -> _Sent:
    return _Sent(stored.status, stored.body, {"Cache-Control": "no-store", "Idempotency-Replayed": "true"}, "application/json")


def _shape(route: Route, result: Any) -> _Sent:
    answer = result if isinstance(result, Answer) else Answer(result)
    status = answer.status or route.status
    if answer.file is not None:
        return _Sent(status, b"", {"Cache-Control": "no-store", **answer.headers}, answer.content_type, answer.file)
    if answer.raw is not None:
        return _Sent(status, answer.raw, answer.headers, answer.content_type)
    body = b"" if status == 204 else msgspec.json.encode(answer.body)
    return _Sent(status, body, {"Cache-Control": "no-store", **answer.headers}, "application/json")


def address(request: Request) -> str:
    """The caller's network address: what a trusted proxy says, else the peer's."""
    return request.remote_addr or request.ip or "unknown"


async def _count(store: Store, limit: Limit, who: str) -> None:
    counted = await store.increment(f"limit:{limit.name}:{who}", ttl_s=limit.seconds)
    if counted.count > limit.times:
        raise TooManyRequests(retry_after=max(1, int(counted.remaining_s)))
