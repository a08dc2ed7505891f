"""The end of a matter (事心双解, 000-46): decided, solved, mended, with the talk in which that was found, once a round."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import UNIT_ROLES, Permission
from domain.cases.move import lock_visible
from domain.cases.queries import visible_cases
from domain.casework.models import ClosureTalk
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import ConflictOfInterest, GuardNotMet, NotAllowed, NotFound
from domain.sql import fetch

ANSWERED = frozenset({"answered", "closed", "long_term"})


@dataclass(frozen=True)
class Talk:
    """The three answers and the talk (explanation or mediation)."""

    decided: bool
    solved: bool
    mended: bool
    mode: str
    text: str


async def note_talk(actor: Actor, case_id: UUID, talk: Talk) -> ClosureTalk:
    """The lead unit notes the three answers after its answer; a repeat in the round takes the place of the first."""
    case, _ = await lock_visible(actor, case_id)
    grants = actor.granting(Permission.CASE_HANDLE, case.area_path)
    if not any(grant.department_id == case.lead_id for grant in grants if grant.role in UNIT_ROLES):
        raise NotAllowed
    if str(actor.id) in case.recused:
        raise ConflictOfInterest
    if case.state not in ANSWERED:
        raise GuardNotMet(reason="答复之后,再记录是否案结、事了、人和。", missing=["答复"])
    await ClosureTalk.filter(case_id=case.id, round=case.round).delete()
    made = await ClosureTalk.create(
        id=new_id(), case_id=case.id, round=case.round, decided=talk.decided, solved=talk.solved, mended=talk.mended,
        mode=talk.mode, talk=talk.text, staff_id=actor.id, at=now(),
    )  # fmt: skip
    data = {"decided": talk.decided, "solved": talk.solved, "mended": talk.mended, "text_digest": digest(made.id, talk.text)}
    record(Fact("case.ending-noted", case.area_code, case.id, made.id, data, actor=actor))
    return made


async def talks_of(actor: Actor, case_id: UUID) -> list[dict[str, Any]]:
    """The endings of each round of a visible case; 404 for any other."""
    where = visible_cases(actor)
    where.add("c.id = {}", case_id)
    if not await fetch(f"SELECT 1 AS seen FROM cases c WHERE {where.sql}", where.values):
        raise NotFound
    return await fetch(
        "SELECT t.id, t.round, t.decided, t.solved, t.mended, t.mode, t.talk, t.at, f.name AS by FROM closure_talks t"
        " JOIN staff f ON f.id = t.staff_id WHERE t.case_id = $1 ORDER BY t.round",
        [case_id],
    )
