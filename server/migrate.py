"""Migrations at start: Tortoise's own, on a direct connection, one starter at a time.

Against Tortoise's runner three things differ. Four parallel starters without a lock failed in one of three
rounds, so an advisory lock is polled (waiting in it would be cut off by a lock_timeout and hold back
CREATE INDEX CONCURRENTLY). A migration is recorded in its own transaction, not after it: a start that dies
between the two would meet tables that exist already. And the state is not copied before each new table
(`_forward`), which took five seconds for seventy.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import CreateModel
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.transactions import in_transaction

from server.db import CONNECTION, ROLE_SETTINGS, credentials, model_modules, tortoise_config

UNLIMITED: Mapping[str, str] = dict.fromkeys(ROLE_SETTINGS, "0")
# Any constant of our own; two starters must agree on it for ever.
ADVISORY_LOCK = 4_825_146_301
POLL_SECONDS = 0.2

# For `tortoise -c server.migrate.MAKE makemigrations`, which reads models and files but no database.
MAKE = tortoise_config("postgresql:///nowhere", model_modules(), 1)


async def migrate(dsn: str, config: Mapping[str, Any] | None = None) -> list[str]:
    """Apply what is pending, in order, and return the names; `dsn` must not lead through a pooler.

    Waits as long as another starter migrates. `config` replaces the real apps (tests do).
    Raises what PostgreSQL raised; the failed migration is undone whole, earlier ones stay.
    """
    async with _alone(dsn), _executor(dsn, config) as executor:
        await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
        applied = []
        for migration in await _plan(executor):
            await _apply(executor, migration)
            applied.append(migration.name)
        await _limit_role()
        return applied


async def pending(dsn: str, config: Mapping[str, Any] | None = None) -> list[str]:
    """Return the names of the migrations that are not applied yet, changing nothing."""
    async with _executor(dsn, config) as executor:
        return [migration.name for migration in await _plan(executor)]


@asynccontextmanager
async def _alone(dsn: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(**credentials(dsn), server_settings=dict(UNLIMITED))
    try:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", ADVISORY_LOCK):  # noqa: ASYNC110 (polled on purpose)
            await asyncio.sleep(POLL_SECONDS)
        yield
    finally:
        # The lock goes with its session.
        await connection.close()


@asynccontextmanager
async def _executor(dsn: str, config: Mapping[str, Any] | None) -> AsyncIterator[MigrationExecutor]:
    apps = config or {label: {"models": names} for label, names in model_modules().items()}
    modules = {label: list(app["models"]) for label, app in apps.items()}
    whole = tortoise_config(dsn, modules, 2, settings=UNLIMITED)
    for label, app in apps.items():
        whole["apps"][label] |= app
    # A context of its own: a pool that the process may already have open stays what it is.
    async with TortoiseContext() as context:
        await context.init(config=whole)
        yield MigrationExecutor(get_connection(CONNECTION), whole["apps"])


async def _plan(executor: MigrationExecutor) -> list[Migration]:
    # Tortoise reads any error here as "nothing applied"; ask once in a way that does not hide errors.
    await executor.connection.execute_query("SELECT to_regclass('tortoise_migrations')")
    return [step.migration for step in await executor.plan()]


async def _apply(executor: MigrationExecutor, migration: Migration) -> None:
    state = await executor._project_state(set(await executor.recorder.applied_migrations()))
    if not migration.atomic:
        await migration.apply(state, schema_editor=executor._schema_editor(atomic=False))
        await executor.recorder.record_applied(migration.app_label, migration.name)
        return
    async with in_transaction(CONNECTION) as transaction:
        editor = executor._schema_editor(atomic=True)
        editor.client = transaction
        await _forward(migration, state, editor)
        await MigrationRecorder(transaction).record_applied(migration.app_label, migration.name)


async def _forward(migration: Migration, state: State, editor: BaseSchemaEditor) -> None:
    """`Migration.apply` without a copy of the state that nobody reads: a new table has no "before"."""
    for operation in migration.operations:
        before = state if isinstance(operation, CreateModel) else state.clone()
        operation.state_forward(migration.app_label, state)
        await operation.database_forward(migration.app_label, before, state, editor)
    state.validate_relations_initialized()


async def _limit_role() -> None:
    """Write the time limits into the role, where they also hold behind a pooler."""
    connection = get_connection(CONNECTION)
    for name, value in ROLE_SETTINGS.items():
        await connection.execute_script(
            "DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I SET "
            f"{name} = {value}', current_user, current_database()); END $$"
        )
