"""The port `domain.ports.PushReader`: what the door needs to take in a push without knowing WeChat's cryptography."""

from collections.abc import Mapping
from uuid import UUID

from domain.ports import PushedEvent, PushForged, PushUnreadable
from server.gateways.wechat.media_links import media_id
from server.gateways.wechat.push import PushRefused, dedupe_key, open_push, verify
from server.gateways.wechat.settings import WeChatSettings


class Reception:
    """Reads pushes of one account."""

    def __init__(self, settings: WeChatSettings) -> None:
        self._settings = settings

    def greeting(self, query: Mapping[str, str]) -> str:
        """What a verification is answered with; PushForged when it is not WeChat's."""
        try:
            return verify(query, self._settings)
        except PushRefused as refused:
            raise PushForged(refused.reason) from None

    def opened(self, query: Mapping[str, str], body: bytes) -> PushedEvent:
        """The event in a push; PushForged or PushUnreadable."""
        try:
            event = open_push(query, body, self._settings)
        except PushRefused as refused:
            kind = PushForged if refused.reason in {"signature", "app-id"} else PushUnreadable
            raise kind(refused.reason) from None
        return PushedEvent(dedupe_key(event), str(event.get("Event", "")), str(event.get("FromUserName", "")), event)

    def photo(self, token: str) -> UUID | None:
        """The attachment that a signed address of ours opens, while it is fresh."""
        return media_id(token, self._settings.app_secret) if self._settings.app_secret else None
