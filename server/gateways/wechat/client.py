"""wechatpy's method surface on our own asynchronous wire.

wechatpy 1.8.18 is synchronous, fetches tokens without time-out and, with `auto_retry`, recurses over a
rejected token until the interpreter stops it. Its API classes merely return `client.get(...)`, so
overriding `_request` with a coroutine makes every one of them awaitable.
"""

from __future__ import annotations

import logging
from typing import Any

from wechatpy.client import WeChatClient
from wechatpy.client.api import WeChatWxa

from domain.ports import (
    CodeImage,
    ContentScene,
    MediaKind,
    SubscribeMessage,
    WeChatMisused,
    WeChatUnavailable,
)
from server.gateways.wechat.endpoints import CALLS
from server.gateways.wechat.errors import MEANING, Meaning
from server.gateways.wechat.settings import WeChatSettings
from server.gateways.wechat.tokens import Tokens
from server.gateways.wechat.wire import Question, Wire

log = logging.getLogger(__name__)

IMAGE_CALLS = frozenset({"wxa/getwxacodeunlimit"})


class MiniProgramApi(WeChatWxa):  # type: ignore[misc]
    """The calls that wechatpy lacks or knows only in an older version."""

    def phone_number(self, code: str, openid: str) -> Any:
        """`getuserphonenumber`, bound to the person."""
        return self._post("wxa/business/getuserphonenumber", data={"code": code, "openid": openid})

    def subscribe_send(self, message: SubscribeMessage) -> Any:
        """`subscribe/send` with state and language."""
        body = {
            "touser": message.openid,
            "template_id": message.template_id,
            "data": {key: {"value": value} for key, value in message.data.items()},
            "miniprogram_state": message.state,
            "lang": message.lang,
        }
        if message.page:
            body["page"] = message.page
        return self._post("cgi-bin/message/subscribe/send", data=body)

    def text_check(self, content: str, openid: str, scene: ContentScene) -> Any:
        """`msg_sec_check` version 2."""
        body = {"content": content, "version": 2, "scene": int(scene), "openid": openid}
        return self._post("wxa/msg_sec_check", data=body)

    def media_check(self, url: str, kind: MediaKind, openid: str) -> Any:
        """`media_check_async` version 2."""
        scene = int(ContentScene.COMMENT)
        body = {"media_url": url, "media_type": int(kind), "version": 2, "scene": scene, "openid": openid}
        return self._post("wxa/media_check_async", data=body)

    def code_unlimited(self, code: CodeImage) -> Any:
        """`getwxacodeunlimit` with `check_path` and `env_version`."""
        body: dict[str, Any] = {
            "scene": code.scene,
            "width": code.width,
            "check_path": code.check_path,
            "env_version": code.env_version,
        }
        if code.page:
            body["page"] = code.page
        return self._post("wxa/getwxacodeunlimit", data=body)


class AsyncWeChatClient(WeChatClient):  # type: ignore[misc]
    """Adds the token to a call and replaces a rejected one: one renewal, at most one forced."""

    wxa = MiniProgramApi()

    def __init__(self, settings: WeChatSettings, tokens: Tokens, wire: Wire) -> None:
        super().__init__(settings.app_id, settings.app_secret, auto_retry=False)
        self._tokens = tokens
        self._wire = wire

    async def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        endpoint = CALLS.get(url_or_endpoint)
        if endpoint is None:
            raise WeChatMisused(f"{url_or_endpoint} is not in the list of calls")
        params = dict(kwargs.get("params") or {})
        wants_image = endpoint.path in IMAGE_CALLS

        async def ask(token: str | None) -> Any:
            query = params if token is None else {**params, "access_token": token}
            question = Question(endpoint, method.upper(), query, kwargs.get("data"), wants_image)
            return await self._wire.ask(question)

        if not endpoint.with_token:
            return await ask(None)
        token = await self._tokens.current()
        try:
            return await ask(token)
        except WeChatUnavailable as error:
            _only_rejected_token(error)
        renewed = await self._tokens.renew(token)
        try:
            return await ask(renewed.token)
        except WeChatUnavailable as error:
            _only_rejected_token(error)
            if renewed.forced:
                log.error("wechat %s rejects a token it was forced to issue", endpoint.path)  # noqa: TRY400
                raise
        return await ask(await self._tokens.force(renewed.token))


def _only_rejected_token(error: WeChatUnavailable) -> None:
    if not error.code or MEANING.get(int(error.code)) is not Meaning.TOKEN:
        raise error
