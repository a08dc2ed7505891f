"""Content security: texts at once, media later by push."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import httpx

from tests.support.loopback import NO_TLS
from tests.support.wechat_standin.push import keep, push_event
from tests.support.wechat_standin.tokens import account_of
from tests.support.wechat_standin.world import Account, Answer, Call, Refusal, World

ACTIVE_S = 7200
LARGEST_MEDIA = 10 * 1024 * 1024


def _check_person(world: World, account: Account, given: dict[str, Any]) -> str:
    openid = str(given.get("openid") or "")
    if account.easy and openid:
        return openid
    if any(o == openid and app != account.app_id for app, o in world.people):
        raise Refusal(43104)
    person = world.people.get((account.app_id, openid))
    if person is None:
        raise Refusal(40003)
    if world.now() - person.active_at > ACTIVE_S:
        raise Refusal(61010)
    return openid


def check_text(world: World, call: Call) -> Answer:
    """`POST /wxa/msg_sec_check`; version 2 answers errcode 0 even for risky text, version 1 does not."""
    account = account_of(world, call)
    if call.method != "POST":
        raise Refusal(43002)
    given = call.json()
    world.count(f"text:{account.app_id}", 60.0, 4000, 44991)
    content = given.get("content")
    if not isinstance(content, str) or not content:
        raise Refusal(44002)
    if len(content) > 2500:
        raise Refusal(45002)
    found = next((verdict for word, verdict in world.bad_words.items() if word in content), ("pass", 100))
    if given.get("version") != 2:
        if found[0] != "pass":
            raise Refusal(87014)
        return Answer.of({"errcode": 0, "errmsg": "ok"})
    if given.get("scene") not in (1, 2, 3, 4):
        raise Refusal(40129)
    _check_person(world, account, given)
    result = {"suggest": found[0], "label": found[1]}
    detail = [{"strategy": "content_model", "errcode": 0, **result, "prob": 90}]
    answer = {"errcode": 0, "errmsg": "ok", "result": result, "detail": detail, "trace_id": world.rid()}
    return Answer.of(answer)


async def check_media(world: World, call: Call) -> Answer:
    """`POST /wxa/media_check_async`: really fetches the file and pushes the verdict later."""
    account = account_of(world, call)
    if call.method != "POST":
        raise Refusal(43002)
    given = call.json()
    world.count(f"media:{account.app_id}", 60.0, 2000, 45009)
    if given.get("media_type") not in (1, 2) or given.get("version") != 2:
        raise Refusal(40004)
    if given.get("scene") not in (1, 2, 3, 4):
        raise Refusal(40129)
    openid = _check_person(world, account, given)
    trace_id = f"{world.rid()}-{secrets.token_hex(2)}"
    keep(asyncio.ensure_future(_judge(world, account, openid, (str(given.get("media_url")), trace_id))))
    return Answer.of({"errcode": 0, "errmsg": "ok", "trace_id": trace_id})


async def _judge(world: World, account: Account, openid: str, job: tuple[str, str]) -> None:
    url, trace_id = job
    try:
        async with httpx.AsyncClient(verify=NO_TLS, trust_env=False) as http:
            response = await http.get(url, timeout=10)
        good = response.status_code == 200 and 0 < len(response.content) <= LARGEST_MEDIA
    except (httpx.HTTPError, httpx.InvalidURL):
        good = False
    event: dict[str, Any] = {"appid": account.app_id, "trace_id": trace_id, "version": 2}
    if not good:
        event |= {"errcode": -1008, "errmsg": "down fail", "detail": []}
    else:
        suggest = next((word for word in ("risky", "review") if word in url), "pass")
        result = {"suggest": suggest, "label": 100 if suggest == "pass" else 20002}
        detail = [{"strategy": "content_model", "errcode": 0, **result, "prob": 90}]
        event |= {"errcode": 0, "errmsg": "ok", "result": result, "detail": detail}
    push_event(world, account, "wxa_media_check", openid, event)
