"""What each rate counts, as data: who is in it, who counts for it, and which of the five systems it belongs to (000-48).

The conditions are SQL over the stories of `ledger.py`, which are folded from the journal alone. Every rate can therefore
be worked out for any past day and can name its cases. Formulas: domain §5; ids: 001-18, 003-18, 003-20, 004-23.
"""

from dataclasses import dataclass
from typing import Literal

Source = Literal["stories", "ratings", "answers", "issues"]
SYSTEMS = {
    "first_handler": "首办负责", "on_receipt": "接诉即办", "same_topic": "同题共答", "heart": "事心双解",
    "proactive": "未诉先办",
}  # fmt: skip
HEADLINE = "solved_rate"  # 从“回复好”向“办理好”转变 (001-01): replied is shown beside it, solved is what counts
HUNDREDS = ("transfer_in_time", "notice_in_time", "answer_in_time")  # 三个100% (003-18)


@dataclass(frozen=True)
class Definition:
    """One rate: its rows, the cohort among them, and what is a hit."""

    name: str
    system: str
    cohort: str
    hit: str
    source: Source = "stories"
    good: bool = True  # a high rate is good; of the others the hits are the ones to look at
    on_time: bool = False  # asks whether time was kept: what force majeure held up is left out (X6)

    @property
    def excluded(self) -> str:
        """SQL for why a row is left out of this rate, or NULL."""
        return "COALESCE(s.excluded, CASE WHEN s.held_up THEN 'X6' END)" if self.on_time else "s.excluded"


def _due(clock: str) -> str:
    return f"s.kind = 'appeal' AND s.due_{clock} >= $2 AND s.due_{clock} < $1"


def _met(clock: str) -> str:
    return f"(COALESCE(s.met_{clock}, FALSE) AND s.met_{clock}_at >= s.set_{clock}_at)"


_RESPONSE_DUE = "GREATEST(s.due_sign, s.due_first_contact)"
_RATED = "s.at >= $2 AND s.at < $1"
_DISPATCHED = "s.kind = 'appeal' AND s.dispatched_at >= $2 AND s.dispatched_at < $1"
_ANSWERED = "s.kind = 'appeal' AND s.answered_at >= $2 AND s.answered_at < $1"

_JUDGED = "(s.first_closed_at + INTERVAL '90 days')"  # a first petition is judged ninety days after it closed

_ALL = (
    Definition("response_rate", "on_receipt", f"s.kind = 'appeal' AND {_RESPONSE_DUE} >= $2 AND {_RESPONSE_DUE} < $1",
               f"{_met('sign')} AND (s.due_first_contact IS NULL OR {_met('first_contact')})"),
    Definition("timely_acceptance_rate", "on_receipt", _due("accept"), _met("accept")),
    Definition("transfer_in_time", "on_receipt", "s.kind = 'appeal' AND s.transfer_due >= $2 AND s.transfer_due < $1",
               "LEAST(s.dispatched_at, s.transferred_at) < s.transfer_due"),
    Definition("notice_in_time", "on_receipt", f"{_due('accept')} AND s.accepted_at IS NOT NULL", _met("accept")),
    Definition("answer_in_time", "on_receipt", _due("handling"), "s.answered_at <= s.due_handling",
               on_time=True),
    Definition("completion_rate", "on_receipt", _due("handling"), "s.closed_at IS NOT NULL"),
    Definition("on_time_rate", "on_receipt", _due("handling"), _met("handling"), on_time=True),
    Definition("replied_rate", "on_receipt", _due("handling"), "s.answered_at IS NOT NULL"),
    Definition("solved_rate", "heart", _RATED, "s.solved = 'yes'", "ratings"),
    Definition("satisfied_process", "heart", _RATED, "s.process >= 3", "ratings"),
    Definition("satisfied_result", "heart", _RATED, "s.result >= 3", "ratings"),
    Definition("satisfied_both", "heart", _RATED, "s.process >= 3 AND s.result >= 3", "ratings"),
    Definition("participation_rate", "heart", _RATED, "s.rated", "answers"),
    Definition("dispatch_accuracy_rate", "first_handler", _DISPATCHED, "s.returned = 0"),
    Definition("return_rate", "first_handler", _DISPATCHED, "s.returned > 0", good=False),
    Definition("rework_rate", "first_handler", _ANSWERED, "s.reworked > 0", good=False),
    Definition("extension_rate", "on_receipt", _DISPATCHED, "s.extended > 0", good=False),
    Definition("overdue_rate", "on_receipt", _due("handling"),
               "CASE WHEN s.met_handling_at >= s.set_handling_at THEN s.met_handling_at ELSE $1 END > s.base_handling",
               good=False, on_time=True),
    Definition("first_time_completion_rate", "first_handler",
               f"s.kind = 'appeal' AND s.initial AND {_JUDGED} >= $2 AND {_JUDGED} < $1",
               "s.reworked = 0 AND s.reviews = 0 AND NOT s.came_again"),
    Definition("acceptance_rate", "on_receipt", "s.kind = 'appeal' AND s.filed_at >= $2 AND s.filed_at < $1",
               "s.accepted_at IS NOT NULL"),
    Definition("solved_in_place_rate", "heart", "s.closed_at >= $2 AND s.closed_at < $1", "s.escalated = 0"),
    Definition("one_contact_rate", "same_topic", "s.filed_at >= $2 AND s.filed_at < $1", "s.contacts = 1", "issues"),
    Definition("proactive_closed_rate", "proactive", "s.proactive AND s.filed_at >= $2 AND s.filed_at < $1",
               "s.closed_at IS NOT NULL"),
)  # fmt: skip
RATES = {one.name: one for one in _ALL}
TITLES = {
    "response_rate": "响应率", "timely_acceptance_rate": "及时受理率", "transfer_in_time": "按时转送交办率",
    "notice_in_time": "受理告知率", "answer_in_time": "按期答复率", "completion_rate": "办结率", "on_time_rate": "按期办结率",
    "replied_rate": "答复率", "solved_rate": "解决率", "satisfied_process": "过程满意率", "satisfied_result": "结果满意率",
    "satisfied_both": "双满意率", "participation_rate": "参评率", "dispatch_accuracy_rate": "精准派单率",
    "return_rate": "退单率", "rework_rate": "重办率", "extension_rate": "延期率", "overdue_rate": "超期率",
    "first_time_completion_rate": "初次信访一次性办结率", "acceptance_rate": "受理率", "solved_in_place_rate": "就地解决率",
    "one_contact_rate": "最多访一次占比", "proactive_closed_rate": "未诉先办办结率",
}  # fmt: skip
