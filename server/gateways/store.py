"""Shared state: Redis or Valkey for several processes, an in-process twin for one.

Both pass one test suite, so code above never knows which it has. Expiry is kept in whole milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from domain.ports import Count, LockNotObtained, Store, StoreUnavailable

T = TypeVar("T")
log = logging.getLogger(__name__)

LOCK_POLL_S = 0.02
SWEEP_EVERY = 1024
PRIMARY_REST_S = 5.0

# A counter whose key lost its expiry would lock somebody out for ever, so both live in one script.
_INCREMENT = """
local n = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {n, left}
"""
_DELETE_IF_EQUAL = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


def _milliseconds(ttl_s: float) -> int:
    if ttl_s <= 0:
        raise ValueError(f"a lifetime must be positive, not {ttl_s}")
    return max(1, round(ttl_s * 1000))


@contextlib.asynccontextmanager
async def _hold(store: Store, key: str, ttl_s: float, wait_s: float) -> AsyncIterator[None]:
    token = secrets.token_hex(16)
    give_up = time.monotonic() + wait_s
    # Asking for the value covers a SET that arrived although its answer was lost and sent again.
    while not (
        await store.set(key, token, ttl_s=ttl_s, only_if_absent=True) or await store.get(key) == token
    ):
        if time.monotonic() >= give_up:
            raise LockNotObtained(key)
        await asyncio.sleep(LOCK_POLL_S)
    try:
        yield
    finally:
        # A lock that cannot be given back expires by itself; that must not hide what the body raised.
        with contextlib.suppress(StoreUnavailable):
            await store.delete_if_equal(key, token)


class RedisStore:
    """The shared store over Redis or Valkey; every failure of the connection is StoreUnavailable."""

    def __init__(self, url: str, *, prefix: str = "huying:", timeout_s: float = 2.0) -> None:
        self._prefix = prefix
        self._redis: Any = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=timeout_s,
            socket_timeout=timeout_s,
            # One immediate second try heals pooled connections that a server restart left behind.
            retry=Retry(NoBackoff(), 1),
        )
        self._add = self._redis.register_script(_INCREMENT)
        self._drop = self._redis.register_script(_DELETE_IF_EQUAL)

    async def _ask(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreUnavailable(type(error).__name__) from error

    async def get(self, key: str) -> str | None:
        value: str | None = await self._ask(self._redis.get(self._prefix + key))
        return value

    async def set(self, key: str, value: str, *, ttl_s: float, only_if_absent: bool = False) -> bool:
        call = self._redis.set(self._prefix + key, value, px=_milliseconds(ttl_s), nx=only_if_absent)
        return bool(await self._ask(call))

    async def delete_if_equal(self, key: str, value: str) -> bool:
        return bool(await self._ask(self._drop(keys=[self._prefix + key], args=[value])))

    async def increment(self, key: str, *, ttl_s: float) -> Count:
        call = self._add(keys=[self._prefix + key], args=[_milliseconds(ttl_s)])
        count, left_ms = await self._ask(call)
        return Count(int(count), int(left_ms) / 1000)

    def lock(self, key: str, *, ttl_s: float, wait_s: float) -> contextlib.AbstractAsyncContextManager[None]:
        return _hold(self, "lock:" + key, ttl_s, wait_s)

    async def ping(self) -> None:
        await self._ask(self._redis.ping())

    async def close(self) -> None:
        await self._redis.aclose()


class LocalStore:
    """The same store inside one process; gone with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[str, tuple[str, float]] = {}
        self._writes = 0

    def _live(self, key: str) -> tuple[str, float] | None:
        entry = self._values.get(key)
        if entry is not None and entry[1] <= self._clock():
            del self._values[key]
            return None
        return entry

    def _put(self, key: str, value: str, expires: float) -> None:
        self._values[key] = (value, expires)
        self._writes += 1
        if self._writes % SWEEP_EVERY == 0:
            now = self._clock()
            self._values = {k: v for k, v in self._values.items() if v[1] > now}

    async def get(self, key: str) -> str | None:
        entry = self._live(key)
        return entry[0] if entry else None

    async def set(self, key: str, value: str, *, ttl_s: float, only_if_absent: bool = False) -> bool:
        lifetime = _milliseconds(ttl_s) / 1000
        if only_if_absent and self._live(key):
            return False
        self._put(key, value, self._clock() + lifetime)
        return True

    async def delete_if_equal(self, key: str, value: str) -> bool:
        entry = self._live(key)
        if entry is None or entry[0] != value:
            return False
        del self._values[key]
        return True

    async def increment(self, key: str, *, ttl_s: float) -> Count:
        now = self._clock()
        text, expires = self._live(key) or ("0", now + _milliseconds(ttl_s) / 1000)
        count = int(text) + 1
        self._put(key, str(count), expires)
        return Count(count, expires - now)

    def lock(self, key: str, *, ttl_s: float, wait_s: float) -> contextlib.AbstractAsyncContextManager[None]:
        return _hold(self, "lock:" + key, ttl_s, wait_s)

    async def ping(self) -> None:
        return None

    async def close(self) -> None:
        self._values.clear()


class SturdyStore:
    """A store that goes on inside this process while the shared one is away.

    For state where a copy per process is better than none, such as WeChat's token: the stable token is
    the same for every process anyway. Not for promises between processes.
    """

    def __init__(self, shared: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared = shared
        self._own = LocalStore(clock)
        self._clock = clock
        self._resting_until = float("-inf")

    async def _ask(self, ask: Callable[[Store], Awaitable[T]]) -> T:
        if self._clock() < self._resting_until:
            return await ask(self._own)
        try:
            return await ask(self._shared)
        except StoreUnavailable as error:
            # A dead address may cost seconds per question: leave it alone for a moment.
            self._resting_until = self._clock() + PRIMARY_REST_S
            log.warning("shared store away (%s), going on inside this process", error)
            return await ask(self._own)

    async def get(self, key: str) -> str | None:
        return await self._ask(lambda store: store.get(key))

    async def set(self, key: str, value: str, *, ttl_s: float, only_if_absent: bool = False) -> bool:
        return await self._ask(lambda s: s.set(key, value, ttl_s=ttl_s, only_if_absent=only_if_absent))

    async def delete_if_equal(self, key: str, value: str) -> bool:
        return await self._ask(lambda store: store.delete_if_equal(key, value))

    async def increment(self, key: str, *, ttl_s: float) -> Count:
        return await self._ask(lambda store: store.increment(key, ttl_s=ttl_s))

    def lock(self, key: str, *, ttl_s: float, wait_s: float) -> contextlib.AbstractAsyncContextManager[None]:
        return _hold(self, "lock:" + key, ttl_s, wait_s)

    async def ping(self) -> None:
        await self._shared.ping()

    async def close(self) -> None:
        await self._shared.close()
