"""Text messages through Alibaba Cloud's `SendSms` (Dysmsapi 2017-05-25, RPC signature 1.0).

The provider has no idempotency key, so a message whose answer was lost is reported as unknown and never
sent again from here. Phone numbers appear in no log line.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from domain.ports import SmsFailure, SmsMessage, SmsMisconfigured, SmsRefused, SmsUnavailable, SmsUnknown

log = logging.getLogger(__name__)

_NUMBER = re.compile(r"\d{5,}")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

# https://help.aliyun.com/document_detail/101346.html; what is not listed needs an operator.
_REFUSED = frozenset({
    "isv.MOBILE_NUMBER_ILLEGAL",
    "isv.MOBILE_COUNT_OVER_LIMIT",
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.SMS_CONTENT_ILLEGAL",
    "isv.TEMPLATE_MISSING_PARAMETERS",
    "isv.TEMPLATE_PARAMS_ILLEGAL",
    "isv.INVALID_JSON_PARAM",
    "isv.INVALID_PARAMETERS",
    "isv.PARAM_LENGTH_LIMIT",
    "isv.PARAM_NOT_SUPPORT_URL",
})  # fmt: skip
_WAIT_S = {
    "isp.SYSTEM_ERROR": MINUTE,
    "isv.BUSINESS_LIMIT_CONTROL": HOUR,
    "isv.DAY_LIMIT_CONTROL": DAY,
    "isv.MONTH_LIMIT_CONTROL": DAY,
    "SignatureNonceUsed": 1.0,
    "InternalError": MINUTE,
    "ServiceUnavailable": MINUTE,
    "ServiceUnavailableTemporary": MINUTE,
}


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """One account; `sign_name` is the approved signature without brackets."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str
    api_url: str = "https://dysmsapi.aliyuncs.com"
    region: str = "cn-hangzhou"
    connect_s: float = 3.0
    total_s: float = 8.0


def signature(method: str, params: Mapping[str, str], secret: str) -> str:
    """The RPC signature 1.0: HMAC-SHA1 over the sorted query, percent-encoded twice."""

    def encoded(text: str) -> str:
        return quote(text, safe="~")

    query = "&".join(f"{encoded(key)}={encoded(params[key])}" for key in sorted(params))
    text = f"{method}&{encoded('/')}&{encoded(query)}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


class AliyunSms:
    """The port `domain.ports.Sms` over Alibaba Cloud."""

    def __init__(self, settings: SmsSettings, now: Callable[[], dt.datetime]) -> None:
        # The phone number travels in the URL, which httpx would log at INFO.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._settings = settings
        self._now = now
        timeout = httpx.Timeout(settings.total_s, connect=settings.connect_s)
        self._http = httpx.AsyncClient(timeout=timeout, limits=httpx.Limits(max_connections=10))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, message: SmsMessage) -> str:
        """Send one message, never twice; returns the provider's BizId."""
        response = await self._exchange(self._signed(message))
        answer = _parse(response)
        code, trace = str(answer["Code"]), str(answer.get("RequestId", ""))
        if code == "OK" and answer.get("BizId"):
            return str(answer["BizId"])
        log.warning("sms: code %s, template %s, request %s", code, message.template, trace)
        # The provider repeats the number in some of its texts.
        text = _NUMBER.sub("…", str(answer.get("Message", ""))[:200])
        raise _failure(code, text, trace)

    def _signed(self, message: SmsMessage) -> dict[str, str]:
        settings = self._settings
        params = {
            "Action": "SendSms",
            "Version": "2017-05-25",
            "Format": "JSON",
            "RegionId": settings.region,
            "AccessKeyId": settings.access_key_id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": str(uuid.uuid4()),
            "Timestamp": self._now().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "PhoneNumbers": message.phone,
            "SignName": settings.sign_name,
            "TemplateCode": message.template,
            "TemplateParam": json.dumps(dict(message.params), ensure_ascii=False),
        }
        return {**params, "Signature": signature("POST", params, settings.access_key_secret)}

    async def _exchange(self, params: dict[str, str]) -> httpx.Response:
        sent = False

        async def watch(event: str, _info: object) -> None:
            nonlocal sent
            sent = sent or event.endswith("send_request_headers.started")

        url = self._settings.api_url.rstrip("/") + "/"
        try:
            async with asyncio.timeout(self._settings.total_s):
                return await self._http.post(url, params=params, extensions={"trace": watch})
        except (httpx.HTTPError, TimeoutError) as error:
            reason = type(error).__name__
        log.warning("sms: %s, request %s", reason, "sent" if sent else "not sent")
        raise SmsUnknown(reason) if sent else SmsUnavailable(reason, retry_after_s=MINUTE)


def _parse(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = json.loads(response.content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or "Code" not in answer:
        log.warning("sms: HTTP %s with an unreadable body", response.status_code)
        raise SmsUnknown(f"HTTP {response.status_code} with an unreadable body")
    return answer


def _failure(code: str, text: str, trace: str) -> SmsFailure:
    if code == "OK":
        return SmsUnknown("accepted without a receipt id", code=code, trace=trace)
    if code in _REFUSED:
        return SmsRefused(f"{code} {text}", code=code, trace=trace)
    wait_s = _WAIT_S.get(code) or (1.0 if code.startswith("Throttling") else None)
    if wait_s is not None:
        return SmsUnavailable(f"{code} {text}", code=code, trace=trace, retry_after_s=wait_s)
    return SmsMisconfigured(f"{code} {text}", code=code, trace=trace)
