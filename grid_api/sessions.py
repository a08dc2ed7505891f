"""Worker door: sign in by WeChat (once bound) or by telephone number and password; who am I, and my grids."""

from typing import Any
from uuid import UUID

from domain.access.actions import Proof, check_password, sign_in
from domain.access.models import Staff
from domain.access.permissions import Permission as P
from domain.access.sessions import end_session
from domain.access.wechat import bind_wechat, worker_of
from domain.areas.queries import grids_of
from domain.people.models import GridWorker
from domain.ports import WeChatLogin
from domain.problems import (
    AccountLocked,
    NotAllowed,
    Problem,
    SecondFactorRequired,
    WeChatCodeRefused,
    WeChatNotBound,
    WeChatTaken,
    WeChatUnavailable,
    WrongCredentials,
    invalid,
)
from domain.text import clean_phone, clean_text
from grid_api.schemas import SignIn, WeChatCode
from web.identity import open_session
from web.routes import PUBLIC, SIGNED_IN, Ask, Limit, Route
from web.shapes import local
from web.wechat import redeem

# Where grid workers come from (002-05).
SOURCES = {
    "party_member": "党员", "villager_representative": "村民代表", "full_time": "专职网格员", "volunteer": "志愿者",
}  # fmt: skip


async def prove(ask: Ask) -> WeChatLogin | Proof:
    """Ask WeChat, or verify the password, outside the transaction."""
    body: SignIn = ask.body
    if body.wechat_code is not None:
        return await _redeem(ask, body.wechat_code)
    if not body.phone or not body.password:
        raise invalid("phone", "请用微信登录,或填写手机号和密码", "required")
    phone = clean_phone(body.phone) or clean_text(body.phone)
    return await check_password("worker", phone, body.password)


async def create_session(ask: Ask) -> dict[str, Any] | Problem:
    """A session of at most twelve hours (contract: `POST /sessions`)."""
    if isinstance(ask.prepared, WeChatLogin):
        worker = await worker_of(ask.prepared.openid)
    else:
        found = await sign_in(ask.app.store, ask.prepared, ask.body.totp)
        if isinstance(found, Problem):
            return found
        worker = found
    token, expires_at = await open_session("worker", worker.id)
    return {"token": token, "expires_at": local(expires_at), "worker": await _worker(worker.id, worker.name)}


async def ask_wechat(ask: Ask) -> WeChatLogin:
    """Redeem the code of the WeChat to be bound, outside the transaction."""
    return await _redeem(ask, ask.body.wechat_code)


async def _redeem(ask: Ask, code: str) -> WeChatLogin:
    services = ask.app.services
    return await redeem(services.wechat, code, sandbox=services.settings.wechat_mode == "sandbox")


async def me(ask: Ask) -> dict[str, Any]:
    """Who I am, with my grids (`GET /me`); also for a worker who has none at present."""
    if ask.actor.kind != "worker":
        raise NotAllowed
    staff = await Staff.get(id=ask.actor.id)
    card = await GridWorker.get_or_none(id=ask.actor.id)
    return {
        **await _worker(staff.id, staff.name),
        "phone": staff.phone,
        "wechat_bound": staff.openid is not None,
        "public_phone": card.public_phone if card else "",
        "commitment": card.commitment if card else "",
        "source": {"code": card.source, "name": SOURCES.get(card.source, card.source)} if card else None,
        "appointed_on": card.appointed_on if card else None,
        "term_ends_on": card.term_ends_on if card else None,
        "roles": sorted(ask.actor.roles),
    }


async def bind(ask: Ask) -> dict[str, bool]:
    """Bind this WeChat to my account (`POST /me/wechat`)."""
    await bind_wechat(ask.actor, ask.prepared.openid)
    return {"wechat_bound": True}


async def sign_out(ask: Ask) -> None:
    """End this session."""
    await end_session(ask.actor)


async def _worker(worker_id: UUID, name: str) -> dict[str, Any]:
    grids = [
        {"code": grid["code"], "name": grid["name"], "village_code": grid["village_code"], "village": grid["village"]}
        for grid in await grids_of(worker_id)
    ]
    return {"id": worker_id, "name": name, "grids": grids}

_WECHAT = (WeChatCodeRefused, WeChatUnavailable)

ROUTES = (
    Route(method="POST", path="/sessions", handler=create_session, prepare=prove, gate=PUBLIC, body=SignIn, status=201,
          replay=False, limit=(Limit("worker-sign-in", 600, 60),), summary="网格员登录(微信或手机号密码)",
          problems=(*_WECHAT, WeChatNotBound, WrongCredentials, SecondFactorRequired, AccountLocked)),
    Route(method="DELETE", path="/sessions/current", handler=sign_out, gate=SIGNED_IN, status=204,
          summary="退出登录"),
    Route(method="GET", path="/me", handler=me, gate=SIGNED_IN, reads=True, summary="我和我的网格"),
    Route(method="POST", path="/me/wechat", handler=bind, prepare=ask_wechat, gate=P.FIELD_TRACK, body=WeChatCode,
          replay=False, summary="绑定微信", problems=(*_WECHAT, WeChatTaken)),
)  # fmt: skip
