"""Message push as WeChat does it: sign, seal, deliver within 5 s, three tries, pause after failures.

The sealing here is written from the documents and shares nothing with the receiver under test.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.support.loopback import NO_TLS
from tests.support.wechat_standin.world import Account, World

TRIES = 3
PATIENCE_S = 5.0
PAUSE_S = 60.0
_running: set[asyncio.Future[Any]] = set()


def keep(task: asyncio.Future[Any]) -> None:
    """Hold a background task until it is done, so that it is not collected."""
    _running.add(task)
    task.add_done_callback(_running.discard)


def sign(*parts: str) -> str:
    """WeChat's signature: SHA-1 over the sorted parts."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Seal:
    """The key of an account and whose name is written inside."""

    aes_key: str
    app_id: str

    def encrypt(self, message: str, random: bytes) -> str:
        """AES-256-CBC, padding to 32, over 16 random bytes, length, message and appid."""
        key = base64.b64decode(self.aes_key + "=")
        text = message.encode()
        plain = random + struct.pack(">I", len(text)) + text + self.app_id.encode()
        padding = 32 - len(plain) % 32
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        sealed = cipher.update(plain + bytes([padding]) * padding) + cipher.finalize()
        return base64.b64encode(sealed).decode()


def _xml(value: object) -> str:
    if isinstance(value, dict):
        return "".join(
            "".join(f"<{name}>{_xml(one)}</{name}>" for one in (item if isinstance(item, list) else [item]))
            for name, item in value.items()
        )
    return str(value) if isinstance(value, int) else f"<![CDATA[{value}]]>"


def render(event: dict[str, Any], form: str) -> str:
    """The event as text; XML wraps `List` in an element named after the event."""
    if form == "json":
        return json.dumps(event, ensure_ascii=False)
    if "List" in event:
        name = "".join(part.capitalize() for part in str(event["Event"]).split("_"))
        event = {key: value for key, value in event.items() if key != "List"} | {
            name: {"List": event["List"]}
        }
    return f"<xml>{_xml(event)}</xml>"


def compose(account: Account, event: dict[str, Any], wrong: str = "") -> tuple[dict[str, str], bytes]:
    """Query and body of one push; `wrong` is one of signature, appid, oversize, garbage."""
    target = account.push
    text = render(event, target.format)
    moment, nonce = str(event["CreateTime"]), str(secrets.randbelow(10**9))
    query = {"signature": sign(target.token, moment, nonce), "timestamp": moment, "nonce": nonce}
    query["openid"] = str(event["FromUserName"])
    if wrong == "oversize":
        text = render(event | {"Padding": "x" * 300_000}, target.format)
    if target.aes_key:
        named = "wx0000000000000bad" if wrong == "appid" else account.app_id
        sealed = Seal(target.aes_key, named).encrypt(text, secrets.token_hex(8).encode())
        if wrong == "garbage":
            sealed = base64.b64encode(secrets.token_bytes(64)).decode()
        query |= {"encrypt_type": "aes", "msg_signature": sign(target.token, moment, nonce, sealed)}
        text = render({"ToUserName": account.original_id, "Encrypt": sealed}, target.format)
    elif wrong == "garbage":
        text = "\x00not a message<"
    if wrong == "signature":
        query |= {"signature": "0" * 40} | ({"msg_signature": "0" * 40} if target.aes_key else {})
    return query, text.encode()


async def _post(url: str, query: dict[str, str], body: bytes) -> str:
    try:
        async with httpx.AsyncClient(verify=NO_TLS, trust_env=False, timeout=PATIENCE_S) as http:
            response = await asyncio.wait_for(http.post(url, params=query, content=body), PATIENCE_S)
    except (httpx.HTTPError, TimeoutError) as error:
        return type(error).__name__
    text = response.text.strip()
    return (
        "accepted"
        if response.status_code == 200 and text in ("", "success")
        else f"HTTP {response.status_code}"
    )


async def deliver(world: World, account: Account, query: dict[str, str], body: bytes) -> list[str]:
    """Send one push, the same bytes up to three times; returns what each try met."""
    if world.now() < world.push_paused_until:
        return ["paused"]
    outcomes: list[str] = []
    for _ in range(TRIES):
        outcomes.append(await _post(account.push.url, query, body))
        if outcomes[-1] == "accepted":
            break
    else:
        world.push_paused_until = world.now() + PAUSE_S
    world.pushed.append({"app_id": account.app_id, "body": body.decode(), "outcomes": outcomes})
    return outcomes


def complete(world: World, account: Account, openid: str, event: dict[str, Any]) -> dict[str, Any]:
    """The event with the envelope fields that every push has."""
    head = {"ToUserName": account.original_id, "FromUserName": openid, "CreateTime": int(world.now())}
    return head | {"MsgType": "event"} | event


def push_event(world: World, account: Account, name: str, openid: str, event: dict[str, Any]) -> None:
    """Push later, as often as the account's script says."""
    if not account.push.url:
        return
    query, body = compose(account, complete(world, account, openid, {"Event": name} | event))

    async def later() -> None:
        await asyncio.sleep(account.push.delay_s)
        for _ in range(account.push.copies):
            await deliver(world, account, query, body)

    keep(asyncio.ensure_future(later()))


async def verify(account: Account) -> dict[str, Any]:
    """The GET by which the console checks an address: it must repeat `echostr` as it is."""
    moment, nonce, echo = "1714036504", str(secrets.randbelow(10**9)), secrets.token_hex(8)
    query = {"signature": sign(account.push.token, moment, nonce), "timestamp": moment, "nonce": nonce}
    async with httpx.AsyncClient(verify=NO_TLS, trust_env=False, timeout=PATIENCE_S) as http:
        response = await http.get(account.push.url, params={**query, "echostr": echo})
    return {"passed": response.text == echo, "status": response.status_code}
