"""RESIDENT DOOR: the table of its routes."""

from domain.access.permissions import Permission as P
from domain.problems import EmptyAppeal, UnknownAttachment, WeChatCodeRefused, WeChatUnavailable
from miniprogram_api import appeals, sessions
from miniprogram_api.schemas import NewAppeal
from web.routes import PUBLIC, SIGNED_IN, Limit, Route, table

SIGN_IN = (Limit("sign-in", 600, 60),)

ROUTES = table(
    "/api/miniprogram/v1",
    Route(method="POST", path="/sessions", handler=sessions.sign_in, prepare=sessions.ask_wechat, gate=PUBLIC,
          body=sessions.SignIn, status=201, replay=False, limit=SIGN_IN, summary="微信登录",
          problems=(WeChatCodeRefused, WeChatUnavailable)),
    Route(method="POST", path="/sessions/guest", handler=sessions.sign_in_guest, gate=PUBLIC, body=sessions.Nothing,
          status=201, replay=False, limit=SIGN_IN, summary="浏览器访客登录"),
    Route(method="DELETE", path="/sessions/current", handler=sessions.sign_out, gate=SIGNED_IN, status=204,
          summary="退出登录"),
    Route(method="POST", path="/appeals", handler=appeals.create_appeal, gate=P.APPEAL_SUBMIT, body=NewAppeal,
          status=201, summary="反映问题", problems=(EmptyAppeal, UnknownAttachment)),
)  # fmt: skip
