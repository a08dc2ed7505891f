"""Public routes of the server itself: health, metrics, problems, the API description."""

from functools import cache
from importlib.resources import files

import msgspec

from domain.problems import NotFound, TemporarilyUnavailable
from domain.sql import fetch_one
from web.problems import index, page
from web.routes import PUBLIC, Answer, Ask, Route

HTML = "text/html; charset=utf-8"
HEARTBEAT_LIMIT = 30.0


class Health(msgspec.Struct):
    """The state of the process and its parts."""

    status: str
    parts: dict[str, str] = {}


async def healthz(ask: Ask) -> Health:
    """The process is alive."""
    return Health("ok")


async def readyz(ask: Ask) -> Answer:
    """Database, migrations and worker; 503 names the part that fails."""
    parts = {"database": "ok", "migrations": "ok", "worker": "ok"}
    try:
        await fetch_one("SELECT 1 AS one")
    except Exception:
        parts["database"] = "unreachable"
    if parts["database"] == "ok" and await ask.app.pending_migrations():
        parts["migrations"] = "pending"
    runner = ask.app.services.runner
    if runner is not None and runner.beat_age() > HEARTBEAT_LIMIT:
        parts["worker"] = "silent"
    ready = all(state == "ok" for state in parts.values())
    return Answer(Health("ok" if ready else "not-ready", parts), status=200 if ready else TemporarilyUnavailable.status)


async def metrics(ask: Ask) -> Answer:
    """Prometheus meters of this process."""
    return Answer(raw=ask.app.metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")


async def openapi(ask: Ask) -> Answer:
    """The description of this API."""
    return Answer(raw=msgspec.json.encode(ask.app.openapi))


@cache
def _docs() -> bytes:
    return files("open_api").joinpath("docs.html").read_bytes()


async def docs(ask: Ask) -> Answer:
    """The description as a page, from the package itself."""
    return Answer(raw=_docs(), content_type=HTML)


async def docs_script(ask: Ask) -> Answer:
    """The script of the page."""
    return Answer(raw=files("open_api").joinpath("docs.js").read_bytes(), content_type="text/javascript; charset=utf-8")


async def problems(ask: Ask) -> Answer:
    """Every problem code."""
    return Answer(raw=index().encode(), content_type=HTML)


async def problem(ask: Ask) -> Answer:
    """What one problem means and what to do."""
    found = page(ask.path["code"])
    if found is None:
        raise NotFound
    return Answer(raw=found.encode(), content_type=HTML)


def _get(path: str, handler: object, summary: str, content_type: str = "application/json") -> Route:
    return Route(
        method="GET", path=path, handler=handler, gate=PUBLIC, summary=summary, reads=True,  # type: ignore[arg-type]
        content_type=content_type,
    )  # fmt: skip


ROUTES = [
    _get("/healthz", healthz, "进程是否存活"),
    Route(method="GET", path="/readyz", handler=readyz, gate=PUBLIC, summary="是否可以接受请求", reads=True,
          answer=Health, also=(503,)),
    _get("/metrics", metrics, "监控指标", "text/plain"),
    _get("/openapi.json", openapi, "接口描述"),
    _get("/docs", docs, "接口文档", "text/html"),
    _get("/docs.js", docs_script, "接口文档脚本", "text/javascript"),
    _get("/problems", problems, "错误代码一览", "text/html"),
    _get("/problems/<code:str>", problem, "错误代码说明", "text/html"),
]  # fmt: skip
