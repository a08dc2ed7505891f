"""What tests and demonstrations do to the stand-in: `/__sim__/…`, outside WeChat's own paths."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import msgspec

from tests.support.wechat_standin.faults import Fault
from tests.support.wechat_standin.login import Code, mint, openid_of
from tests.support.wechat_standin.push import complete, compose, deliver, verify
from tests.support.wechat_standin.world import Account, PushTarget, World

Command = Callable[[World, dict[str, Any]], Awaitable[dict[str, Any]]]


def _account(world: World, given: dict[str, Any]) -> Account:
    app_id = given.get("app_id")
    return world.accounts[app_id] if app_id else next(iter(world.accounts.values()))


async def set_account(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Make or change an account; `push` may be given in parts."""
    app_id = given.get("app_id") or _account(world, given).app_id
    old: dict[str, Any] = asdict(world.accounts[app_id]) if app_id in world.accounts else {"secret": ""}
    push = {**old.get("push", {}), **given.get("push", {})}
    merged = {**old, **given, "app_id": app_id, "push": push}
    world.accounts[app_id] = msgspec.convert(merged, Account)
    return asdict(world.accounts[app_id])


async def mint_code(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """A login or phone code: `kind`, `name` or `openid`, `phone`, `unionid`, `blocked`."""
    account = _account(world, given)
    openid = given.get("openid") or openid_of(account.app_id, str(given.get("name", "somebody")))
    code = Code(account.app_id, given.get("kind", "login"), openid, world.now())
    for name in ("phone", "unionid", "blocked"):
        setattr(code, name, given.get(name, getattr(code, name)))
    return {"code": mint(world, code), "openid": openid}


async def set_person(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Credits (`template`, `credits` or `long_term`) and activity (`active`) of a person."""
    person = world.person(_account(world, given).app_id, given["openid"])
    if given.get("active", True):
        person.active_at = world.now()
    if template := given.get("template"):
        if "credits" in given:
            person.credits[template] = int(given["credits"])
        if "long_term" in given:
            (person.long_term.add if given["long_term"] else person.long_term.discard)(template)
    return {
        "credits": person.credits,
        "long_term": sorted(person.long_term),
        "session_key": person.session_key,
    }


async def get_person(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """A person as the stand-in knows it."""
    person = world.person(_account(world, given).app_id, given["openid"])
    return {
        "credits": person.credits,
        "long_term": sorted(person.long_term),
        "session_key": person.session_key,
    }


async def advance(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Turn the clock on by `seconds`."""
    world.clock_offset += float(given["seconds"])
    return {"now": world.now()}


async def add_fault(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Append to the script of misfortunes."""
    world.faults.add(msgspec.convert(given, Fault))
    return {}


async def reset(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Forget everything but the accounts."""
    world.reset()
    return {}


async def clear_faults(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Forget the script."""
    world.faults.clear()
    return {}


async def received(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Every request so far, or those of one `path`."""
    path = given.get("path")
    return {"requests": [r for r in world.received if path in (None, r["path"])]}


async def sent(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Every subscription message that was really sent."""
    return {"messages": world.sent}


async def spend(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Use up part of a quota: `name` as the stand-in counts it, `window_s`, `times`."""
    world.spend(str(given["name"]), float(given["window_s"]), int(given["times"]))
    return {}


async def kill_tokens(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """What somebody else's refresh does to ours: every token is dead."""
    for token in world.tokens.values():
        token.killed_at = world.now()
    return {"killed": len(world.tokens)}


async def words(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Add bad words `{word: [suggest, label]}` and `sensitive` ones."""
    world.bad_words |= {word: (str(s), int(label)) for word, (s, label) in given.get("bad", {}).items()}
    world.sensitive_words |= set(given.get("sensitive", []))
    return {}


async def push(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Push `event` now, `copies` times; `wrong` spoils it; answers what each try met."""
    account = _account(world, given)
    event = complete(world, account, str(given.get("openid", "o" + "0" * 27)), given.get("event", {}))
    query, body = compose(account, event, given.get("wrong", ""))
    tries = [await deliver(world, account, query, body) for _ in range(int(given.get("copies", 1)))]
    return {"tries": tries, "query": query, "body": body.decode()}


async def pushed(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Every push so far and how it went."""
    return {"pushes": list(world.pushed)}


async def verify_push(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Check the push address as the console would; `push` may first be changed."""
    account = _account(world, given)
    account.push = msgspec.convert({**asdict(account.push), **given.get("push", {})}, PushTarget)
    return await verify(account)


COMMANDS: dict[str, Command] = {
    "account": set_account,
    "code": mint_code,
    "person": set_person,
    "person/get": get_person,
    "clock": advance,
    "fault": add_fault,
    "faults/clear": clear_faults,
    "reset": reset,
    "received": received,
    "sent": sent,
    "spend": spend,
    "tokens/kill": kill_tokens,
    "words": words,
    "push": push,
    "pushed": pushed,
    "push/verify": verify_push,
}
