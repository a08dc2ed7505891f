"""Staff door: the limits of tracks: what is in force, which open cases an edit would move, and the versions (000-22)."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from desk_api.calendar import shift_shape
from desk_api.schemas import words
from domain.access.permissions import Permission as P
from domain.cases import limits
from domain.clock import now
from domain.deadlines.tracks import CLOCK_TEXTS, ClockName
from domain.rulebook import rulebook
from web.bodies import Strict
from web.routes import Ask, Route
from web.shapes import local


class Changed(Strict):
    """Another limit such as `6wd`, `3d` or `60d legal`; `area` names a place with rules of its own."""

    track: Annotated[str, Meta(max_length=40)]
    clock: Annotated[str, Meta(max_length=20)]
    limit: Annotated[str, Meta(max_length=16)]
    area: Annotated[str, Meta(max_length=20)] = ""


class Changes(Strict):
    """What changes."""

    changes: Annotated[list[Changed], Meta(min_length=1, max_length=100)]


class NewVersion(Changes):
    """What changes, and what the version is called."""

    title: Annotated[str, Meta(min_length=1, max_length=120)]


class Versions(Struct, forbid_unknown_fields=True, kw_only=True):
    """Versions before one."""

    before: Annotated[int, Meta(ge=1)] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


async def show_limits(ask: Ask) -> dict[str, Any]:
    """The limits in force (`GET /limits`), the base first, then places with rules of their own."""
    book = rulebook()
    places = [("", book), *book.overlays.items()]
    return {"version": book.limits_version, "items": [
        {"area": area, "track": code, "name": track.name, "basis": track.basis, "limits": [
            {"clock": name, "name": CLOCK_TEXTS[ClockName(name)], "limit": clock.limit.code, "text": clock.limit.text}
            for name, clock in track.clocks.items()
        ]}
        for area, own in places for code, track in own.tracks.items()
    ]}  # fmt: skip


async def preview_limits(ask: Ask) -> dict[str, Any]:
    """The open clocks that would move; nothing is changed (`POST /limits/preview`)."""
    shifts, total = await limits.preview(_changes(ask.body))
    at = now()
    return {"total": total, "items": [
        {**shift_shape(one), "overdue_by_it": one.after < at <= one.before} for one in shifts
    ]}  # fmt: skip


async def change_limits(ask: Ask) -> dict[str, Any]:
    """Put other limits in force; open cases are worked out again by a job (`POST /limits`)."""
    return {"version": await limits.apply_changes(ask.actor, words("title", ask.body.title), _changes(ask.body))}


async def list_versions(ask: Ask) -> dict[str, Any]:
    """The versions of the limits, newest first (`GET /limits/versions`)."""
    query: Versions = ask.query
    found = await limits.versions(query.before, query.limit)
    shown = [limits.described(edit) for edit in found[: query.limit]]
    more = len(found) > query.limit
    return {"items": [{**one, "at": local(one["at"])} for one in shown], "next": shown[-1]["version"] if more else None}


def _changes(body: Changes) -> list[limits.LimitChange]:
    return [
        limits.LimitChange(one.track, one.clock, limits.parse_limit(one.limit, f"changes[{n}].limit"), one.area)
        for n, one in enumerate(body.changes)
    ]


ROUTES = (
    Route(method="GET", path="/limits", handler=show_limits, gate=P.AREA_READ, reads=True, summary="办理时限"),
    Route(method="GET", path="/limits/versions", handler=list_versions, gate=P.AREA_READ, query=Versions, reads=True,
          summary="时限规则的历次版本"),
    Route(method="POST", path="/limits/preview", handler=preview_limits, gate=P.RULES_MANAGE, body=Changes, reads=True,
          replay=False, summary="预览时限调整的影响"),
    Route(method="POST", path="/limits", handler=change_limits, gate=P.RULES_MANAGE, body=NewVersion, status=202,
          summary="调整办理时限"),
)  # fmt: skip
