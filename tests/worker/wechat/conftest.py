"""What every test of the WeChat gateway and of its stand-in needs; each test has an event loop of its own."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.gateways import StandIn, gateway, hasty, local_store, settings, sim, wechat_process
from tests.support.loopback import NO_TLS
from tests.worker.wechat.direct import Call, stable

__all__ = ["gateway", "hasty", "local_store", "settings", "sim", "wechat_process"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def http(sim: StandIn) -> Iterator[httpx.Client]:
    with httpx.Client(verify=NO_TLS, base_url=sim.url, trust_env=False, timeout=20) as client:
        yield client


@pytest.fixture
def call(http: httpx.Client) -> Call:
    """POST with a valid token; an empty or other token may be given."""
    token = stable(http)["access_token"]

    def ask(path: str, body: Any = None, **query: str) -> dict[str, Any]:
        query = {"access_token": token} | query
        answer: dict[str, Any] = http.post("/" + path, params=query, json=body).json()
        return answer

    return ask
