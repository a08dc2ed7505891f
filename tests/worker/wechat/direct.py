"""The stand-in asked directly, without our gateway in between: the account and how one signs in to it."""

from collections.abc import Callable
from typing import Any

import httpx

from tests.support.gateways import APP_ID, SECRET

OPENID = "o" + "7" * 27
RID = r"rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}"
PLAIN = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}
CASE = {"thing1": {"value": "路灯"}, "date2": {"value": "2026年11月22日"}}
Call = Callable[..., dict[str, Any]]


def stable(http: httpx.Client, **more: Any) -> dict[str, Any]:
    """The answer to a request for the stable token."""
    answer: dict[str, Any] = http.post("/cgi-bin/stable_token", json={**PLAIN, **more}).json()
    return answer


def login(http: httpx.Client, code: str, **other: str) -> httpx.Response:
    """What WeChat says of a `wx.login` code."""
    query = {"appid": APP_ID, "secret": SECRET, "js_code": code, "grant_type": "authorization_code"}
    return http.get("/sns/jscode2session", params={**query, **other})
