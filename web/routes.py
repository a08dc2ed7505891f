"""A route is a row of a table: method, path, handler, permission, body, answer. Doors hold the tables, the door wrapper
runs them, OpenAPI is made from them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final
from uuid import UUID

import msgspec

from domain.access.actor import ANONYMOUS, Actor
from domain.access.permissions import Permission
from domain.problems import NotFound, Problem


class _Public:
    """Stands where a permission would: anybody may call."""

    def __repr__(self) -> str:
        return "PUBLIC"


class _SignedIn:
    """Any live session may call; the handler serves only the caller's own things."""

    def __repr__(self) -> str:
        return "SIGNED_IN"


PUBLIC: Final = _Public()
SIGNED_IN: Final = _SignedIn()
Gate = Permission | _Public | _SignedIn


@dataclass
class Ask:
    """One request as a handler sees it."""

    actor: Actor = ANONYMOUS
    body: Any = None
    query: Any = None
    path: dict[str, str] = field(default_factory=dict)
    prepared: Any = None  # what `prepare` brought from outside the transaction
    request: Any = None  # the raw request, for doors that need a header or the address
    app: Any = None


def path_id(ask: Ask, name: str = "id") -> UUID:
    """The id in the path; what is no id names nothing, so 404."""
    try:
        return UUID(ask.path[name])
    except ValueError:
        raise NotFound from None


def short_wanted(ask: Ask) -> bool:
    """Whether the caller wants no more than the new head of what it changes (`Prefer: return=minimal`, RFC 7240)."""
    wishes = ask.request.headers.get("prefer", "") if ask.request else ""
    return "return=minimal" in wishes.replace(" ", "").lower().split(",")


@dataclass(frozen=True)
class Answer:
    """What a handler gives back when a plain object is not enough."""

    body: Any = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json"
    file: BinaryIO | None = None  # sent piece by piece and closed, for what does not fit into memory


Handler = Callable[[Ask], Awaitable[Any]]


@dataclass(frozen=True)
class Limit:
    """At most `times` calls in `seconds`, counted per address or per caller."""

    name: str
    times: int
    seconds: int
    per: str = "address"  # address | caller


@dataclass(frozen=True, kw_only=True)
class Route:
    """One row of a door's table."""

    method: str
    path: str
    handler: Handler
    gate: Gate
    summary: str
    body: type[msgspec.Struct] | dict[str, type[msgspec.Struct]] | None = None
    query: type[msgspec.Struct] | None = None
    answer: Any = None
    status: int = 200
    also: tuple[int, ...] = ()  # further success statuses
    reads: bool = False  # takes no transaction
    own_units: bool = False  # the handler runs several units of work itself (sync: one for each item)
    prepare: Handler | None = None  # network and heavy work, outside the transaction
    replay: bool = True  # a POST keeps its answer under its Idempotency-Key
    upload_bytes: int | None = None  # a multipart upload, streamed and counted
    stream: str = ""  # the media type of a raw body, which `prepare` reads from `ask.request.stream` and counts
    after: Handler | None = None  # tidies up after the commit; if it never runs, nobody misses anything
    headers: dict[str, str] = field(default_factory=dict)  # on every answer, refusals too
    limit: tuple[Limit, ...] = ()
    problems: tuple[type[Problem], ...] = ()
    content_type: str = "application/json"

    def __post_init__(self) -> None:
        if self.method == "GET" and not self.reads:
            raise ValueError(f"{self.path}: a GET route reads")
        if not isinstance(self.gate, Permission | _Public | _SignedIn):
            raise TypeError(f"{self.method} {self.path}: name a permission or say PUBLIC")


def table(prefix: str, *routes: Route) -> list[Route]:
    """Routes of one door under a common prefix."""
    return [replace(route, path=prefix + route.path) for route in routes]
