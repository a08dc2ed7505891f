"""`find_duplicates`: after a filing, off the request, the desk is shown which cases may be about the same matter."""

from domain.access.actor import SYSTEM
from domain.duplicates.looks import keep_look
from server.jobs import Run
from server.reactions.tasks import Made, Task, happening
from server.services import Services
from web.unit_of_work import run_unit


def find_duplicates(services: Services) -> Task:
    """Look, and keep what was found beside the case."""

    async def run(job: Run) -> None:
        case_id = happening(job).case_id
        if case_id is not None:
            await run_unit(SYSTEM, lambda: keep_look(case_id), services.enqueue)

    return run


TASKS: dict[str, Made] = {"find_duplicates": find_duplicates}
