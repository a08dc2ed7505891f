"""Redeems a `wx.login` code for any door; in the sandbox `demo:<name>` is somebody without asking WeChat."""

from domain.ports import WeChat, WeChatFailure, WeChatLogin, WeChatMisconfigured, WeChatMisused, WeChatRefused
from domain.problems import WeChatCodeRefused, WeChatUnavailable

DEMO_CODE = "demo:"


async def redeem(wechat: WeChat, code: str, *, sandbox: bool) -> WeChatLogin:
    """Who the code belongs to; 401 `wechat-code-refused`, 503 `wechat-unavailable`. Call it outside a transaction."""
    if sandbox and code.startswith(DEMO_CODE):
        return WeChatLogin(openid=f"demo-{code.removeprefix(DEMO_CODE)}"[:64], unionid=None)
    try:
        return await wechat.login(code)
    except (WeChatRefused, WeChatMisused):
        raise WeChatCodeRefused from None
    except WeChatMisconfigured:
        raise WeChatUnavailable(retry_after=60) from None
    except WeChatFailure as error:
        raise WeChatUnavailable(retry_after=max(1, int(error.retry_after_s) or 3)) from None
