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
SELECT c.state, c.round, r.step, r.state AS outcome, r.round AS review_round, r.decided_at,
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
        open_yet = rows[0]["state"] in REVIEWABLE and replied_at is not None and _within(replied_at, at)
        return ["request-review"] if open_yet else []
    decided = review["outcome"] in OUTCOMES and review["decided_at"] is not None
    return ["request-rereview"] if decided and "rereview" not in asked and _within(review["decided_at"], at) else []


def _within(since: datetime, at: datetime) -> bool:
    return at <= request_until(since, rulebook().calendar).due_at
