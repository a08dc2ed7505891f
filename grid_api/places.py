"""Where something is, as the worker said it: a scanned plate, a household of the list, a grid."""


from domain.access.actor import Actor
from domain.households.models import Household
from domain.problems import NotFound
from domain.visits.actions import in_my_grids
from web.routes import Ask
from web.scans import scanned as read_plate


async def scanned(ask: Ask, plate_code: str) -> Household:
    """The household of a plate in one of my grids; 404 for any other, 410 for a dead plate."""
    found = await read_plate(ask, plate_code, "worker")
    in_my_grids(ask.actor, found.household)
    return found.household


async def listed(actor: Actor, household_id: object) -> Household:
    """A household of my grids by its id; 404 for any other."""
    household = await Household.get_or_none(id=household_id)
    if household is None:
        raise NotFound
    in_my_grids(actor, household)
    return household
