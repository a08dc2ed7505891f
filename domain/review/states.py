"""The states of a review and how its time limits count: pure; the limits are the profile's (条例 art 35, 36)."""

from dataclasses import replace
from datetime import datetime

from domain.deadlines.calendar import WorkCalendar
from domain.deadlines.limits import Due, Limit, due

WAITING = ("requested", "accepted", "deciding")
OUTCOMES: dict[str, str] = {"upheld": "维持", "changed": "变更", "redo": "责令重办", "revoked": "撤销"}
STATES: dict[str, str] = {"requested": "已申请", "accepted": "已受理", "deciding": "审查中", **OUTCOMES}
STEPS: dict[str, str] = {"review": "复查", "rereview": "复核"}
NEXT: dict[str, tuple[str, ...]] = {
    "requested": ("accept",),
    "accepted": ("begin", "order-hearing"),
    "deciding": ("decide", "order-hearing"),
}


def request_until(limit: Limit, decided_at: datetime, calendar: WorkCalendar) -> Due:
    """Until when a review may be asked for; a last day on a holiday rolls, the appellant gets the later date."""
    return due(limit, decided_at, calendar)


def decide_until(limit: Limit, requested_at: datetime, hearing_days: int, calendar: WorkCalendar) -> Due:
    """Until when it has to be decided; the days of a hearing in a re-review are not counted (art 36)."""
    return due(decide_limit(limit, hearing_days), requested_at, calendar)


def decide_limit(limit: Limit, hearing_days: int) -> Limit:
    """The time to decide and the days of a hearing."""
    return replace(limit, amount=limit.amount + hearing_days)


def final(step: str, state: str) -> bool:
    """Whether this outcome ends the matter: every re-review that does not send it back."""
    return step == "rereview" and state in OUTCOMES and state != "redo"
