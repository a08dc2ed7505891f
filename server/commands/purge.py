"""`huying purge`: throw away what is past its time, or only say what would go."""

import asyncio

import typer

from server.commands.serving import database, settings_or_exit
from server.migrate import pending
from server.observe import configure_logging


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("purge")(purge_command)


def purge_command(dry_run: bool = typer.Option(False, "--dry-run", help="只统计,不删除")) -> None:
    """Delete what the profile's retention periods no longer allow to keep."""
    settings = settings_or_exit()
    configure_logging(settings.log_level)

    async def run(dsn: str) -> dict[str, int]:
        from server.retention import purge
        from server.services import open_services

        async with open_services(settings, dsn) as services:
            return await purge(services, dry_run=dry_run)

    with database(settings) as dsn:
        if asyncio.run(pending(settings.migration_database_url or dsn)):
            typer.echo("数据库结构还不是最新,请先执行 huying migrate", err=True)
            raise typer.Exit(1)
        for name, count in asyncio.run(run(dsn)).items():
            typer.echo(f"{name}:{'将删除' if dry_run else '已删除'} {count} 条")
