"""What the domain asks of the outside world; `server/gateways/` answers it, tests may answer it too."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Protocol
from uuid import UUID

# --- shared state ---------------------------------------------------------------------------------------


class StoreUnavailable(Exception):
    """The shared store does not answer."""


class LockNotObtained(Exception):
    """Somebody else held the lock for longer than the caller was willing to wait."""


@dataclass(frozen=True, slots=True)
class Count:
    """A counter inside its window: how many so far, and seconds until it starts again from zero."""

    count: int
    remaining_s: float


class Store(Protocol):
    """Small values shared by every server process; anything may vanish, so nothing in it is the truth."""

    async def get(self, key: str) -> str | None:
        """The value, or None when it was never set or has expired."""
        ...

    async def set(self, key: str, value: str, *, ttl_s: float, only_if_absent: bool = False) -> bool:
        """Keep `value` for `ttl_s` seconds; False when `only_if_absent` found another value there."""
        ...

    async def delete_if_equal(self, key: str, value: str) -> bool:
        """Remove the key if it still holds `value`; True when it did."""
        ...

    async def increment(self, key: str, *, ttl_s: float) -> Count:
        """Add one to a counter whose window of `ttl_s` seconds starts with its first increment."""
        ...

    def lock(self, key: str, *, ttl_s: float, wait_s: float) -> AbstractAsyncContextManager[None]:
        """Hold `key` alone for at most `ttl_s`; raises LockNotObtained after `wait_s` seconds."""
        ...

    async def ping(self) -> None:
        """Raise StoreUnavailable unless the store answers."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


# --- failures of a provider -----------------------------------------------------------------------------


class ProviderFailure(Exception):
    """A provider did not do what was asked; `code` is its own code, `trace` what its support asks for."""

    def __init__(self, message: str, *, code: str = "", trace: str = "", retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.code = code
        self.trace = trace
        self.retry_after_s = retry_after_s


class WeChatFailure(ProviderFailure):
    """Any failure of a WeChat call; callers react to the subclasses."""


class WeChatRefused(WeChatFailure):
    """The person's state does not allow it (code used or expired, risky user, idle too long): ask again."""


class CreditSpent(WeChatRefused):
    """43101: not subscribed, refused, or the one-off credit is already spent; final for this credit."""


class WeChatUnavailable(WeChatFailure):
    """WeChat surely did not do it and may do it later: try again after `retry_after_s` seconds."""


class WeChatQuotaExceeded(WeChatUnavailable):
    """A quota is used up until its window ends, `retry_after_s` seconds from now."""


class SendUnknown(WeChatFailure):
    """The request left us and no readable answer came back: a message may or may not have been sent."""


class WeChatMisused(WeChatFailure):
    """Our request is wrong; repeating it is useless. `field` names the template field if WeChat did."""

    def __init__(self, message: str, *, code: str = "", trace: str = "", field: str = "") -> None:
        super().__init__(message, code=code, trace=trace)
        self.field = field


class WeChatMisconfigured(WeChatFailure):
    """Account, secret, IP list or permissions are wrong: an operator has to act."""


class SmsFailure(ProviderFailure):
    """Any failure of an SMS call; callers react to the subclasses."""


class SmsRefused(SmsFailure):
    """This message to this number will never be sent (bad number, blocked words, wrong parameters)."""


class SmsUnavailable(SmsFailure):
    """Surely not sent, may be sent later: try again after `retry_after_s` seconds."""


class SmsUnknown(SmsFailure):
    """The request left us and no readable answer came back."""


class SmsMisconfigured(SmsFailure):
    """Key, signature, template, permission or balance is wrong: an operator has to act."""


# --- WeChat ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WeChatLogin:
    """Who a login code belongs to; the session key stays inside the gateway."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class SubscribeMessage:
    """One subscription message; `data` maps template keys such as `thing1` to plain text."""

    openid: str = field(repr=False)
    template_id: str
    data: Mapping[str, str] = field(repr=False)
    page: str | None = None
    state: str = "formal"
    lang: str = "zh_CN"


class ContentScene(IntEnum):
    """Where a text appears, as content security counts them."""

    PROFILE = 1
    COMMENT = 2
    FORUM = 3
    SOCIAL_LOG = 4


class MediaKind(IntEnum):
    """What `check_media` is to download."""

    AUDIO = 1
    IMAGE = 2


class Suggest(StrEnum):
    """What content security suggests."""

    PASS = "pass"  # noqa: S105 (a verdict, no password)
    REVIEW = "review"
    RISKY = "risky"


@dataclass(frozen=True, slots=True)
class ContentVerdict:
    """The verdict over a text; `label` 100 means nothing found."""

    suggest: Suggest
    label: int
    trace_id: str


@dataclass(frozen=True, slots=True)
class CodeImage:
    """A mini-program code to draw: `page` without leading slash or query, `width` 280 to 1280 pixels."""

    scene: str
    page: str | None = None
    width: int = 430
    check_path: bool = True
    env_version: str = "release"


class WeChat(Protocol):
    """The calls of the mini-program server API that this house needs; all may raise WeChatFailure."""

    async def login(self, code: str) -> WeChatLogin:
        """Redeem a `wx.login` code, once; WeChatRefused means: sign in again."""
        ...

    async def phone_number(self, code: str, openid: str) -> str:
        """Redeem a `getPhoneNumber` code, once, for the number without country code."""
        ...

    async def send_subscribe(self, message: SubscribeMessage) -> None:
        """Send one message, never twice; SendUnknown when nobody can tell whether it went out."""
        ...

    async def check_text(self, text: str, openid: str, scene: ContentScene) -> ContentVerdict:
        """Judge at most 2,500 characters by somebody who was active within two hours."""
        ...

    async def check_media(self, url: str, kind: MediaKind, openid: str) -> str:
        """Have WeChat fetch and judge a file; the verdict comes by push under the returned trace id."""
        ...

    async def code_image(self, code: CodeImage) -> bytes:
        """Draw a mini-program code (JPEG or PNG: look at the first bytes)."""
        ...


@dataclass(frozen=True, slots=True)
class PushedEvent:
    """An event that WeChat pushed: `key` is the same for every delivery of it."""

    key: str
    name: str
    openid: str = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)


class PushForged(Exception):
    """The signature is not WeChat's, or the push is meant for another account."""


class PushUnreadable(Exception):
    """A signed push whose content is no message."""


class PushReader(Protocol):
    """Takes in what WeChat sends by itself; pure, no network."""

    def greeting(self, query: Mapping[str, str]) -> str:
        """What a verification of our address is answered with; PushForged."""
        ...

    def opened(self, query: Mapping[str, str], body: bytes) -> PushedEvent:
        """The event in a pushed body, plain or encrypted, XML or JSON; PushForged, PushUnreadable."""
        ...

    def photo(self, token: str) -> UUID | None:
        """The attachment that a signed address of ours opens to WeChat, while it is fresh."""
        ...


# --- SMS ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """One text message from an approved template; its repr shows no person."""

    phone: str = field(repr=False)
    template: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)


class Sms(Protocol):
    """A text message provider; may raise SmsFailure."""

    async def send(self, message: SmsMessage) -> str:
        """Send one message, never twice; returns the provider's receipt id."""
        ...
