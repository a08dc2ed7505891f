"""Ratings: one per appeal, round and source; what staff of the handling unit give is kept and not counted."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.appeals.models import Appeal
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
    known = await _known(appeal, case, source)
    if known["answered_at"] is None:
        raise AlreadyRated if case.round - 1 in known["rated"] else NotYetAnswered
    if case.round in known["rated"]:
        raise AlreadyRated
    at = now()
    flag = "assisted" if source == "assisted" else "own_work" if known["own_work"] else ""
    days = rulebook().for_area(case.area_path).rating_window_days
    if source == "self" and at > known["answered_at"] + timedelta(days=days):
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


# An appellant is one of those who did the work when known by the same WeChat account or telephone (domain 7.6).
_KNOWN = """
SELECT (SELECT at FROM replies WHERE appeal_id = $3 AND round = $6) AS answered_at,
  ARRAY(SELECT round FROM ratings WHERE appeal_id = $3 AND source = $7) AS rated,
  EXISTS (SELECT FROM staff s LEFT JOIN residents r ON r.id = $2 LEFT JOIN appellants w ON w.appeal_id = $3
    WHERE (s.openid = r.openid OR (s.phone <> '' AND s.phone IN (r.phone, w.phone))) AND (s.id = ANY($4::uuid[])
      OR s.department_id = $1 OR s.department_id IN (SELECT department_id FROM case_units WHERE case_id = $5)
      OR EXISTS (SELECT FROM assignments g WHERE g.staff_id = s.id AND g.department_id = $1))) AS own_work
"""


async def _known(appeal: Appeal, case: Case, source: str) -> dict[str, Any]:
    """When the appeal was answered in this round, in which rounds this source has rated it, and whether the appellant
    is one of those who did the work."""
    people = [person for person in (case.handler_id, case.first_handler_id, case.reviewer_id) if person]
    row = await fetch_one(
        _KNOWN, [case.lead_id, appeal.resident_id, appeal.id, people, case.id, case.round, source]
    )
    assert row is not None  # it reads no table
    return row


_NEWEST = """
SELECT DISTINCT ON (r.appeal_id) r.solved = 'no' OR r.result <= 2 AS bad FROM ratings r
WHERE r.case_id = $1 AND r.source IN ('self', 'callback') ORDER BY r.appeal_id, r.rated_at DESC, r.id DESC
"""


async def still_dissatisfied(case: Case) -> bool:
    """Whether any appellant of the case said last that it is not solved; what others say does not change that."""
    return any(row["bad"] for row in await fetch(_NEWEST, [case.id]))
