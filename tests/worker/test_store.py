"""One suite for every store: Valkey, the in-process twin, and the sturdy one in front of either."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from domain.ports import LockNotObtained, Store, StoreUnavailable
from server.gateways.store import LocalStore, RedisStore, SturdyStore
from tests.support.gateways import free_port, valkey
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(params=["redis", "local", "sturdy-redis"])
async def store(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Store]:
    made: Store = LocalStore() if request.param == "local" else RedisStore(redis_url, prefix=f"{uuid4()}:")
    yield SturdyStore(made) if request.param == "sturdy-redis" else made
    await made.close()


async def test_a_value_is_kept_until_it_expires(store: Store) -> None:
    assert await store.get("k") is None
    assert await store.set("k", "一", ttl_s=60)
    assert await store.get("k") == "一"
    await store.set("k", "二", ttl_s=0.02)

    async def gone() -> bool:
        return await store.get("k") is None

    await eventually(gone)


async def test_only_if_absent_keeps_the_first_value(store: Store) -> None:
    assert await store.set("k", "first", ttl_s=60, only_if_absent=True)
    assert not await store.set("k", "second", ttl_s=60, only_if_absent=True)
    assert await store.get("k") == "first"


async def test_only_if_absent_takes_an_expired_place(store: Store) -> None:
    await store.set("k", "old", ttl_s=0.01)

    async def taken() -> bool:
        return await store.set("k", "new", ttl_s=60, only_if_absent=True)

    await eventually(taken)
    assert await store.get("k") == "new"


@pytest.mark.parametrize("ttl_s", [0, -1])
async def test_a_lifetime_must_be_positive(store: Store, ttl_s: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        await store.set("k", "v", ttl_s=ttl_s)
    with pytest.raises(ValueError, match="positive"):
        await store.increment("n", ttl_s=ttl_s)


async def test_delete_if_equal_spares_another_value(store: Store) -> None:
    await store.set("k", "new", ttl_s=60)
    assert not await store.delete_if_equal("k", "old")
    assert await store.get("k") == "new"
    assert await store.delete_if_equal("k", "new")
    assert not await store.delete_if_equal("k", "new")


async def test_a_counter_keeps_the_window_of_its_first_increment(store: Store) -> None:
    first = await store.increment("n", ttl_s=60)
    second = await store.increment("n", ttl_s=9000)
    assert (first.count, second.count) == (1, 2)
    assert 50 < second.remaining_s <= 60


async def test_a_counter_starts_again_after_its_window(store: Store) -> None:
    await store.increment("n", ttl_s=0.02)

    async def again() -> bool:
        return (await store.increment("n", ttl_s=0.02)).count == 1

    await eventually(again)


async def test_fifty_increments_at_once_count_fifty(store: Store) -> None:
    counts = await asyncio.gather(*(store.increment("n", ttl_s=60) for _ in range(50)))
    assert sorted(c.count for c in counts) == list(range(1, 51))


async def test_a_lock_is_held_by_one_at_a_time(store: Store) -> None:
    inside, most = 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with store.lock("l", ttl_s=30, wait_s=30):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(10)))
    assert most == 1


async def test_a_lock_that_is_not_given_back_in_time_is_refused(store: Store) -> None:
    async with store.lock("l", ttl_s=30, wait_s=0):
        with pytest.raises(LockNotObtained):
            async with store.lock("l", ttl_s=30, wait_s=0.03):
                raise AssertionError("nobody gets here")
    async with store.lock("l", ttl_s=30, wait_s=0):
        pass


async def test_a_lock_is_given_back_when_its_body_fails(store: Store) -> None:
    with pytest.raises(KeyError):
        async with store.lock("l", ttl_s=30, wait_s=0):
            raise KeyError
    async with store.lock("l", ttl_s=30, wait_s=0):
        pass


async def test_an_expired_lock_is_not_taken_from_its_new_holder(store: Store) -> None:
    async with contextlib.AsyncExitStack() as slow:
        await slow.enter_async_context(store.lock("l", ttl_s=0.02, wait_s=0))
        async with store.lock("l", ttl_s=30, wait_s=5):
            await slow.aclose()
            with pytest.raises(LockNotObtained):
                async with store.lock("l", ttl_s=30, wait_s=0):
                    raise AssertionError("nobody gets here")


async def test_ping_answers(store: Store) -> None:
    await store.ping()


async def test_the_twin_forgets_expired_values_by_itself() -> None:
    now = 0.0
    twin = LocalStore(clock=lambda: now)
    for number in range(1000):
        await twin.set(f"old{number}", "v", ttl_s=1)
    now = 10.0
    for number in range(1100):
        await twin.set(f"new{number}", "v", ttl_s=1)
    assert len(twin._values) <= 1100


async def test_a_dead_server_is_store_unavailable() -> None:
    dead = RedisStore(f"redis://127.0.0.1:{free_port()}/0")
    for attempt in (dead.ping(), dead.get("k"), dead.increment("n", ttl_s=1)):
        with pytest.raises(StoreUnavailable):
            await attempt
    await dead.close()


async def test_a_pooled_connection_survives_a_restart(tmp_path: Path) -> None:
    port = free_port()
    with valkey(tmp_path, port) as url:
        store = RedisStore(url)
        await store.set("k", "v", ttl_s=60)
    with valkey(tmp_path, port):
        assert await store.get("k") is None
        await store.close()


async def test_the_sturdy_store_goes_on_alone_and_comes_back(tmp_path: Path) -> None:
    now, port = 0.0, free_port()
    shared = RedisStore(f"redis://127.0.0.1:{port}/0")
    sturdy = SturdyStore(shared, clock=lambda: now)
    assert await sturdy.set("k", "own", ttl_s=60)
    async with sturdy.lock("l", ttl_s=5, wait_s=0):
        assert await sturdy.get("k") == "own"
    with valkey(tmp_path, port):
        now = 10.0
        assert await sturdy.get("k") is None
        await sturdy.set("k", "shared", ttl_s=60)
        assert await shared.get("k") == "shared"
        await sturdy.close()
