"""Ten thousand random moves through the table and the pure policy: what must hold of a case holds after each of them."""

import random
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import pytest

from domain.access.actor import SYSTEM, Actor, Grant
from domain.cases.policy import CaseFacts, refusal
from domain.cases.states import BEFORE, ENDED, MOVES, OPEN, Move, possible, target

COUNTY = "36.3607.360781"
VILLAGE = f"{COUNTY}.360781100.360781100001"
CITY, WATER, DESK = uuid4(), uuid4(), uuid4()
MOVES_IN_ALL = 10_000
WITH_LEAD = frozenset({"dispatched", "signed", "investigating", "handling", "reviewing", "answered", "closed"})
# What the effects do to clocks beside the table (domain/workflow): set a review date, start what acceptance starts.
EFFECT_STARTS = {
    "hold-long-term": {"review"}, "resume": {"handling"}, "escalate": {"handling"}, "dispatch-instructed": {"handling"},
}  # fmt: skip
REASONS = {"answered": "waits for the rating; closed by the timer after its window"}


def staff(unit: UUID, *roles: str) -> Actor:
    return Actor("staff", uuid4(), grants=tuple(Grant(role, COUNTY, unit) for role in roles), department_id=unit)


CAST = [
    staff(DESK, "intake_officer", "dispatcher"), staff(DESK, "intake_officer", "dispatcher"),
    *(staff(unit, role) for unit in (CITY, WATER) for role in ("handler", "handler", "reviewer", "unit_lead", "principal")),
    staff(DESK, "supervision_section"), staff(DESK, "callback_officer"), staff(DESK, "joint_meeting_office"),
    staff(DESK, "leading_group_member", "case_leader"), Actor("resident", uuid4(), grants=(Grant("resident", ""),)), SYSTEM,
]  # fmt: skip


@dataclass
class Life:
    """A case reduced to what the invariants speak of."""

    kind: str
    facts: CaseFacts
    clocks: set[str]
    first: UUID | None = None
    before: tuple[str, set[str]] = ("", set())
    road: list[str] = field(default_factory=list)

    def go(self, move: Move, actor: Actor, chance: random.Random) -> None:
        """Carry out a move as the kernel and the effects do."""
        state = self.facts.state
        to = move.otherwise if move.otherwise and chance.random() < 0.5 else target(move, state)
        after = set() if "*" in move.stops and to != "handling" else self.clocks - set(move.stops)
        after |= set(move.starts) | EFFECT_STARTS.get(move.name, set())
        if "answered" in move.stops:
            after -= {"handling", "rework", "answered"}
        changes: dict[str, object] = {}
        if move.name == "merge":
            self.before = (state, set(self.clocks))
        if move.target == BEFORE:
            to, after = self.before
        if move.name in {"dispatch", "designate", "dispatch-instructed"}:
            changes = {"lead_id": chance.choice([CITY, WATER]), "handler_id": None}
        elif move.name in {"grant-return", "escalate", "convert"}:
            changes = {"lead_id": None, "handler_id": None}
        elif move.name == "answer-at-once":
            changes = {"lead_id": DESK, "handler_id": actor.id}
        elif move.name == "sign":
            changes, self.first = {"handler_id": actor.id}, self.first or actor.id
        elif move.name == "recuse":
            changes = {"recused": self.facts.recused | {str(actor.id)}}
        registered = self.facts.registered or move.name == "register"
        if move.name == "convert":
            changes["kind"] = self.kind = "appeal"
        self.facts = replace(self.facts, state=to, registered=registered, **changes)
        self.clocks = after
        self.road.append(move.name)


def newborn(kind: str) -> Life:
    facts = CaseFacts(uuid4(), kind, "submitted", VILLAGE, reporter_id=uuid4() if kind == "event" else None)
    return Life(kind, facts, {"accept"} if kind == "appeal" else {"handling", "sign"})


def owner(life: Life) -> bool:
    """Whether somebody of the cast, or the appellant, can move the case to another state."""
    return any(
        refusal(life.facts, actor, move) is None
        for move in possible(life.kind, life.facts.state, registered=life.facts.registered)
        if target(move, life.facts.state) != life.facts.state or move.target == BEFORE
        for actor in CAST
    )


def check(life: Life) -> None:
    state = life.facts.state
    if state in WITH_LEAD and not {"self-handle", "inspect"} & set(life.road):
        assert life.facts.lead_id in {CITY, WATER, DESK}, (state, life.road)
    if state in OPEN:
        assert life.clocks or state in REASONS, (state, life.road)
        assert owner(life), (state, life.road)
    if state == "closed" and life.kind == "appeal":
        assert [name for name in life.road if MOVES[name].target not in {"=", "<"}][-1] in {"close", "inspect"}
        assert {"answer", "answer-at-once", "convert"} & set(life.road)


ROAD = frozenset({
    "register", "accept", "dispatch", "sign", "contact", "grade", "submit-result", "answer", "close", "rework", "take-up",
})  # fmt: skip


def step(life: Life, chance: random.Random) -> tuple[Move, Actor]:
    """One move that somebody of the cast may make, the ordinary road six times as likely as a side path."""
    moves: dict[str, list[Actor]] = {}
    for move in possible(life.kind, life.facts.state, registered=life.facts.registered):
        may = [actor for actor in CAST if refusal(life.facts, actor, move) is None]
        if may and not (move.name == "recuse" and life.facts.recused):
            moves[move.name] = may
    assert moves, (life.facts.state, life.road)
    name = chance.choices(list(moves), [6 if name in ROAD else 1 for name in moves])[0]
    return MOVES[name], chance.choice(moves[name])


@pytest.mark.mechanism("000-20")
@pytest.mark.parametrize("seed", range(4))
def test_random_walks_keep_the_invariants(seed: int) -> None:
    chance = random.Random(seed)
    life, closed, ended = newborn("appeal"), 0, 0
    for _ in range(MOVES_IN_ALL // 4):
        first, state = life.first, life.facts.state
        move, actor = step(life, chance)
        life.go(move, actor, chance)
        assert first is None or life.first == first, "the first handler is fixed"
        if move.name == "close" and actor.kind != "system":
            assert life.facts.lead_id not in actor.departments, "no unit closes its own case"
        check(life)
        closed += life.facts.state == "closed" and state != "closed"
        ended += life.facts.state in ENDED and state not in ENDED
        if len(life.road) > 60:
            life = newborn(chance.choice(["appeal", "event"]))
    assert closed >= 3
    assert ended > 100
