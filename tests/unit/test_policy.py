"""Who may make which move: the pure policy, over every role, and over random walks."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.access.actor import SYSTEM, Actor, Grant
from domain.access.permissions import ROLE_PERMISSIONS, UNIT_ROLES
from domain.cases.policy import CaseFacts, allowed, identity_open, refusal
from domain.cases.states import BEFORE, ENDED, MOVES, OPEN, STATES, possible, target

COUNTY = "36.3607.360781"
TOWN = f"{COUNTY}.360781100"
VILLAGE = f"{TOWN}.360781100001"
ELSEWHERE = f"{COUNTY}.360781101"
LEAD, CO, OTHER = uuid4(), uuid4(), uuid4()
HANDLER = uuid4()


def staff(*roles: str, area: str = COUNTY, unit: UUID | None = OTHER, me: UUID | None = None) -> Actor:
    return Actor("staff", me or uuid4(), grants=tuple(Grant(role, area, unit) for role in roles), department_id=unit)


def case(state: str, **changes: object) -> CaseFacts:
    return replace(
        CaseFacts(uuid4(), "appeal", state, VILLAGE, lead_id=LEAD, co_ids=frozenset({CO}), handler_id=HANDLER), **changes
    )


def test_a_role_elsewhere_allows_nothing() -> None:
    for role in ROLE_PERMISSIONS:
        for state in STATES:
            found = allowed(case(state), staff(role, area=ELSEWHERE, unit=OTHER))
            assert found == [] or role in {"resident", "guest", "lookup"}, (role, state)


def test_the_desk_registers_and_the_unit_does_not() -> None:
    assert "register" in allowed(case("submitted"), staff("intake_officer"))
    assert "register" not in allowed(case("submitted"), staff("handler", unit=LEAD))


def test_a_unit_role_acts_for_its_own_unit_only_even_inside_its_area() -> None:
    assert "escalate" in allowed(case("handling"), staff("handler", unit=LEAD))
    assert "escalate" not in allowed(case("handling"), staff("handler", unit=CO))
    assert "co-result" in allowed(case("handling"), staff("handler", unit=CO))
    assert "submit-result" not in allowed(case("handling"), staff("handler", unit=CO))


@pytest.mark.mechanism("000-05")
def test_the_reviewer_is_another_person_than_the_handler() -> None:
    own = staff("handler", "reviewer", unit=LEAD, me=HANDLER)
    problem = refusal(case("reviewing"), own, MOVES["answer"])
    assert problem is not None and problem.code == "same-officer"
    assert "answer" in allowed(case("reviewing"), staff("reviewer", unit=LEAD))
    assert "answer" not in allowed(case("reviewing"), staff("reviewer", unit=OTHER))


def test_the_callback_comes_from_outside_the_units() -> None:
    assert "callback" in allowed(case("answered"), staff("callback_officer"))
    assert "callback" not in allowed(case("answered"), staff("callback_officer", unit=LEAD))
    assert "callback" not in allowed(case("answered"), staff("callback_officer", unit=CO))


@pytest.mark.mechanism("001-20")
def test_the_conflict_wall_stands_before_every_role_and_state() -> None:
    for role in ROLE_PERMISSIONS:
        for state in STATES:
            walled = case(state, complained_department_id=OTHER)
            assert allowed(walled, staff(role, unit=OTHER)) == []


def test_the_officer_who_decided_before_is_barred_after_a_contest() -> None:
    officer = staff("intake_officer", "dispatcher")
    contested = case("registered", barred=frozenset({str(officer.id)}), registered=False)
    problem = refusal(contested, officer, MOVES["accept"])
    assert problem is not None and problem.code == "same-officer"
    assert {"register", "accept"} <= set(allowed(contested, staff("intake_officer")))
    assert "register" not in allowed(case("registered"), staff("intake_officer"))


def test_the_system_makes_only_what_the_table_gives_it() -> None:
    made = {move.name for move in MOVES.values() for state in STATES if refusal(case(state), SYSTEM, move) is None}
    assert {"rework", "close", "lapse-info"} <= made
    assert made.isdisjoint({"sign", "submit-result", "answer", "withdraw", "contest", "grade"})


def test_a_lookup_may_urge_but_not_withdraw() -> None:
    holder = Actor("lookup", uuid4(), grants=(Grant("lookup", ""),), appeal_id=uuid4())
    assert "urge" in allowed(case("handling"), holder)
    assert "withdraw" not in allowed(case("handling"), holder)


@pytest.mark.parametrize(
    ("identity", "role", "unit", "seen"),
    [
        ("named", "handler", LEAD, True),
        ("hidden_from_handler", "handler", LEAD, False),
        ("hidden_from_handler", "reviewer", LEAD, False),
        ("hidden_from_handler", "dispatcher", OTHER, False),
        ("hidden_from_handler", "intake_officer", OTHER, True),
        ("hidden_from_handler", "callback_officer", OTHER, True),
        ("hidden_from_handler", "intake_officer", LEAD, False),
        ("anonymous", "intake_officer", OTHER, False),
        ("anonymous", "handler", LEAD, False),
    ],
)
def test_who_may_see_an_appellant(identity: str, role: str, unit: UUID, seen: bool) -> None:
    assert identity_open(identity, case("handling"), staff(role, unit=unit)) is seen


CAST = {
    role: staff(role, unit=LEAD if role in UNIT_ROLES else OTHER) for role in ROLE_PERMISSIONS if role != "grid_worker"
}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(CAST)), st.integers(0, 99)), max_size=60))
def test_random_walks_keep_to_the_table(steps: list[tuple[str, int]]) -> None:
    """Whatever people do in whatever order: offered is never refused, states stay known, and what `allowed` says is
    exactly what is not refused."""
    now = case("submitted", registered=True)
    before = "submitted"
    for role, choice in steps:
        actor = CAST[role]
        offered = allowed(now, actor)
        open_to_table = {move.name for move in possible("appeal", now.state, registered=now.registered)}
        assert set(offered) <= open_to_table
        for name, move in MOVES.items():
            assert (refusal(now, actor, move) is None) == (name in offered or (now.state in move.again and _held(now, actor, name)))
        if not offered:
            continue
        move = MOVES[offered[choice % len(offered)]]
        state = before if move.target == BEFORE else target(move, now.state)
        before = now.state if move.name == "merge" else before
        assert state in STATES
        if now.state in ENDED and state in OPEN:
            assert move.name in {"contest", "rework", "transfer-refused", "unmerge"}
        registered = {"register": True, "contest": False}.get(move.name, now.registered)
        now = replace(now, state=state, registered=registered)


def _held(now: CaseFacts, actor: Actor, name: str) -> bool:
    return name in allowed(replace(now, state=MOVES[name].source[0]), actor)
