"""Prints a batch from its row to its files; started again after a crash, it goes on where it was."""

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import msgspec

from domain.access.actor import SYSTEM, Actor
from domain.attachments.store import Shelf
from domain.households.batches import (
    ENDED,
    Part,
    add_part,
    end_batch,
    finish_batch,
    issue_chunk,
    note_progress,
    printed_plates,
    worker_cards,
)
from domain.households.models import PlateBatch
from domain.households.naming import plate_text
from domain.rulebook import rulebook
from qr.codes import Keyring, KeyringInvalid, plate_url, reprinted
from qr.plate import PlateData, WorkerCard
from server.printing.dress import dress
from server.printing.order import INDEX_CSV, INDEX_XLSX, OUTPUT, PLATES, Order, Printed, spool
from server.printing.press import PressRefused, PressStopped, processes_for, run_press
from server.services import Services
from web.unit_of_work import run_unit

T = TypeVar("T")
PAGE = 2000
_LEFT_OVER_S = 86_400
Watch = Callable[[PlateBatch], None]


class BatchPrinter:
    """Carries out one batch; `watch` sees the row after each step."""

    def __init__(self, services: Services, batch_id: UUID, watch: Watch | None = None) -> None:
        """Prepare; nothing happens before `run`."""
        self._services, self._id, self._watch = services, batch_id, watch
        self._actor = SYSTEM
        self._press = services.settings.data_dir / "press"
        # A job that was taken for dead may still be at work: each try has a folder of its own.
        self._folder = self._press / f"{batch_id.hex}-{secrets.token_hex(4)}"

    async def run(self) -> PlateBatch:
        """Issue, print, read back, store; the batch as it ended."""
        batch = await PlateBatch.get(id=self._id)
        if batch.requested_by:
            self._actor = Actor(kind="staff", id=batch.requested_by)
        try:
            await asyncio.to_thread(_sweep, self._press)
            return await self._steps(batch)
        except (PressRefused, KeyringInvalid) as refusal:
            reason = str(refusal)
            return await self._unit(lambda: end_batch(self._id, "failed", reason))
        except PressStopped:
            return await PlateBatch.get(id=self._id)
        finally:
            await asyncio.to_thread(shutil.rmtree, self._folder, True)

    async def _steps(self, batch: PlateBatch) -> PlateBatch:
        while batch.stage == "issuing" and batch.state not in ENDED:
            batch = await self._unit(lambda: issue_chunk(self._id, self._services.keyring))
            self._tell(batch)
        for after in range(0, batch.listed, batch.per_file):
            if batch.state in ENDED:
                return batch
            upto = min(after + batch.per_file, batch.listed)
            if not any(file["after"] == after for file in batch.files):
                await self._part(batch, after, upto)
            batch = await PlateBatch.get(id=self._id)
            self._tell(batch)
        return await self._unit(lambda: finish_batch(self._id))

    async def _part(self, batch: PlateBatch, after: int, upto: int) -> None:
        folder = self._folder / str(after)
        await asyncio.to_thread(_clear, folder)
        plates = [page async for page in self._pages(batch, after, upto)]
        count = await asyncio.to_thread(spool, folder / PLATES, (plate for page in plates for plate in page))
        del plates
        if count == 0:
            return
        worn = dress(self._services.profile, batch.area_path)
        order = Order(batch.layout, batch.format, count, batch.duplex, processes_for(count), worn)
        before = sum(int(file["plates"]) for file in batch.files)
        printed = await run_press(folder, order, lambda done: self._heard(before + done))
        part = await self._store(batch, folder, printed, after, upto)
        if not await self._unit(lambda: add_part(self._id, part)):
            raise PressStopped

    async def _heard(self, done: int) -> bool:
        going = await self._unit(lambda: note_progress(self._id, done))
        if self._watch and going:
            self._tell(await PlateBatch.get(id=self._id))
        return going

    async def _pages(self, batch: PlateBatch, after: int, upto: int) -> AsyncIterator[list[PlateData]]:
        cards = await worker_cards(batch.area_path)
        make = PlateMaker(self._services.keyring, self._services.settings.public_url, cards)
        for start in range(after, upto, PAGE):
            rows = await printed_plates(self._id, start, min(start + PAGE, upto))
            yield [make(row) for row in rows]

    async def _store(self, batch: PlateBatch, folder: Path, printed: Printed, after: int, upto: int) -> Part:
        # Names made from batch and place: a second try after a crash writes over the first.
        ids = {name: uuid5(self._id, f"{after}/{name}") for name in (OUTPUT, INDEX_CSV, INDEX_XLSX)}
        for name, file_id in ids.items():
            await self._services.files.adopt(Shelf.PRINTS, file_id, folder / name)
        file = {
            "part": after // batch.per_file + 1, "after": after, "upto": upto, "plates": printed.plates,
            "pages": printed.pages, "bytes": printed.size, "sha256": printed.sha256, "id": str(ids[OUTPUT]),
            "csv": str(ids[INDEX_CSV]), "xlsx": str(ids[INDEX_XLSX]),
        }  # fmt: skip
        samples = [{"part": file["part"], **msgspec.structs.asdict(sample)} for sample in printed.samples]
        return Part(file, printed.read_back, printed.unread, printed.missing, printed.cramped, samples)

    async def _unit(self, work: Callable[[], Awaitable[T]]) -> T:
        return await run_unit(self._actor, work, self._services.enqueue)

    def _tell(self, batch: PlateBatch) -> None:
        if self._watch:
            self._watch(batch)


class PlateMaker:
    """Makes what a plate shows from a row of the batch."""

    def __init__(self, keyring: Keyring, public_url: str, cards: Mapping[str, Mapping[str, str]]) -> None:
        """Print under this deployment's address, with the grid workers' cards."""
        self._keyring, self._url, self._cards = keyring, public_url, cards
        self._domain = urlsplit(public_url).netloc
        self._book = rulebook()

    def __call__(self, row: Mapping[str, Any]) -> PlateData:
        """One plate; raises KeyringInvalid when the key of an old code is gone."""
        card = self._cards.get(row["grid_code"], {})
        return PlateData(
            url=plate_url(self._url, reprinted(self._keyring, row["kid"], bytes(row["code_id"]))),
            village=f"{row['town'] or ''} {row['village'] or ''}".strip(),
            plate_text=plate_text(row["group_name"], row["door_text"]), serial=row["serial"],
            hotline=self._book.hotline, domain=self._domain, programme=self._book.name,
            card=WorkerCard(card.get("name", ""), "网格员" if card else "", card.get("phone", ""), row["grid"] or ""),
        )  # fmt: skip


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def _sweep(press: Path) -> None:
    """Remove the folders of tries that were killed a day ago or more."""
    if press.is_dir():
        for folder in press.iterdir():
            if time.time() - folder.stat().st_mtime > _LEFT_OVER_S:
                shutil.rmtree(folder, ignore_errors=True)
