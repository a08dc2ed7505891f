"""Translates failures that are not problems yet: the database away or slow is 503 with a time, the rest is a 500."""


import asyncpg
import msgspec
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

from domain.problems import MalformedBody, Problem, ServerFault, StillRunning, TemporarilyUnavailable
from web.bodies import explain

_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.DiskFullError,
    ConnectionError,
    TimeoutError,
    DBConnectionError,
)
_UNWRITABLE = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)  # a NUL in a text
_BUSY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.QueryCanceledError)


def translate(error: BaseException) -> Problem:
    """The problem that a failure is for the caller."""
    if isinstance(error, Problem):
        return error
    cause = _cause(error)
    if isinstance(cause, _AWAY):
        return TemporarilyUnavailable(retry_after=5)
    if isinstance(cause, _BUSY):
        return StillRunning(retry_after=2)
    if isinstance(cause, _UNWRITABLE):
        return MalformedBody()
    if isinstance(error, msgspec.ValidationError):
        return explain(str(error))
    return ServerFault()


def _cause(error: BaseException) -> BaseException:
    """What lies under Tortoise's own exceptions."""
    while isinstance(error, OperationalError | IntegrityError) and (error.__cause__ or error.args):
        inner = error.__cause__ or (error.args[0] if isinstance(error.args[0], BaseException) else None)
        if inner is None:
            break
        error = inner
    return error
