"""Mini-program codes, drawn as ordinary QR codes so that tests can read them back, and links."""

from __future__ import annotations

import io
import re
import secrets
from typing import Any

import qrcode

from tests.support.wechat_standin.tokens import account_of
from tests.support.wechat_standin.world import Account, Answer, Call, Refusal, World

SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+")
LINK_DAYS = 30
FOREVER = 1e12


def _body(world: World, call: Call) -> tuple[Account, dict[str, Any]]:
    account = account_of(world, call)
    if call.method != "POST":
        raise Refusal(43002)
    return account, call.json()


def _known_page(account: Account, page: str) -> bool:
    return account.easy or page in account.pages


def _draw(text: str, given: dict[str, Any]) -> Answer:
    width = given.get("width", 430)
    if not isinstance(width, int) or not 280 <= width <= 1280:
        raise Refusal(40097)
    picture = qrcode.make(text).get_image().convert("RGB").resize((width, width))
    kind = "PNG" if given.get("is_hyaline") else "JPEG"
    out = io.BytesIO()
    picture.save(out, kind)
    return Answer(out.getvalue(), f"image/{kind.lower()}")


def unlimited(world: World, call: Call) -> Answer:
    """`POST /wxa/getwxacodeunlimit`."""
    account, given = _body(world, call)
    world.count(f"code:{account.app_id}", 60.0, 5000, 45009)
    scene, page = given.get("scene"), given.get("page") or ""
    if not isinstance(scene, str) or not 1 <= len(scene) <= 32:
        raise Refusal(40169)
    if not SCENE.fullmatch(scene):
        raise Refusal(40129)
    if given.get("env_version", "release") not in ("release", "trial", "develop"):
        raise Refusal(40097)
    if page and (page.startswith("/") or "?" in page):
        raise Refusal(41030)
    if page and given.get("check_path", True) and not _known_page(account, page):
        raise Refusal(41030)
    return _draw(f"wxacode:{account.app_id}:{page or account.pages[0]}:{scene}", given)


def limited(world: World, call: Call) -> Answer:
    """`POST /wxa/getwxacode`: 100,000 in all, counted in the header `Num-Used`."""
    account, given = _body(world, call)
    path = given.get("path")
    if not isinstance(path, str) or not 1 <= len(path) <= 1024:
        raise Refusal(40159, "invalid length for path, or the data is not json string")
    world.count(f"limited:{account.app_id}", FOREVER, 100_000, 45029)
    answer = _draw(f"wxacode:{account.app_id}:{path}", given)
    used = world.used(f"limited:{account.app_id}", FOREVER)
    return Answer(answer.body, answer.content_type, {"Num-Used": str(used)})


def _expiry(world: World, given: dict[str, Any]) -> None:
    if given.get("expire_type") == 1:
        days = given.get("expire_interval")
        good = isinstance(days, int) and 1 <= days <= LINK_DAYS
    else:
        ahead = float(given.get("expire_time") or world.now() + LINK_DAYS * 86400) - world.now()
        good = 60 <= ahead <= LINK_DAYS * 86400
    if not good:
        raise Refusal(85401)


def url_link(world: World, call: Call) -> Answer:
    """`POST /wxa/generate_urllink`: at most 30 days."""
    account, given = _body(world, call)
    world.count(f"link:{account.app_id}", 1.0, 100, 44990)
    _expiry(world, given)
    if not _known_page(account, str(given.get("path") or account.pages[0])):
        raise Refusal(85079)
    link = "https://wxaurl.cn/" + secrets.token_urlsafe(8)
    return Answer.of({"errcode": 0, "errmsg": "ok", "url_link": link})


def scheme(world: World, call: Call) -> Answer:
    """`POST /wxa/generatescheme`."""
    account, given = _body(world, call)
    world.count(f"link:{account.app_id}", 1.0, 100, 44990)
    _expiry(world, given)
    target = given.get("jump_wxa") or {}
    if not _known_page(account, str(target.get("path") or account.pages[0])):
        raise Refusal(85079)
    link = "weixin://dl/business/?t=" + secrets.token_urlsafe(8)
    return Answer.of({"errcode": 0, "errmsg": "ok", "openlink": link})
