"""`huying epoch`: tell phones that the database was restored, or that a backup is complete."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import typer

from domain.clock import real_now
from server.commands.serving import database, settings_or_exit

commands = typer.Typer(no_args_is_help=True, help="手机同步的纪元:恢复备份之后、完成备份之后")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="epoch")


@commands.command("bump")
def bump_command(reason: str = typer.Option("restored", help="为什么(写进数据库)")) -> None:
    """After a restore, before the start: begin a new epoch, so that every phone sends again what it kept."""
    from domain.sync.epoch import bump

    settings = settings_or_exit()
    epoch = _run(lambda: bump(settings.data_dir, reason))
    typer.echo(f"新纪元 {epoch}:手机下次同步时会把保留的记录重新送来,不会重复登记")


@commands.command("backed-up")
def backed_up_command(begun_at: str = typer.Argument(help="备份开始的时刻,带时区,如 2026-11-22T02:00:00+08:00")) -> None:
    """After a complete backup: phones may forget what was received before it began."""
    from domain.sync.epoch import backed_up

    at = _instant(begun_at)
    if at is None or at > real_now():
        typer.echo("时刻应带时区,且不在将来,如 2026-11-22T02:00:00+08:00", err=True)
        raise typer.Exit(2)
    _run(lambda: backed_up(at))
    typer.echo(f"已记下:{begun_at} 之前收到的记录在备份里")


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _run(work: Callable[[], Awaitable[Any]]) -> Any:
    """Work on the migrated database, while no server holds the embedded one."""
    from server.db import model_modules, opened, tortoise_config
    from server.migrate import migrate

    settings = settings_or_exit()

    async def run(dsn: str) -> Any:
        await migrate(settings.migration_database_url or dsn)
        async with opened(tortoise_config(dsn, model_modules(), 1)):
            return await work()

    with database(settings) as dsn:
        return asyncio.run(run(dsn))
