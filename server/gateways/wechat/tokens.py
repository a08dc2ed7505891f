"""The access token: one for all processes, fetched by one of them at a time.

`stable_token` gives every asker the same token, so losing the cache costs one call and hurts nobody.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from domain.ports import LockNotObtained, Store, WeChatUnavailable
from server.gateways.wechat.endpoints import FORCED_TOKEN, TOKEN, Window
from server.gateways.wechat.errors import SHANGHAI, rest_of
from server.gateways.wechat.settings import WeChatSettings
from server.gateways.wechat.wire import Question, Wire

log = logging.getLogger(__name__)

SAFETY_S = 300
SHORTEST_TTL_S = 60
FETCH_LOCK_S = 30.0
FETCH_WAIT_S = 10.0
# WeChat ignores a forced refresh within 30 s of the last one and allows 20 a day.
FORCE_PAUSE_S = 31.0
FORCES_A_DAY = 18


@dataclass(frozen=True, slots=True)
class Renewed:
    """A token that replaces a rejected one; `forced` when WeChat was told to kill the old one."""

    token: str
    forced: bool


class Tokens:
    """Hands out the access token and replaces it once WeChat has rejected it."""

    def __init__(
        self, settings: WeChatSettings, store: Store, wire: Wire, now: Callable[[], dt.datetime]
    ) -> None:
        self._settings = settings
        self._store = store
        self._wire = wire
        self._now = now
        self._key = f"wechat:{settings.app_id}:token"

    async def current(self) -> str:
        """The cached token, or a fresh one fetched by exactly one of all who ask."""
        cached = await self._store.get(self._key)
        if cached is not None:
            return cached
        async with self._alone():
            return await self._store.get(self._key) or await self._fetch(force=False)

    async def renew(self, rejected: str) -> Renewed:
        """Another token than the rejected one; somebody else may have fetched it already."""
        await self._store.delete_if_equal(self._key, rejected)
        async with self._alone():
            token = await self._store.get(self._key) or await self._fetch(force=False)
            if token != rejected:
                return Renewed(token, forced=False)
            # In normal mode stable_token may repeat the very token that an API has just rejected.
            return Renewed(await self._force(rejected), forced=True)

    async def force(self, rejected: str) -> str:
        """A new token by force, at most every 31 seconds and 18 times a day; else WeChatUnavailable."""
        await self._store.delete_if_equal(self._key, rejected)
        async with self._alone():
            cached = await self._store.get(self._key)
            return cached if cached is not None else await self._force(rejected)

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        try:
            async with self._store.lock(self._key, ttl_s=FETCH_LOCK_S, wait_s=FETCH_WAIT_S):
                yield
        except LockNotObtained:
            raise WeChatUnavailable(
                "another process is still fetching the token", retry_after_s=1.0
            ) from None

    async def _force(self, rejected: str) -> str:
        await self._store.delete_if_equal(self._key, rejected)
        free = await self._store.set(self._key + ":forced", "1", ttl_s=FORCE_PAUSE_S, only_if_absent=True)
        if not free:
            raise self._stuck("forced a moment ago", FORCE_PAUSE_S)
        left_today = rest_of(Window.DAY, self._now())
        key = f"{self._key}:forces:{self._now().astimezone(SHANGHAI):%Y%m%d}"
        if (await self._store.increment(key, ttl_s=left_today)).count > FORCES_A_DAY:
            raise self._stuck("forced too often today", left_today)
        return await self._fetch(force=True)

    def _stuck(self, reason: str, wait_s: float) -> WeChatUnavailable:
        log.error("wechat rejects its own token; not forcing a new one: %s", reason)
        return WeChatUnavailable(f"token rejected, {reason}", code="40001", retry_after_s=wait_s)

    async def _fetch(self, *, force: bool) -> str:
        body = {
            "grant_type": "client_credential",
            "appid": self._settings.app_id,
            "secret": self._settings.app_secret,
            "force_refresh": force,
        }
        answer = await self._wire.ask(Question(FORCED_TOKEN if force else TOKEN, "POST", body=body))
        token, expires_in = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(expires_in, int):
            raise WeChatUnavailable("stable_token answered without a token", retry_after_s=2.0)
        await self._store.set(self._key, token, ttl_s=max(SHORTEST_TTL_S, expires_in - SAFETY_S))
        return token
