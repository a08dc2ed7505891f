"""WeChat's error texts; those marked verbatim in the protocol notes are kept letter by letter."""

from __future__ import annotations

from tests.support.wechat_standin.world import Answer, Refusal, World

_NOT_LATEST = "invalid credential, access_token is invalid or not latest"
_HINT = ", could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"

TEXTS = {
    -1: "system error",
    40001: _NOT_LATEST,
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40013: "invalid appid",
    40029: "invalid code",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40169: "invalid length for scene, or the data is not json string",
    40226: "code blocked",
    40243: "AppSecret is frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    43104: "appid and openid not match",
    43108: "concurrent send to the same user",
    44002: "empty post data",
    44990: "reach frequency limit",
    44991: "reach minute quota limit",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower retry next minute",
    45029: "qrcode count out of limit",
    45168: "message contains sensitive words",
    47001: "data format error",
    48001: "api unauthorized",
    61010: "code is expired",
    85079: "miniprogram has no online release",
    85401: "time limit between 1min and 30days",
    87009: "invalid signature",
    87014: "risky content",
}


def refused(refusal: Refusal, path: str, world: World) -> Answer:
    """The error as JSON; `sns/*` writes the id after a comma, gives no hint and calls itself text."""
    text = refusal.text or TEXTS.get(refusal.code, "unknown error")
    if path.startswith("sns/"):
        message = {"errcode": refusal.code, "errmsg": f"{text}, rid: {world.rid()}"}
        return Answer.of(message, "text/plain")
    hint = _HINT if refusal.code == 40001 else ""
    return Answer.of({"errcode": refusal.code, "errmsg": f"{text}{hint} rid: {world.rid()}"})
