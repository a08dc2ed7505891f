"""Staff door: clues about who caused a problem and handled it poorly (责任倒查, 004-29), for the discipline office."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from desk_api.schemas import Words
from domain.access.permissions import Permission as P
from domain.problems import GuardNotMet
from domain.supervision import accountability
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local


class LeadList(Page, kw_only=True):
    """Which state."""

    state: Literal["open", "closed"] | None = None


class Finding(Strict):
    """A kind of accountability of the profile, or `none`, with the reasons."""

    finding: Annotated[str, Meta(min_length=2, max_length=20)]
    note: Words


async def list_leads(ask: Ask) -> dict[str, Any]:
    """The clues of my areas (`GET /accountability-leads`)."""
    query: LeadList = ask.query
    rows = await accountability.find_leads(ask.actor, query.state, query.before, query.limit)
    return paged(rows, query.limit, _shape)


async def close(ask: Ask) -> dict[str, Any]:
    """Close a clue with a finding (`POST /accountability-leads/{id}/finding`)."""
    body: Finding = ask.body
    lead = await accountability.close_lead(ask.actor, path_id(ask), body.finding, clean_text(body.note))
    return {"id": lead.id, "state": lead.state, "finding": lead.finding, "closed_at": local(lead.closed_at)}


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "opened_at": local(row["opened_at"]), "closed_at": local(row["closed_at"])}


ROUTES = (
    Route(method="GET", path="/accountability-leads", handler=list_leads, gate=P.ACCOUNTABILITY_HANDLE, query=LeadList,
          reads=True, summary="责任倒查线索"),
    Route(method="POST", path="/accountability-leads/<id:str>/finding", handler=close, gate=P.ACCOUNTABILITY_HANDLE,
          body=Finding, summary="办结责任倒查线索", problems=(GuardNotMet,)),
)  # fmt: skip
