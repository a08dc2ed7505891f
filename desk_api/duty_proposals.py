"""Staff door: disputed lines of the catalogue, worked off by its keeper, and how exact the first dispatch was."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta

from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.catalogue import proposals
from domain.catalogue.versions import require_keeper
from domain.clock import local_date, now
from domain.dispatch import accuracy
from domain.problems import GuardNotMet, invalid
from domain.rulebook import rulebook
from domain.statistics.rates import Rate
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local

LONGEST = 366


class ProposalList(Page, kw_only=True):
    """Those that wait, or those that were decided."""

    state: Literal["open", "accepted", "rejected"] = "open"


class Accept(Strict):
    """What the line says in the next version; what is left out stays."""

    lead: Code | None = None
    co_units: Annotated[list[Code], Meta(max_length=10)] | None = None
    name: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    basis: Annotated[str, Meta(max_length=200)] | None = None
    place: Literal["any", "urban", "rural"] | None = None
    areas: Annotated[list[Code], Meta(max_length=50)] | None = None
    responsibility: Literal["territory", "line", "origin_of_problem"] | None = None
    active: bool | None = None
    note: Annotated[str, Meta(max_length=500)] = ""


class Reject(Strict):
    """Why the line stays."""

    reason: Annotated[str, Meta(min_length=2, max_length=500)]


class Period(Strict):
    """Local days, both counted; this month when none is named."""

    since: date | None = None
    until: date | None = None


class PeriodCases(Page, kw_only=True):
    """The same, and which outcome."""

    since: date | None = None
    until: date | None = None
    outcome: Literal["kept", "returned", "X1", "X5", "X7"] | None = None


async def list_proposals(ask: Ask) -> dict[str, Any]:
    """Disputed lines, newest first (`GET /duty-proposals`)."""
    await require_keeper(ask.actor)
    rows = await proposals.proposals(ask.query.state, ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, _shape)


async def accept(ask: Ask) -> dict[str, Any]:
    """Write the change into the draft of the next version (`POST /duty-proposals/{id}/acceptance`)."""
    await require_keeper(ask.actor)
    body: Accept = ask.body
    change = proposals.LineChange(
        lead=body.lead, co_units=None if body.co_units is None else tuple(body.co_units), name=body.name,
        basis=body.basis, place=body.place, areas=None if body.areas is None else tuple(body.areas),
        responsibility=body.responsibility, active=body.active,
    )  # fmt: skip
    found = await proposals.accept(ask.actor, path_id(ask), change, clean_text(body.note))
    return {"id": found.id, "state": found.state, "draft_id": found.draft_id}


async def reject(ask: Ask) -> dict[str, Any]:
    """Leave the line as it is, with the reason (`POST /duty-proposals/{id}/rejection`)."""
    await require_keeper(ask.actor)
    found = await proposals.reject(ask.actor, path_id(ask), clean_text(ask.body.reason))
    return {"id": found.id, "state": found.state, "note": found.note}


async def show_accuracy(ask: Ask) -> dict[str, Any]:
    """精准派单率 of a period with numerator, denominator and exclusions, whole and by unit and topic
    (`GET /dispatch-accuracy`)."""
    since, until = _span(ask.query.since, ask.query.until)
    rows = await accuracy.first_dispatches(ask.actor, since, until)
    units = {row["department_id"]: row["unit"] for row in rows}
    topics = sorted({row["topic"] for row in rows})
    return {
        "since": since, "until": until, **_rate(rows),
        "followed": _share(rows, "followed"),
        "by_unit": [
            {"id": unit, "name": name, **_rate([row for row in rows if row["department_id"] == unit])}
            for unit, name in units.items()
        ],
        "by_topic": [
            {"code": code, "name": _topic(code), **_rate([row for row in rows if row["topic"] == code])}
            for code in topics
        ],
    }  # fmt: skip


async def list_accuracy_cases(ask: Ask) -> dict[str, Any]:
    """The cases behind the figure (`GET /dispatch-accuracy/cases`)."""
    query: PeriodCases = ask.query
    span = _span(query.since, query.until)
    rows = await accuracy.first_dispatch_cases(ask.actor, span, query.outcome, query.before, query.limit)
    return paged(rows, query.limit, lambda row: {**row, "at": local(row["at"])})


def _span(since: date | None, until: date | None) -> tuple[date, date]:
    today = local_date(now())
    first, last = since or (until or today).replace(day=1), until or today
    if not 0 <= (last - first).days <= LONGEST:
        raise invalid("until", f"结束日期应在开始日期之后,最长 {LONGEST} 天")
    return first, last


def _rate(rows: list[dict[str, Any]]) -> dict[str, Any]:
    counts = {name: sum(row["n"] for row in rows if row["outcome"] == name) for name in ("kept", "returned")}
    left_out = {code: sum(row["n"] for row in rows if row["outcome"] == code) for code in accuracy.EXCLUDED}
    rate = Rate(counts["kept"], counts["kept"] + counts["returned"], sum(left_out.values()))
    return {
        "value": rate.shown, "numerator": rate.numerator, "denominator": rate.denominator,
        "returned": counts["returned"],
        "exclusions": [{"code": c, "name": accuracy.EXCLUDED[c], "count": n} for c, n in left_out.items() if n],
    }  # fmt: skip


def _share(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Of all first dispatches, those to a unit that the catalogue proposed."""
    rate = Rate(sum(row["n"] for row in rows if row[name]), sum(row["n"] for row in rows))
    return {"value": rate.shown, "numerator": rate.numerator, "denominator": rate.denominator}


def _topic(code: str) -> str:
    known = rulebook().topics.get(code)
    return known.name if known else ""


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "item_code", "item", "lead_code", "topic", "version_id", "case_id", "number", "unit", "reason",
             "return_state", "state", "note", "draft_id")  # fmt: skip
    return {**{name: row[name] for name in names}, "created_at": local(row["created_at"]),
            "decided_at": local(row["decided_at"])}  # fmt: skip


ROUTES = (
    Route(method="GET", path="/duty-proposals", handler=list_proposals, gate=P.RULES_MANAGE, query=ProposalList,
          reads=True, summary="职责清单修订建议"),
    Route(method="POST", path="/duty-proposals/<id:str>/acceptance", handler=accept, gate=P.RULES_MANAGE, body=Accept,
          summary="采纳修订建议", problems=(GuardNotMet,)),
    Route(method="POST", path="/duty-proposals/<id:str>/rejection", handler=reject, gate=P.RULES_MANAGE, body=Reject,
          summary="不采纳修订建议", problems=(GuardNotMet,)),
    Route(method="GET", path="/dispatch-accuracy", handler=show_accuracy, gate=P.CASE_READ, query=Period, reads=True,
          summary="精准派单率"),
    Route(method="GET", path="/dispatch-accuracy/cases", handler=list_accuracy_cases, gate=P.CASE_READ,
          query=PeriodCases, reads=True, summary="精准派单率的工单"),
)  # fmt: skip
