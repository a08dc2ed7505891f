"""`huying plates print`, `resume` and `keys`: a batch from the command line, and the keys of the codes."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.settings import Settings
from domain.access.actor import SYSTEM
from domain.attachments.store import Shelf
from domain.households.batches import BatchWish, request_batch
from domain.households.models import PlateBatch
from domain.problems import Problem
from qr.layout import layout_names
from server.commands import plate_keys
from server.commands.serving import database, prepare, settings_or_exit
from server.observe import configure_logging
from server.printing.batch import BatchPrinter
from server.services import Services, open_services
from web.unit_of_work import run_unit

console = Console()
_WEAR = {"none": "150 dpi 原样", "rotated": "转 7°", "blurred": "模糊", "covered": "遮住 15%"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    plates = typer.Typer(no_args_is_help=True, help="门牌:印制、密钥")
    plates.command("print")(print_plates)
    plates.command("resume")(resume_batch)
    plates.add_typer(plate_keys.app, name="keys")
    app.add_typer(plates, name="plates")


def print_plates(
    area: Annotated[str, typer.Option(help="地区代码,如 360781100001")],
    out: Annotated[Path, typer.Option(help="输出文件;超过一份时文件名后加 -2、-3")],
    layout: Annotated[str, typer.Option(help="版式;a4-10/5000 表示每个文件最多 5000 枚")] = "a4-10",
    only: Annotated[str, typer.Option(help="unprinted(未印过的)或 all")] = "unprinted",
    form: Annotated[str, typer.Option("--format", help="pdf、duplex(双面 PDF,背面为网格员名片)、zip(PNG)或 svg")] = "pdf",
) -> None:
    """给一个地区的户发码并印制门牌,逐个读回后才算完成。"""
    layout, _, each = layout.partition("/")
    per_file = int(each or 10_000) if (each or "0").isdecimal() else 0
    if not 100 <= per_file <= 100_000:
        raise typer.BadParameter("每个文件 100 到 100000 枚", param_hint="--layout")
    if layout not in layout_names():
        raise typer.BadParameter(f"没有这种版式,可用:{'、'.join(layout_names())}", param_hint="--layout")
    if only not in ("unprinted", "all") or form not in ("pdf", "duplex", "zip", "svg"):
        raise typer.BadParameter("--only 为 unprinted 或 all,--format 为 pdf、duplex、zip 或 svg")
    wish = BatchWish(
        layout=layout, area_code=area, only="all" if only == "all" else "unprinted",
        format="pdf" if form == "duplex" else form, duplex=form == "duplex", per_file=per_file,
    )  # fmt: skip
    _carry_out(lambda services: _ask(services, wish), out)


def resume_batch(
    batch_id: Annotated[UUID, typer.Argument(help="批次号(print 开始时显示)")],
    out: Annotated[Path, typer.Option(help="输出文件")],
) -> None:
    """接着印一个中断的批次:已发的码、已印好的文件都不重做。"""
    _carry_out(lambda _services: PlateBatch.get_or_none(id=batch_id), out)


def _carry_out(choose: Callable[[Services], Awaitable[PlateBatch | None]], out: Path) -> None:
    if not out.parent.is_dir():
        raise typer.BadParameter("输出文件夹不存在", param_hint="--out")
    settings = settings_or_exit()
    configure_logging("warning")
    with database(settings) as dsn:
        prepare(settings, dsn)
        batch = asyncio.run(_print(settings, dsn, choose, out))
    _report(batch)
    if batch.state != "done":
        raise typer.Exit(1)


async def _ask(services: Services, wish: BatchWish) -> PlateBatch:
    try:
        return await run_unit(SYSTEM, lambda: request_batch(SYSTEM, wish), services.enqueue)
    except Problem as problem:
        errors = ";".join(error["message"] for error in problem.details.get("errors", []))
        console.print(f"[red]{errors or problem.text}")
        raise typer.Exit(1) from None


async def _print(
    settings: Settings, dsn: str, choose: Callable[[Services], Awaitable[PlateBatch | None]], out: Path
) -> PlateBatch:
    async with open_services(settings, dsn) as services:
        asked = await choose(services)
        if asked is None:
            console.print("[red]没有这个批次")
            raise typer.Exit(1)
        console.print(f"批次 {asked.id}(中断后:huying plates resume {asked.id} --out {out})", soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress:
            issuing = progress.add_task("发码", total=asked.total)
            printing = progress.add_task("印制", total=asked.total)

            def watch(batch: PlateBatch) -> None:
                progress.update(issuing, completed=batch.listed)
                progress.update(printing, completed=batch.done)

            batch = await BatchPrinter(services, asked.id, watch).run()
            watch(batch)
        await _save(services, batch, out)
        return batch


async def _save(services: Services, batch: PlateBatch, out: Path) -> None:
    """Copy every file out, its lists beside it, and a manifest by which the printer checks what arrived."""
    manifest = []
    for file in batch.files:
        place = out if file["part"] == 1 else out.with_stem(f"{out.stem}-{file['part']}")
        for name, target in (("id", place), ("csv", place.with_suffix(".csv")), ("xlsx", place.with_suffix(".xlsx"))):
            with await services.files.open(Shelf.PRINTS, UUID(file[name])) as source, target.open("wb") as copy:
                await asyncio.to_thread(shutil.copyfileobj, source, copy)
        manifest.append({"file": place.name, **{name: file[name] for name in ("plates", "pages", "bytes", "sha256")}})
        console.print(f"{place}  {file['plates']} 枚  {file['bytes']:,} 字节  sha256 {file['sha256']}", soft_wrap=True)
    told = {"batch": str(batch.id), "layout": batch.layout, "read_back": batch.read_back, "files": manifest}
    out.with_suffix(".manifest.json").write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")


def _report(batch: PlateBatch) -> None:
    console.print(f"新发码 {batch.issued},印制 {batch.done},读回 {batch.read_back}")
    for sample in batch.samples:
        lost = f",没读到:{'、'.join(sample['unread'][:20])}" if sample["unread"] else ""
        console.print(f"抽样({_WEAR[sample['wear']]}):{sample['read']}/{sample['expected']}{lost}")
    if batch.missing_glyphs:
        console.print(f"[yellow]字库缺字:{'、'.join(batch.missing_glyphs)}(印作〓,请补字体后重印)")
    if batch.unread:
        console.print(f"[red]没有读回:{'、'.join(batch.unread[:20])}")
    if batch.reason:
        console.print(f"[red]{batch.reason}")
