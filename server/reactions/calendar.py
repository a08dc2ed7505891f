"""`recount_deadlines`, `recount_limits`: after an edit of the working calendar or of a limit every open deadline is worked
out again, case by case."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID

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
Stale = Callable[[UUID | None, int], Awaitable[Sequence[UUID]]]


async def recount_stale(services: Services) -> int:
    """Bring every deadline that an older calendar made up to the one in force; how many cases moved."""
    await shielded(refresh())
    if await run_unit(SYSTEM, recount_office_clocks, services.enqueue):
        await run_unit(SYSTEM, follow_office_clocks, services.enqueue)
    return await _one_by_one(services, partial(stale, now()), recount)


async def recount_by_limits(services: Services) -> int:
    """Bring every running clock up to the limits in force; how many cases moved."""
    await shielded(limits.refresh())
    return await _one_by_one(services, limits.stale, limits.recount)


async def _one_by_one(services: Services, stale_after: Stale, again: Callable[[UUID], Awaitable[bool]]) -> int:
    moved, after = 0, None
    while ids := await shielded(stale_after(after, BATCH)):
        after = ids[-1]
        for one in ids:
            moved += await run_unit(SYSTEM, partial(again, one), services.enqueue)
    return moved


def _task(recounting: Callable[[Services], Awaitable[int]]) -> Made:
    """Work out the open cases again; done twice it finds nothing left to do."""

    def made(services: Services) -> Task:
        async def run(job: Run) -> None:
            await recounting(services)

        return run

    return made


TASKS: dict[str, Made] = {"recount_deadlines": _task(recount_stale), "recount_limits": _task(recount_by_limits)}
