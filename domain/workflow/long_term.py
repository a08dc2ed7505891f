"""Effects of what cannot be solved now: held on the list with an opinion and review dates (挂账推进, 000-12)."""

from datetime import date
from typing import Annotated

import msgspec

from domain.access.permissions import Permission
from domain.cases import clocks
from domain.cases.move import Body, Turn, effect
from domain.clock import local_date, now
from domain.deadlines.limits import Limit, Unit
from domain.problems import NotAllowed, invalid
from domain.rulebook import rulebook
from domain.workflow.intake import Text, one_may, second_person


class HoldLongTerm(Body, kw_only=True):
    """What the unit thinks, what the appellant is told, how it goes on, and when it is looked at again."""

    opinion: Text
    explanation: Text
    plan: Annotated[str, msgspec.Meta(min_length=1, max_length=1500)]
    review_on: date


@effect("hold-long-term", HoldLongTerm)
async def hold_long_term(turn: Turn, body: HoldLongTerm) -> None:
    """Put the matter on the list: two persons, one of them with a leader's right; it counts as explained, not solved."""
    days = (body.review_on - local_date(now())).days
    longest = rulebook().for_area(turn.case.area_path).limits["long_term_review"].amount
    if not 1 <= days <= longest:
        raise invalid("review_on", f"下次研究日期应在 1 到 {longest} 天之内")
    await second_person(turn, body)
    if turn.hold:
        return
    if not await one_may(turn, Permission.CASE_APPROVE):
        raise NotAllowed
    turn.text, turn.public = f"{body.explanation}\n下一步:{body.plan}", True
    turn.data["review_on"] = body.review_on.isoformat()
    await clocks.set_clock(turn.case, "review", Limit(days, Unit.NATURAL_DAY), now())


class Resume(Body, kw_only=True):
    """Why it can go on now."""

    note: Text


@effect("resume", Resume)
async def resume(turn: Turn, body: Resume) -> None:
    """Go on handling: the handling limit of the track starts anew."""
    turn.text = body.note
    handling = clocks.handling_track(turn.case).handling
    if handling:
        await clocks.set_clock(turn.case, "handling", handling.limit, now())
