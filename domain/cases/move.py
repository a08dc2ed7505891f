"""The one function that moves a case. What a move does besides changing the state is its effect, registered by name
in `domain/workflow/`; boot refuses a table row without an effect."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec

from domain.access.actor import Actor
from domain.access.scope import Where
from domain.cases import clocks
from domain.cases.models import Case, CaseText
from domain.cases.policy import CaseFacts, refusal, walled
from domain.cases.queries import visible_cases
from domain.cases.states import ENDED, MOVES, OPEN, REMARKS, Move, target
from domain.cases.waiting import stop_waiting
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import ChangedMeanwhile, NotFound
from domain.sql import as_model, fetch, fetch_one
from domain.times import occurred

Version = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]  # PostgreSQL's integer


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What every move may carry: the version the caller saw; `id` and `occurred_at` from a phone."""

    version: Version | None = None
    id: UUID | None = None
    occurred_at: str | None = None


B = TypeVar("B", bound=Body)


@dataclass
class Turn:
    """A move under way: the locked case, who moves it, and what the effect adds to the journal line."""

    actor: Actor
    case: Case
    move: Move
    co_ids: frozenset[UUID]
    data: dict[str, Any] = field(default_factory=dict)
    state: str | None = None  # set by an effect that decides between two outcomes
    event: str | None = None
    text: str = ""
    public: bool = False
    hold: bool = False  # the effect asked for a second person: state and clocks stay
    skip: bool = False  # already done: nothing changes
    keep_clocks: bool = False
    secret: str = ""  # told once in the answer of the door, kept nowhere
    after: Any = None  # what the caller of the move has to react to


Effect = Callable[[Turn, Any], Awaitable[None]]
EFFECTS: dict[str, tuple[type[Body], Effect]] = {}
AFTER: dict[str, Callable[[Case, frozenset[UUID], Any], Awaitable[None]]] = {}
GUARDS: dict[str, list[Effect]] = {}  # what features above the cases have to say before a move; they raise problems


def effect(name: str, body: type[B] = Body) -> Callable[[Callable[[Turn, B], Awaitable[None]]], Effect]:  # type: ignore[assignment]
    """Register what the move of this name does, and the body it takes."""

    def register(function: Callable[[Turn, B], Awaitable[None]]) -> Effect:
        if name not in MOVES or name in EFFECTS:
            raise ValueError(f"effect {name!r} is unknown or registered twice")
        EFFECTS[name] = (body, function)
        return function

    return register


async def lock_case(case_id: UUID) -> tuple[Case, frozenset[UUID]]:
    """The case under a row lock, and its co-units; 404 when there is none. The caller has checked the scope."""
    return await _lock(case_id, Where())


async def lock_visible(actor: Actor, case_id: UUID) -> tuple[Case, frozenset[UUID]]:
    """The case under a row lock, and its co-units; 404 outside the actor's scope."""
    return await _lock(case_id, visible_cases(actor))


# What a move asks, it asks by the id of its case: one plan serves all. Left to itself PostgreSQL compares what plans cost
# when the tables were small with what one costs now, and plans every statement anew for as long as the connection lives:
# for the file of a case five times the work of reading it.
_LOCK = "SELECT *, set_config('plan_cache_mode', 'force_generic_plan', TRUE) FROM cases WHERE id = $1 FOR UPDATE"


async def _lock(case_id: UUID, where: Where) -> tuple[Case, frozenset[UUID]]:
    """Two statements: what hangs on the case is read after the lock is held, not as it was when waiting for it began."""
    rows = await fetch(_LOCK, [case_id])
    where.add("c.id = {}", case_id)
    seen = await fetch_one(
        "SELECT ARRAY(SELECT department_id FROM case_units WHERE case_id = c.id) AS co_ids,"
        f" ARRAY(SELECT part FROM case_parts WHERE case_id = c.id) AS parts FROM cases c WHERE {where.sql}",
        where.values,
    )
    if not rows or seen is None:
        raise NotFound
    case, case.before = as_model(Case, rows[0]), as_model(Case, rows[0])
    case.parts = frozenset(seen["parts"])
    return case, frozenset(seen["co_ids"])


def case_facts(case: Case, co_ids: frozenset[UUID]) -> CaseFacts:
    """The plain facts of a case for the policy."""
    return CaseFacts(
        case.id, case.kind, case.state, case.area_path, case.lead_id, co_ids, case.handler_id, case.reporter_id,
        case.complained_department_id, case.registrar_id is not None or case.state == "submitted",
        frozenset(case.deciders) if case.state in OPEN else frozenset(), frozenset(case.recused),
        case.suspended_until is not None, review_unit_id=case.review_unit_id,
    )  # fmt: skip


async def move_case(actor: Actor, case_id: UUID, action: str, body: Body) -> Case:
    """Make a move on a case that the actor can see; 404, 403 and 409 as the policy says."""
    return (await make_turn(actor, case_id, action, body)).case


async def make_turn(actor: Actor, case_id: UUID, action: str, body: Body) -> Turn:
    """The same, for a caller that needs what the effect left on the turn."""
    case, co_ids = await lock_visible(actor, case_id)
    return await _turn(actor, case, co_ids, action, body)


async def move_locked(actor: Actor, case: Case, co_ids: frozenset[UUID], action: str, body: Body) -> Case:
    """Make a move on a locked case: rights, version, state, effect, clocks, journal, in this order."""
    return (await _turn(actor, case, co_ids, action, body)).case


async def _turn(actor: Actor, case: Case, co_ids: frozenset[UUID], action: str, body: Body) -> Turn:
    move = MOVES.get(action)
    if move is None:
        raise NotFound
    facts = case_facts(case, co_ids)
    problem = refusal(facts, actor, move)
    if problem and problem.code != "move-not-allowed":
        raise NotFound if walled(facts, actor) else problem
    await _check_version(case, body.version)
    if problem:
        raise problem
    turn = Turn(actor, case, move, co_ids)
    for guard in GUARDS.get(action, ()):
        await guard(turn, body)
    await EFFECTS[action][1](turn, body)
    if turn.skip:
        return turn
    if body.occurred_at:
        turn.data["occurred_at"] = occurred(body.occurred_at, "occurred_at").isoformat()
    await _finish(turn, facts.state)
    if turn.after is not None:
        await AFTER[action](case, co_ids, turn.after)
    return turn


async def _check_version(case: Case, version: int | None) -> None:
    if version is None or version == case.version:
        return
    since = await fetch(
        "SELECT at, event, actor FROM journal WHERE case_id = $1 AND (data->>'version')::int > $2 ORDER BY at",
        [case.id, version],
    )
    raise ChangedMeanwhile(
        version=version,
        current=case.version,
        state=case.state,
        since=[{"at": row["at"].isoformat(), "event": row["event"]} for row in since],
    )


async def _finish(turn: Turn, before: str) -> None:
    case, move, at = turn.case, turn.move, now()
    case.version += not move.quiet
    if not turn.hold:
        case.state = turn.state or target(move, before)
        if move.name not in REMARKS:
            case.state_version = case.version
        if case.state in ENDED and case.state != "merged":  # what was merged comes back as it was
            await stop_waiting(case, at)
        if move.step:
            case.steps = {**case.steps, move.step: at.isoformat()}
        if move.plus:
            case.plus_steps = {move.plus: at.isoformat(), **case.plus_steps}
        if not turn.keep_clocks:
            await clocks.stop(case, move.stops, at)
            await clocks.start(case, move.starts, at)
    if turn.text:
        turn.data |= await keep_text(turn, move.name, turn.text, public=turn.public)
    turn.data |= clocks.notes(case)
    await case.save_changes()
    record(
        Fact(
            turn.event or move.event,
            case.area_code,
            case.id,
            case.id,
            {"from": before, "to": case.state, "version": case.version, **turn.data},
            feed=("case", case.id, case.version),
            actor=turn.actor,
        )
    )


async def keep_text(turn: Turn, action: str, text: str, *, public: bool = False) -> dict[str, str]:
    """Keep words where they can be erased; what the journal says of them."""
    kept = await CaseText.create(
        id=new_id(), case_id=turn.case.id, action=action, text=text, public=public, author=turn.actor.label, at=now()
    )
    return {"text_id": str(kept.id), "text_digest": digest(kept.id, text)}


def check_effects() -> None:
    """Refuse to start with a move that does nothing by accident."""
    missing = sorted(set(MOVES) - set(EFFECTS))
    if missing:
        raise RuntimeError(f"moves without an effect: {', '.join(missing)}")
