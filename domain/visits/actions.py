"""Visits of grid workers: at most five things to fill in, no position, no photo required (国办函〔2026〕12号)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.attachments.actions import attach, link
from domain.clock import local_date, now
from domain.households.models import Household
from domain.journal.once import first_time
from domain.journal.unit import Fact, record
from domain.problems import NotFound, SameIdOtherContent, invalid
from domain.visits.models import Visit
from domain.visits.purposes import NEEDS, PURPOSES, REFERRED, tag
from domain.visits.referrals import refer

AHEAD = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a worker notes about one visit, after the door has found the household."""

    id: UUID
    household: Household
    occurred_at: datetime
    purposes: tuple[str, ...]
    outcome: str
    note: str = ""
    attachment_ids: tuple[UUID, ...] = ()
    needs: tuple[str, ...] = ()


async def log_visit(actor: Actor, call: Call) -> tuple[Visit, bool]:
    """Keep a visit once per id; the visit, and whether it is new. Absent and declined are no blame (003-04)."""
    house = call.household
    in_my_grids(actor, house)
    content = [house.id, call.occurred_at, call.purposes, call.outcome, call.note, call.attachment_ids, call.needs]
    if not await first_time(actor, call.id, "visit", content):
        return await Visit.get(id=call.id), False
    if await Visit.exists(id=call.id):
        raise SameIdOtherContent
    await attach(actor, call.attachment_ids)
    visit = await Visit.create(
        id=call.id, household_id=house.id, area_path=house.area_path, worker_id=actor.id,
        occurred_at=call.occurred_at, received_at=now(), purposes=_purposes(call.purposes), outcome=call.outcome,
        note=call.note, needs=_needs(call.needs),
    )  # fmt: skip
    if call.attachment_ids:
        await link(call.attachment_ids, "visit", visit.id, None)
    _record(visit, house)
    await refer(visit, house, REFERRED.intersection(need["code"] for need in visit.needs))
    return visit, True


async def agree(actor: Actor, visit_id: UUID, next_contact_on: date | None, *, notice_left: bool) -> Visit:
    """What was agreed with the household after a visit: when to come again; or that a note with the telephone number
    was left at an empty house. Only the visitor says so; 404 for a visit of others."""
    visit = await Visit.filter(id=visit_id, worker_id=actor.id).select_for_update().first()
    if visit is None or not actor.may(Permission.VISIT_LOG, visit.area_path):
        raise NotFound
    if notice_left and visit.outcome != "absent":
        raise invalid("notice_left", "只有没人在家的走访才需要留下联系卡")
    if next_contact_on and not local_date(visit.occurred_at) <= next_contact_on <= local_date(now()) + AHEAD:
        raise invalid("next_contact_on", "约定的日期须在走访之后、一年之内")
    if (visit.next_contact_on, visit.notice_left) == (next_contact_on, notice_left):
        return visit
    visit.next_contact_on, visit.notice_left = next_contact_on, notice_left
    await visit.save(update_fields=["next_contact_on", "notice_left"])
    data = {
        "household_id": str(visit.household_id), "notice_left": notice_left,
        "next_contact_on": next_contact_on.isoformat() if next_contact_on else None,
    }  # fmt: skip
    grid, feed = visit.area_path.rpartition(".")[2], ("visit", visit.id, 1)
    record(Fact("visit.agreed", grid, None, visit.id, data, feed=feed))
    return visit


def in_my_grids(actor: Actor, household: Household) -> None:
    """404 for a household outside the grids of the worker, as if it did not exist."""
    if household.state != "active" or not actor.may(Permission.VISIT_LOG, household.area_path):
        raise NotFound


def _purposes(given: tuple[str, ...]) -> list[str]:
    codes = [tag(each, PURPOSES) for each in given]
    if None in codes:
        raise invalid("purposes", "没有这个走访事由,可选:" + "、".join(PURPOSES.values()))
    return list(dict.fromkeys(code for code in codes if code))


def _needs(given: tuple[str, ...]) -> list[dict[str, str]]:
    found = [(tag(each, NEEDS), each.strip()) for each in given if each.strip()]
    return [{"code": code, "text": ""} if code else {"code": "other", "text": text} for code, text in found]



def _record(visit: Visit, house: Household) -> None:
    """The fact of the visit, and of needs found: a need for relief is a lead for 防返贫 monitoring (domain §2.11)."""
    data = {
        "household_id": str(house.id), "outcome": visit.outcome, "purposes": visit.purposes,
        "occurred_at": visit.occurred_at.isoformat(),
    }  # fmt: skip
    record(Fact("visit.logged", house.grid_code, None, visit.id, data, feed=("visit", visit.id, 1)))
    if visit.needs:
        codes = sorted({need["code"] for need in visit.needs})
        found = {"household_id": str(house.id), "needs": codes, "referred": sorted(REFERRED.intersection(codes))}
        record(Fact("visit.needs-found", house.grid_code, None, visit.id, found))
