"""The job of a household list: read, carry out chunk by chunk, give the result file back."""

import asyncio
from uuid import UUID, uuid5

from domain.access.actor import Actor
from domain.attachments.store import FileMissing, Shelf
from domain.households.imports import (
    CHUNK,
    all_villages,
    fail_import,
    finish_import,
    import_chunk,
    import_outcomes,
    start_import,
)
from domain.households.models import HouseholdImport
from domain.households.sheet import HouseholdRow, read
from domain.sheets.files import SheetRefused
from domain.sheets.reading import Sheet
from domain.sheets.results import result_workbook
from server.jobs import Run
from server.reactions.tasks import Made, Task
from server.services import Services
from web.unit_of_work import run_unit


def import_households(services: Services) -> Task:
    """Make the job that carries out a list (`household.import-requested`)."""

    async def run(job: Run) -> None:
        row = await HouseholdImport.get(id=UUID(job.args["subject_id"]))
        if row.state not in ("done", "failed"):
            await _carry_out(services, row)
        # The list holds names and phones of a village: it is kept no longer than it takes to read it.
        await services.files.delete(Shelf.SEALED, row.source_file_id)

    return run


async def _carry_out(services: Services, job: HouseholdImport) -> None:
    actor = Actor(kind="staff", id=job.requested_by)
    try:
        sheet = await _read(services, job)
    except (SheetRefused, FileMissing) as refusal:
        reason = refusal.message_zh if isinstance(refusal, SheetRefused) else "上传的文件已不存在,请重新上传"
        await run_unit(actor, lambda: fail_import(job.id, reason), services.enqueue)
        return
    await run_unit(actor, lambda: start_import(job.id, sheet), services.enqueue)
    for number in range(-(-len(sheet.rows) // CHUNK)):
        rows = sheet.rows[number * CHUNK : (number + 1) * CHUNK]
        await run_unit(actor, lambda at=number, part=rows: import_chunk(job.id, at, part), services.enqueue)  # type: ignore[misc]
    result = await asyncio.to_thread(result_workbook, sheet, await import_outcomes(job.id))
    result_id = uuid5(job.id, "result")
    await services.files.put(Shelf.SEALED, result_id, result)
    await run_unit(actor, lambda: finish_import(job.id, result_id), services.enqueue)


async def _read(services: Services, job: HouseholdImport) -> Sheet[HouseholdRow]:
    villages = await all_villages()
    with await services.files.open(Shelf.SEALED, job.source_file_id) as source:
        data = source.read()
    return await asyncio.to_thread(read, data, job.filename, villages)


TASKS: dict[str, Made] = {"import_households": import_households}
