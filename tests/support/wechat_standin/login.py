"""Login codes, phone codes and session checks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from tests.support.wechat_standin.tokens import account_of, credentials
from tests.support.wechat_standin.world import Account, Answer, Call, Refusal, World

CODE_LIFE_S = 300


@dataclass
class Code:
    """A code that a phone would have got from `wx.login` or from the phone button."""

    app_id: str
    kind: str
    openid: str
    issued_at: float
    phone: str = ""
    unionid: str = ""
    blocked: bool = False
    used: bool = False


def openid_of(app_id: str, name: str) -> str:
    """A lasting openid of 28 characters for a name."""
    digest = hashlib.sha256(f"{app_id}:{name}".encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:27]


def mint(world: World, code: Code) -> str:
    """Make a code known; returns its text."""
    text = "0" + secrets.token_urlsafe(24)[:31]
    world.codes[text] = code
    return text


def _redeem(world: World, account: Account, text: str, kind: str) -> Code:
    code: Code | None = world.codes.get(text)
    if code is None and account.easy:
        digits = int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10**8
        openid = openid_of(account.app_id, text)
        return Code(account.app_id, kind, openid, world.now(), phone=f"138{digits:08d}")
    if code is None or code.kind != kind:
        raise Refusal(40029)
    if code.app_id != account.app_id:
        raise Refusal(40013 if kind == "phone" else 40029)
    if code.blocked:
        raise Refusal(40226)
    if code.used:
        raise Refusal(40163 if kind == "login" else 40029)
    if world.now() - code.issued_at > CODE_LIFE_S:
        raise Refusal(40029)
    return code


def code2session(world: World, call: Call) -> Answer:
    """`GET /sns/jscode2session`: no token, no errcode on success, and the type says plain text."""
    account = credentials(world, call, dict(call.query))
    text = call.query.get("js_code")
    if not text:
        raise Refusal(41008)
    if call.query.get("grant_type") != "authorization_code":
        raise Refusal(40002)
    code = _redeem(world, account, text, "login")
    world.count(f"login:{code.openid}", 60.0, 100, 45011)
    code.used = True
    person = world.person(account.app_id, code.openid)
    person.active_at = world.now()
    person.unionid = code.unionid or person.unionid
    person.session_key = base64.b64encode(secrets.token_bytes(16)).decode()
    answer = {"openid": person.openid, "session_key": person.session_key}
    return Answer.of(answer | ({"unionid": person.unionid} if person.unionid else {}), "text/plain")


def phone_number(world: World, call: Call) -> Answer:
    """`POST /wxa/business/getuserphonenumber`."""
    account = account_of(world, call)
    if call.method != "POST":
        raise Refusal(43002)
    given = call.json()
    code = _redeem(world, account, str(given.get("code") or ""), "phone")
    if given.get("openid") and given["openid"] != code.openid and not account.easy:
        raise Refusal(40003)
    code.used = True
    info = {
        "phoneNumber": code.phone,
        "purePhoneNumber": code.phone,
        "countryCode": "86",
        "watermark": {"timestamp": int(world.now()), "appid": account.app_id},
    }
    return Answer.of({"errcode": 0, "errmsg": "ok", "phone_info": info})


def check_session(world: World, call: Call) -> Answer:
    """`GET /wxa/checksession`."""
    account = account_of(world, call)
    person = world.people.get((account.app_id, call.query.get("openid", "")))
    if person is None:
        raise Refusal(40003)
    expected = hmac.new(person.session_key.encode(), b"", hashlib.sha256).hexdigest()
    if call.query.get("sig_method") != "hmac_sha256" or call.query.get("signature") != expected:
        raise Refusal(87009)
    return Answer.of({"errcode": 0, "errmsg": "ok"})
