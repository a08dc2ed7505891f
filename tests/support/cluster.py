"""One temporary PostgreSQL per test process (so one per xdist worker), and databases made in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from server.embedded import DATABASE, EmbeddedCluster, start

# A test database is thrown away: durability only costs time.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "autovacuum": "off",
}


@dataclass
class Cluster:
    """The test process's PostgreSQL."""

    embedded: EmbeddedCluster
    folder: Path

    def __post_init__(self) -> None:
        self._numbers = count(1)

    def dsn(self, database: str) -> str:
        """Return the URL of one database of this cluster."""
        return self.embedded.dsn.replace(f"@/{DATABASE}?", f"@/{database}?")

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create a database (a copy of `template`, which nobody may be connected to); return its URL."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._run(statement.format(sql.Identifier(name), sql.Identifier(template or "template1")))
        return self.dsn(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, with the connections that are still open to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """Lend the URL of a fresh database (a copy of `template`) and drop it afterwards."""
        name = f"lent_{next(self._numbers)}"
        try:
            yield self.create_database(name, template)
        finally:
            self.drop_database(name)

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def temporary_cluster() -> Iterator[Cluster]:
    """Run a PostgreSQL without fsync in a temporary folder, and remove both."""
    folder = Path(tempfile.mkdtemp(prefix="huying-test-"))
    if os.geteuid() == 0:
        folder.chmod(0o711)  # as root the server runs as another user, who must pass through
    try:
        embedded = start(folder, settings=FAST)
        try:
            yield Cluster(embedded, folder)
        finally:
            embedded.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Return the PostgreSQL of this test process."""
    with temporary_cluster() as running:
        yield running


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """Return the URL of a fresh empty database."""
    with cluster.database() as dsn:
        yield dsn
