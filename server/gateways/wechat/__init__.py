"""WeChat's mini-program server API and message push."""

from server.gateways.wechat.gateway import WeChatGateway
from server.gateways.wechat.settings import Patience, WeChatSettings

__all__ = ["Patience", "WeChatGateway", "WeChatSettings"]
