"""A stage for one profile: its own database and its own app for a module, each scenario in a rolled-back transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sanic import Sanic

from server.rules import build_rulebook, seed
from tests.support.app import running_app, test_settings
from tests.support.cluster import Cluster
from tests.support.company import Company
from tests.support.rolled_back import rolled_back

Levels = Callable[[str, str, str, dict[str, str]], Awaitable[None]]


@pytest.fixture(scope="module")
async def profile_app(
    request: pytest.FixtureRequest, cluster: Cluster, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Sanic[Any, Any]]:
    """The app with `PROFILE` of the module on a database seeded from it."""
    settings = test_settings(tmp_path_factory.mktemp("data"), profile=request.module.PROFILE)
    with cluster.database(migrated) as dsn:
        async with running_app(settings, dsn) as running:
            profile, _ = build_rulebook(settings)
            await seed(profile)
            yield running


@pytest.fixture
async def people(profile_app: Sanic[Any, Any]) -> AsyncIterator[Company]:
    """The people of the profile, in a transaction that is rolled back."""
    async with rolled_back(Company(profile_app)) as company:
        yield company


@pytest.fixture
def levels(people: Company, at: Callable[[str], None]) -> Levels:
    """Prove the warning levels of a running clock at exact instants: {instant: level}, in order of time."""

    async def check(login: str, case_id: str, name: str, expected: dict[str, str]) -> None:
        found = {}
        for instant in expected:
            at(instant)
            found[instant] = (await people.clocks(login, case_id))[name]["level"]
        assert found == expected

    return check
