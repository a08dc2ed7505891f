"""Reactions to hearings (听证): who decides a request, the handling unit, and everybody who is to sit: in the inbox, by
text message, or by whoever ordered the hearing, who then hears that somebody has to be invited by hand."""

from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.access.queries import holders
from domain.notices.actions import Happening, Words, tell
from domain.notices.delivery import Parcel
from domain.notices.desk_letters import case_row, tell_staff
from domain.notices.models import Delivery
from domain.notices.recipients import of_department, outside_wall
from domain.notices.texts import STAFF, fill
from domain.review.models import Hearing
from domain.rulebook import rulebook
from domain.times import spoken_time
from server.jobs import Run
from server.reactions.notices import ring_all
from server.reactions.tasks import Made, Task, happening
from server.services import Services
from web.unit_of_work import run_unit

INVITATION = "hearing-member"  # the name of the text message to members without an account


def tell_hearing(services: Services) -> Task:
    """Of a request hear the officers who decide it; of a hearing and its conclusion the handling unit; of a hearing those
    who sit there."""

    async def run(job: Run) -> None:
        what = happening(job)

        async def write() -> list[Parcel]:
            case = await case_row(what.case_id)
            if case is None:
                return []
            await tell_staff(what, what.event, case, await _officials(what, case))
            hearing = await _planned(what)
            return await _invite(what, case, hearing, sms=services.sms is not None) if hearing else []

        async def failed() -> None:
            keys = {f"{parcel.key}:sms": parcel for parcel in parcels}
            lost = await Delivery.filter(dedupe_key__in=list(keys), state__in=["failed", "unknown"]).order_by("id")
            hearing = await _planned(what)
            if hearing and lost:
                names = [keys[one.dedupe_key].words for one in lost]
                await _by_hand(f"{what.row}:lost", hearing, parcels[0].values["number"], names)

        parcels = await run_unit(SYSTEM, write, services.enqueue)
        await ring_all(services, job, parcels)
        if parcels:
            await run_unit(SYSTEM, failed, services.enqueue)

    return run


async def _officials(what: Happening, case: dict[str, Any]) -> set[UUID]:
    if what.event == "hearing.requested":
        return set(await holders("review_officer", case["area_path"]))
    return set(await of_department(case["lead_id"], ("handler", "unit_lead"))) if case["lead_id"] else set()


async def _planned(what: Happening) -> Hearing | None:
    if what.event != "hearing.ordered":
        return None
    return await Hearing.get_or_none(id=what.subject_id, state="planned")


async def _invite(what: Happening, case: dict[str, Any], hearing: Hearing, *, sms: bool) -> list[Parcel]:
    """Tell the members who have an account; the text messages for those who have a telephone. Of the others, whoever
    ordered the hearing."""
    members = [(f"{what.row}:{number}", member) for number, member in enumerate(hearing.members)]
    accounts = [UUID(member["staff_id"]) for _, member in members if member.get("staff_id")]
    sat = await outside_wall(case, accounts) & set(accounts)
    await tell("staff", sat, f"{what.row}:member", _words("hearing.member", hearing, {"number": case["number"]}))
    others = [(key, one) for key, one in members if not (one.get("staff_id") and UUID(one["staff_id"]) in sat)]
    rung = [one for one in others if one[1].get("phone")] if sms and INVITATION in rulebook().sms_templates else []
    left = [one["name"] for key, one in others if (key, one) not in rung]
    await _by_hand(f"{what.row}:by-hand", hearing, case["number"], left)
    values = {"number": case["number"], "time": spoken_time(hearing.planned_at)}
    return [
        Parcel(key=key, name=INVITATION, case_id=case["id"], phone=one["phone"], values=values, words=one["name"])
        for key, one in rung
    ]


async def _by_hand(key: str, hearing: Hearing, number: str, names: list[str]) -> None:
    kind, _, ident = hearing.ordered_by.partition(":")
    if names and kind == "staff":
        words = _words("hearing.by-hand", hearing, {"number": number, "names": "、".join(names)})
        await tell("staff", [UUID(ident)], key, words)


def _words(name: str, hearing: Hearing, values: dict[str, str]) -> Words:
    """Without the case: who sits at a hearing need not be somebody who reads its file."""
    text = STAFF[name]
    known = {**values, "time": spoken_time(hearing.planned_at), "place": hearing.place}
    return Words(event=name, title=text.title, text=fill(text.body, known))


TASKS: dict[str, Made] = {"tell_hearing": tell_hearing}
