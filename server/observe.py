"""Request counters for Prometheus and one structured log line a request: route, status, time; never a query or body."""

import logging
import sys
import time
import traceback
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from sanic import Request
from sanic.response import HTTPResponse

log = structlog.get_logger("http")


class Metrics:
    """The meters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("huying_requests_total", "Answered requests", labels, registry=self.registry)
        self.seconds = Histogram(
            "huying_request_seconds", "Time to answer", ("method", "route"), registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
        )  # fmt: skip
        self.jobs = Counter("huying_jobs_total", "Finished jobs", ("name", "outcome"), registry=self.registry)

    def started(self, request: Request) -> None:
        """Note when a request came in."""
        request.ctx.started = time.perf_counter()

    def text(self) -> bytes:
        """All meters in the Prometheus text format."""
        return generate_latest(self.registry)


METRICS = Metrics()


def observe(request: Request, response: HTTPResponse) -> None:
    """Count and log an answered request by its route pattern, so that no id or code lands in a label."""
    route = f"/{request.route.path}" if request.route else "unknown"
    took = time.perf_counter() - getattr(request.ctx, "started", time.perf_counter())
    METRICS.requests.labels(request.method, route, str(response.status)).inc()
    METRICS.seconds.labels(request.method, route).observe(took)
    log.info(
        "answered", method=request.method, route=route, status=response.status, ms=round(took * 1000, 1),
        request_id=str(request.id),
    )  # fmt: skip


def where_it_failed(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """An exception as its kinds and places; its message stays away, for a database names the row it is about there."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if not isinstance(error, BaseException):
        return event
    kinds, places = [], []
    seen: BaseException | None = error
    while seen is not None and len(kinds) < 8:
        kinds.append(type(seen).__qualname__)
        places += [f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(seen.__traceback__)[-12:]]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return {**event, "error": kinds, "at": places}


def configure_logging(level: str) -> None:
    """Structured lines on standard error; libraries that would log URLs or arguments are turned down."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    for name in ("httpx", "httpcore", "sanic.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        where_it_failed,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
