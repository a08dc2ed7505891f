"""States and moves of a case: one literal. Documents, diagrams, `can` lists and tests are made from it.

A move says from where to where, which kinds of case, which permission and which relation to the case it needs, which
event it records, which clocks it starts and stops, and which of the six fast steps (六快) it completes.
Source: the project's workflow (docs/workflow.md); 条例 art 22, 23, 28; mechanisms 000-08, 000-09.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from domain.access.permissions import Permission as P

Relation = Literal[
    "area",  # the permission is held for the area of the case
    "lead",  # …for the lead unit, or the case is the worker's own
    "reviewer",  # …for the lead unit, by another person than the handler
    "inspector",  # …for the area or as the reporter, by another person than the handler
    "outside",  # …for the area, by an officer of neither lead nor co-unit
    "reporter",  # the worker who reported it
    "field",  # any grid worker to whom the case is visible: own, reported, or an event of the grids
    "unit",  # a lead or co-unit
    "co",  # …for a co-unit
    "appellant",  # the person who filed; checked by the appeal, not here
    "system",
]
Kind = Literal["appeal", "event"]

STATES: dict[str, str] = {
    "submitted": "已提交",
    "registered": "已登记",
    "need_info": "待补充",
    "accepted": "已受理",
    "dispatched": "已派单",
    "signed": "已签收",
    "investigating": "核查中",
    "handling": "处置中",
    "reviewing": "审核中",
    "answered": "已答复",
    "rework": "重办",
    "long_term": "挂账推进",
    "closed": "办结",
    "not_accepted": "不予受理",
    "redirected": "导入法定途径",
    "transferred": "已转送",
    "merged": "已归并",
    "withdrawn": "已撤回",
    "voided": "作废",
}
ENDED = frozenset({"closed", "not_accepted", "redirected", "transferred", "merged", "withdrawn", "voided"})
OPEN = frozenset(STATES) - ENDED
SAME = "="  # the move leaves the state as it is
BEFORE = "<"  # the move restores the state before the last one
REMARKS = frozenset({"add-note", "urge"})  # what one person has signed is not about these: the second may still sign


@dataclass(frozen=True)
class Move:
    """One row of the transition table."""

    name: str
    source: tuple[str, ...]
    target: str
    event: str
    permission: P | None
    relation: tuple[Relation, ...]
    kinds: tuple[Kind, ...] = ("appeal",)
    event_source: tuple[str, ...] = ()  # further sources for events only
    later: tuple[str, ...] = ()  # states in which the move is possible too and changes nothing
    again: tuple[str, ...] = ()  # states in which a repeat is answered as done, but not offered
    unregistered: tuple[str, ...] = ()  # states in which it is possible as long as nobody has registered the case
    otherwise: str = ""  # the other outcome, where the body decides between two
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    step: str = ""
    plus: str = ""  # the step of six-plus-six that it completes
    two_persons: bool = False
    also: tuple[P, ...] = ()  # permissions that do as well
    quiet: bool = False  # nothing that anybody has on the screen changes: the version stays


_BOTH: tuple[Kind, ...] = ("appeal", "event")
_EVENT: tuple[Kind, ...] = ("event",)
_BEFORE_ANSWER = (
    "submitted", "registered", "need_info", "accepted", "dispatched", "signed", "investigating", "handling",
    "reviewing", "rework", "long_term",
)  # fmt: skip
_UP_TO_HANDLING = _BEFORE_ANSWER[:8]
_WORKED_ON = ("dispatched", "signed", "investigating", "handling", "reviewing")

_ROWS = (
    # ---- intake
    Move("register", ("submitted",), "registered", "case.registered", P.CASE_REGISTER, ("area",),
         unregistered=("registered",)),
    Move("ask-info", ("registered",), "need_info", "case.info-asked", P.CASE_REGISTER, ("area",), stops=("accept",),
         starts=("info",)),
    Move("supply-info", ("need_info",), "registered", "case.info-supplied", P.CASE_REGISTER, ("area", "appellant"),
         starts=("accept",), stops=("info",)),
    Move("lapse-info", ("need_info",), "registered", "case.info-lapsed", None, ("system",), starts=("accept",),
         stops=("info",)),
    Move("accept", ("registered",), "accepted", "case.accepted", P.CASE_REGISTER, ("area",), starts=("handling",),
         stops=("accept",), step="accept", plus="approve"),
    Move("not-accept", ("registered",), "not_accepted", "case.not-accepted", P.CASE_REGISTER, ("area",),
         stops=("accept",), two_persons=True),
    Move("redirect", ("registered",), "redirected", "case.redirected", P.CASE_REGISTER, ("area",), stops=("accept",)),
    Move("void", ("submitted", "registered"), "voided", "case.voided", P.CASE_REGISTER, ("area",), _BOTH,
         stops=("*",), two_persons=True),
    Move("transfer-out", ("registered", "accepted", "dispatched"), "transferred", "case.transferred",
         P.CASE_REGISTER, ("area",), stops=("*",), also=(P.CASE_DISPATCH,)),
    Move("confirm-transfer", ("transferred",), SAME, "case.transfer-confirmed", P.CASE_REGISTER, ("area",),
         also=(P.CASE_DISPATCH,)),
    Move("transfer-refused", ("transferred",), "registered", "case.transfer-refused", P.CASE_REGISTER, ("area",),
         starts=("accept",), also=(P.CASE_DISPATCH,)),
    Move("merge", tuple(sorted(OPEN)), "merged", "case.merged", P.CASE_DISPATCH, ("area",), _BOTH, stops=("*",),
         also=(P.CASE_REGISTER,)),
    Move("unmerge", ("merged",), BEFORE, "case.unmerged", P.CASE_DISPATCH, ("area",), _BOTH,
         also=(P.CASE_REGISTER,)),
    Move("answer-at-once", ("registered", "accepted"), "answered", "case.answered", P.CASE_REGISTER, ("area",),
         starts=("callback",), stops=("accept", "answered"), step="report", plus="review"),
    # ---- dispatch
    Move("dispatch", ("accepted", "rework"), "dispatched", "case.dispatched", P.CASE_DISPATCH, ("area",), _BOTH,
         event_source=("submitted", "registered"), starts=("sign", "first_contact"), plus="assign"),
    Move("sign", ("dispatched",), "signed", "case.signed", P.CASE_HANDLE, ("lead",), _BOTH, stops=("sign",)),
    Move("return", ("dispatched", "signed"), SAME, "case.returned", P.CASE_HANDLE, ("lead",), _BOTH),
    Move("grant-return", ("dispatched", "signed"), "accepted", "case.return-granted", P.CASE_DISPATCH, ("area",),
         _BOTH, stops=("sign", "first_contact", "return_decision")),
    Move("refuse-return", ("dispatched", "signed"), SAME, "case.return-refused", P.CASE_DISPATCH, ("area",), _BOTH,
         stops=("return_decision",)),
    Move("designate", ("accepted",), "dispatched", "case.dispatched", P.CASE_DESIGNATE, ("area",), _BOTH,
         starts=("sign", "first_contact"), plus="assign"),
    Move("dispatch-instructed", ("registered", "accepted", "rework"), "dispatched", "case.dispatched",
         P.CASE_SUPERVISE, ("area",), _BOTH, event_source=("submitted",), starts=("sign", "first_contact"),
         stops=("accept", "instructed"), plus="assign"),
    Move("mark-crossing", tuple(sorted(OPEN)), SAME, "case.crossing-marked", P.CASE_REGISTER, ("area",), _BOTH,
         also=(P.CASE_DISPATCH,)),
    Move("transfer-down", ("accepted", "dispatched", "signed", "investigating", "handling"), SAME,
         "case.transferred-down", P.CASE_HANDLE, ("lead", "area"), _BOTH, also=(P.CASE_DISPATCH, P.CASE_SUPERVISE)),
    Move("report-verification", tuple(sorted(OPEN)), SAME, "case.verification-reported", P.CASE_HANDLE, ("co", "lead"),
         _BOTH),
    Move("judge-verification", tuple(sorted(OPEN)), SAME, "case.verification-judged", P.CASE_HANDLE, ("lead", "area"),
         _BOTH, also=(P.CASE_DISPATCH, P.CASE_SUPERVISE)),
    Move("add-co-unit", ("dispatched", "signed", "investigating", "handling"), SAME, "case.co-unit-added",
         P.CASE_DISPATCH, ("area",), _BOTH),
    Move("escalate", _UP_TO_HANDLING, "accepted", "case.escalated", P.CASE_ESCALATE, ("area", "lead", "reporter"),
         _BOTH, stops=("accept", "info", "sign", "first_contact")),
    # ---- handling
    Move("contact", ("signed",), "investigating", "case.contacted", P.CASE_HANDLE, ("lead",), _BOTH,
         later=("investigating", "handling", "reviewing", "answered"), stops=("first_contact",), plus="investigate"),
    Move("grade", ("investigating",), "handling", "case.graded", P.CASE_HANDLE, ("lead",), _BOTH, step="verify"),
    Move("co-result", ("dispatched", "signed", "investigating", "handling", "reviewing", "answered", "rework"), SAME,
         "case.co-done", P.CASE_HANDLE, ("co",), _BOTH),
    Move("submit-result", ("handling",), "reviewing", "case.result-submitted", P.CASE_HANDLE, ("lead",), _BOTH,
         step="rectify", plus="dispose"),
    Move("self-handle", ("submitted",), "reviewing", "case.self-handled", P.EVENT_REPORT, ("reporter",), _EVENT),
    Move("reject", ("reviewing",), "handling", "case.rejected", P.CASE_REVIEW, ("reviewer",)),
    Move("answer", ("reviewing",), "answered", "case.answered", P.CASE_REVIEW, ("reviewer",), starts=("callback",),
         stops=("answered",), step="report", plus="review"),
    Move("inspect", ("reviewing",), "closed", "case.inspected", P.CASE_INSPECT, ("inspector",), _EVENT,
         otherwise="handling", stops=("*",)),
    # ---- after the answer
    Move("follow-up", ("answered",), SAME, "case.followed-up", P.CASE_HANDLE, ("lead",), step="callback"),
    Move("callback", ("answered", "closed"), SAME, "case.called-back", P.CASE_CALLBACK, ("outside",),
         stops=("callback",)),
    Move("file-urgent", ("answered",), SAME, "case.filed", P.CASE_HANDLE, ("lead",)),
    Move("look", ("answered",), SAME, "case.looked-at", P.CASE_SUPERVISE, ("area",), plus="supervise"),
    Move("close", ("answered",), "closed", "case.closed", P.CASE_CALLBACK, ("outside", "system"), stops=("*",),
         again=("closed",)),
    Move("rework", ("answered", "closed", "long_term"), "rework", "case.reworked", P.CASE_SUPERVISE,
         ("area", "system"), _BOTH, starts=("rework",), stops=("callback", "review")),
    Move("take-up", ("rework",), "handling", "case.taken-up", P.CASE_HANDLE, ("lead",), _BOTH),
    Move("hold-long-term", ("handling",), "long_term", "case.held-long-term", P.CASE_HANDLE, ("lead",), _BOTH,
         stops=("answered", "handling"), two_persons=True, also=(P.CASE_APPROVE,)),
    Move("resume", ("long_term",), "handling", "case.resumed", P.CASE_HANDLE, ("lead",), _BOTH, stops=("review",)),
    # ---- at any time
    Move("withdraw", _BEFORE_ANSWER, "withdrawn", "appeal.withdrawn", P.APPEAL_DECIDE, ("appellant",), stops=("*",)),
    Move("contest", ("not_accepted", "redirected", "transferred", "withdrawn", "voided"), "registered",
         "case.contested", P.APPEAL_DECIDE, ("appellant",), _BOTH, starts=("accept",)),
    Move("urge", tuple(sorted(OPEN)), SAME, "case.urged", P.CASE_SUPERVISE, ("area", "appellant"), _BOTH, quiet=True),
    Move("supervise", tuple(sorted(OPEN)), SAME, "case.supervised", P.CASE_SUPERVISE, ("area",), _BOTH),
    Move("add-note", tuple(STATES), SAME, "case.noted", P.CASE_READ, ("area", "unit", "field"), _BOTH),
    Move("report-on-site", ("signed", "investigating", "handling"), SAME, "case.on-site", P.CASE_HANDLE, ("lead",),
         _BOTH),
    Move("request-resources", ("signed", "investigating", "handling"), SAME, "case.resources-asked", P.CASE_HANDLE,
         ("lead",), _BOTH),
    Move("answer-resources", ("signed", "investigating", "handling"), SAME, "case.resources-answered", P.CASE_APPROVE,
         ("lead",), _BOTH),
    Move("find-cause", tuple(STATES), SAME, "case.cause-found", P.CASE_SUPERVISE, ("area",), _BOTH,
         also=(P.ACCOUNTABILITY_HANDLE,)),
    # ---- more time, another limit
    Move("extend", _WORKED_ON, SAME, "case.extension-asked", P.CASE_HANDLE, ("lead",), _BOTH),
    Move("grant-extension", _WORKED_ON, SAME, "case.extended", P.CASE_APPROVE, ("lead", "area"), _BOTH,
         also=(P.CASE_SUPERVISE,)),
    Move("refuse-extension", _WORKED_ON, SAME, "case.extension-refused", P.CASE_APPROVE, ("lead", "area"), _BOTH,
         also=(P.CASE_SUPERVISE,)),
    Move("suspend", _WORKED_ON, SAME, "case.suspended", P.CASE_HANDLE, ("lead", "area"), _BOTH, two_persons=True,
         also=(P.CASE_SUPERVISE,)),
    Move("unsuspend", tuple(sorted(OPEN)), SAME, "case.unsuspended", P.CASE_SUPERVISE, ("area", "system"), _BOTH),
    Move("regrade", ("accepted", *_WORKED_ON), SAME, "case.regraded", P.CASE_HANDLE, ("lead", "area"), _BOTH,
         also=(P.CASE_DISPATCH, P.CASE_SUPERVISE)),
    Move("skip-step", ("accepted", *_WORKED_ON, "answered"), SAME, "case.step-skipped", P.CASE_HANDLE, ("lead",),
         two_persons=True, also=(P.CASE_APPROVE,)),
    # ---- leaders
    Move("instruct", tuple(sorted(OPEN)), SAME, "case.instructed", P.CASE_INSTRUCT, ("area", "lead"), _BOTH,
         also=(P.CASE_SUPERVISE,)),
    Move("assign-leader", tuple(sorted(OPEN)), SAME, "case.leader-assigned", P.CASE_SUPERVISE, ("area",), _BOTH),
    Move("hand-over-leader", tuple(sorted(OPEN)), SAME, "case.leader-changed", P.CASE_SUPERVISE, ("area",), _BOTH,
         two_persons=True, also=(P.CASE_INSTRUCT,)),
    Move("leader-duty", tuple(sorted(OPEN)), SAME, "case.leader-duty-done", P.CASE_READ, ("area", "unit"), _BOTH),
    Move("recuse", tuple(sorted(OPEN)), SAME, "case.recused", P.CASE_READ, ("area", "unit"), _BOTH),
    Move("convert", tuple(sorted(OPEN)), "registered", "case.converted", P.CASE_REGISTER, ("area",), _EVENT,
         starts=("accept",), stops=("*",), also=(P.APPEAL_ENTER,)),
)  # fmt: skip

MOVES: dict[str, Move] = {move.name: move for move in _ROWS}


def sources(move: Move, kind: str) -> tuple[str, ...]:
    """The states from which a move is possible for a kind of case."""
    return move.source + move.later + (move.event_source if kind == "event" else ())


def accepts(move: Move, kind: str, state: str, *, registered: bool = True) -> bool:
    """Whether the table lets the move through from this state."""
    more = () if registered else move.unregistered
    return kind in move.kinds and state in (*sources(move, kind), *move.again, *more)


def target(move: Move, state: str) -> str:
    """The state after a move."""
    return state if move.target in {SAME, BEFORE} or state in move.later else move.target


@cache
def possible(kind: str, state: str, *, registered: bool = True) -> tuple[Move, ...]:
    """Every move that the table allows from a state, whoever acts; repeats are let through but not offered."""
    return tuple(move for move in _ROWS if state not in move.again and accepts(move, kind, state, registered=registered))
