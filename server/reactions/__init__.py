"""What each reaction of `domain/reactions.py` does. A task is made with the services; a run carries the journal row.

A task runs at least once: it must find out by itself what it has done already. It opens units of work by
`web.unit_of_work.run_unit`, short ones, and calls the network only between them.
"""

from collections.abc import Awaitable, Callable

from server.jobs import Run
from server.services import Services

Task = Callable[[Run], Awaitable[None]]
Made = Callable[[Services], Task]


def _nothing(services: Services) -> Task:
    async def run(job: Run) -> None:
        return None

    return run


TASKS: dict[str, Made] = {
    name: _nothing
    for name in ("check_content", "tell_resident", "tell_unit", "tell_desk", "tell_reporter", "tell_deadline",
                 "ring_duty", "tell_members", "import_households", "print_plates")
}  # fmt: skip
