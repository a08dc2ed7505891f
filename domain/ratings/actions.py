"""Ratings: one per appeal, round and source; what staff of the handling unit give is kept and not counted."""

from dataclasses import dataclass
from datetime import timedelta

from domain.appeals.models import Appeal, Reply
from domain.cases.models import Case
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import AlreadyRated, NotYetAnswered, RatingWindowClosed
from domain.ratings.models import Rating
from domain.rulebook import rulebook

COUNTED = frozenset({"self", "callback", "channel"})


@dataclass(frozen=True)
class Verdict:
    """Process and result on five levels, solved or not, staff active or not (000-16, 000-23)."""

    process: int
    result: int
    solved: str
    staff: str
    comment: str = ""

    @property
    def bad(self) -> bool:
        """Whether it calls for supervision."""
        return self.solved == "no" or self.result <= 2


async def rate(appeal: Appeal, case: Case, verdict: Verdict, source: str) -> Rating:
    """Record a rating of the current round; 409 before the answer, after the window, or the second time."""
    reply = await Reply.get_or_none(appeal_id=appeal.id, round=case.round)
    if reply is None:
        raise AlreadyRated if await _rated(appeal, case.round - 1, source) else NotYetAnswered
    if await _rated(appeal, case.round, source):
        raise AlreadyRated
    at = now()
    days = rulebook().rating_window_days
    if at > reply.at + timedelta(days=days):
        raise RatingWindowClosed(days=days)
    rating = await Rating.create(
        id=new_id(), appeal_id=appeal.id, case_id=case.id, round=case.round, source=source, process=verdict.process,
        result=verdict.result, solved=verdict.solved, staff=verdict.staff, comment=verdict.comment,
        counts=source in COUNTED, rated_at=at, rated_on=local_date(at),
    )  # fmt: skip
    record(
        Fact(
            "rating.given", case.area_code, case.id, rating.id,
            {"source": source, "round": case.round, "process": verdict.process, "result": verdict.result,
             "solved": verdict.solved, "staff": verdict.staff},
        )
    )  # fmt: skip
    return rating


async def _rated(appeal: Appeal, round_no: int, source: str) -> bool:
    return await Rating.exists(appeal_id=appeal.id, round=round_no, source=source)
