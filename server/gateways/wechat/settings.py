"""What the WeChat gateway is told from outside."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WeChatSettings:
    """One mini-program account; `push_aes_key` is empty when message push runs in plain mode."""

    app_id: str
    app_secret: str = field(repr=False)
    api_url: str = "https://api.weixin.qq.com"
    push_token: str = field(default="", repr=False)
    push_aes_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take and the pauses between tries of a call that may be repeated, in seconds."""

    connect_s: float = 3.0
    total_s: float = 8.0
    pauses_s: tuple[float, ...] = (0.2, 0.8, 2.0)
