"""Mediation rooms (睦邻调解室, 002-06): free of charge, only with the consent of every party (条例 art 33); an agreement
can be confirmed by the court within thirty days when both sides ask for it together (司法确认)."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.access.actor import Actor, within
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.areas.models import Area
from domain.cases.models import Case
from domain.clock import local_date, now
from domain.deadlines.limits import Limit, Unit, due
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, NotFound, invalid
from domain.review.models import Mediation, MediationRoom, MediationSession
from domain.rulebook import Rulebook, rulebook
from domain.sql import fetch

CONFIRM = Limit(30, Unit.NATURAL_DAY)  # no roll: the safer, earlier date is the one to be reminded of


@dataclass(frozen=True)
class Outcome:
    """How a mediation ended: agreed by word or in writing, or not."""

    agreed: bool
    kind: str
    text: str


async def set_up_room(actor: Actor, area_code: str, name: str, mediators: list[dict[str, str]]) -> MediationRoom:
    """Set up the room of a village, or change its name and mediators; 404 outside the actor's area."""
    area = await Area.get_or_none(code=area_code)
    if area is None or not actor.may(Permission.MEDIATION_RUN, area.path):
        raise NotFound
    room, _ = await MediationRoom.update_or_create(
        area_code=area.code, defaults={"area_path": area.path, "name": name, "mediators": mediators}
    )
    record(Fact("mediation.room-set", area.code, None, room.id, {"mediators": len(mediators)}))
    return room


async def propose(
    actor: Actor, room_id: UUID, matter: str, parties: list[dict[str, Any]], case_id: UUID | None
) -> Mediation:
    """Bring a dispute to a room; it opens by itself when every party has consented."""
    room = await MediationRoom.get_or_none(id=room_id)
    if room is None or not actor.may(Permission.MEDIATION_RUN, room.area_path):
        raise NotFound
    if case_id and not await _case_here(actor, case_id, room):
        raise invalid("case_id", "没有这个工单")
    agreed = all(party["consent"] for party in parties)
    mediation = await Mediation.create(
        id=new_id(), room_id=room.id, case_id=case_id, area_path=room.area_path, matter=matter, parties=parties,
        state="open" if agreed else "proposed", opened_at=now(),
    )  # fmt: skip
    _record(actor, mediation, "mediation.opened" if agreed else "mediation.proposed", {"parties": len(parties)})
    return mediation


async def consent(actor: Actor, mediation_id: UUID, party: int, agrees: bool) -> Mediation:
    """Note the answer of one party; a refusal ends it, the last consent opens it."""
    mediation = await _lock(actor, mediation_id, ("proposed",))
    if not 0 <= party < len(mediation.parties):
        raise invalid("party", "没有这一方")
    mediation.parties = [{**p, "consent": agrees} if n == party else p for n, p in enumerate(mediation.parties)]
    if not agrees:
        mediation.state, mediation.ended_at = "failed", now()
    elif all(p["consent"] for p in mediation.parties):
        mediation.state = "open"
    await mediation.save()
    event = {"failed": "mediation.ended", "open": "mediation.opened"}.get(mediation.state, "mediation.consented")
    _record(actor, mediation, event, {"party": party, "agrees": agrees})
    return mediation


async def hold_session(actor: Actor, mediation_id: UUID, mediators: list[str], note: str) -> MediationSession:
    """Note a sitting; 409 without everybody's consent."""
    mediation = await _lock(actor, mediation_id, ("open",))
    session = await MediationSession.create(
        id=new_id(), mediation_id=mediation.id, at=now(), mediators=mediators, note=note, by=actor.label
    )
    _record(actor, mediation, "mediation.sat", {"text_digest": digest(session.id, note)})
    return session


async def end_mediation(actor: Actor, mediation_id: UUID, outcome: Outcome) -> Mediation:
    """End it after at least one sitting; an agreement starts the thirty days of its confirmation by the court."""
    mediation = await _lock(actor, mediation_id, ("open",))
    if not await MediationSession.exists(mediation_id=mediation.id):
        raise GuardNotMet(reason="还没有调解过,不能结束。", missing=["调解记录"])
    at = now()
    mediation.state, mediation.ended_at = "agreed" if outcome.agreed else "failed", at
    mediation.agreement = outcome.text
    if outcome.agreed:
        mediation.agreement_kind = outcome.kind
        book = rulebook().for_area(mediation.area_path)
        mediation.confirm_by_at = due(_confirmation(book), at, book.calendar).due_at
    await mediation.save()
    _record(actor, mediation, "mediation.ended", {"agreed": outcome.agreed, "kind": outcome.kind})
    return mediation


def _confirmation(book: Rulebook) -> Limit:
    """How long both may ask the court to confirm: what the rules of the place say, else the legal thirty days."""
    rooms = book.practices.mediation.values()
    return next((Limit.parse(room.confirmation) for room in rooms), CONFIRM)


async def confirm_in_court(actor: Actor, mediation_id: UUID, on: date) -> Mediation:
    """Note that the court confirmed the agreement."""
    mediation = await _lock(actor, mediation_id, ("agreed",))
    if mediation.ended_at is None or not local_date(mediation.ended_at) <= on <= local_date(now()):
        raise invalid("on", "应在达成协议之后、今天之前")
    mediation.confirmed_on = on
    await mediation.save(update_fields=["confirmed_on"])
    _record(actor, mediation, "mediation.confirmed", {})
    return mediation


async def follow_up(actor: Actor, mediation_id: UUID, kept: bool, note: str) -> Mediation:
    """Note whether the agreement is kept."""
    mediation = await _lock(actor, mediation_id, ("agreed",))
    mediation.kept, mediation.follow_up, mediation.followed_up_at = kept, note, now()
    await mediation.save()
    _record(actor, mediation, "mediation.followed-up", {"kept": kept})
    return mediation


async def rooms(actor: Actor) -> list[dict[str, Any]]:
    """The rooms of the actor's villages with what they mediated: how many came, open, agreed, failed, kept."""
    where = Where()
    in_scope(where, actor, Permission.MEDIATION_RUN, "m.area_path")
    return await fetch(
        "SELECT m.id, m.area_code, m.name, m.mediators, count(x.id) AS total,"
        " count(x.id) FILTER (WHERE x.state IN ('proposed', 'open')) AS open,"
        " count(x.id) FILTER (WHERE x.state = 'agreed') AS agreed, count(x.id) FILTER (WHERE x.state = 'failed') AS failed,"
        " count(x.id) FILTER (WHERE x.kept) AS kept FROM mediation_rooms m LEFT JOIN mediations x ON x.room_id = m.id"
        f" WHERE {where.sql} GROUP BY m.id ORDER BY m.area_code LIMIT 500",
        where.values, json=("mediators",),
    )  # fmt: skip


async def mediations(actor: Actor, state: str | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Disputes of the actor's rooms, newest first, one more than the limit; the agreed ones with the days left."""
    where = Where()
    in_scope(where, actor, Permission.MEDIATION_RUN, "x.area_path")
    if state:
        where.add("x.state = {}", state)
    if before:
        where.add("x.id < {}", before)
    return await fetch(
        "SELECT x.*, m.name AS room, (SELECT count(*) FROM mediation_sessions s WHERE s.mediation_id = x.id) AS sessions"
        " FROM mediations x JOIN mediation_rooms m ON m.id = x.room_id"
        f" WHERE {where.sql} ORDER BY x.id DESC LIMIT {limit + 1}",
        where.values, json=("parties",),
    )  # fmt: skip


async def _case_here(actor: Actor, case_id: UUID, room: MediationRoom) -> bool:
    """A case of the room's own village that is not about the actor's unit; agents without cases of their own too."""
    case = await Case.get_or_none(id=case_id)
    return case is not None and within(case.area_path, room.area_path) and (
        case.complained_department_id is None or case.complained_department_id not in actor.departments
    )


async def _lock(actor: Actor, mediation_id: UUID, states: tuple[str, ...]) -> Mediation:
    mediation = await Mediation.filter(id=mediation_id).select_for_update().first()
    if mediation is None or not actor.may(Permission.MEDIATION_RUN, mediation.area_path):
        raise NotFound
    if mediation.state not in states:
        raise GuardNotMet(reason="调解现在不能这样办理。各方都同意之后才能调解。", missing=list(states))
    return mediation


def _record(actor: Actor, mediation: Mediation, event: str, data: dict[str, Any]) -> None:
    area = mediation.area_path.rpartition(".")[2]
    record(Fact(event, area, mediation.case_id, mediation.id, {**data, "room_id": str(mediation.room_id)}, actor=actor))
