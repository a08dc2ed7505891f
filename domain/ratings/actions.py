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
from domain.sql import fetch, fetch_one

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
    """Record a rating of the current round; 409 before the answer, the second time, or after the window, which binds
    only those who rate by themselves: an officer asks until somebody was heard."""
    reply = await Reply.get_or_none(appeal_id=appeal.id, round=case.round)
    if reply is None:
        raise AlreadyRated if await _rated(appeal, case.round - 1, source) else NotYetAnswered
    if await _rated(appeal, case.round, source):
        raise AlreadyRated
    at = now()
    flag = "assisted" if source == "assisted" else "own_work" if await _own_work(appeal, case) else ""
    days = rulebook().for_area(case.area_path).rating_window_days
    if source == "self" and at > reply.at + timedelta(days=days):
        raise RatingWindowClosed(days=days)
    rating = await Rating.create(
        id=new_id(), appeal_id=appeal.id, case_id=case.id, round=case.round, source=source, process=verdict.process,
        result=verdict.result, solved=verdict.solved, staff=verdict.staff, comment=verdict.comment,
        counts=source in COUNTED and not flag, flag=flag, rated_at=at, rated_on=local_date(at),
    )  # fmt: skip
    record(
        Fact(
            "rating.given", case.area_code, case.id, rating.id,
            {"appeal_id": str(appeal.id), "source": source, "round": case.round, "process": verdict.process,
             "result": verdict.result, "solved": verdict.solved, "staff": verdict.staff, "flag": flag},
        )
    )  # fmt: skip
    return rating


async def _rated(appeal: Appeal, round_no: int, source: str) -> bool:
    return await Rating.exists(appeal_id=appeal.id, round=round_no, source=source)


_OWN_WORK = """
SELECT 1 AS own FROM staff s LEFT JOIN residents r ON r.id = $2 LEFT JOIN appellants w ON w.appeal_id = $3
WHERE (s.openid = r.openid OR (s.phone <> '' AND s.phone IN (r.phone, w.phone))) AND (s.id = ANY($4::uuid[])
  OR s.department_id = $1 OR s.department_id IN (SELECT department_id FROM case_units WHERE case_id = $5)
  OR EXISTS (SELECT 1 FROM assignments g WHERE g.staff_id = s.id AND g.department_id = $1)) LIMIT 1
"""


async def _own_work(appeal: Appeal, case: Case) -> bool:
    """Whether the appellant is one of those who did the work: known by WeChat account or telephone (domain 7.6)."""
    people = [person for person in (case.handler_id, case.first_handler_id, case.reviewer_id) if person]
    row = await fetch_one(_OWN_WORK, [case.lead_id, appeal.resident_id, appeal.id, people, case.id])
    return row is not None


_NEWEST = """
SELECT DISTINCT ON (r.appeal_id) r.solved = 'no' OR r.result <= 2 AS bad FROM ratings r
WHERE r.case_id = $1 AND r.source IN ('self', 'callback') ORDER BY r.appeal_id, r.rated_at DESC, r.id DESC
"""


async def still_dissatisfied(case: Case) -> bool:
    """Whether any appellant of the case said last that it is not solved; what others say does not change that."""
    return any(row["bad"] for row in await fetch(_NEWEST, [case.id]))
