"""What an appellant may do now with the own appeal: pure, the same rule for the `can` list and for refusals."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.cases.policy import CaseFacts, allowed
from domain.cases.states import ENDED, STATES
from domain.problems import MoveNotAllowed

OBJECTABLE = frozenset({"answered", "closed", "long_term"})
_MOVES = ("supply-info", "urge", "withdraw", "contest")
_DECISIONS = frozenset({"withdraw", "contest", "object"})


@dataclass(frozen=True)
class RatingFacts:
    """What decides whether the current round can be rated."""

    answered_at: datetime | None
    rated: bool
    window_days: int

    @property
    def until(self) -> datetime | None:
        """The last instant to rate, or None where nothing is to be rated."""
        if self.answered_at is None or self.rated:
            return None
        return self.answered_at + timedelta(days=self.window_days)

    def open(self, at: datetime) -> bool:
        """Whether an answer waits for a rating."""
        return self.until is not None and at <= self.until


def deeds(case: CaseFacts, actor: Actor, rating: RatingFacts, at: datetime) -> list[str]:
    """The names of what this appellant may do now, in a fixed order."""
    moves = allowed(case, actor)
    found = [name for name in _MOVES if name in moves]
    if case.state not in ENDED and case.state != "need_info":
        found.insert(0, "message")
    if case.state in OBJECTABLE or case.suspended:
        found.append("object")
    if rating.open(at) and actor.may(Permission.APPEAL_RATE):
        found.append("rate")
    return (
        found if actor.may(Permission.APPEAL_DECIDE) else [name for name in found if name not in _DECISIONS]
    )


def refuse(case: CaseFacts, allowed_now: list[str]) -> MoveNotAllowed:
    """409 with what is allowed instead."""
    return MoveNotAllowed(state=case.state, state_name=STATES[case.state], allowed=allowed_now)
