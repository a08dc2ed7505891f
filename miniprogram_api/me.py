"""Resident door: my own data: who I am here, everything stored, who looked at it, and how to be forgotten."""

from datetime import datetime
from typing import Any

from domain.access.permissions import Permission as P
from domain.appeals.words import role_words
from domain.notices.delivery import add_credit
from domain.notices.queries import unread_count
from domain.notices.texts import wechat_template
from domain.people.actions import households_of, openid_of, set_phone
from domain.people.models import Resident
from domain.people.privacy import access_log, erase, own_data
from domain.problems import UnknownTemplate, WeChatCodeRefused, WeChatUnavailable, invalid
from domain.rulebook import rulebook
from domain.text import clean_phone
from miniprogram_api.schemas import PhoneCode, Subscriptions
from web.routes import Ask, Route
from web.shapes import local, masked_name, masked_phone
from web.wechat import redeem_phone


async def read_me(ask: Ask) -> dict[str, Any]:
    """Who I am here, and what my WeChat may be asked to allow."""
    resident = await Resident.get(id=ask.actor.id)
    return {
        "id": resident.id,
        "kind": ask.actor.kind,
        "name_masked": masked_name(resident.name) or None,
        "phone_masked": masked_phone(resident.phone) if resident.phone else None,
        "households": await households_of(resident),
        "unread": await unread_count(ask.actor),
        "templates": _templates(),
    }


async def ask_phone(ask: Ask) -> str:
    """Redeem the phone code outside the transaction; in the sandbox `demo:<number>` needs no WeChat."""
    services = ask.app.services
    sandbox = services.settings.wechat_mode == "sandbox"
    openid = await openid_of(ask.actor.id)  # type: ignore[arg-type]
    return await redeem_phone(services.wechat, ask.body.wechat_phone_code, openid, sandbox=sandbox)


async def put_phone(ask: Ask) -> dict[str, str]:
    """Keep the number that WeChat vouched for."""
    phone = clean_phone(ask.prepared)
    if phone is None:
        raise invalid("wechat_phone_code", "微信给出的号码不是国内电话号码,请在反映问题时手动填写")
    await set_phone(ask.actor.id, phone)  # type: ignore[arg-type]
    return {"phone_masked": masked_phone(phone)}


async def read_data(ask: Ask) -> dict[str, Any]:
    """Everything stored about me (个人信息保护法 art 45)."""
    found = await own_data(ask.actor)
    return {name: [_localised(row) for row in rows] for name, rows in found.items()}


async def erase_me(ask: Ask) -> dict[str, Any]:
    """Forget me (art 47)."""
    erased = await erase(ask.actor)
    said = "您的账号、绑定、消息和联系方式已删除。已反映事项的内容依法留存,不再与您关联;凭编号和查询码仍可查询。"
    if erased.kept:
        said += f"诉求 {'、'.join(erased.kept)} 还在办理,其中填写的联系方式保留到办结,随后自动删除。"
    return {"erased": True, "kept": erased.kept, "text": said}


async def read_access_log(ask: Ask) -> dict[str, Any]:
    """Who opened my identity, when and why; the unit and the role, never a person's name."""
    rows = await access_log(ask.actor)
    return {"items": [{**_localised(row), "role": role_words(row["role"])} for row in rows]}


async def subscribe(ask: Ask) -> dict[str, Any]:
    """Count one more message for each template that I agreed to."""
    body: Subscriptions = ask.body
    known = _templates().values()
    for template in body.accepted:
        if template not in known:
            raise UnknownTemplate(template=template)
    for template in sorted(set(body.accepted)):
        await add_credit(ask.actor.id, template)  # type: ignore[arg-type]
    return {"accepted": sorted(set(body.accepted))}


def _localised(row: dict[str, Any]) -> dict[str, Any]:
    return {name: local(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _templates() -> dict[str, str]:
    """Notice names and WeChat's template ids."""
    return {name: wechat_template(text).id for name, text in rulebook().wechat_templates.items()}


ROUTES = (
    Route(method="GET", path="/me", handler=read_me, gate=P.OWN_READ, reads=True, summary="我的信息"),
    Route(method="POST", path="/me/phone", handler=put_phone, prepare=ask_phone, gate=P.OWN_WRITE, body=PhoneCode,
          summary="授权手机号", problems=(WeChatCodeRefused, WeChatUnavailable)),
    Route(method="GET", path="/me/data", handler=read_data, gate=P.OWN_READ, reads=True, summary="下载我的全部数据"),
    # a guest has data too, so the right to see it carries the right to have it erased
    Route(method="DELETE", path="/me", handler=erase_me, gate=P.OWN_READ, summary="注销并删除我的信息"),
    Route(method="GET", path="/me/access-log", handler=read_access_log, gate=P.OWN_READ, reads=True,
          summary="谁看过我的身份信息"),
    Route(method="POST", path="/me/subscriptions", handler=subscribe, gate=P.OWN_WRITE, body=Subscriptions,
          summary="同意接收微信消息", problems=(UnknownTemplate,)),
)  # fmt: skip
