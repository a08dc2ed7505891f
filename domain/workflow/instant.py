"""An answer on the spot (当即答复, 004-24): where the track allows it, the desk answers what it can answer at once."""

from typing import Annotated

import msgspec

from domain.cases import clocks
from domain.cases.move import Body, Turn, effect
from domain.clock import now
from domain.problems import GuardNotMet, invalid
from domain.workflow.handling import Disposition, serve


class AtOnce(Body, kw_only=True):
    """The answer with its basis and how the matter was disposed of (三到位一处理)."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=5000)]
    basis: Annotated[str, msgspec.Meta(min_length=2, max_length=2000)]
    disposition: Disposition


@effect("answer-at-once", AtOnce)
async def answer_at_once(turn: Turn, body: AtOnce) -> None:
    """Accept and answer in one move; what is bad about it still leads to rework by a unit, like any other answer."""
    case, at = turn.case, now()
    if not clocks.handling_track(case).instant or case.urgent:
        raise GuardNotMet(reason="只有简易办理和咨询可以当即答复。", missing=[])
    if case.origin == "superior_assigned" or case.major:
        raise GuardNotMet(reason="上级交办和重大事项须经主要负责人签发。", missing=[])
    if not case.petition_class:
        raise GuardNotMet(reason="请先登记:确定类别、诉求类型和信访类别。", missing=["register"])
    units = sorted(turn.actor.departments - {case.complained_department_id})
    if not units:
        raise invalid("text", "您的账号没有所属单位,不能出具答复")
    if case.accepted_at is None:
        case.accepted_at = at
        await clocks.start(case, ("handling",), at)
    case.lead_id = case.first_unit_id = units[0]
    case.handler_id = case.first_handler_id = case.reviewer_id = turn.actor.id
    case.result, case.basis, case.disposition, case.instant = body.text, body.basis, body.disposition, True
    case.steps = {**case.steps, "accept": case.accepted_at.isoformat()}
    case.plus_steps = {"approve": case.accepted_at.isoformat(), **case.plus_steps}
    await serve(case, body.text)
    turn.text, turn.public = body.text, True
    turn.data |= {"unit_id": str(case.lead_id), "round": case.round, "disposition": body.disposition, "instant": True}
