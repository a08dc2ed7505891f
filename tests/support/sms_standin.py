"""A stand-in for Alibaba Cloud's `SendSms`: `python -m tests.support.sms_standin --port 0`.

Checks the RPC signature from its own reading of the documents, templates, numbers and limits, keeps what
it accepted, and fails on demand. Admin commands: `POST /__sim__/<command>` with a JSON object.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
import socket
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec
from sanic import HTTPResponse, Request, Sanic
from sanic.response import json as json_response

from tests.support.wechat_standin.faults import Fault, Faults, pause, wreck

PHONE = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})")
CLOCK_SKEW_S = 31 * 60
NOTICES_A_DAY = 50
JSON = "application/json;charset=utf-8"


class Refused(Exception):
    """An error code with its HTTP status: the gateway answers 4xx, the product 200."""

    def __init__(self, code: str, text: str, status: int = 200) -> None:
        super().__init__(code)
        self.code, self.text, self.status = code, text, status


@dataclass
class Provider:
    """One account and all that happened."""

    key_id: str
    secret: str
    sign_name: str
    templates: dict[str, list[str]] = field(default_factory=dict)
    easy: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)


def _signature(method: str, query: list[tuple[str, str]], secret: str) -> str:
    ordered = sorted(pair for pair in query if pair[0] != "Signature")
    line = "&".join("=".join(quote(part, safe="-_.~") for part in pair) for pair in ordered)
    text = "&".join((method, "%2F", quote(line, safe="-_.~")))
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), text.encode(), hashlib.sha1)).decode()


def _authenticate(provider: Provider, method: str, query: list[tuple[str, str]]) -> dict[str, str]:
    given = dict(query)
    if given.get("AccessKeyId") != provider.key_id:
        raise Refused("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
    if not hmac.compare_digest(given.get("Signature", ""), _signature(method, query, provider.secret)):
        raise Refused(
            "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.", 400
        )
    moment = dt.datetime.fromisoformat(given.get("Timestamp", "2000-01-01T00:00:00Z")).timestamp()
    if abs(time.time() - moment) > CLOCK_SKEW_S:
        raise Refused("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", 400)
    if given.get("SignatureNonce", "") in provider.nonces:
        raise Refused("SignatureNonceUsed", "Specified signature nonce was used already.", 400)
    provider.nonces.add(given["SignatureNonce"])
    if given.get("Action") != "SendSms" or given.get("Version") != "2017-05-25":
        raise Refused(
            "InvalidAction.NotFound", "Specified api is not found, please check your url and method.", 404
        )
    return given


def _params(text: str) -> dict[str, Any]:
    try:
        params = json.loads(text)
    except ValueError:
        params = None
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        raise Refused("isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值")
    return params


def _accept(provider: Provider, given: dict[str, str]) -> dict[str, str]:
    numbers = [PHONE.fullmatch(number) for number in given.get("PhoneNumbers", "").split(",")]
    if not all(numbers):
        raise Refused("isv.MOBILE_NUMBER_ILLEGAL", f"{given.get('PhoneNumbers')}invalid mobile number")
    if given.get("SignName") != provider.sign_name:
        raise Refused("isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法")
    template = given.get("TemplateCode", "")
    params = _params(given.get("TemplateParam", "{}"))
    if template not in provider.templates and not provider.easy:
        raise Refused("isv.SMS_TEMPLATE_ILLEGAL", "短信模版不合法")
    for name in provider.templates.get(template, []):
        if not params.get(name):
            raise Refused("isv.TEMPLATE_MISSING_PARAMETERS", f"模版缺少变量:{name}")
    if any(len(value) > 35 for value in params.values()):
        raise Refused("isv.PARAM_LENGTH_LIMIT", "参数超出长度限制")
    phone = ",".join(number[1] for number in numbers if number)
    day = [m for m in provider.messages if (m["phone"], m["template"]) == (phone, template)]
    if sum(m["at"] > time.time() - 86400 for m in day) >= NOTICES_A_DAY and not provider.easy:
        raise Refused("isv.BUSINESS_LIMIT_CONTROL", f"触发天级流控Permits:{NOTICES_A_DAY}")
    receipt = f"{secrets.randbelow(10**18):018d}^0"
    provider.messages.append(
        {"phone": phone, "template": template, "params": params, "receipt": receipt, "at": time.time()}
    )
    return {"Code": "OK", "Message": "OK", "BizId": receipt}


def _answer(provider: Provider, method: str, query: list[tuple[str, str]]) -> HTTPResponse:
    try:
        outcome, status = _accept(provider, _authenticate(provider, method, query)), 200
    except Refused as refused:
        outcome, status = {"Code": refused.code, "Message": refused.text}, refused.status
    return json_response({**outcome, "RequestId": secrets.token_hex(16).upper()}, status, content_type=JSON)


async def serve_api(request: Request) -> HTTPResponse:
    """`SendSms` itself."""
    provider: Provider = request.app.ctx.provider
    fault = provider.faults.take("SendSms")
    if fault is not None and fault.kind == "errcode":
        scripted = {"Code": fault.text, "Message": fault.text, "RequestId": "SCRIPTED"}
        return json_response(scripted, int(fault.value or 200), content_type=JSON)
    reply = HTTPResponse(b"{}") if fault and not fault.effect else _answer(
        provider, request.method, request.get_query_args(keep_blank_values=True)
    )  # fmt: skip
    await pause(fault)
    kind, body = (fault.kind if fault else ""), reply.body or b""
    if kind in ("reset", "close", "half"):
        wreck(request.transport, kind, body)
    spoilt = {"html": b"<html>502</html>", "empty": b"", "truncated": body[: len(body) // 2]}.get(kind)
    if spoilt is not None:
        return HTTPResponse(spoilt, 502 if kind == "html" else 200, content_type="text/html")
    return reply


async def serve_admin(request: Request, command: str) -> HTTPResponse:
    """`messages`, `fault`, `reset`, `template` {code, names}."""
    provider: Provider = request.app.ctx.provider
    given = json.loads(request.body or b"{}")
    match command:
        case "messages":
            return json_response({"messages": provider.messages})
        case "fault":
            provider.faults.add(msgspec.convert({"path": "SendSms", **given}, Fault))
        case "reset":
            provider.faults.clear()
            provider.messages.clear()
        case "template":
            provider.templates[given["code"]] = list(given["names"])
        case _:
            return HTTPResponse(b"", 404)
    return json_response({})


def main() -> None:
    """Print `{"url": …}` as one JSON line and serve until ended."""
    parser = argparse.ArgumentParser(prog="sms_standin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key-id", default="standin-key")
    parser.add_argument("--secret", default="standin-key-secret")
    parser.add_argument("--sign-name", default="呼应")
    parser.add_argument("--template", action="append", default=[], help="CODE=name,name, repeatable")
    parser.add_argument("--easy", action="store_true", help="any template, no limits")
    given = parser.parse_args()
    provider = Provider(given.key_id, given.secret, given.sign_name, easy=given.easy)
    for text in given.template:
        code, _, names = text.partition("=")
        provider.templates[code] = [name for name in names.split(",") if name]
    app = Sanic("sms-standin", configure_logging=False)
    app.config.ACCESS_LOG = False
    app.ctx.provider = provider
    app.add_route(serve_admin, "/__sim__/<command:path>", methods=["POST"], name="admin")
    app.add_route(serve_api, "/", methods=["GET", "POST"], name="api")
    listener = socket.create_server((given.host, given.port), backlog=1024)
    url = f"http://{given.host}:{listener.getsockname()[1]}"

    @app.after_server_start
    async def announce(_: object) -> None:
        print(json.dumps({"url": url, "key_id": given.key_id}), flush=True)

    app.run(sock=listener, single_process=True, motd=False, access_log=False)


if __name__ == "__main__":
    main()
