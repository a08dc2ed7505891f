"""All state of the stand-in: accounts, people, a clock that tests may turn, counters, what was received."""

from __future__ import annotations

import json
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.support.wechat_standin.faults import Faults

JSON_TYPE = "application/json; encoding=utf-8"


@dataclass
class PushTarget:
    """Where and how pushes of an account are delivered; a key makes them secure."""

    url: str = ""
    token: str = ""
    aes_key: str = ""
    format: str = "json"
    delay_s: float = 0.0
    copies: int = 1


@dataclass
class Account:
    """One mini-program as its console shows it; `easy` is the demonstration: everybody may do everything."""

    app_id: str
    secret: str
    original_id: str = "gh_0123456789ab"
    easy: bool = False
    frozen: bool = False
    allowed_ips: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=lambda: ["pages/index/index"])
    templates: dict[str, list[str]] = field(default_factory=dict)
    sending_takes_s: float = 0.0
    push: PushTarget = field(default_factory=PushTarget)


@dataclass
class Person:
    """One openid of one account."""

    app_id: str
    openid: str
    unionid: str = ""
    session_key: str = ""
    active_at: float = 0.0
    credits: dict[str, int] = field(default_factory=dict)
    long_term: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Call:
    """One request of the program under test."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    ip: str

    def json(self) -> dict[str, Any]:
        """The body as an object; a form or any other text is 47001, as with WeChat."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            raise Refusal(47001) from None
        if not isinstance(parsed, dict):
            raise Refusal(47001)
        return parsed


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    body: bytes
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200

    @classmethod
    def of(cls, value: dict[str, Any], content_type: str = JSON_TYPE) -> Answer:
        """A JSON answer; HTTP 200 even for errors."""
        return cls(json.dumps(value, ensure_ascii=False).encode(), content_type)


class Refusal(Exception):
    """WeChat says no: a code and, unless the usual text will do, a text."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.text = text


class World:
    """Everything the stand-in knows."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.reset()

    def reset(self) -> None:
        """Forget everything but the accounts."""
        self.people: dict[tuple[str, str], Person] = {}
        self.codes: dict[str, Any] = {}
        self.tokens: dict[str, Any] = {}
        self.sending: set[str] = set()
        self.sent: list[dict[str, Any]] = []
        self.received: deque[dict[str, Any]] = deque(maxlen=5000)
        self.pushed: deque[dict[str, Any]] = deque(maxlen=1000)
        self.faults = Faults()
        self.bad_words: dict[str, tuple[str, int]] = {"赌博": ("risky", 20006), "返利": ("review", 10001)}
        self.sensitive_words: set[str] = {"代开发票"}
        self.clock_offset = 0.0
        self.push_paused_until = 0.0
        self._counts: dict[tuple[str, float, int], int] = {}

    def now(self) -> float:
        """Seconds since 1970, turned by tests."""
        return time.time() + self.clock_offset

    def rid(self) -> str:
        """A request id as WeChat makes it: hexadecimal time and two random groups."""
        return f"{int(self.now()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"

    def count(self, name: str, window_s: float, limit: int, code: int) -> None:
        """Count a use; more than `limit` within one window is refused with `code`."""
        key = (name, window_s, int(self.now() // window_s))
        self._counts[key] = self._counts.get(key, 0) + 1
        if self._counts[key] > limit:
            raise Refusal(code)

    def spend(self, name: str, window_s: float, times: int) -> None:
        """Count many uses at once, so that a test reaches a quota without making the calls."""
        key = (name, window_s, int(self.now() // window_s))
        self._counts[key] = self._counts.get(key, 0) + times

    def used(self, name: str, window_s: float) -> int:
        """How often `name` was counted in the present window."""
        return self._counts.get((name, window_s, int(self.now() // window_s)), 0)

    def person(self, app_id: str, openid: str) -> Person:
        """The person, made on first sight."""
        return self.people.setdefault((app_id, openid), Person(app_id, openid))
