"""Staff door: the journal and whether its chain holds, for the audit administrator."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.areas.models import Area
from domain.areas.queries import area
from domain.journal.queries import chains, journal_page
from domain.journal.verify import verify
from domain.problems import NotFound
from web.paging import Page, paged
from web.routes import Ask, Route
from web.shapes import local


class JournalPage(Page, kw_only=True):
    """Which area's chain, and what of it."""

    area: Code
    event: Annotated[str, Meta(max_length=60, pattern=r"^[a-z.-]+$")] | None = None
    case_id: UUID | None = None


class OneArea(Struct, forbid_unknown_fields=True):
    """An area."""

    area: Code


async def list_journal(ask: Ask) -> dict[str, Any]:
    """The lines of one area's chain, newest first (`GET /journal`)."""
    query: JournalPage = ask.query
    place = await _audited(ask)
    before = query.before.int if query.before else None
    rows = await journal_page(place.code, before, query.limit, event=query.event, case_id=query.case_id)
    return paged(rows, query.limit, _line)


async def list_chains(ask: Ask) -> dict[str, Any]:
    """The areas that have a journal, with its length (`GET /journal/areas`)."""
    return {"items": await chains(ask.actor.areas(P.AUDIT_READ))}


async def check_chain(ask: Ask) -> dict[str, Any]:
    """Recompute the chain of one area (`GET /journal/verification`)."""
    place = await _audited(ask)
    fault = await verify(place.code)
    return {
        "area": place.code,
        "holds": fault is None,
        "fault": {"n": fault.n, "reason": fault.reason} if fault else None,
    }


async def _audited(ask: Ask) -> Area:
    found = await area(ask.query.area)
    if found is None or not ask.actor.may(P.AUDIT_READ, found.path):
        raise NotFound
    return found


def _line(row: dict[str, Any]) -> dict[str, Any]:
    names = ("n", "actor", "event", "case_id", "subject_id", "data")
    return {**{name: row[name] for name in names}, "at": local(row["at"]), "hash": bytes(row["hash"]).hex()}


ROUTES = (
    Route(method="GET", path="/journal", handler=list_journal, gate=P.AUDIT_READ, query=JournalPage, reads=True,
          summary="审计日志"),
    Route(method="GET", path="/journal/areas", handler=list_chains, gate=P.AUDIT_READ, reads=True,
          summary="有日志的地区"),
    Route(method="GET", path="/journal/verification", handler=check_chain, gate=P.AUDIT_READ, query=OneArea,
          reads=True, summary="核验日志"),
)  # fmt: skip
