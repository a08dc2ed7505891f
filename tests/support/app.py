"""The app in this process, started once, driven over ASGI: 1 ms a call instead of a restart a call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from sanic import Sanic

from config.settings import Settings
from server.app import create_app


@asynccontextmanager
async def running_app(settings: Settings, dsn: str) -> AsyncIterator[Sanic[Any, Any]]:
    """The app between its start and stop events, without reactions and timers running by themselves."""
    Sanic._app_registry.clear()
    app = create_app(settings, dsn, with_worker=False)
    app.config.TOUCHUP = False  # Sanic can rewrite its own methods once in a process, and here apps follow each other
    to_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    from_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
    task = asyncio.create_task(app(scope, to_app.get, from_app.put))  # type: ignore[arg-type]
    await to_app.put({"type": "lifespan.startup"})
    answer = await from_app.get()
    assert answer["type"] == "lifespan.startup.complete", answer
    try:
        yield app
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        await from_app.get()
        task.cancel()


def client(app: Sanic[Any, Any], token: str | None = None) -> httpx.AsyncClient:
    """An HTTP client of the app, signed in when a token is given."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://huying.test", headers=headers)


def test_settings(folder: Path, **changes: Any) -> Settings:
    """Settings of a test run."""
    return Settings(
        data_dir=folder, wechat_mode="sandbox", wechat_app_id="wx0000000000000001",
        wechat_app_secret="0" * 32, public_url="http://huying.test", environment="test", **changes,
    )  # fmt: skip
