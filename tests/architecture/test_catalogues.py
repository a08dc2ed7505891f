"""Lists that must agree with each other: reactions and tasks, problems and pages, moves and effects."""

import re
from collections import Counter

from domain.access.permissions import ROLE_PERMISSIONS, Permission
from domain.cases.states import ENDED, MOVES, STATES, possible, sources, target
from domain.problems import Problem, catalogue
from domain.reactions import REACTIONS
from server.reactions import TASKS
from web.problems import index, page

CHINESE = re.compile(r"[\u4e00-\u9fff]")
KEBAB = re.compile(r"[a-z]+(-[a-z0-9]+)*")
EVENT = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")


def test_every_reaction_has_a_task_and_every_task_a_reaction() -> None:
    wanted = {name for names in REACTIONS.values() for name in names}
    assert wanted - set(TASKS) == set()


def test_reactions_follow_events_that_are_written_as_events() -> None:
    assert [event for event in REACTIONS if not EVENT.fullmatch(event)] == []


def test_every_problem_has_one_code_a_title_and_advice() -> None:
    kinds = catalogue()
    assert len(kinds) > 30
    assert [kind.code for kind in kinds if not KEBAB.fullmatch(kind.code)] == []
    assert [code for code, times in Counter(kind.code for kind in kinds).items() if times > 1] == []
    assert [kind.code for kind in kinds if not CHINESE.search(kind.title)] == []
    assert [kind.code for kind in kinds if not CHINESE.search(kind.advice)] == []
    assert [kind.code for kind in kinds if not 400 <= kind.status < 600] == []


def test_no_problem_is_left_without_a_code() -> None:
    coded = set(catalogue())
    waiting, nameless = [Problem], []
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind not in coded and not kind.__subclasses__():
                nameless.append(kind.__name__)
    assert nameless == []


def test_every_problem_has_a_page_and_stands_in_the_index() -> None:
    listed = index()
    for kind in catalogue():
        shown = page(kind.code)
        assert shown is not None
        assert kind.title in shown
        assert f'href="/problems/{kind.code}"' in listed
    assert page("no-such-problem") is None


def test_every_permission_is_held_by_a_role() -> None:
    held = frozenset().union(*ROLE_PERMISSIONS.values())
    assert set(Permission) - held == set()


def test_moves_name_known_states_and_no_state_is_a_dead_end_or_out_of_reach() -> None:
    for kind in ("appeal", "event"):
        moves = [move for move in MOVES.values() if kind in move.kinds]
        reached = {"submitted"}
        for move in moves:
            assert set(sources(move, kind)) <= set(STATES), move.name
            ends = {target(move, state) for state in sources(move, kind)} | ({move.otherwise} - {""})
            assert ends <= set(STATES), move.name
            reached |= ends
        stuck = [state for state in reached - ENDED if not any(m.target != "=" for m in possible(kind, state))]
        assert stuck == []
    assert {target(m, s) for m in MOVES.values() for s in m.source} | {"submitted"} >= set(STATES) - {"submitted"}


def test_every_move_records_an_event() -> None:
    assert [move.name for move in MOVES.values() if not EVENT.fullmatch(move.event)] == []
