"""`huying serve` and `huying migrate`."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from config.settings import Settings, SettingsError, load_settings
from server import embedded
from server.migrate import migrate
from server.observe import configure_logging

STOP_WITHIN = 40
RESTART_PAUSE = 1.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)
    app.command("migrate")(migrate_command)


def settings_or_exit() -> Settings:
    """The settings, or a plain sentence and exit code 2."""
    try:
        return load_settings()
    except SettingsError as error:
        typer.echo(f"配置有误:{error}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The database address; without `DATABASE_URL` the embedded PostgreSQL, started here and stopped at the end."""
    if settings.database_url:
        yield settings.database_url
        return
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    cluster = embedded.start(settings.data_dir)
    try:
        yield cluster.dsn
    finally:
        cluster.stop()


def prepare(settings: Settings, dsn: str) -> None:
    """Bring the schema up to date and seed what the profile brings."""
    asyncio.run(_prepare(settings, dsn))


async def _prepare(settings: Settings, dsn: str) -> None:
    from server.db import model_modules, opened, tortoise_config
    from server.rules import build_rulebook, seed

    await migrate(settings.migration_database_url or dsn)
    profile, _ = build_rulebook(settings)
    async with opened(tortoise_config(dsn, model_modules(), 2)):
        await seed(profile)


async def _restored(settings: Settings, dsn: str) -> str | None:
    """Why this database must not be served before the epoch was bumped, or None."""
    from domain.sync.epoch import restored
    from server.db import model_modules, opened, tortoise_config

    async with opened(tortoise_config(dsn, model_modules(), 1)):
        return await restored(settings.data_dir)


def migrate_command() -> None:
    """Bring the database schema up to date."""
    settings = settings_or_exit()
    configure_logging(settings.log_level)
    with database(settings) as dsn:
        for name in asyncio.run(migrate(settings.migration_database_url or dsn)):
            typer.echo(f"已执行 {name}")
        typer.echo("数据库结构已是最新")


def serve() -> None:
    """Start the server (embedded database unless DATABASE_URL is set)."""
    settings = settings_or_exit()
    configure_logging(settings.log_level)
    if inherited := os.environ.get("HUYING_CHILD_DSN"):
        run_one(settings, inherited)
        return
    with database(settings) as dsn:
        prepare(settings, dsn)
        if refusal := asyncio.run(_restored(settings, dsn)):
            typer.echo(refusal, err=True)
            raise typer.Exit(3)
        if settings.workers == 1:
            run_one(settings, dsn)
        else:
            Supervisor(settings, dsn).run()


def run_one(settings: Settings, dsn: str) -> None:
    """Serve in this process until told to stop."""
    from server.app import create_app

    app = create_app(settings, dsn)
    app.run(sock=_listen(settings), single_process=True, access_log=False, motd=False)


def _listen(settings: Settings) -> socket.socket:
    """A listening socket that several processes may share; the kernel spreads the connections."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.workers > 1:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((settings.host, settings.port))
    return sock


class Supervisor:
    """Keeps WORKERS server processes alive: Sanic's own manager does not restart a killed one."""

    def __init__(self, settings: Settings, dsn: str) -> None:
        self._settings = settings
        self._environ = {**os.environ, "HUYING_CHILD_DSN": dsn}
        self._children: list[subprocess.Popen[bytes]] = []
        self._stopping = False

    def run(self) -> None:
        """Start the processes and restart each that dies, until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._children = [self._start() for _ in range(self._settings.workers)]
        while not self._stopping:
            for place, child in enumerate(self._children):
                if child.poll() is not None and not self._stopping:
                    self._children[place] = self._start()
            time.sleep(RESTART_PAUSE)
        for child in self._children:
            child.terminate()
        for child in self._children:
            try:
                child.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                child.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "server", "serve"], env=self._environ)

    def _stop(self, *_: object) -> None:
        self._stopping = True
