"""What refuses a move whatever its body says. The same rule answers 409 in the move and keeps it out of `can`."""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.access.actor import Actor
from domain.cases.policy import CaseFacts
from domain.cases.states import MOVES
from domain.clock import now
from domain.deadlines.limits import due
from domain.rulebook import rulebook
from domain.workflow.levels import LADDER, NAMES, below, level_at, top

Row = Mapping[str, Any]
Rows = Iterable[Row]
RETURNS_BEFORE_DESIGNATION = 2
# What only the desk of the level decides to which a case was raised.
OF_THE_LEVEL = (
    "dispatch", "add-co-unit", "grant-return", "refuse-return", "transfer-out", "transfer-refused", "regrade", "merge",
    "unmerge",
)  # fmt: skip


def bars_return(case: Row, clocks: Rows, requests: Rows) -> str:
    """Why the lead unit may not ask to return a case now (退单), or an empty text; rows of `cases`, `deadlines`,
    `return_requests`."""
    if case["designated"]:
        return "联席办指定的承办单位为最终决定,不能再退单。"
    signs = (one for one in clocks if one["name"] == "sign" and one["round"] == case["round"])
    if any((sign["stopped_at"] or now()) > sign["due_at"] for sign in signs):
        return "签收已超时,不能再退单。"
    if over := _window_over(case):
        return over
    before = list(requests)
    if any(request["state"] == "open" for request in before):
        return "退单申请正在等待分办人员决定。"
    if any(request["department_id"] == case["lead_id"] for request in before):
        return "同一单位对同一件只能申请退单一次。"
    return ""


def _window_over(case: Row) -> str:
    """The time to object is over: five working days for petitions (条例 art 23), one for hotline orders."""
    book = rulebook().for_area(case["area_path"])
    handling = book.tracks[case["handling_track"] or case["track"]].handling
    legal = handling is not None and handling.limit.legal
    limit = book.limits["return_objection" if legal else "return_request"]
    if case["dispatched_at"] and due(limit, case["dispatched_at"], book.calendar).due_at < now():
        return f"派单已超过{limit.text},不能再退单。"
    return ""


def bars_dispatch(case: Row) -> str:
    """Why nobody may dispatch a case the ordinary way, or an empty text."""
    over = case["returns"] > RETURNS_BEFORE_DESIGNATION
    return "此件已被退回三次,须由联席办指定承办单位。" if over else ""


def bars_designation(case: Row) -> str:
    """Why no unit may be designated for a case yet, or an empty text."""
    within = case["returns"] <= RETURNS_BEFORE_DESIGNATION
    return "退单未超过两次,由分办人员派单,无须指定。" if within else ""


def bars_escalation(case: Row, level: str) -> str:
    """Why a case at a level cannot be raised, or an empty text."""
    at_top = case["lead_id"] is None and LADDER.index(level) >= LADDER.index(top())
    return f"此件已在{NAMES[level]},没有更高一级可提。" if at_top else ""


def barred(actor: Actor, about: CaseFacts, case: Row, clocks: Rows, requests: Rows) -> set[str]:
    """The moves that would be refused to this actor whatever the body says; the case as `case_row` reads it."""
    level = level_at(case["desk_level"], case["place_kind"], case["lead_kind"])
    found = {
        "return": bars_return(case, clocks, requests),
        "dispatch": bars_dispatch(case),
        "designate": bars_designation(case),
        "escalate": bars_escalation(case, level) or below(actor, about, MOVES["escalate"], level),
    }
    of_desk = {name for name in OF_THE_LEVEL if below(actor, about, MOVES[name], case["desk_level"])}
    return of_desk | {name for name, why in found.items() if why}
