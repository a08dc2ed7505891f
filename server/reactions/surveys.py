"""`send_surveys`: the links of a new wave go out by the chain of notices, each once however often the job runs."""

from uuid import UUID

from domain.notices.delivery import Parcel
from domain.surveys.sending import write_links
from server.jobs import Run
from server.reactions.residents import Courier
from server.reactions.tasks import Made, Task, happening
from server.services import Services

BATCH = 100


def send_surveys(services: Services) -> Task:
    """Send every link of a wave that is not answered; what could not be sent is tried again with the same link."""

    async def run(job: Run) -> None:
        what = happening(job)
        if what.subject_id is None:
            return
        courier, after = Courier(services, job.attempt), None
        while True:
            parcels, after = await courier.unit(lambda after=after: _next(services, what.subject_id, after))
            for parcel in parcels:
                await courier.deliver(parcel)
            if after is None:
                break
        courier.finish()

    return run


async def _next(services: Services, wave_id: UUID | None, after: UUID | None) -> tuple[list[Parcel], UUID | None]:
    keyring, server = services.keyring, services.settings.public_url.rstrip("/")
    assert wave_id is not None
    return await write_links(wave_id, server, keyring.keys[keyring.active], after, BATCH)


TASKS: dict[str, Made] = {"send_surveys": send_surveys}
