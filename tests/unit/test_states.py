"""The transition table: every state is reached and left, every move has an effect, an event and a test of its walk."""

import pytest

import domain.workflow  # noqa: F401 (registers the effects)
from domain.access.permissions import ROLE_PERMISSIONS
from domain.cases.move import EFFECTS, check_effects
from domain.cases.states import BEFORE, ENDED, MOVES, OPEN, SAME, STATES, accepts, possible, sources, target

KINDS = ("appeal", "event")


def _after(kind: str, state: str) -> set[str]:
    found = set()
    for move in possible(kind, state):
        found |= {target(move, state), *filter(None, [move.otherwise])}
        if move.target == BEFORE:
            found |= set(OPEN)
    return found


def _reached(kind: str) -> set[str]:
    reached, waiting = {"submitted"}, ["submitted"]
    while waiting:
        for state in _after(kind, waiting.pop()) - reached:
            reached.add(state)
            waiting.append(state)
    return reached


def test_every_state_is_reached_by_an_appeal() -> None:
    assert _reached("appeal") == set(STATES)


def test_an_event_never_takes_the_roads_of_appeals_only() -> None:
    assert {"submitted", "dispatched", "reviewing", "closed", "voided"} <= _reached("event")
    direct = {name for move in possible("event", "submitted") for name in [move.name]}
    assert direct.isdisjoint({"register", "accept", "ask-info", "redirect", "not-accept"})


@pytest.mark.parametrize("kind", KINDS)
def test_every_open_state_has_an_exit(kind: str) -> None:
    for state in _reached(kind) & OPEN:
        assert _after(kind, state) - {state}, state


def test_every_refusal_and_withdrawal_can_be_contested() -> None:
    contestable = {"not_accepted", "redirected", "transferred", "withdrawn", "voided"}
    for state in contestable:
        assert "contest" in {move.name for move in possible("appeal", state)}
    assert "rework" in {move.name for move in possible("appeal", "closed")}
    assert "unmerge" in {move.name for move in possible("appeal", "merged")}
    assert contestable | {"closed", "merged"} == ENDED


def test_every_move_has_an_effect_an_event_and_known_states() -> None:
    check_effects()
    assert set(EFFECTS) == set(MOVES)
    for move in MOVES.values():
        assert move.event.split(".")[0] in {"case", "appeal"}, move.name
        assert {*sources(move, "event"), *move.again, *move.unregistered} <= set(STATES), move.name
        assert move.target in {*STATES, SAME, BEFORE}
        assert move.relation, move.name
        assert move.permission is not None or move.relation == ("system",)


def test_every_permission_of_a_move_is_held_by_some_role() -> None:
    held = frozenset().union(*ROLE_PERMISSIONS.values())
    needed = {p for move in MOVES.values() for p in (move.permission, *move.also) if p}
    assert needed <= held


@pytest.mark.mechanism("000-09")
def test_the_six_fast_steps_each_have_a_move() -> None:
    steps = {move.step: move.name for move in MOVES.values() if move.step}
    assert steps == {
        "accept": "accept", "verify": "grade", "rectify": "submit-result", "report": "answer", "callback": "follow-up",
    }  # fmt: skip


def test_a_repeat_is_let_through_but_not_offered() -> None:
    close = MOVES["close"]
    assert accepts(close, "appeal", "closed")
    assert close not in possible("appeal", "closed")


def test_registering_again_needs_that_nobody_has_registered() -> None:
    register = MOVES["register"]
    assert not accepts(register, "appeal", "registered")
    assert accepts(register, "appeal", "registered", registered=False)
    assert not accepts(register, "appeal", "accepted", registered=False)


ROWS = {
    # action: (sources, target) of docs/workflow.md for appeals
    "register": ({"submitted"}, "registered"),
    "ask-info": ({"registered"}, "need_info"),
    "supply-info": ({"need_info"}, "registered"),
    "accept": ({"registered"}, "accepted"),
    "not-accept": ({"registered"}, "not_accepted"),
    "redirect": ({"registered"}, "redirected"),
    "void": ({"submitted", "registered"}, "voided"),
    "transfer-out": ({"registered", "accepted", "dispatched"}, "transferred"),
    "transfer-refused": ({"transferred"}, "registered"),
    "merge": (set(OPEN), "merged"),
    "dispatch": ({"accepted", "rework"}, "dispatched"),
    "sign": ({"dispatched"}, "signed"),
    "grant-return": ({"dispatched", "signed"}, "accepted"),
    "grade": ({"investigating"}, "handling"),
    "submit-result": ({"handling"}, "reviewing"),
    "reject": ({"reviewing"}, "handling"),
    "answer": ({"reviewing"}, "answered"),
    "close": ({"answered"}, "closed"),
    "rework": ({"answered", "closed", "long_term"}, "rework"),
    "take-up": ({"rework"}, "handling"),
    "hold-long-term": ({"handling"}, "long_term"),
    "resume": ({"long_term"}, "handling"),
    "contest": ({"not_accepted", "redirected", "transferred", "withdrawn", "voided"}, "registered"),
    "escalate": (
        {"submitted", "registered", "need_info", "accepted", "dispatched", "signed", "investigating", "handling"},
        "accepted",
    ),
}


@pytest.mark.parametrize("action", sorted(ROWS))
def test_the_table_says_what_the_workflow_says(action: str) -> None:
    move = MOVES[action]
    assert (set(sources(move, "appeal")), move.target) == ROWS[action]


def test_events_may_be_dispatched_before_acceptance() -> None:
    assert set(sources(MOVES["dispatch"], "event")) == {"submitted", "registered", "accepted", "rework"}
    assert MOVES["self-handle"].kinds == MOVES["inspect"].kinds == MOVES["convert"].kinds == ("event",)
