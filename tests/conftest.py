"""The stage: one cluster, one migrated template, one app in this process; each test in a rolled-back transaction.

A test that needs commits, several connections or a real socket asks for `server` (tests/support/server.py) instead.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sanic import Sanic

from domain import clock
from server.db import model_modules, opened, tortoise_config
from server.migrate import migrate
from server.observe import configure_logging
from server.rules import build_rulebook, seed
from tests.support.app import running_app, test_settings
from tests.support.cast import Cast, make_stage
from tests.support.cluster import Cluster, cluster, database
from tests.support.rolled_back import rolled_back
from tests.support.server import server

__all__ = ["cluster", "database", "server"]

TEMPLATE = "stage"
LONGEST = "test_sync_machine.py"


gc.set_threshold(100_000, 20, 50)  # as the server runs: a test makes much and keeps little
configure_logging("critical")  # structlog's own default prints locals, case texts among them, and takes its time


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that open the process's one pool themselves come before those that share the app's; after them the longest
    file, for at the end it would keep one process busy and let the other wait."""
    items.sort(key=lambda item: (item.get_closest_marker("own_pool") is None, item.path.name != LONGEST))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> str:
    """The name of a template database with the tables and nothing in them."""
    asyncio.run(migrate(cluster.create_database("migrated")))
    return "migrated"


@pytest.fixture(scope="session")
def stage(cluster: Cluster, migrated: str) -> str:
    """The name of a template database: migrated, seeded, with the demo accounts."""

    async def build(dsn: str) -> None:
        profile, _ = build_rulebook(test_settings(Path()))
        async with opened(tortoise_config(dsn, model_modules(), 2)):
            await seed(profile)
            await make_stage()

    asyncio.run(build(cluster.create_database(TEMPLATE, migrated)))
    return TEMPLATE


@pytest.fixture(scope="session")
async def app(cluster: Cluster, stage: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sanic[Any, Any]]:
    folder = tmp_path_factory.mktemp("data")
    with cluster.database(stage) as dsn:
        async with running_app(test_settings(folder), dsn) as running:
            yield running


@pytest.fixture
async def cast(app: Sanic[Any, Any]) -> AsyncIterator[Cast]:
    """The named people of the demo, each a signed-in client, inside a transaction that is rolled back."""
    async with rolled_back(Cast(app)) as people:
        yield people


@pytest.fixture
def at() -> Callable[[str], None]:
    """Move the business clock to a local time such as `2026-03-13T16:30`."""
    from datetime import datetime

    def move(text: str) -> None:
        wanted = datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)
        clock.install_offset((wanted - clock.real_now()).total_seconds())

    return move


