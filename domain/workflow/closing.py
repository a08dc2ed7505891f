"""Effects after the answer: follow-up, callback, close with its guard, rework; and what a rating sets off."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from domain.access.actor import SYSTEM
from domain.appeals.models import Appeal
from domain.cases import clocks
from domain.cases.models import Case
from domain.cases.move import AFTER, Body, Turn, effect, move_locked
from domain.cases.steps import FAST
from domain.clock import local_date, now
from domain.deadlines.shifted import ONE_WORKING_DAY, UNREACHABLE, closes_inside, has
from domain.ids import new_id
from domain.problems import GuardNotMet, invalid
from domain.ratings.actions import Verdict, rate, still_dissatisfied
from domain.ratings.models import Callback, Rating
from domain.ratings.tasks import UNHEARD
from domain.rulebook import rulebook
from domain.sql import fetch, fetch_one, load
from domain.supervision.actions import open_supervision, settle_dissatisfaction
from domain.workflow.handling import Met, note_meetings
from domain.workflow.intake import Text

STAGES = {"accept": "受理见面", "investigate": "调查见面", "answer": "答复见面"}


class Note(Met, kw_only=True):
    """A short note, and the meeting at which the answer was handed over, where that was the same way."""

    note: Text


@effect("follow-up", Note)
async def follow_up(turn: Turn, body: Note) -> None:
    """The unit's own follow-up (快回访), the sixth fast step; it counts for no rate."""
    await note_meetings(turn, body)
    turn.text = body.note


class CallbackBody(Body, kw_only=True):
    """A call by an officer outside the unit; ratings only when the person was reached."""

    attempt: Annotated[int, msgspec.Meta(ge=1, le=20)] | None = None
    reached: bool
    solved: Annotated[str, msgspec.Meta(pattern="^(yes|partly|no)$")] | None = None
    process: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    result: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    staff: Annotated[str, msgspec.Meta(pattern="^(active|average|inactive)$")] = "average"
    comment: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    appeal_id: UUID | None = None


@effect("callback", CallbackBody)
async def callback(turn: Turn, body: CallbackBody) -> None:
    """Record the call and, when the person was reached, the rating with its source `callback` (000-24)."""
    appeals = await load(Appeal, "SELECT * FROM appeals WHERE case_id = $1 ORDER BY id", [turn.case.id])
    wanted = body.appeal_id or next(iter(await _unheard(turn.case)), None)
    appeal = next((a for a in appeals if wanted in (None, a.id)), None)
    if appeal is None:
        raise invalid("appeal_id", "此件中没有这份诉求")
    if body.reached and (body.solved is None or body.process is None or body.result is None):
        raise invalid("solved", "已联系上时,请记录是否解决、过程与结果评价")
    done = await Callback.filter(case_id=turn.case.id, appeal_id=appeal.id, round=turn.case.round).count()
    at = now()
    await Callback.create(
        id=new_id(), case_id=turn.case.id, appeal_id=appeal.id, round=turn.case.round, attempt=done + 1,
        reached=body.reached, officer_id=turn.actor.id, note=body.comment, at=at, on_date=local_date(at),
    )  # fmt: skip
    if not body.reached:
        await _not_late_for_that(turn)
    turn.text = body.comment
    turn.data |= {"reached": body.reached, "attempt": done + 1, "appeal_id": str(appeal.id)}
    if body.reached and body.solved and body.process and body.result:
        verdict = Verdict(body.process, body.result, body.solved, body.staff, body.comment)
        await rate(appeal, turn.case, verdict, "callback")
        turn.after = verdict
    unheard = await _unheard(turn.case)
    rated = Rating.filter(case_id=turn.case.id, round=turn.case.round, source__in=["self", "callback"])
    if not (unheard or body.reached or await rated.exists()):
        turn.data |= {"unreachable": True, "round": turn.case.round}  # X3: nobody could be asked, the rates leave it out
    turn.keep_clocks = bool(unheard)  # one call that nobody answers does not meet the callback clock


async def _not_late_for_that(turn: Turn) -> None:
    """The attempts that the place asks for (three on two days), begun in time, move a limit that ends with the closing by
    one day, once."""
    case = turn.case
    book = rulebook().for_area(case.area_path)
    handling = await clocks.running(case, "handling")
    tried = await Callback.filter(case_id=case.id, round=case.round, reached=False).order_by("at")
    if handling is None or not closes_inside(clocks.handling_track(case)) or has(handling.added, UNREACHABLE):
        return
    days = len({one.on_date for one in tried})
    if len(tried) >= book.callback_attempts and days >= book.callback_days and tried[0].at <= handling.due_at:
        await clocks.add(case, [*handling.added, [UNREACHABLE, ONE_WORKING_DAY.code]], now())
        turn.data["due_moved"] = 1


class Look(Body, kw_only=True):
    """What the supervision section saw before the closing."""

    note: Text


@effect("look", Look)
async def look(turn: Turn, body: Look) -> None:
    """Look at an answered case before it closes: the last step of six-plus-six."""
    turn.text = body.note


async def after_verdict(case: Case, co_ids: frozenset[UUID], verdict: Verdict) -> None:
    """A bad verdict opens supervision and, the first time, rework by itself; a good one settles what dissatisfaction
    opened and closes the case when nothing is missing (000-15, 004-26)."""
    if verdict.bad:
        await open_supervision(case, "key", "dissatisfied", "群众评价不满意,请核查原因并重新办理。")
        if case.rework_no < rulebook().for_area(case.area_path).rework_auto_rounds and case.state in {"answered", "closed"}:
            await move_locked(SYSTEM, case, co_ids, "rework", Rework(reason="群众评价不满意"))
        return
    if case.may_have("supervisions") and not await still_dissatisfied(case):
        await settle_dissatisfaction(case)
    if case.state == "answered" and not await missing_for_close(case):
        await move_locked(SYSTEM, case, co_ids, "close", Body())


AFTER["callback"] = after_verdict


@effect("close")
async def close(turn: Turn, body: Body) -> None:
    """Close only when the loop is complete (闭环, 000-08)."""
    if turn.case.state == "closed":
        turn.skip = True
        return
    missing = await missing_for_close(turn.case)
    if missing:
        raise GuardNotMet(reason="还缺:" + "、".join(missing) + "。", missing=missing)
    turn.case.ended_at = now()
    turn.data |= {"reporter_id": str(turn.case.reporter_id)} if turn.case.reporter_id else {}


_UNHEARD = UNHEARD.format(case="$1", round="$2", attempts="$3", days="$4")
_OWED = f"""
SELECT EXISTS ({_UNHEARD}) AS unheard,
  ARRAY(SELECT DISTINCT stage FROM contacts WHERE case_id = $1) AS met,
  ARRAY(SELECT DISTINCT track FROM deadlines WHERE case_id = $1) AS tracks,
  EXISTS (SELECT FROM urgent_files WHERE case_id = $1 AND round = $2) AS filed,
  EXISTS (SELECT FROM supervisions WHERE case_id = $1 AND subject_kind = '' AND state IN ('open', 'answered')) AS watched,
  EXISTS (SELECT FROM case_units WHERE case_id = $1 AND done_at IS NULL) AS shared,
  EXISTS (SELECT FROM verifications WHERE case_id = $1 AND state IN ('open', 'reported')) AS verifying,
  EXISTS (SELECT FROM instructions WHERE case_id = $1 AND principal) AS instructed,
  EXISTS (SELECT FROM leader_cases WHERE case_id = $1 AND state = 'open') AS led,
  EXISTS (SELECT FROM closure_reports WHERE case_id = $1 AND round = $2 AND state = 'accepted') AS reported
"""


async def missing_for_close(case: Case) -> list[str]:
    """What still stands between an answered case and its closing, in Chinese."""
    owed = await fetch_one(_OWED, _asked(case))
    assert owed is not None  # it reads no table
    missing = []
    if not case.instant:
        missing += [text for step, text in FAST.items() if step not in case.steps and step not in case.skipped]
        missing += [text for stage, text in STAGES.items() if stage not in owed["met"]]
    weighty = case.major or case.origin == "superior_assigned"
    conditions = {
        "即办事项归档和值班室报告决定": case.urgent and not owed["filed"],
        "回访": owed["unheard"],
        "督办销号": owed["watched"],
        "协办任务": owed["shared"],
        "转交核实": owed["verifying"],
        "督查查看": clocks.handling_track(case).look and "supervise" not in case.plus_steps,
        "上级受理闭环报告(登记回执)": _owes_report(case, owed["tracks"]) and not owed["reported"],
        "主要负责人批示": weighty and not owed["instructed"],  # 000-21
        "包案化解": owed["led"],
    }
    return missing + [text for text, lacking in conditions.items() if lacking]


def _owes_report(case: Case, clocks_on: Sequence[str]) -> bool:
    """Whether the closure report of this round has to be accepted by the superior; a longer track that came later does
    not take that away (000-10, 000-28)."""
    tracks = rulebook().for_area(case.area_path).tracks
    return any(tracks[code].report for code in {case.track, case.handling_track, *clocks_on} if code in tracks)


async def _unheard(case: Case) -> list[UUID]:
    """The appeals whose appellant was not heard in this round: by own rating or callback, or three attempts on two days."""
    return [row["id"] for row in await fetch(f"{_UNHEARD} ORDER BY p.id", _asked(case))]


def _asked(case: Case) -> list[object]:
    """The case and its round, and how often the place asks on how many days."""
    book = rulebook().for_area(case.area_path)
    return [case.id, case.round, book.callback_attempts, book.callback_days]


class Rework(Body, kw_only=True):
    """Why it has to be done again."""

    reason: Text


@effect("rework", Rework)
async def rework(turn: Turn, body: Rework) -> None:
    """Do it again: a new round with its own clock, answer and rating (重办)."""
    case = turn.case
    case.rework_no += 1
    case.round = case.rework_no + 1
    case.ended_at, case.instant = None, False
    turn.text, turn.public = body.reason, True
    turn.data |= {"rework_no": case.rework_no, "unit_id": str(case.lead_id) if case.lead_id else None}


