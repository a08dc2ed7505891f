"""People who act inside one transaction that is undone at the end, with the business clock at its own time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from tortoise.transactions import in_transaction

from domain import clock
from tests.support.cast import Cast

People = TypeVar("People", bound=Cast)


class _Undo(Exception):
    """Ends the outer transaction."""


@asynccontextmanager
async def rolled_back(people: People) -> AsyncIterator[People]:
    """Lend the people; all that they did is undone afterwards."""
    clock.install_offset(0)
    try:
        async with in_transaction("default") as connection:
            # A test may draw or wait for longer than a request may leave its transaction idle.
            await connection.execute_script("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield people
            await people.leave()
            raise _Undo
    except _Undo:
        pass
    finally:
        clock.install_offset(0)
