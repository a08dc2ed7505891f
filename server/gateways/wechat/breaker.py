"""Stops asking WeChat where asking is useless: a quota that is used up, or a service that keeps failing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from domain.ports import Store, WeChatQuotaExceeded, WeChatUnavailable
from server.gateways.wechat.endpoints import Endpoint

TRIP_AFTER = 5
REST = dt.timedelta(seconds=15)


@dataclass(slots=True)
class _Health:
    failures: int = 0
    resting_until: dt.datetime | None = None


class Breaker:
    """One small state per quota: used-up quotas are shared by all processes, failing health is our own."""

    def __init__(self, prefix: str, store: Store, now: Callable[[], dt.datetime]) -> None:
        self._prefix = prefix
        self._store = store
        self._now = now
        self._health: dict[str, _Health] = {}

    def _key(self, endpoint: Endpoint) -> str:
        return f"{self._prefix}:exhausted:{endpoint.quota}"

    async def check(self, endpoint: Endpoint) -> None:
        """Raise instead of asking while the circuit is open; after a rest every call may try again."""
        until = await self._store.get(self._key(endpoint))
        if until is not None:
            left = max(1.0, (dt.datetime.fromisoformat(until) - self._now()).total_seconds())
            raise WeChatQuotaExceeded(f"{endpoint.quota}: quota used up", code="45009", retry_after_s=left)
        health = self._health.get(endpoint.quota)
        if health and health.resting_until and health.resting_until > self._now():
            left = (health.resting_until - self._now()).total_seconds()
            raise WeChatUnavailable(f"{endpoint.quota}: resting after failures", retry_after_s=left)

    async def exhausted(self, endpoint: Endpoint, remaining_s: float) -> None:
        """Open the circuit of this quota, for every process, for `remaining_s` seconds."""
        until = self._now() + dt.timedelta(seconds=remaining_s)
        await self._store.set(self._key(endpoint), until.isoformat(), ttl_s=max(1.0, remaining_s))

    def failed(self, endpoint: Endpoint) -> None:
        """Count a call without a readable answer; enough of them in a row open the circuit for a moment."""
        health = self._health.setdefault(endpoint.quota, _Health())
        health.failures += 1
        if health.failures >= TRIP_AFTER:
            health.resting_until = self._now() + REST

    def answered(self, endpoint: Endpoint) -> None:
        """Any readable answer, friendly or not, shows that the service is there."""
        self._health.pop(endpoint.quota, None)
