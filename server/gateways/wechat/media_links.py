"""Short-lived signed addresses under which WeChat fetches a photo it is to judge; they work for nobody after an hour."""

import hashlib
import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

LIFETIME_S = 3600
PATH = "/api/miniprogram/v1/wechat/media"
_SIGNATURE = 16


def media_url(public_url: str, secret: str, attachment_id: UUID) -> str:
    """The address of a photo, good for an hour from now."""
    head = attachment_id.bytes + (int(time.time()) + LIFETIME_S).to_bytes(5, "big")
    token = urlsafe_b64encode(head + _sign(secret, head)).rstrip(b"=").decode()
    return f"{public_url.rstrip('/')}{PATH}/{token}"


def media_id(token: str, secret: str) -> UUID | None:
    """The photo that a token opens; None for a forged or an old one."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    head, signature = raw[:21], raw[21:]
    if len(head) != 21 or not hmac.compare_digest(signature, _sign(secret, head)):
        return None
    fresh = int.from_bytes(head[16:], "big") > time.time()
    return UUID(bytes=head[:16]) if fresh else None


def _sign(secret: str, head: bytes) -> bytes:
    return hmac.digest(f"huying-media:{secret}".encode(), head, hashlib.sha256)[:_SIGNATURE]
