"""Resident door: sign in by WeChat or as a guest of one browser."""

from typing import Annotated

from msgspec import Meta

from domain.people.actions import resident_of
from domain.people.models import Resident
from domain.clock import real_now
from domain.ids import new_id
from domain.ports import WeChatFailure, WeChatLogin, WeChatMisconfigured, WeChatMisused, WeChatRefused
from domain.problems import WeChatCodeRefused, WeChatUnavailable
from domain.sql import execute
from miniprogram_api.schemas import Strict
from web.identity import open_session
from web.routes import Ask
from web.shapes import local, masked_phone

DEMO_CODE = "demo:"


class SignIn(Strict):
    """A `wx.login` code."""

    wechat_code: Annotated[str, Meta(min_length=1, max_length=200)]


class Nothing(Strict):
    """An empty body."""


async def ask_wechat(ask: Ask) -> WeChatLogin:
    """Redeem the login code outside the transaction; in the sandbox `demo:<name>` needs no WeChat."""
    code = ask.body.wechat_code
    services = ask.app.services
    if services.settings.wechat_mode == "sandbox" and code.startswith(DEMO_CODE):
        return WeChatLogin(openid=f"demo-{code.removeprefix(DEMO_CODE)}"[:64], unionid=None)
    return await redeem(services.wechat, code)


async def redeem(wechat: object, code: str) -> WeChatLogin:
    """Redeem a login code; WeChat's refusals and absences as problems."""
    try:
        return await wechat.login(code)  # type: ignore[attr-defined, no-any-return]
    except (WeChatRefused, WeChatMisused):
        raise WeChatCodeRefused from None
    except WeChatMisconfigured:
        raise WeChatUnavailable(retry_after=60) from None
    except WeChatFailure as error:
        raise WeChatUnavailable(retry_after=max(1, int(error.retry_after_s) or 3)) from None


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
    await execute("DELETE FROM sessions WHERE token_hash = $1", [ask.actor.session])
