"""The connection pool: Tortoise over asyncpg, with time limits so that no request can freeze all others."""

import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tortoise.context import TortoiseContext

import domain

APP = "huying"
CONNECTION = "default"

# Milliseconds. They bound what a lost client, a long wait or a runaway statement can hold: without the
# last one a pool of 5 was frozen by fewer than 250 aborted requests.
ROLE_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "statement_timeout": "10000",
        "lock_timeout": "3000",
        "idle_in_transaction_session_timeout": "15000",
    }
)
# Above statement_timeout: the client gives up only when the server did not.
COMMAND_TIMEOUT_S = 15.0
# Prepared statements that a connection keeps: one life of a case has a hundred, the driver's default.
STATEMENTS = 400


def credentials(dsn: str) -> dict[str, Any]:
    """Split a PostgreSQL URL into asyncpg's arguments; raises ValueError (Chinese) when it is no such URL.

    The query may name `host` (a socket folder), `port`, `sslmode`, and `statement_cache_size=0` for a
    pgbouncer in transaction mode; anything else is refused, not silently dropped.
    """
    url = urlsplit(dsn)
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    if url.scheme not in {"postgres", "postgresql"} or not url.path.strip("/"):
        raise ValueError("数据库地址应形如 postgresql://用户:密码@主机:5432/数据库")
    try:
        port = int(query.pop("port", None) or url.port or 5432)
        cache = {name: int(query.pop(name)) for name in ("statement_cache_size",) if name in query}
    except ValueError:
        raise ValueError("数据库地址里的端口和 statement_cache_size 应是数字") from None
    found = {
        "host": query.pop("host", None) or (unquote(url.hostname) if url.hostname else None),
        "port": port,
        "user": unquote(url.username) if url.username else None,
        "password": unquote(url.password) if url.password else None,
        "database": unquote(url.path[1:]),
        **cache,
    }
    if "sslmode" in query:
        found["ssl"] = query.pop("sslmode")
    if query:
        raise ValueError(f"数据库地址里有不认识的参数：{'、'.join(sorted(query))}")
    return found


async def _reset(connection: Any) -> None:
    """Give a connection back. No session state is ever set (advisory locks are transaction locks), so the driver's
    own round trip of resetting everything, one more for each query, is needed only after a broken transaction."""
    if connection.is_in_transaction():
        await connection.reset()


def tortoise_config(
    dsn: str,
    modules: Mapping[str, list[str]],
    pool_size: int,
    *,
    settings: Mapping[str, str] = ROLE_SETTINGS,
) -> dict[str, Any]:
    """Return Tortoise's configuration for `dsn`; `modules` is app label → modules that hold models.

    `settings` are sent when a connection opens, except to a pooler (statement_cache_size=0), which
    refuses them: there the role's own settings count, which server/migrate.py writes.
    """
    login = credentials(dsn)
    pooled = login.get("statement_cache_size") == 0
    connection = {
        "statement_cache_size": STATEMENTS,
        **login,
        "minsize": 1,
        "maxsize": pool_size,
        "application_name": "huying",
        "server_settings": {} if pooled else dict(settings),
        "reset": _reset,
        "command_timeout": COMMAND_TIMEOUT_S if settings is ROLE_SETTINGS else None,
    }
    return {
        "connections": {CONNECTION: {"engine": "tortoise.backends.asyncpg", "credentials": connection}},
        "apps": {
            label: {
                "models": list(names),
                "default_connection": CONNECTION,
                "migrations": "server.migrations",
            }
            for label, names in modules.items()
        },
        "use_tz": True,
        "timezone": "UTC",
    }


def model_modules() -> dict[str, list[str]]:
    """Return the one app with every `domain.<feature>.models`, found on disk."""
    features = [name for _, name, is_package in pkgutil.iter_modules(domain.__path__) if is_package]
    found = []
    for feature in features:
        path = [f"{root}/{feature}" for root in domain.__path__]
        if any(name == "models" for _, name, _ in pkgutil.iter_modules(path)):
            found.append(f"domain.{feature}.models")
    return {APP: sorted(found)}


@asynccontextmanager
async def opened(config: dict[str, Any]) -> AsyncIterator[TortoiseContext]:
    """Open the pool for every task of this process, prove that it answers, and close it at the end.

    Tortoise keeps its state in a context variable of the task that called init: request handlers, which
    are other tasks, would not see it. Hence the global fallback, and only one such pool a process.
    """
    context = TortoiseContext()
    try:
        with context:
            await context.init(config=config, _enable_global_fallback=True)
        await context.connections.get(CONNECTION).execute_query("SELECT 1")
        yield context
    finally:
        await context.close_connections()
