"""Effects on the limit and the steps of a case: another track with reasons, a fast step left out with agreement."""

from typing import Annotated, Literal

import msgspec

from domain.access.permissions import Permission
from domain.cases import clocks
from domain.cases.models import Case
from domain.cases.move import Body, Turn, effect
from domain.clock import local_date, now
from domain.deadlines.limits import due
from domain.deadlines.tracks import ClockName, Start, Track
from domain.problems import GuardNotMet, NotAllowed, invalid
from domain.rulebook import rulebook
from domain.supervision.actions import open_supervision
from domain.workflow.extending import open_handling
from domain.workflow.intake import REPEATED, Text, one_may, second_person
from domain.workflow.levels import at_level

Ground = Literal["complex", "difficult", "major", "repeat", "skipped_level", "simple"]
LENGTHENS = frozenset({"complex", "difficult", "major"})  # repeat and skipped_level alone never do (000-34)
GROUNDS = {
    "complex": "情况复杂", "difficult": "疑难", "major": "重大", "repeat": "重复反映", "skipped_level": "越级反映",
    "simple": "事实清楚、情况简单",
}  # fmt: skip


class Regrade(Body, kw_only=True):
    """The other track, and why."""

    track: str
    grounds: Annotated[list[Ground], msgspec.Meta(min_length=1, max_length=6)]
    reason: Text


@effect("regrade", Regrade)
async def regrade(turn: Turn, body: Regrade) -> None:
    """Put the case on another track: a shorter limit at once, a longer one with the agreement of the supervision
    section and before the old one lapses; the appellant is told the new date (000-34)."""
    case, track = turn.case, _track(turn.case, body.track)
    at_level(turn, case.desk_level, "改变办理方式")
    await open_handling(case)
    if is_longer(case, track):
        if not LENGTHENS & set(body.grounds):
            raise GuardNotMet(reason="重复、越级反映本身不能延长办理时限,须是重大、复杂或疑难事项。", missing=["complex"])
        await second_person(turn, body)
        if turn.hold:
            return
        if not await one_may(turn, Permission.CASE_SUPERVISE):
            raise NotAllowed
    if "repeat" in body.grounds:
        await open_supervision(case, "key", "repeat", REPEATED, by=turn.actor)
    words = "、".join(GROUNDS[ground] for ground in body.grounds)
    old = clocks.handling_track(case).name
    case.track_reasons = [f"由“{old}”改按“{track.name}”办理:{words};{body.reason}", *case.track_reasons]
    await clocks.change_track(case, body.track, now())
    clock = await clocks.running(case, "handling")
    turn.text, turn.public = body.reason, True
    turn.data |= {"track": body.track, "grounds": list(body.grounds)}
    if clock:
        turn.data["due_on"] = local_date(clock.due_at).isoformat()


def _track(case: Case, code: str) -> Track:
    track = rulebook().for_area(case.area_path).tracks.get(code)
    if track is None or track.handling is None or track.urgent:
        raise invalid("track", "没有这种办理方式")
    if code == (case.handling_track or case.track):
        raise invalid("track", "此件已按这种方式办理")
    if case.kind == "event" and ClockName.ACCEPT in track.clocks:
        raise invalid("track", "网格事件不按诉求件的时限办理")
    if case.kind == "appeal" and ClockName.ACCEPT not in track.clocks:
        raise invalid("track", "诉求件不按网格事件的时限办理")
    return track


def is_longer(case: Case, track: Track) -> bool:
    """Whether the limit of another track ends later than that of the present one."""
    ends = []
    for one in (clocks.handling_track(case), track):
        if one.handling is None:
            continue
        start_at = case.accepted_at if one.handling.start is Start.ACCEPTED else None
        ends.append(due(one.handling.limit, start_at or case.received_at, rulebook().for_area(case.area_path).calendar).due_at)
    return ends[-1] > ends[0]


class SkipStep(Body, kw_only=True):
    """Which of the six fast steps is left out, and why."""

    step: Literal["accept", "verify", "rectify", "report", "callback"]
    reason: Text


@effect("skip-step", SkipStep)
async def skip_step(turn: Turn, body: SkipStep) -> None:
    """Leave a fast step out: the unit asks with a reason, one of its leaders agrees (000-09)."""
    case = turn.case
    if case.urgent and body.step == "callback":
        raise invalid("step", "即办事项必须回访并做好反馈记录,不能省略")
    if body.step in case.steps or body.step in case.skipped:
        raise invalid("step", "这一步已经完成或已经同意省略")
    await second_person(turn, body)
    if turn.hold:
        return
    if not await one_may(turn, Permission.CASE_APPROVE):
        raise NotAllowed
    asked = turn.data["first_officer"]
    case.skipped = {**case.skipped, body.step: {"asked": asked, "agreed": str(turn.actor.id), "at": now().isoformat()}}
    turn.text = body.reason
    turn.data["step"] = body.step
