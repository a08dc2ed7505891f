"""The two token families, which know nothing of each other: `/token` and `/stable_token`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from tests.support.wechat_standin.world import Account, Answer, Call, Refusal, World

LIFETIME_S = 7200
OVERLAP_S = 300
FORCE_GAP_S = 30
DAY_S = 86400.0
NEVER = float("inf")


@dataclass
class Token:
    """One issued token of 512 characters."""

    app_id: str
    kind: str
    value: str
    expires_at: float
    killed_at: float = NEVER
    forced_at: float = 0.0


def _issue(world: World, account: Account, kind: str) -> Token:
    value = f"{secrets.randbelow(90) + 10}_" + secrets.token_urlsafe(384)[:509]
    token = Token(account.app_id, kind, value, world.now() + LIFETIME_S)
    world.tokens[value] = token
    return token


def _newest(world: World, account: Account, kind: str) -> Token | None:
    mine = [t for t in world.tokens.values() if t.app_id == account.app_id and t.kind == kind]
    return mine[-1] if mine else None


def credentials(world: World, call: Call, given: dict[str, object]) -> Account:
    """The account of a correct appid and secret, checked in WeChat's order."""
    app_id, secret = given.get("appid"), given.get("secret")
    if not app_id:
        raise Refusal(41002)
    account = world.accounts.get(str(app_id))
    if account is None:
        raise Refusal(40013)
    if not secret:
        raise Refusal(41004)
    if secret != account.secret:
        raise Refusal(40125)
    if account.frozen:
        raise Refusal(40243)
    if account.allowed_ips and call.ip not in account.allowed_ips:
        raise Refusal(40164, f"invalid ip {call.ip} ipv6 ::ffff:{call.ip}, not in whitelist")
    return account


def account_of(world: World, call: Call) -> Account:
    """The account of the token in the query; one in the body is ignored."""
    value = call.query.get("access_token")
    if not value:
        raise Refusal(41001)
    token = world.tokens.get(value)
    if token is None or token.killed_at <= world.now():
        raise Refusal(40001)
    if token.expires_at <= world.now():
        raise Refusal(42001)
    return world.accounts[token.app_id]


def plain(world: World, call: Call) -> Answer:
    """`GET /cgi-bin/token`: always a new token; the previous one works five minutes longer."""
    account = credentials(world, call, dict(call.query))
    if call.query.get("grant_type") != "client_credential":
        raise Refusal(40002)
    world.count(f"token:{account.app_id}", DAY_S, 2000, 45009)
    old = _newest(world, account, "plain")
    if old is not None:
        old.killed_at = min(old.killed_at, world.now() + OVERLAP_S)
    token = _issue(world, account, "plain")
    return Answer.of({"access_token": token.value, "expires_in": LIFETIME_S})


def stable(world: World, call: Call) -> Answer:
    """`POST /cgi-bin/stable_token`: the same token until its last five minutes, unless forced."""
    if call.method != "POST":
        raise Refusal(43002)
    given = call.json()
    account = credentials(world, call, given)
    if given.get("grant_type") != "client_credential":
        raise Refusal(40002)
    world.count(f"stable:{account.app_id}", 60.0, 10_000, 45011)
    now, token = world.now(), _newest(world, account, "stable")
    if given.get("force_refresh") is True and (token is None or now - token.forced_at >= FORCE_GAP_S):
        world.count(f"force:{account.app_id}", DAY_S, 20, 45009)
        if token is not None:
            token.killed_at = now
        token = _issue(world, account, "stable")
        token.forced_at = now
    elif token is None or token.killed_at <= now or token.expires_at - now <= OVERLAP_S:
        token = _issue(world, account, "stable")
    return Answer.of({"access_token": token.value, "expires_in": int(token.expires_at - now)})
