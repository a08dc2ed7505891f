"""Message push from WeChat as pure functions: verify, open, and name an event for de-duplication.

The caller verifies, stores and answers `success` within five seconds; whatever is slow happens later.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException

from server.gateways.wechat.settings import WeChatSettings

LARGEST_BODY = 64 * 1024
DOWNLOAD_FAILED = -1008
_SUBSCRIBE_WRAPPERS = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent")


class PushRefused(Exception):
    """This is no push of our account; `reason` is one of signature, app-id, too-large, malformed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _signed(given: str | None, *parts: str) -> bool:
    expected = hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 (WeChat's choice)
    return hmac.compare_digest(expected.encode(), (given or "").encode())


def _check_plain(query: Mapping[str, str], settings: WeChatSettings) -> None:
    moment, nonce = query.get("timestamp", ""), query.get("nonce", "")
    # Without a token of our own anybody could sign.
    if not settings.push_token or not _signed(query.get("signature"), settings.push_token, moment, nonce):
        raise PushRefused("signature")


def verify(query: Mapping[str, str], settings: WeChatSettings) -> str:
    """The `echostr` to answer a GET verification with; PushRefused when the signature is wrong."""
    _check_plain(query, settings)
    return query.get("echostr", "")


def open_push(query: Mapping[str, str], body: bytes, settings: WeChatSettings) -> dict[str, Any]:
    """The event in a pushed body: plain or secure, XML or JSON, always in the shape of `_normal`."""
    if len(body) > LARGEST_BODY:
        raise PushRefused("too-large")
    if settings.push_aes_key:
        # With a key configured plain bodies are refused: their signature does not cover the body.
        return _normal(_parse(_decrypt(query, _parse(body), settings).encode()))
    _check_plain(query, settings)
    return _normal(_parse(body))


def _decrypt(query: Mapping[str, str], envelope: dict[str, Any], settings: WeChatSettings) -> str:
    sealed = envelope.get("Encrypt")
    if not isinstance(sealed, str):
        raise PushRefused("malformed")
    moment, nonce, given = query.get("timestamp", ""), query.get("nonce", ""), query.get("msg_signature", "")
    if not settings.push_token or not _signed(given, settings.push_token, moment, nonce, sealed):
        raise PushRefused("signature")
    crypto = WeChatCrypto(settings.push_token, settings.push_aes_key, settings.app_id)
    try:
        return str(crypto.decrypt_message({"Encrypt": sealed}, given, moment, nonce))
    except InvalidSignatureException:
        raise PushRefused("signature") from None
    except InvalidAppIdException:
        raise PushRefused("app-id") from None
    except Exception:  # whatever base64, AES, padding and UTF-8 object to in garbage
        raise PushRefused("malformed") from None


def _parse(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8").strip()
        parsed = xmltodict.parse(text).get("xml") if text.startswith("<") else json.loads(text)
    except (ValueError, ExpatError, RecursionError):
        raise PushRefused("malformed") from None
    if not isinstance(parsed, dict):
        raise PushRefused("malformed")
    return parsed


def _normal(event: dict[str, Any]) -> dict[str, Any]:
    """One shape for all: `CreateTime` int, `List` a list, media checks as version 2 sends them."""
    event = dict(event)
    for wrapper in _SUBSCRIBE_WRAPPERS:
        wrapped = event.pop(wrapper, None)
        if isinstance(wrapped, dict):
            event["List"] = wrapped.get("List", [])
    # WeChat sends one item as an object and several as an array.
    if isinstance(event.get("List"), dict):
        event["List"] = [event["List"]]
    for number in ("CreateTime", "errcode", "version", "isrisky", "status_code"):
        if number in event:
            event[number] = _int(event[number])
    if event.get("Event") == "wxa_media_check":
        _normal_media(event)
    return event


def _normal_media(event: dict[str, Any]) -> None:
    if "isrisky" in event or "status_code" in event:
        # The first version counts download failures as unsigned 32 bit: 4294966288 is -1008.
        status = event.get("status_code", 0)
        event["errcode"] = status - 2**32 if status >= 2**31 else status
        risky = bool(event.get("isrisky"))
        event["result"] = {"suggest": "risky" if risky else "pass", "label": 21000 if risky else 100}
        event["version"] = 1
    result = event.get("result") if isinstance(event.get("result"), dict) else {}
    # A file that WeChat could not judge is not thereby harmless.
    if event.get("errcode", 0) != 0 or not result:
        result = {"suggest": "review", "label": 100}
    event["result"] = {
        "suggest": str(result.get("suggest", "review")),
        "label": _int(result.get("label", 100)),
    }
    if isinstance(event.get("detail"), dict):
        event["detail"] = [event["detail"]]


def _int(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise PushRefused("malformed") from None


def dedupe_key(event: Mapping[str, Any]) -> str:
    """The same key for every delivery of one push; a digest, because openids do not belong in keys."""
    message = event.get("MsgId")
    named = ("MsgId",) if message else ("Event", "FromUserName", "CreateTime", "trace_id")
    parts = [str(event.get(name, "")) for name in named]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
