"""Worker door: patrols (平安巡逻). A window of time, a grid, what was found; never where somebody walked."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

from domain.access.permissions import Permission as P
from domain.problems import ClientTimeAbsurd, SameIdOtherContent, invalid
from domain.text import clean_text
from domain.times import occurred
from domain.visits.patrols import FINDINGS, KINDS, SOURCES, Found, Walk, log_patrol, patrols
from grid_api.schemas import Words
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Answer, Ask, Route
from web.shapes import local


class NewFinding(Strict):
    """What was found: something that happened, or a hazard that may lead to a dispute."""

    kind: Literal["occurred", "potential"]
    text: Annotated[str, Meta(min_length=1, max_length=500)]
    event_id: UUID | None = None


class NewPatrol(Strict, kw_only=True):
    """A patrol: what for, from when to when, what was found, which policy was talked about."""

    id: UUID
    grid_code: Annotated[str, Meta(max_length=20)] | None = None  # left out: my only grid
    kind: Literal["safety", "hazard", "dispute", "environment", "policy", "flood_fire", "other"]
    source: Literal["own", "villagers", "special_check", "inspection_feedback", "superior"] = "own"
    since: str
    until: str
    findings: Annotated[list[NewFinding], Meta(max_length=50)] = []
    policy_talk: Annotated[str, Meta(max_length=200)] = ""
    note: Words = ""


async def create_patrol(ask: Ask) -> Answer:
    """Keep a patrol (`POST /patrols`); 201 for a new one, 200 for one that was sent before."""
    body: NewPatrol = ask.body
    findings = tuple(Found(each.kind, clean_text(each.text), each.event_id) for each in body.findings)
    if not all(found.text for found in findings):
        raise invalid("findings", "请写明发现了什么", "required")
    walk = Walk(
        id=body.id, grid_code=body.grid_code, kind=body.kind, source=body.source,
        since_at=occurred(body.since, "since"), until_at=occurred(body.until, "until"), findings=findings,
        policy_talk=clean_text(body.policy_talk), note=clean_text(body.note),
    )  # fmt: skip
    patrol, fresh = await log_patrol(ask.actor, walk)
    receipt = {"id": patrol.id, "grid_code": patrol.area_code, "findings": len(findings)}
    return Answer({**receipt, "received_at": local(patrol.received_at)}, 201 if fresh else 200)


async def list_patrols(ask: Ask) -> dict[str, Any]:
    """The patrols in my grids, newest first (`GET /patrols`)."""
    rows = await patrols(ask.actor, ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, lambda row: _shape(ask, row))


async def patrol_choices(ask: Ask) -> dict[str, Any]:
    """What can be chosen when a patrol is noted (`GET /patrols/choices`)."""
    return {
        "kinds": _named(KINDS), "sources": _named(SOURCES), "findings": _named(FINDINGS),
    }  # fmt: skip


def _named(words: dict[str, str]) -> list[dict[str, str]]:
    return [{"code": code, "name": name} for code, name in words.items()]


def _shape(ask: Ask, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "grid_code": row["area_code"],
        "grid": row["grid"],
        "kind": row["kind"],
        "kind_name": KINDS[row["kind"]],
        "source": row["source"],
        "since": local(row["since_at"]),
        "until": local(row["until_at"]),
        "policy_talk": row["policy_talk"],
        "note": row["note"],
        "by_me": row["worker_id"] == ask.actor.id,
        "findings": [{**found, "kind_name": FINDINGS[found["kind"]]} for found in row["findings"]],
    }


ROUTES = (
    Route(method="POST", path="/patrols", handler=create_patrol, gate=P.PATROL_LOG, body=NewPatrol, status=201,
          also=(200,), summary="记一次巡逻", problems=(SameIdOtherContent, ClientTimeAbsurd)),
    Route(method="GET", path="/patrols", handler=list_patrols, gate=P.PATROL_LOG, query=Page, reads=True,
          summary="巡逻记录"),
    Route(method="GET", path="/patrols/choices", handler=patrol_choices, gate=P.PATROL_LOG, reads=True,
          summary="巡逻表单选项"),
)  # fmt: skip
