"""Resident door: the own appeals, their progress in plain words, and what can be done now."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission as P
from domain.appeals.deeds import RatingFacts, deeds
from domain.appeals.queries import own_appeal, own_page, own_timeline
from domain.appeals.words import CLOCKS, EVENTS, sentence
from domain.cases.clocks import exact_level
from domain.cases.queries import facts
from domain.cases.states import STATES
from domain.clock import now
from domain.review.deeds import review_deeds
from domain.rulebook import rulebook
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local

SHOWN = list(EVENTS)


async def list_appeals(ask: Ask) -> dict[str, Any]:
    """The own appeals, newest first (contract: `GET /appeals`)."""
    rows = await own_page(ask.actor, ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, _line)


async def read_appeal(ask: Ask) -> dict[str, Any]:
    """One own appeal with its progress (contract: `GET /appeals/{id}`)."""
    return await progress(ask.actor, path_id(ask))


async def progress(actor: Actor, appeal_id: UUID) -> dict[str, Any]:
    """An own appeal as its author sees it; 404 for anybody else's."""
    row = await own_appeal(actor, appeal_id)
    shown = _detail(row, await own_timeline(row, SHOWN), actor)
    return {**shown, "can": [*shown["can"], *await review_deeds(actor, appeal_id, now())]}


def _line(row: dict[str, Any]) -> dict[str, Any]:
    waiting = _clock(row | {"name": row["clock"]}, now(), row["area_path"]) if row["clock"] else None
    return {
        "id": row["id"],
        "number": row["number"],
        "kind": row["kind"],
        "title": row["title"] or "语音诉求",
        "status": row["state"],
        "status_name": STATES[row["state"]],
        "received_at": local(row["received_at"]),
        "unit": row["unit"],
        "deadline": waiting,
    }


def _detail(row: dict[str, Any], timeline: list[dict[str, Any]], actor: Actor) -> dict[str, Any]:
    at = now()
    clocks = [_clock(clock, at, row["area_path"]) for clock in row["clocks"] or ()]
    topic, rating = rulebook().topics.get(row["topic"]), _rating(row)
    return {
        "id": row["id"],
        "number": row["number"],
        "kind": row["kind"],
        "topic": {"code": topic.code, "name": topic.name} if topic else None,
        "content": row["content"],
        "identity": row["identity"],
        "area": row["area"],
        "status": row["state"],
        "status_name": STATES[row["state"]],
        "unit": row["unit"],
        "received_at": local(row["received_at"]),
        "deadline": next((clock for clock in clocks if clock["stopped_at"] is None), None),
        "deadlines": clocks,
        "timeline": [_entry(entry) for entry in timeline],
        "replies": [{**reply, "at": _local(reply["at"])} for reply in row["replies"] or ()],
        "ratings": [{**rating, "rated_at": _local(rating["rated_at"])} for rating in row["ratings"] or ()],
        "suspensions": [
            {**one, "from_at": _local(one["from_at"]), "ended_at": _local(one["ended_at"])}
            for one in row["suspensions"] or ()
        ],
        "messages": [{**message, "at": _local(message["at"])} for message in row["messages"] or ()],
        "attachments": [_file(file) for file in row["attachments"] or ()],
        "rate_until": _local(rating.until),
        "can": deeds(facts(row | {"id": row["case_id"], "kind": row["case_kind"], "co_ids": ()}), actor, rating, at),
        "hotline": rulebook().for_area(row["area_path"]).hotline,
    }  # fmt: skip


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    words = sentence(entry["event"], entry["unit"])
    # the answer itself stands under `replies`; here it would fill the screen
    said = entry["text"] if entry["event"] != "case.answered" else None
    return {
        "at": local(entry["at"]),
        "event": entry["event"],
        "text": f"{words}。{said}" if said else words,
        "unit": entry["unit"],
    }


def _clock(clock: dict[str, Any], at: datetime, area_path: str) -> dict[str, Any]:
    track = rulebook().for_area(area_path).tracks.get(clock["track"])
    inner = {step.code: step.text for step in track.inner} if track else {}
    shape = {
        "kind": clock["name"],
        "name": CLOCKS.get(clock["name"]) or inner.get(clock["name"], clock["name"]),
        "due_at": _local(clock["due_at"]),
        "limit": clock["limit_text"],
        "level": exact_level(clock["ladder"], at) if clock.get("stopped_at") is None else "none",
    }
    if "explanation" in clock:
        shape |= {
            "started_at": _local(clock["started_at"]), "stopped_at": _local(clock["stopped_at"]), "met": clock["met"],
            "round": clock["round"], "explanation": clock["explanation"],
        }  # fmt: skip
    return shape


def _file(file: dict[str, Any]) -> dict[str, Any]:
    path = f"/api/miniprogram/v1/attachments/{file['id']}"
    return {
        "id": file["id"],
        "kind": file["kind"],
        "bytes": file["bytes"],
        "width": file["width"],
        "height": file["height"],
        "duration_s": file["duration_s"],
        "from": "appellant" if file["purpose"] != "public" else "unit",
        "message_id": file["subject_id"] if file["subject_kind"] == "message" else None,
        "url": path,
        "thumbnail_url": f"{path}?size=thumbnail" if file["has_thumbnail"] else None,
    }


def _rating(row: dict[str, Any]) -> RatingFacts:
    answered = [reply["at"] for reply in row["replies"] or () if reply["round"] == row["round"]]
    rated = any(r["round"] == row["round"] and r["source"] == "self" for r in row["ratings"] or ())
    at = datetime.fromisoformat(answered[0]) if answered else None
    return RatingFacts(at, rated, rulebook().for_area(row["area_path"]).rating_window_days)


def _local(at: str | datetime | None) -> str | None:
    return local(datetime.fromisoformat(at) if isinstance(at, str) else at)


ROUTES = (
    Route(method="GET", path="/appeals", handler=list_appeals, gate=P.APPEAL_FOLLOW, query=Page, reads=True,
          summary="我的诉求"),
    Route(method="GET", path="/appeals/<id:str>", handler=read_appeal, gate=P.APPEAL_FOLLOW, reads=True,
          summary="诉求进展"),
)  # fmt: skip
