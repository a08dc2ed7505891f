"""What a reaction is: a task made with the services; a run carries the journal row (`domain/journal/flush.py`).

A task runs at least once: it must find out by itself what it has done already. It opens units of work by
`web.unit_of_work.run_unit`, short ones, and calls the network only between them.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from domain.notices.actions import Happening
from server.jobs import Run
from server.services import Services

Task = Callable[[Run], Awaitable[None]]
Made = Callable[[Services], Task]


def happening(job: Run) -> Happening:
    """The journal row that a job reacts to."""
    args = job.args
    return Happening(
        row=args["row"], event=args["event"], case_id=_id(args.get("case_id")), subject_id=_id(args.get("subject_id")),
        data=dict(args.get("data") or {}),
    )  # fmt: skip


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
