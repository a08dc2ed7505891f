"""Who may make which move on which case: pure, over plain values, the same rule for `can` lists and for refusals."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import UNIT_ROLES, Permission
from domain.cases.states import STATES, Move, accepts, possible
from domain.problems import ConflictOfInterest, MoveNotAllowed, NotAllowed, Problem, SameOfficer


@dataclass(frozen=True)
class CaseFacts:
    """What a decision about a case needs to know."""

    id: UUID
    kind: str
    state: str
    area_path: str
    lead_id: UUID | None = None
    co_ids: frozenset[UUID] = frozenset()
    handler_id: UUID | None = None
    reporter_id: UUID | None = None
    complained_department_id: UUID | None = None
    registered: bool = True  # somebody has registered the case (since it was contested, if it was)
    barred: frozenset[str] = frozenset()  # after a contest: ids of the officers who decided before and may not again
    recused: frozenset[str] = frozenset()  # ids of staff who declared that they may not work on it
    suspended: bool = False
    accused: frozenset[str] = frozenset()  # ids of staff whom the appellant reported for retaliation
    review_unit_id: UUID | None = None  # the town, whose reviewers act where a village leads


def allowed(case: CaseFacts, actor: Actor) -> list[str]:
    """The names of the moves that this actor may make now."""
    return [move.name for move in _possible(case) if refusal(case, actor, move) is None]


def refusal(case: CaseFacts, actor: Actor, move: Move) -> Problem | None:
    """Why this actor may not make the move now, or None. Rights come before state: 403 tells a stranger nothing."""
    if walled(case, actor) or recused(case, actor):
        return ConflictOfInterest()
    problems = [_relation_refusal(case, actor, move, relation) for relation in move.relation]
    if all(problems):
        return SameOfficer() if _SAME in problems else NotAllowed()
    if not accepts(move, case.kind, case.state, registered=case.registered):
        names = [m.name for m in _possible(case) if _related(case, actor, m)]
        return MoveNotAllowed(state=case.state, state_name=STATES[case.state], allowed=names)
    return None


def walled(case: CaseFacts, actor: Actor) -> bool:
    """Whether the actor belongs to the unit complained of (条例 art 30, 46): then the case does not exist for them."""
    return case.complained_department_id is not None and case.complained_department_id in actor.departments


def recused(case: CaseFacts, actor: Actor) -> bool:
    """Whether the actor declared a conflict (回避): such a person reads the case and makes no move on it."""
    return actor.id is not None and str(actor.id) in case.recused


_NO, _SAME = NotAllowed(), SameOfficer()  # what a relation lacks; a refusal that is raised is made anew


def _possible(case: CaseFacts) -> tuple[Move, ...]:
    return possible(case.kind, case.state, registered=case.registered)


def _related(case: CaseFacts, actor: Actor, move: Move) -> bool:
    return any(_relation_refusal(case, actor, move, relation) is None for relation in move.relation)


def _relation_refusal(case: CaseFacts, actor: Actor, move: Move, relation: str) -> Problem | None:
    if actor.kind == "system":
        return None if relation in {"system", "area"} else _NO
    if relation == "field":
        return None if actor.kind == "worker" and _in_the_field(case, actor) else _NO
    if relation == "appellant":
        own = move.permission if move.permission is Permission.APPEAL_DECIDE else Permission.APPEAL_FOLLOW
        return None if actor.may(own) else _NO
    permissions = [found for found in (move.permission, *move.also) if found and actor.may(found)]
    if relation == "system" or not permissions:
        return _NO
    grants = [grant for found in permissions for grant in actor.granting(found, case.area_path)]
    units = {grant.department_id for grant in grants if grant.department_id}
    match relation:
        case "area":
            if move.permission is Permission.CASE_REGISTER and str(actor.id) in case.barred:
                return _SAME
            held = actor.kind == "staff" and any(grant.role not in UNIT_ROLES for grant in grants)
        case "lead":
            held = case.lead_id in units if actor.kind == "staff" else case.handler_id == actor.id
        case "reviewer":
            return _other_than_handler(case, actor, bool(units & {case.lead_id, case.review_unit_id}))
        case "inspector":
            return _other_than_handler(case, actor, bool(grants))
        case "outside":
            held = bool(grants) and not _of_units(case, actor.departments)
        case "reporter":
            held = actor.id is not None and case.reporter_id == actor.id
        case "co":
            held = bool(case.co_ids & units)
        case _:
            held = _of_units(case, actor.departments)
    return None if held else _NO


def _in_the_field(case: CaseFacts, actor: Actor) -> bool:
    grids = case.kind == "event" and actor.may(Permission.FIELD_READ, case.area_path)
    return grids or (actor.id is not None and actor.id in (case.reporter_id, case.handler_id))


def _other_than_handler(case: CaseFacts, actor: Actor, held: bool) -> Problem | None:
    if not held:
        return _NO
    return _SAME if actor.id == case.handler_id else None


def _of_units(case: CaseFacts, departments: Iterable[UUID]) -> bool:
    return any(department in {case.lead_id, case.review_unit_id, *case.co_ids} for department in departments)


def of_units(case: CaseFacts, actor: Actor) -> bool:
    """Whether the actor belongs to the lead or a co-unit: such people see no single rating before the case closes."""
    return _of_units(case, actor.departments)


def identity_open(identity: str, case: CaseFacts, actor: Actor) -> bool:
    """Whether the actor may see who appealed (masked) or open it with a purpose (domain 7.1).

    Nobody whom the appellant reported for retaliation. `named`: whoever sees the case; `hidden_from_handler`: only
    officers with the right to open identities who do not belong to a handling unit; `anonymous`: nobody.
    """
    if actor.id is not None and str(actor.id) in case.accused:
        return False
    if identity == "named":
        return True
    if identity == "anonymous" or of_units(case, actor) or recused(case, actor):
        return False
    grants = actor.granting(Permission.IDENTITY_REVEAL, case.area_path)
    return any(grant.role not in UNIT_ROLES for grant in grants)
