"""Opening who appealed: with a purpose, logged where the appellant reads it, and in the journal (domain 7.3)."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import AccessLogEntry, Department
from domain.access.permissions import ROLE_PERMISSIONS, Permission
from domain.cases.policy import identity_open
from domain.cases.queries import appeals_of_phone, case_row, facts
from domain.clock import now
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import NotAllowed, NotFound
from domain.rulebook import rulebook
from domain.sql import fetch_one


async def reveal(actor: Actor, case_id: UUID, appeal_id: UUID, purpose: str) -> dict[str, Any]:
    """Name and phone of an appellant; 403 where the identity is hidden from this actor, 404 for a foreign appeal."""
    case = await case_row(actor, case_id)
    actor.require(Permission.IDENTITY_REVEAL, case["area_path"])
    appeal = await fetch_one(
        "SELECT p.id, p.identity, p.resident_id, p.on_behalf, w.name, w.phone FROM appeals p"
        " LEFT JOIN appellants w ON w.appeal_id = p.id WHERE p.id = $1 AND p.case_id = $2",
        [appeal_id, case_id],
        json=("on_behalf",),
    )
    if appeal is None:
        raise NotFound
    if not identity_open(appeal["identity"], facts(case), actor):
        raise NotAllowed
    entry = await _log(actor, appeal_id, appeal["resident_id"], purpose)
    record(Fact("identity.revealed", case["area_code"], case_id, appeal_id, {"entry": str(entry.id)}))
    return appeal


async def note_phone_search(actor: Actor, phone: str, purpose: str) -> None:
    """Log a search by telephone number: an entry for every appeal it opens, one line in the journal in any case."""
    actor.require(Permission.IDENTITY_REVEAL)
    found = await appeals_of_phone(actor, phone)
    entries = [await _log(actor, row["appeal_id"], row["resident_id"], purpose) for row in found]
    record(
        Fact(
            "identity.searched", rulebook().county, None, actor.id, {"entries": [str(entry.id) for entry in entries]}
        )
    )


async def _log(actor: Actor, appeal_id: UUID, resident_id: UUID | None, purpose: str) -> AccessLogEntry:
    unit = await Department.get_or_none(id=actor.department_id) if actor.department_id else None
    roles = [role for role in sorted(actor.roles) if Permission.IDENTITY_REVEAL in ROLE_PERMISSIONS.get(role, ())]
    return await AccessLogEntry.create(
        id=new_id(), appeal_id=appeal_id, resident_id=resident_id, actor_label=actor.label,
        actor_role=",".join(roles)[:80], department_name=unit.name if unit else "", purpose=purpose, at=now(),
    )  # fmt: skip
