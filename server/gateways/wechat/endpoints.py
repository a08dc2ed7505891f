"""The calls we make, and what each one allows: repeating it, and which quota it draws from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Window(StrEnum):
    """When a used-up quota (45009) is taken to start again."""

    DAY = "day"
    MINUTE = "minute"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`repeatable`: doing it twice harms nobody. `delivers`: it may have worked although no answer came."""

    path: str
    quota: str
    repeatable: bool
    with_token: bool = True
    delivers: bool = False
    window: Window = Window.DAY


TOKEN = Endpoint("cgi-bin/stable_token", "token", repeatable=True, with_token=False)
FORCED_TOKEN = Endpoint("cgi-bin/stable_token", "token", repeatable=False, with_token=False)

_CALLS = (
    Endpoint("sns/jscode2session", "login", repeatable=False, with_token=False),
    Endpoint("wxa/business/getuserphonenumber", "phone", repeatable=False),
    Endpoint("cgi-bin/message/subscribe/send", "subscribe", repeatable=False, delivers=True),
    Endpoint("wxa/msg_sec_check", "text", repeatable=True),
    Endpoint("wxa/media_check_async", "media", repeatable=True),
    # 5,000 a minute, no documented day limit: 45009 means this minute.
    Endpoint("wxa/getwxacodeunlimit", "code", repeatable=True, window=Window.MINUTE),
)
CALLS = {endpoint.path: endpoint for endpoint in _CALLS}
