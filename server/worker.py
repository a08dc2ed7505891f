"""The worker half of a server process: reactions to the journal, and the timers."""

from dataclasses import dataclass

import domain.workflow  # noqa: F401  (registers the effects of the moves)
from domain.cases.move import check_effects
from domain.reactions import REACTIONS
from server.jobs import JobRunner
from server.reactions import TASKS
from server.services import Services
from server.timers import Timers


@dataclass
class Worker:
    """What runs beside the requests."""

    runner: JobRunner
    timers: Timers

    async def stop(self) -> None:
        """Stop fetching, let what runs end."""
        await self.timers.stop()
        await self.runner.stop()


async def start_worker(services: Services) -> Worker:
    """Start reactions and timers; refuse to start when a reaction has no task, or a move no effect."""
    check_effects()
    unknown = sorted({name for names in REACTIONS.values() for name in names} - set(TASKS))
    if unknown:
        raise RuntimeError(f"reactions without a task: {', '.join(unknown)}")
    runner = JobRunner(
        services.settings.migration_database_url or services.dsn,
        {name: task(services) for name, task in TASKS.items()},
    )
    services.runner = runner
    await runner.start()
    timers = Timers(services)
    timers.start()
    return Worker(runner, timers)
