"""Throws away print files and import results that are past their time; what was printed, and its sums, stay."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.attachments.store import Shelf
from domain.clock import now
from domain.households.models import HouseholdImport, HouseholdImportChunk, PlateBatch
from domain.rulebook import rulebook
from domain.sql import fetch
from server.services import Services
from web.unit_of_work import run_unit, shielded

_FILES = ("id", "csv", "xlsx")
_PRINTS = (
    "SELECT id FROM plate_batches WHERE finished_at < $1"
    " AND jsonb_path_exists(files::jsonb, '$[*].id') ORDER BY id"
)
_RESULTS = "SELECT id FROM household_imports WHERE finished_at < $1 AND result_file_id IS NOT NULL ORDER BY id"


async def forget_files(services: Services, *, dry_run: bool) -> dict[str, int]:
    """Delete what is older than the profile's `print_files` and `import_results` (90 days); how many of each."""
    prints = await shielded(_past(_PRINTS, "print_files"))
    results = await shielded(_past(_RESULTS, "import_results"))
    if not dry_run:
        for batch_id in prints:
            await _forget_prints(services, batch_id)
        for import_id in results:
            await _forget_result(services, import_id)
    return {"门牌印刷文件": len(prints), "名单导入结果": len(results)}


async def _past(query: str, kept: str) -> list[UUID]:
    before: datetime = now() - timedelta(days=rulebook().retention_days.get(kept, 90))
    return [row["id"] for row in await fetch(query, [before])]


async def _forget_prints(services: Services, batch_id: UUID) -> None:
    async def blank() -> None:
        batch = await PlateBatch.select_for_update().get(id=batch_id)
        for file in batch.files:
            for name in _FILES:
                if name in file:
                    await services.files.delete(Shelf.PRINTS, UUID(file[name]))
        batch.files = [{name: value for name, value in file.items() if name not in _FILES} for file in batch.files]
        await batch.save()

    await run_unit(SYSTEM, blank, services.enqueue)


async def _forget_result(services: Services, import_id: UUID) -> None:
    async def blank() -> None:
        job = await HouseholdImport.select_for_update().get(id=import_id)
        if job.result_file_id is not None:
            await services.files.delete(Shelf.SEALED, job.result_file_id)
        await HouseholdImportChunk.filter(import_id=import_id).delete()
        job.result_file_id = None
        await job.save()

    await run_unit(SYSTEM, blank, services.enqueue)
