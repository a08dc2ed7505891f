"""`recount_deadlines`, `recount_limits`: after an edit of the working calendar or of a limit every open deadline is worked
out again, case by case."""

from domain.access.actor import SYSTEM
from domain.cases import limits
from domain.cases.calendar import recount, refresh, stale
from domain.clock import now
from domain.review.queries import follow_office_clocks
from domain.supervision.office_clocks import recount_office_clocks
from server.jobs import Run
from server.reactions.tasks import Made, Task
from server.services import Services
from web.unit_of_work import run_unit, shielded

BATCH = 200


async def recount_stale(services: Services) -> int:
    """Bring every deadline that an older calendar made up to the one in force; how many cases moved."""
    await shielded(refresh())
    if await run_unit(SYSTEM, recount_office_clocks, services.enqueue):
        await run_unit(SYSTEM, follow_office_clocks, services.enqueue)
    at, moved, after = now(), 0, None
    while ids := await shielded(stale(at, after, BATCH)):
        after = ids[-1]
        for one in ids:
            moved += await run_unit(SYSTEM, lambda one=one: recount(one, at), services.enqueue)
    return moved


async def recount_by_limits(services: Services) -> int:
    """Bring every running clock up to the limits in force; how many cases moved."""
    await shielded(limits.refresh())
    moved, after = 0, None
    while ids := await shielded(limits.stale(after, BATCH)):
        after = ids[-1]
        for one in ids:
            moved += await run_unit(SYSTEM, lambda one=one: limits.recount(one), services.enqueue)
    return moved


def recount_limits(services: Services) -> Task:
    """Work out the open cases of changed limits again; done twice it finds nothing left to do."""

    async def run(job: Run) -> None:
        await recount_by_limits(services)

    return run


def recount_deadlines(services: Services) -> Task:
    """Work out the open deadlines again; done twice it finds nothing left to do."""

    async def run(job: Run) -> None:
        await recount_stale(services)

    return run


TASKS: dict[str, Made] = {"recount_deadlines": recount_deadlines, "recount_limits": recount_limits}
