"""Which leader of a unit answers for which field (谁主管谁负责, 002-16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Staff
from domain.access.permissions import Permission
from domain.access.queries import unit_for
from domain.clock import local_date, now
from domain.dispatch.models import LeaderField
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import NotFound, invalid
from domain.rulebook import rulebook
from domain.sql import fetch


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A leader with the topics in charge; no topics = everything of the unit that no other leader has."""

    name: str
    post: str
    topics: tuple[str, ...] = ()
    staff_id: UUID | None = None
    since_on: date | None = None


async def set_charge(actor: Actor, unit_id: UUID, charge: Charge) -> LeaderField:
    """Enter a leader's fields; who had the same person's entry before is ended."""
    unit = await unit_for(actor, Permission.ROSTER_MANAGE, unit_id)
    strays = [code for code in charge.topics if code not in rulebook().topics]
    if strays:
        message = f"没有这个类别:{'、'.join(strays)}"
        raise invalid("topics", message)
    if charge.staff_id and not await Staff.exists(id=charge.staff_id, active=True):
        raise invalid("staff_id", "没有这个账号,或已停用")
    today = local_date(now())
    await LeaderField.filter(department_id=unit.id, name=charge.name, ended_on=None).update(ended_on=today)
    made = await LeaderField.create(
        id=new_id(), department_id=unit.id, name=charge.name, post=charge.post, staff_id=charge.staff_id,
        topics=list(charge.topics), since_on=charge.since_on or today,
    )  # fmt: skip
    data = {"unit_id": str(unit.id), "topics": list(charge.topics)}
    record(Fact("leader.charged", unit.area_code, subject_id=made.id, data=data))
    return made


async def end_charge(actor: Actor, charge_id: UUID) -> None:
    """End an entry today; it stays on record."""
    found = await LeaderField.get_or_none(id=charge_id, ended_on=None)
    if found is None:
        raise NotFound
    unit = await unit_for(actor, Permission.ROSTER_MANAGE, found.department_id)
    found.ended_on = local_date(now())
    await found.save(update_fields=["ended_on"])
    record(Fact("leader.discharged", unit.area_code, subject_id=found.id, data={"unit_id": str(unit.id)}))


LEADERS = (
    "SELECT id, name, post, staff_id, topics, since_on FROM leader_fields WHERE department_id = {}"
    " AND ended_on IS NULL ORDER BY id"
)


async def charges(unit_id: UUID) -> list[dict[str, Any]]:
    """The leaders of a unit with their fields; the caller has checked the scope."""
    return await fetch(LEADERS.format("$1"), [unit_id], json=("topics",))


def leader_of(rows: Sequence[dict[str, Any]], topic: str) -> dict[str, Any] | None:
    """The leader among those of a unit who answers for a topic, with the reason; None where nobody is entered."""
    found = pick(rows, topic)
    if found is None:
        return None
    why = f"分管{'、'.join(_name(code) for code in found['topics'])}" if found["topics"] else "主持全面工作"
    return {"name": found["name"], "post": found["post"], "staff_id": found["staff_id"], "reason": why}


def pick(rows: Sequence[dict[str, Any]], topic: str) -> dict[str, Any] | None:
    """The row whose topics name the topic most exactly, else one without topics; the older entry among equals. Pure."""

    def fit(row: dict[str, Any]) -> int:
        return max((len(code) for code in row["topics"] if topic.startswith(code)), default=-1 if row["topics"] else 0)

    fitting = [row for row in rows if fit(row) >= 0]
    return max(fitting, key=fit) if fitting else None


def _name(code: str) -> str:
    known = rulebook().topics.get(code)
    return known.name if known else code
