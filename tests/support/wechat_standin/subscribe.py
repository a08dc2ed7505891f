"""Subscription messages: credits, template fields and one send at a time to one person."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from tests.support.wechat_standin.push import push_event
from tests.support.wechat_standin.tokens import account_of
from tests.support.wechat_standin.world import Account, Answer, Call, Person, Refusal, World

HAN = "㐀-鿿"
DAY = r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/.]\d{1,2}[-/.]\d{1,2})"
CLOCK = r"\d{1,2}:\d{2}(:\d{2})?"
TIME = rf"({DAY} ?)?({CLOCK})?"
LIMITS = {
    "thing": r"[^\x00-\x1f\x7f]{1,20}",
    "number": r"-?[\d.]{1,32}",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[!-~]{1,32}",
    "time": rf"{TIME}( ?~ ?{TIME})?",
    "date": rf"{DAY}( {CLOCK})?( ?~ ?{DAY}( {CLOCK})?)?",
    "amount": r"[^\d\s]?\d{1,10}(\.\d+)?元?",
    "phone_number": r"[\d+\-() ]{1,17}",
    "car_number": r".{1,8}",
    "name": rf"[{HAN}·]{{1,10}}|[A-Za-z ]{{1,20}}|[{HAN}A-Za-z· ]{{1,10}}",
    "phrase": rf"[{HAN}]{{1,5}}",
    "enum": r".+",
}


def _check_fields(keys: list[str], data: dict[str, Any]) -> None:
    for key in keys:
        entry = data.get(key)
        value = entry.get("value") if isinstance(entry, dict) else None
        if value in (None, ""):
            raise Refusal(47003, f"argument invalid! data.{key}.value is empty")
        pattern = LIMITS.get(key.rstrip("0123456789"))
        if pattern is None or not re.fullmatch(pattern, str(value)):
            raise Refusal(47003, f"argument invalid! data.{key}.value invalid")


def _spend(account: Account, person: Person, template: str) -> None:
    if account.easy or template in person.long_term:
        return
    if person.credits.get(template, 0) <= 0:
        raise Refusal(43101)
    person.credits[template] -= 1


async def send(world: World, call: Call) -> Answer:
    """`POST /cgi-bin/message/subscribe/send`; the credit is spent before the answer leaves."""
    account = account_of(world, call)
    if call.method != "POST":
        raise Refusal(43002)
    given = call.json()
    openid, template = str(given.get("touser") or ""), str(given.get("template_id") or "")
    person = world.people.get((account.app_id, openid))
    if person is None and account.easy and openid:
        person = world.person(account.app_id, openid)
    if person is None:
        raise Refusal(40003)
    if openid in world.sending:
        raise Refusal(43108)
    world.sending.add(openid)
    try:
        await asyncio.sleep(account.sending_takes_s)
        return _deliver(world, account, person, template, given)
    finally:
        world.sending.discard(openid)


def _deliver(world: World, account: Account, person: Person, template: str, given: dict[str, Any]) -> Answer:
    data = given.get("data")
    keys = account.templates.get(template)
    if keys is None:
        if not (account.easy and template and isinstance(data, dict)):
            raise Refusal(40037)
        keys = list(data)
    page = str(given.get("page") or "").split("?")[0]
    if page and not account.easy and page not in account.pages:
        raise Refusal(41030)
    if not isinstance(data, dict):
        raise Refusal(47001)
    _check_fields(keys, data)
    if any(word in str(entry) for entry in data.values() for word in world.sensitive_words):
        raise Refusal(45168)
    _spend(account, person, template)
    number = 10**18 + len(world.sent)
    world.sent.append({**given, "at": world.now(), "msgid": number})
    item = {"TemplateId": template, "MsgID": str(number), "ErrorCode": "0", "ErrorStatus": "success"}
    if account.push.url:
        push_event(world, account, "subscribe_msg_sent_event", person.openid, {"List": item})
    return Answer.of({"errcode": 0, "errmsg": "ok", "msgid": number})
