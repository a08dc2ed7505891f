"""Staff door: jobs that were given up, for the system administrator; they name no person and no content."""

from typing import Annotated, Any

from msgspec import Meta

from domain.access.permissions import Permission as P
from domain.journal.unit import Fact, record
from domain.problems import NotFound
from domain.rulebook import rulebook
from web.paging import Page
from web.routes import Ask, Route
from web.shapes import local


class JobPage(Page, kw_only=True):
    """`after` the id of the last job of the page before."""

    after: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0


async def list_parked(ask: Ask) -> dict[str, Any]:
    """Parked jobs, oldest first (`GET /jobs/parked`)."""
    rows = await ask.app.services.parked_jobs(ask.query.after, ask.query.limit + 1)
    items = [
        {"id": job.id, "name": job.name, "key": job.key, "attempts": job.attempts, "error": job.error,
         "parked_at": local(job.parked_at)}
        for job in rows[: ask.query.limit]
    ]  # fmt: skip
    return {"items": items, "next": items[-1]["id"] if len(rows) > ask.query.limit else None}


async def retry(ask: Ask) -> dict[str, Any]:
    """Run a parked job again (`POST /jobs/parked/{id}/retry`)."""
    return await _settle(ask, "retry")


async def discard(ask: Ask) -> dict[str, Any]:
    """Give a parked job up for good (`POST /jobs/parked/{id}/discard`)."""
    return await _settle(ask, "discard")


async def _settle(ask: Ask, how: str) -> dict[str, Any]:
    number = int(ask.path["id"])
    if number >= 2**63 or not await ask.app.services.settle_job(number, how):
        raise NotFound
    record(Fact(f"job.{how}", rulebook().county, None, None, {"job": number}))
    return {"id": number, "done": how}


ROUTES = (
    Route(method="GET", path="/jobs/parked", handler=list_parked, gate=P.JOBS_MANAGE, query=JobPage, reads=True,
          summary="停放的任务"),
    Route(method="POST", path="/jobs/parked/<id:int>/retry", handler=retry, gate=P.JOBS_MANAGE, summary="重试任务"),
    Route(method="POST", path="/jobs/parked/<id:int>/discard", handler=discard, gate=P.JOBS_MANAGE, summary="放弃任务"),
)  # fmt: skip
