"""The job library's way to the database: the driver that everything else here uses, instead of a second one beside it.

A job asks the database twice, for itself and for its end. Through psycopg's pool and cursors that cost as much processor
time as the job; asyncpg takes a fifth.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import asyncpg
import msgspec
from procrastinate.connector import BaseAsyncConnector, Notify
from procrastinate.exceptions import AppNotOpen, ConnectorException, NoResult, UniqueViolation

CONNECT_S = 10.0
LOOK_S = 30.0  # how often a quiet listener asks whether its connection still leads anywhere
MOST = 3


class AsyncpgConnector(BaseAsyncConnector):
    """A few connections of its own in the schema of the jobs, and one more that listens."""

    def __init__(self, login: dict[str, Any], settings: dict[str, str]) -> None:
        """`login`: arguments of asyncpg.connect; `settings`: those of each session."""
        self._login: dict[str, Any] = {**login, "server_settings": settings, "timeout": CONNECT_S}
        self._pool: asyncpg.Pool[Any] | None = None

    async def open_async(self, pool: Any = None) -> None:
        """Connect; fails when the database does not answer in time."""
        async with _translated():
            self._pool = await asyncpg.create_pool(min_size=1, max_size=MOST, init=_json, reset=_keep, **self._login)

    async def close_async(self) -> None:
        """Give the connections back once they are idle; one that does not become so in time is cut."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), CONNECT_S)
        except TimeoutError:
            pool.terminate()

    async def execute_query_async(self, query: str, **arguments: Any) -> None:
        """Run a statement."""
        await self.execute_query_all_async(query, **arguments)

    async def execute_query_one_async(self, query: str, **arguments: Any) -> dict[str, Any]:
        """The first row; NoResult without one."""
        rows = await self.execute_query_all_async(query, **arguments)
        if not rows:
            raise NoResult
        return rows[0]

    async def execute_query_all_async(self, query: str, **arguments: Any) -> list[dict[str, Any]]:
        """All rows."""
        if self._pool is None:
            raise AppNotOpen
        sql, names = _numbered(query)
        async with _translated(), self._pool.acquire(timeout=CONNECT_S) as connection:
            return [dict(row) for row in await connection.fetch(sql, *(arguments[name] for name in names))]

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Hand on what is notified until cancelled, over a connection that is made anew when it is lost."""
        while True:
            async with _translated():
                await self._listen(on_notification, tuple(channels))

    async def _listen(self, on_notification: Notify, channels: tuple[str, ...]) -> None:
        heard: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()
        connection = await asyncpg.connect(**self._login)
        connection.add_termination_listener(lambda _: heard.put_nowait(None))
        try:
            for channel in channels:
                await connection.add_listener(channel, lambda _c, _pid, name, said: heard.put_nowait((str(name), str(said))))
            while True:
                try:
                    said = await asyncio.wait_for(heard.get(), LOOK_S)
                except TimeoutError:
                    await connection.execute("SELECT 1")
                    continue
                if said is None:  # cut off
                    return
                await on_notification(channel=said[0], payload=said[1])
        finally:
            connection.terminate()


async def _json(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=lambda value: msgspec.json.encode(value).decode(), decoder=msgspec.json.decode
    )


async def _keep(_connection: Any) -> None:
    """Nothing to reset: each call is one statement."""


@cache
def _numbered(query: str) -> tuple[str, tuple[str, ...]]:
    """A query of the library with `$1` for its first `%(name)s`, and the names in that order."""
    names = tuple(dict.fromkeys(re.findall(r"%\((\w+)\)s", query)))
    return re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", query), names


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """What can go wrong with a database, in the words of the library."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise UniqueViolation(constraint_name=error.constraint_name, queueing_lock=None) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise ConnectorException(type(error).__name__) from error
