"""Redeems one-time codes of WeChat for any door; in the sandbox `demo:<name>` is somebody without asking WeChat."""

from collections.abc import Awaitable
from typing import TypeVar

from domain.ports import WeChat, WeChatFailure, WeChatLogin, WeChatMisconfigured, WeChatMisused, WeChatRefused
from domain.problems import WeChatCodeRefused, WeChatUnavailable

DEMO_CODE = "demo:"
T = TypeVar("T")


async def redeem(wechat: WeChat, code: str, *, sandbox: bool) -> WeChatLogin:
    """Who the code belongs to; 401 `wechat-code-refused`, 503 `wechat-unavailable`. Call it outside a transaction."""
    if sandbox and code.startswith(DEMO_CODE):
        return WeChatLogin(openid=f"demo-{code.removeprefix(DEMO_CODE)}"[:64], unionid=None)
    return await redeemed(wechat.login(code))


async def redeem_phone(wechat: WeChat, code: str, openid: str, *, sandbox: bool) -> str:
    """The number behind a `getPhoneNumber` code (in the sandbox `demo:<number>`); problems as for `redeem`."""
    if sandbox and code.startswith(DEMO_CODE):
        return code.removeprefix(DEMO_CODE)
    return await redeemed(wechat.phone_number(code, openid))


async def redeemed(call: Awaitable[T]) -> T:
    """What a code stands for; WeChat's refusals and absences as problems."""
    try:
        return await call
    except (WeChatRefused, WeChatMisused):
        raise WeChatCodeRefused from None
    except WeChatMisconfigured:
        raise WeChatUnavailable(retry_after=60) from None
    except WeChatFailure as error:
        raise WeChatUnavailable(retry_after=max(1, int(error.retry_after_s) or 3)) from None
