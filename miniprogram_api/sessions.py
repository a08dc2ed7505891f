"""Resident door: sign in by WeChat or as a guest of one browser."""

from typing import Annotated

from msgspec import Meta

from domain.access.sessions import end_session
from domain.clock import real_now
from domain.ids import new_id
from domain.people.actions import resident_of
from domain.people.models import Resident
from domain.ports import WeChatLogin
from domain.problems import WeChatCodeRefused, WeChatUnavailable
from web.bodies import Nothing, Strict
from web.identity import open_session
from web.routes import PUBLIC, SIGNED_IN, Ask, Limit, Route
from web.shapes import local, masked_phone
from web.wechat import redeem


class SignIn(Strict):
    """A `wx.login` code."""

    wechat_code: Annotated[str, Meta(min_length=1, max_length=200)]


async def ask_wechat(ask: Ask) -> WeChatLogin:
    """Redeem the login code outside the transaction; in the sandbox `demo:<name>` needs no WeChat."""
    services = ask.app.services
    return await redeem(services.wechat, ask.body.wechat_code, sandbox=services.settings.wechat_mode == "sandbox")


async def sign_in(ask: Ask) -> dict[str, object]:
    """A session for the resident behind the WeChat login (`POST /sessions`)."""
    resident, households = await resident_of(ask.prepared.openid)
    token, expires_at = await open_session("resident", resident.id)
    return {
        "token": token,
        "expires_at": local(expires_at),
        "resident": {
            "id": resident.id,
            "phone_masked": masked_phone(resident.phone) if resident.phone else None,
            "households": households,
        },
    }


async def sign_in_guest(ask: Ask) -> dict[str, object]:
    """A session of one browser outside WeChat (`POST /sessions/guest`)."""
    resident = await Resident.create(id=new_id(), created_at=real_now())
    token, expires_at = await open_session("guest", resident.id)
    return {
        "token": token,
        "expires_at": local(expires_at),
        "resident": {"id": resident.id, "phone_masked": None, "households": []},
    }


async def sign_out(ask: Ask) -> None:
    """End this session."""
    await end_session(ask.actor)


_LIMIT = (Limit("sign-in", 600, 60),)

ROUTES = (
    Route(method="POST", path="/sessions", handler=sign_in, prepare=ask_wechat, gate=PUBLIC, body=SignIn, status=201,
          replay=False, limit=_LIMIT, summary="微信登录", problems=(WeChatCodeRefused, WeChatUnavailable)),
    Route(method="POST", path="/sessions/guest", handler=sign_in_guest, gate=PUBLIC, body=Nothing, status=201,
          replay=False, limit=_LIMIT, summary="浏览器访客登录"),
    Route(method="DELETE", path="/sessions/current", handler=sign_out, gate=SIGNED_IN, status=204, summary="退出登录"),
)  # fmt: skip
