"""The port `domain.ports.WeChat`, answered by the real WeChat (or whatever speaks like it)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Callable

from domain.ports import (
    CodeImage,
    ContentScene,
    ContentVerdict,
    LockNotObtained,
    MediaKind,
    Store,
    SubscribeMessage,
    Suggest,
    WeChatLogin,
    WeChatUnavailable,
)
from server.gateways.wechat.breaker import Breaker
from server.gateways.wechat.client import AsyncWeChatClient
from server.gateways.wechat.settings import Patience, WeChatSettings
from server.gateways.wechat.templates import fit
from server.gateways.wechat.tokens import Tokens
from server.gateways.wechat.wire import Wire

TEXT_PIECE = 2500
# A word on the seam of two pieces is whole in one of them.
TEXT_OVERLAP = 20
SEND_LOCK_S = 20.0
SEND_WAIT_S = 5.0
_WORST_LAST = (Suggest.PASS, Suggest.REVIEW, Suggest.RISKY)


class WeChatGateway:
    """One mini-program account; make it inside the server process that uses it, close it with it."""

    def __init__(
        self,
        settings: WeChatSettings,
        store: Store,
        now: Callable[[], dt.datetime],
        patience: Patience = Patience(),  # noqa: B008 (frozen)
    ) -> None:
        self._store = store
        self._app_id = settings.app_id
        breaker = Breaker(f"wechat:{settings.app_id}", self._store, now)
        self._wire = Wire(settings.api_url, breaker, now, patience)
        self._api = AsyncWeChatClient(
            settings, Tokens(settings, self._store, self._wire, now), self._wire
        ).wxa

    async def close(self) -> None:
        """Close the connections; the store belongs to whoever made it."""
        await self._wire.close()

    async def login(self, code: str) -> WeChatLogin:
        """Redeem a `wx.login` code, once and never again, whatever happens on the way."""
        answer = await self._api.code_to_session(code)
        return WeChatLogin(openid=_text(answer.get("openid")), unionid=answer.get("unionid") or None)

    async def phone_number(self, code: str, openid: str) -> str:
        """Redeem a phone code, once; returns the number without country code."""
        answer = await self._api.phone_number(code, openid)
        return _text((answer.get("phone_info") or {}).get("purePhoneNumber"))

    async def send_subscribe(self, message: SubscribeMessage) -> None:
        """Send one message, never twice; the data is first made to fit the template's field types."""
        fitting = dataclasses.replace(message, data=fit(message.data))
        person = hashlib.sha256(message.openid.encode()).hexdigest()[:24]
        # WeChat answers 43108 to two sends at once to one person.
        key = f"wechat:{self._app_id}:sending:{person}"
        try:
            async with self._store.lock(key, ttl_s=SEND_LOCK_S, wait_s=SEND_WAIT_S):
                await self._api.subscribe_send(fitting)
        except LockNotObtained:
            raise WeChatUnavailable(
                "another message to this person is under way", retry_after_s=1.0
            ) from None

    async def check_text(self, text: str, openid: str, scene: ContentScene) -> ContentVerdict:
        """Judge a text; a long one in pieces of 2,500 characters, of which the worst counts."""
        starts = range(0, max(1, len(text) - TEXT_OVERLAP), TEXT_PIECE - TEXT_OVERLAP)
        pieces = [text[at : at + TEXT_PIECE] for at in starts]
        verdicts = [await self._judge(piece, openid, scene) for piece in pieces]
        return max(verdicts, key=lambda verdict: _WORST_LAST.index(verdict.suggest))

    async def _judge(self, piece: str, openid: str, scene: ContentScene) -> ContentVerdict:
        answer = await self._api.text_check(piece, openid, scene)
        result = answer.get("result") or {}
        try:
            suggest, label = Suggest(result["suggest"]), int(result["label"])
        except (KeyError, ValueError, TypeError):
            raise WeChatUnavailable("msg_sec_check answered without a verdict", retry_after_s=2.0) from None
        return ContentVerdict(suggest, label, _text(answer.get("trace_id")))

    async def check_media(self, url: str, kind: MediaKind, openid: str) -> str:
        """Ask for a verdict on a file; it arrives by push under the returned trace id."""
        return _text((await self._api.media_check(url, kind, openid)).get("trace_id"))

    async def code_image(self, code: CodeImage) -> bytes:
        """Draw a mini-program code."""
        image: bytes = await self._api.code_unlimited(code)
        return image


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise WeChatUnavailable("WeChat's answer lacks what was asked for", retry_after_s=2.0)
    return value
