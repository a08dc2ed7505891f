"""The stand-in as a Sanic application: one door for WeChat's paths, one for the admin commands."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sanic import HTTPResponse, Request, Sanic
from sanic.response import json as json_response

from tests.support.wechat_standin import codes, login, security, subscribe, tokens
from tests.support.wechat_standin.admin import COMMANDS
from tests.support.wechat_standin.faults import Fault, pause, wreck
from tests.support.wechat_standin.texts import refused
from tests.support.wechat_standin.world import Answer, Call, Refusal, World

Handler = Callable[[World, Call], Answer | Awaitable[Answer]]

PATHS: dict[str, Handler] = {
    "cgi-bin/token": tokens.plain,
    "cgi-bin/stable_token": tokens.stable,
    "sns/jscode2session": login.code2session,
    "wxa/checksession": login.check_session,
    "wxa/business/getuserphonenumber": login.phone_number,
    "wxa/getwxacodeunlimit": codes.unlimited,
    "wxa/getwxacode": codes.limited,
    "wxa/generate_urllink": codes.url_link,
    "wxa/generatescheme": codes.scheme,
    "cgi-bin/message/subscribe/send": subscribe.send,
    "wxa/msg_sec_check": security.check_text,
    "wxa/media_check_async": security.check_media,
}
BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
WRECKED = frozenset({"reset", "close", "half"})


async def answer(world: World, call: Call) -> Answer:
    """What WeChat answers when nothing goes wrong on the way."""
    handler = PATHS.get(call.path)
    if handler is None:
        return Answer(b"<html>404</html>", "text/html", status=404)
    try:
        result = handler(world, call)
        return await result if inspect.isawaitable(result) else result
    except Refusal as refusal:
        return refused(refusal, call.path, world)


async def _disturbed(world: World, call: Call, fault: Fault | None) -> Answer:
    if fault is not None and fault.kind == "errcode":
        return refused(Refusal(int(fault.value), fault.text), call.path, world)
    usual = Answer(b"{}") if fault is not None and not fault.effect else await answer(world, call)
    await pause(fault)
    match fault.kind if fault else "":
        case "html":
            return Answer(BAD_GATEWAY, "text/html", status=int(fault.value or 502) if fault else 502)
        case "status":
            return replace(usual, status=int(fault.value) if fault else 500)
        case "empty":
            return Answer(b"", "text/html")
        case "truncated":
            return Answer(usual.body[: len(usual.body) // 2], usual.content_type)
        case "image":
            return Answer(JPEG, "image/jpeg")
    return usual


async def serve_wechat(request: Request, path: str) -> HTTPResponse:
    """Every path of WeChat."""
    world: World = request.app.ctx.world
    query = {name: values[0] for name, values in request.get_args(keep_blank_values=True).items()}
    call = Call(request.method, path, query, request.body, request.ip)
    fault = world.faults.take(path)
    world.received.append(
        {
            "at": world.now(),
            "method": call.method,
            "path": path,
            "query": query,
            "body": call.body.decode("utf-8", "replace"),
        }
    )
    reply = await _disturbed(world, call, fault)
    if fault is not None and fault.kind in WRECKED:
        wreck(request.transport, fault.kind, reply.body)
    return HTTPResponse(reply.body, reply.status, reply.headers, reply.content_type)


async def serve_admin(request: Request, command: str) -> HTTPResponse:
    """`POST /__sim__/<command>` with a JSON object."""
    given = json.loads(request.body or b"{}")
    return json_response(await COMMANDS[command](request.app.ctx.world, given))


def make_app(world: World) -> Sanic[Any, Any]:
    """The application around one world."""
    app = Sanic("wechat-standin", configure_logging=False)
    app.config.ACCESS_LOG = False
    app.config.RESPONSE_TIMEOUT = 120
    app.ctx.world = world
    app.add_route(serve_admin, "/__sim__/<command:path>", methods=["POST"], name="admin")
    app.add_route(serve_wechat, "/<path:path>", methods=["GET", "POST"], name="wechat")
    return app
