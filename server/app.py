"""create_app: Sanic with the route tables of all doors. Everything it serves is in the tables; nothing hides here."""

import uuid
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import structlog
from sanic import Request, Sanic
from sanic.exceptions import MethodNotAllowed as SanicMethodNotAllowed
from sanic.exceptions import PayloadTooLarge, SanicException
from sanic.response import BaseHTTPResponse, HTTPResponse

from config.settings import Settings
from domain.problems import BodyTooLarge, MalformedBody, MethodNotAllowed, NoSuchRoute, Problem, ServerFault
from server.doors import routes
from server.migrate import pending
from server.observe import METRICS, observe
from server.services import Services, open_services
from web.door import serve
from web.openapi import document
from web.problems import encode
from web.routes import Route
from web.unit_of_work import drain

BODY_LIMIT = 2 * 1024 * 1024
DRAIN_SECONDS = 30
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline';"
    " media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self)",
    "X-Huying-Api": "1",
}
log = structlog.get_logger("server")


def create_app(settings: Settings, dsn: str, *, name: str = "huying", with_worker: bool = True) -> Sanic[Any, Any]:
    """The application of one process; `with_worker` also runs reactions and timers in it."""
    app: Sanic[Any, Any] = Sanic(name, configure_logging=False)
    app.config.update(
        REQUEST_MAX_SIZE=BODY_LIMIT, REQUEST_TIMEOUT=15, RESPONSE_TIMEOUT=60, KEEP_ALIVE_TIMEOUT=75,
        GRACEFUL_SHUTDOWN_TIMEOUT=DRAIN_SECONDS, ACCESS_LOG=False, MOTD=False, REQUEST_ID_HEADER="X-Request-ID",
    )  # fmt: skip
    if settings.proxies_count:
        app.config.PROXIES_COUNT = settings.proxies_count
    table = routes(settings)
    for number, route in enumerate(table):
        _add(app, route, number)
    app.ctx.openapi = document(table, settings.public_url)
    _lifespan(app, settings, dsn, with_worker)
    _middleware(app, settings)
    return app


def _add(app: Sanic[Any, Any], route: Route, number: int) -> None:
    async def answer(request: Request, **path: str) -> BaseHTTPResponse:
        return await serve(route, request, path)

    methods = ["GET", "HEAD"] if route.method == "GET" else [route.method]
    label = f"r{number}"
    stream = route.upload_bytes is not None or bool(route.stream)
    app.add_route(answer, route.path, methods=methods, name=label, stream=stream)


def _lifespan(app: Sanic[Any, Any], settings: Settings, dsn: str, with_worker: bool) -> None:
    @app.before_server_start
    async def start(app: Sanic[Any, Any]) -> None:
        from server.worker import start_worker

        stack = AsyncExitStack()
        services: Services = await stack.enter_async_context(open_services(settings, dsn))
        app.ctx.stack, app.ctx.services = stack, services
        app.ctx.store, app.ctx.enqueue = services.store, services.enqueue
        app.ctx.metrics = METRICS.text
        app.ctx.pending_migrations = partial(pending, settings.migration_database_url or dsn)
        if with_worker:
            app.ctx.worker = await start_worker(services)
            stack.push_async_callback(app.ctx.worker.stop)

    @app.before_server_stop
    async def stop(app: Sanic[Any, Any]) -> None:
        await drain(DRAIN_SECONDS)

    @app.after_server_stop
    async def close(app: Sanic[Any, Any]) -> None:
        await app.ctx.stack.aclose()


def _middleware(app: Sanic[Any, Any], settings: Settings) -> None:
    @app.on_response
    async def headers(request: Request, response: HTTPResponse) -> None:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.production:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        response.headers["X-Request-ID"] = str(request.id)
        observe(request, response)

    @app.on_request
    async def number(request: Request) -> None:
        METRICS.started(request)

    @app.exception(Exception)
    async def refuse(request: Request, error: Exception) -> HTTPResponse:
        problem = _of_sanic(error)
        if isinstance(problem, ServerFault):
            log.error("request failed", request_id=str(request.id), exc_info=error)
        body = encode(problem, str(request.id))
        return HTTPResponse(body, problem.status, {"Cache-Control": "no-store"}, "application/problem+json")


def _of_sanic(error: Exception) -> Problem:
    """Sanic's own refusals as problems of ours."""
    if isinstance(error, PayloadTooLarge):
        return BodyTooLarge(limit_bytes=BODY_LIMIT)
    if isinstance(error, SanicMethodNotAllowed):
        return MethodNotAllowed()
    if isinstance(error, SanicException):
        return NoSuchRoute() if error.status_code == 404 else MalformedBody()
    return ServerFault(request_id=uuid.uuid4().hex)
