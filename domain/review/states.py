"""The states of a review and its time limits: pure. Sources: 条例 art 35, 36; 山东 art 43 (three working days)."""

from datetime import datetime

from domain.deadlines.calendar import WorkCalendar
from domain.deadlines.limits import Due, Limit, Unit, due

REQUEST_DAYS = 30
DECIDE_DAYS = 30
ACCEPT = Limit(3, Unit.WORKING_DAY)
WAITING = ("requested", "accepted", "deciding")
OUTCOMES: dict[str, str] = {"upheld": "维持", "changed": "变更", "redo": "责令重办", "revoked": "撤销"}
STATES: dict[str, str] = {"requested": "已申请", "accepted": "已受理", "deciding": "审查中", **OUTCOMES}
STEPS: dict[str, str] = {"review": "复查", "rereview": "复核"}
NEXT: dict[str, tuple[str, ...]] = {
    "requested": ("accept",),
    "accepted": ("begin", "order-hearing"),
    "deciding": ("decide", "order-hearing"),
}


def request_until(decided_at: datetime, calendar: WorkCalendar) -> Due:
    """Until when a review may be asked for; a last day on a holiday rolls, the appellant gets the later date."""
    return due(Limit(REQUEST_DAYS, Unit.NATURAL_DAY, legal=True), decided_at, calendar)


def decide_until(requested_at: datetime, hearing_days: int, calendar: WorkCalendar) -> Due:
    """Until when it has to be decided; the days of a hearing in a re-review are not counted (art 36)."""
    return due(decide_limit(hearing_days), requested_at, calendar)


def decide_limit(hearing_days: int) -> Limit:
    """Thirty days and those of a hearing."""
    return Limit(DECIDE_DAYS + hearing_days, Unit.NATURAL_DAY, legal=True)


def final(step: str, state: str) -> bool:
    """Whether this outcome ends the matter: every re-review that does not send it back."""
    return step == "rereview" and state in OUTCOMES and state != "redo"
