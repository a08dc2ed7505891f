"""`recount_deadlines`: after an edit of the working calendar every open deadline is worked out again, case by case."""

from domain.access.actor import SYSTEM
from domain.cases.calendar import recount, refresh, stale
from domain.clock import now
from server.jobs import Run
from server.reactions.tasks import Made, Task
from server.services import Services
from web.unit_of_work import run_unit, shielded

BATCH = 200


async def recount_stale(services: Services) -> int:
    """Bring every deadline that an older calendar made up to the one in force; how many cases moved."""
    await shielded(refresh())
    at, moved, after = now(), 0, None
    while ids := await shielded(stale(at, after, BATCH)):
        after = ids[-1]
        for one in ids:
            moved += await run_unit(SYSTEM, lambda one=one: recount(one, at), services.enqueue)
    return moved


def recount_deadlines(services: Services) -> Task:
    """Work out the open deadlines again; done twice it finds nothing left to do."""

    async def run(job: Run) -> None:
        await recount_stale(services)

    return run


TASKS: dict[str, Made] = {"recount_deadlines": recount_deadlines}
