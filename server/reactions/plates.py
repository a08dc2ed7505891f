"""Jobs of plates: print a batch, revoke many codes."""

from uuid import UUID

from domain.access.actor import SYSTEM
from domain.households.revocations import revoke_chunk
from server.jobs import Run
from server.printing.batch import BatchPrinter
from server.reactions.tasks import Made, Task
from server.services import Services
from web.unit_of_work import run_unit


def print_plates(services: Services) -> Task:
    """Make the job that prints a batch (`plates.requested`)."""

    async def run(job: Run) -> None:
        await BatchPrinter(services, UUID(job.args["subject_id"])).run()

    return run


def revoke_plates(services: Services) -> Task:
    """Make the job that revokes what a batch or a key made (`plates.revocation-requested`)."""

    async def run(job: Run) -> None:
        revocation_id = UUID(job.args["subject_id"])
        while await run_unit(SYSTEM, lambda: revoke_chunk(revocation_id), services.enqueue):
            pass

    return run


TASKS: dict[str, Made] = {"print_plates": print_plates, "revoke_plates": revoke_plates}
