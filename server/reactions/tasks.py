"""What a reaction is: a task made with the services; a run carries the journal row (`domain/journal/flush.py`).

A task runs at least once: it must find out by itself what it has done already. It opens units of work by
`web.unit_of_work.run_unit`, short ones, and calls the network only between them.
"""

from collections.abc import Awaitable, Callable

from server.jobs import Run
from server.services import Services

Task = Callable[[Run], Awaitable[None]]
Made = Callable[[Services], Task]


def nothing(services: Services) -> Task:
    """Make a task that does nothing."""

    async def run(job: Run) -> None:
        return None

    return run
