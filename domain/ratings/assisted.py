"""Ratings that staff take down for somebody: kept, shown, and counted nowhere (domain 7.6)."""

from uuid import UUID

from domain.access.actor import Actor
from domain.appeals.models import Appeal
from domain.cases.move import lock_visible
from domain.problems import NotFound
from domain.ratings.actions import Verdict, rate
from domain.ratings.models import Rating


async def take_down(actor: Actor, case_id: UUID, appeal_id: UUID, verdict: Verdict) -> Rating:
    """Write a rating with the source `assisted`; it sets nothing off. 404 for an appeal of another case."""
    case, _ = await lock_visible(actor, case_id)
    appeal = await Appeal.get_or_none(id=appeal_id, case_id=case.id)
    if appeal is None:
        raise NotFound
    return await rate(appeal, case, verdict, "assisted")
