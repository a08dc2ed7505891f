"""Worker door: visits (户户走到). No position, no photo required, no score."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.clock import now
from domain.households.naming import plate_text
from domain.problems import (
    ClientTimeAbsurd,
    CodeDead,
    SameIdOtherContent,
    UnknownAttachment,
    UnknownCode,
    invalid,
)
from domain.rulebook import rulebook
from domain.text import clean_text
from domain.times import occurred
from domain.visits.actions import Call, log_visit
from domain.visits.models import Visit
from domain.visits.purposes import NEEDS, OUTCOMES, PURPOSES, REFERRED
from domain.visits.queries import VisitSearch, unvisited, visits
from grid_api.places import listed, scanned
from grid_api.schemas import NewVisit, VisitPage
from web.paging import Page, paged
from web.routes import Answer, Ask, Route
from web.shapes import local


async def create_visit(ask: Ask) -> Answer:
    """Keep a visit (contract: `POST /visits`); 201 for a new one, 200 for one that was sent before."""
    body: NewVisit = ask.body
    if (body.household_id is None) == (body.plate_code is None):
        raise invalid("household_id", "请填写 household_id 或 plate_code 其中一项", "required")
    house = await (scanned(ask, body.plate_code) if body.plate_code else listed(ask.actor, body.household_id))
    call = Call(
        id=body.id, household=house, occurred_at=occurred(body.occurred_at, "occurred_at"),
        purposes=tuple(body.purposes), outcome=body.outcome, note=clean_text(body.note),
        attachment_ids=tuple(body.attachment_ids), needs=tuple(clean_text(each) for each in body.needs),
    )  # fmt: skip
    visit, fresh = await log_visit(ask.actor, call)
    return Answer(_receipt(visit, plate_text(house.group_name, house.door_text)), 201 if fresh else 200)


async def list_visits(ask: Ask) -> dict[str, Any]:
    """The visits in my grids, newest first (`GET /visits`)."""
    page = ask.query
    rows = await visits(ask.actor, VisitSearch(page.household_id, page.needs, page.before, page.limit))
    return paged(rows, page.limit, lambda row: _shape(ask, row))


async def list_unvisited(ask: Ask) -> dict[str, Any]:
    """Households of my grids that nobody has walked to in this round (`GET /visits/waiting`)."""
    page = ask.query
    rows = await unvisited(ask.actor, now(), page.before, page.limit)
    mine = next(iter(ask.actor.areas(P.FIELD_READ)), "")
    return {"round_days": rulebook().for_area(mine).visit_round_days, **paged(rows, page.limit, _waiting)}


def _receipt(visit: Visit, where: str) -> dict[str, Any]:
    return {
        "id": visit.id,
        "household_id": visit.household_id,
        "plate_text": where,
        "occurred_at": local(visit.occurred_at),
        "received_at": local(visit.received_at),
        **_words(visit.purposes, visit.outcome, visit.needs),
        "referred": any(need["code"] in REFERRED for need in visit.needs),
    }


def _shape(ask: Ask, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "household_id": row["household_id"],
        "plate_text": plate_text(row["group_name"], row["door_text"]),
        "group": row["group_name"],
        "grid_code": row["grid_code"],
        "by_me": row["worker_id"] == ask.actor.id,
        "occurred_at": local(row["occurred_at"]),
        "note": row["note"],
        "attachment_ids": row["attachment_ids"],
        "attachments_pending": row["attachments_pending"],
        "next_contact_on": row["next_contact_on"],
        "notice_left": row["notice_left"],
        **_words(row["purposes"], row["outcome"], row["needs"]),
    }


def _words(purposes: list[str], outcome: str, needs: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "purposes": [{"code": code, "name": PURPOSES.get(code, code)} for code in purposes],
        "outcome": outcome,
        "outcome_name": OUTCOMES[outcome],
        "needs": [
            {"code": need["code"], "name": need["text"] or NEEDS.get(need["code"], need["code"])} for need in needs
        ],
    }


def _waiting(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "household_id": row["id"],
        "plate_text": plate_text(row["group_name"], row["door_text"]),
        "group": row["group_name"],
        "grid_code": row["grid_code"],
        "last_at": local(row["last_at"]),
        "last_outcome": row["last_outcome"],
    }

ROUTES = (
    Route(method="POST", path="/visits", handler=create_visit, gate=P.VISIT_LOG, body=NewVisit, status=201,
          also=(200,), summary="记一次走访",
          problems=(SameIdOtherContent, ClientTimeAbsurd, UnknownAttachment, UnknownCode, CodeDead)),
    Route(method="GET", path="/visits", handler=list_visits, gate=P.FIELD_READ, query=VisitPage, reads=True,
          summary="走访记录"),
    Route(method="GET", path="/visits/waiting", handler=list_unvisited, gate=P.FIELD_READ, query=Page, reads=True,
          summary="待走访住户"),
)  # fmt: skip
