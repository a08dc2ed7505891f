"""One HTTP exchange with WeChat, repeated only where repeating can harm nobody.

The question that decides everything after a failure is whether the request had left us. httpx tells by
its trace hook; from the first header byte on we assume that WeChat may have acted.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.ports import SendUnknown, WeChatFailure, WeChatMisconfigured, WeChatUnavailable
from server.gateways.wechat.breaker import Breaker
from server.gateways.wechat.endpoints import Endpoint
from server.gateways.wechat.errors import Answer, Meaning, failure
from server.gateways.wechat.settings import Patience

log = logging.getLogger(__name__)

POOL = httpx.Limits(max_connections=20, max_keepalive_connections=10)
IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
# A repeated try starts only within this many times `total_s` of the first one.
LATEST_TRY = 1.5
# An operator or a developer has to look at these.
ALARMING = frozenset({Meaning.ACCOUNT, Meaning.QUOTA, Meaning.OURS})


@dataclass(frozen=True, slots=True)
class Question:
    """One request; parameters and body hold secrets and people, so neither shows in a repr."""

    endpoint: Endpoint
    method: str
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    wants_image: bool = False


class _Unclear(Exception):
    """No readable answer; `sent` tells whether the request had left us."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class Wire:
    """Asks WeChat and turns whatever comes back into a value or an exception of `domain.ports`."""

    def __init__(
        self, api_url: str, breaker: Breaker, now: Callable[[], dt.datetime], patience: Patience
    ) -> None:
        # httpx logs whole URLs at INFO, and WeChat wants its secret and token in the URL.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._base = api_url.rstrip("/") + "/"
        self._breaker = breaker
        self._now = now
        self._patience = patience
        timeout = httpx.Timeout(patience.total_s, connect=patience.connect_s)
        self._http = httpx.AsyncClient(timeout=timeout, limits=POOL)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, question: Question) -> Any:
        """The parsed answer (a dict, or bytes where an image was wanted)."""
        endpoint = question.endpoint
        await self._breaker.check(endpoint)
        loop = asyncio.get_running_loop()
        latest = loop.time() + self._patience.total_s * LATEST_TRY
        for pause in (*self._patience.pauses_s, None):
            try:
                return await self._once(question)
            except _Unclear as unclear:
                again = endpoint.repeatable or not unclear.sent
                problem = self._lost(endpoint, unclear)
            except WeChatUnavailable as unavailable:
                again = endpoint.repeatable and unavailable.code == "-1"
                problem = unavailable
            if pause is None or not again or loop.time() + pause > latest:
                raise problem from None
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 (jitter)
        raise AssertionError("the last round returns or raises")

    def _lost(self, endpoint: Endpoint, unclear: _Unclear) -> WeChatFailure:
        self._breaker.failed(endpoint)
        left = "sent" if unclear.sent else "not sent"
        log.warning("wechat %s: %s, request %s", endpoint.path, unclear, left)
        if endpoint.delivers and unclear.sent:
            return SendUnknown(f"{endpoint.path}: {unclear}")
        return WeChatUnavailable(f"{endpoint.path}: {unclear}", retry_after_s=2.0)

    async def _once(self, question: Question) -> Any:
        response = await self._exchange(question)
        content = response.content
        if question.wants_image and response.status_code == httpx.codes.OK and content.startswith(IMAGES):
            self._breaker.answered(question.endpoint)
            return content
        answer = _parse(response)
        self._breaker.answered(question.endpoint)
        errcode = int(answer.get("errcode") or 0)
        if errcode:
            raise await self._refusal(question.endpoint, errcode, str(answer.get("errmsg", "")))
        if question.wants_image:
            raise _Unclear("no image", sent=True)
        return answer

    async def _exchange(self, question: Question) -> httpx.Response:
        sent = False

        async def watch(event: str, _info: object) -> None:
            nonlocal sent
            sent = sent or event.endswith("send_request_headers.started")

        # WeChat wants real UTF-8 in a raw JSON body, neither a form nor \\u escapes.
        body = None if question.body is None else json.dumps(question.body, ensure_ascii=False).encode()
        try:
            async with asyncio.timeout(self._patience.total_s):
                return await self._http.request(
                    question.method,
                    self._base + question.endpoint.path,
                    params=dict(question.params),
                    content=body,
                    headers={"Content-Type": "application/json"} if body is not None else None,
                    extensions={"trace": watch},
                )
        except (httpx.HTTPError, TimeoutError) as error:
            # The original carries the request with its secrets; only its kind goes on.
            raise _Unclear(type(error).__name__, sent=sent) from None

    async def _refusal(self, endpoint: Endpoint, errcode: int, errmsg: str) -> WeChatFailure:
        answer = Answer(errcode, errmsg[:300], self._now())
        problem = failure(answer, endpoint)
        if answer.meaning is Meaning.QUOTA:
            await self._breaker.exhausted(endpoint, problem.retry_after_s)
        level = logging.ERROR if answer.meaning in ALARMING else logging.INFO
        log.log(level, "wechat %s: errcode %s, rid %s", endpoint.path, errcode, answer.rid)
        return problem


def _parse(response: httpx.Response) -> dict[str, Any]:
    """The JSON object in the bytes; WeChat's MIME types say nothing (jscode2session is text/plain)."""
    status = response.status_code
    try:
        answer = json.loads(response.content)
        int(answer.get("errcode") or 0)
    except (ValueError, AttributeError, TypeError, RecursionError):
        answer = None
    if answer is None and 300 <= status < 500 and status not in (408, 429):
        raise WeChatMisconfigured(f"HTTP {status} without a WeChat answer: is the API address right?")
    if answer is None or status >= 500:
        raise _Unclear(f"HTTP {status} with an unreadable body", sent=True)
    return dict(answer)
