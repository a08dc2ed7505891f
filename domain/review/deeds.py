"""What an appellant may ask for beside the moves of the case: review, re-review, help against retaliation."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.review.requests import REVIEWABLE
from domain.review.states import OUTCOMES, final, request_until
from domain.rulebook import rulebook
from domain.sql import fetch

_FACTS = """
SELECT c.state, c.round, c.area_path, r.step, r.state AS outcome, r.round AS review_round, r.decided_at,
  (SELECT max(p.at) FROM replies p WHERE p.appeal_id = a.id AND p.round = c.round) AS replied_at
FROM appeals a JOIN cases c ON c.id = a.case_id LEFT JOIN reviews r ON r.appeal_id = a.id WHERE a.id = $1
"""


async def review_deeds(actor: Actor, appeal_id: UUID, at: datetime) -> list[str]:
    """The names of the requests that the appellant may make now; the caller has checked whose appeal it is."""
    if not actor.may(Permission.APPEAL_DECIDE):
        return []
    rows = await fetch(_FACTS, [appeal_id])
    return [*_asks(rows, at), "report-retaliation"] if rows else []


def _asks(rows: list[dict[str, Any]], at: datetime) -> list[str]:
    if any(row["step"] and final(row["step"], row["outcome"]) for row in rows):
        return []
    asked = {row["step"]: row for row in rows if row["review_round"] == rows[0]["round"]}
    review, replied_at = asked.get("review"), rows[0]["replied_at"]
    if review is None:
        answered = rows[0]["state"] in REVIEWABLE and replied_at is not None
        return ["request-review"] if answered and at <= _until("review_request", rows[0], replied_at) else []
    decided = review["outcome"] in OUTCOMES and review["decided_at"] is not None
    if not decided or "rereview" in asked:
        return []
    return ["request-rereview"] if at <= _until("rereview_request", rows[0], review["decided_at"]) else []


def _until(name: str, row: dict[str, Any], since: datetime) -> datetime:
    book = rulebook().for_area(row["area_path"])
    return request_until(book.limits[name], since, book.calendar).due_at
