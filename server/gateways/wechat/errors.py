"""WeChat's error codes and what each one means for the caller: one table."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

from domain.clock import SHANGHAI
from domain.ports import (
    CreditSpent,
    WeChatFailure,
    WeChatMisconfigured,
    WeChatMisused,
    WeChatQuotaExceeded,
    WeChatRefused,
    WeChatUnavailable,
)
from server.gateways.wechat.endpoints import Endpoint, Window


class Meaning(StrEnum):
    """What kind of failure a code is."""

    TRANSIENT = "transient"
    TOKEN = "token"  # noqa: S105 (a kind of failure)
    PERSON = "person"
    CREDIT = "credit"
    QUOTA = "quota"
    RATE = "rate"
    ACCOUNT = "account"
    OURS = "ours"


MEANING: dict[int, Meaning] = {
    -1: Meaning.TRANSIENT,
    43108: Meaning.TRANSIENT,  # two sends to one person at once: the other one won
    40001: Meaning.TOKEN,
    40014: Meaning.TOKEN,
    42001: Meaning.TOKEN,
    41001: Meaning.TOKEN,
    40029: Meaning.PERSON,
    40163: Meaning.PERSON,
    40226: Meaning.PERSON,
    61010: Meaning.PERSON,
    87009: Meaning.PERSON,
    43101: Meaning.CREDIT,
    45009: Meaning.QUOTA,
    44993: Meaning.QUOTA,
    45011: Meaning.RATE,
    44990: Meaning.RATE,
    44991: Meaning.RATE,
    40013: Meaning.ACCOUNT,
    40125: Meaning.ACCOUNT,
    40164: Meaning.ACCOUNT,
    40243: Meaning.ACCOUNT,
    41002: Meaning.ACCOUNT,
    41004: Meaning.ACCOUNT,
    43107: Meaning.ACCOUNT,
    48001: Meaning.ACCOUNT,
    50004: Meaning.ACCOUNT,
    50007: Meaning.ACCOUNT,
    89503: Meaning.ACCOUNT,
    89506: Meaning.ACCOUNT,
    89507: Meaning.ACCOUNT,
    40003: Meaning.OURS,
    40037: Meaning.OURS,
    40097: Meaning.OURS,
    40129: Meaning.OURS,
    40169: Meaning.OURS,
    41030: Meaning.OURS,
    43002: Meaning.OURS,
    43104: Meaning.OURS,
    44002: Meaning.OURS,
    45168: Meaning.OURS,
    47001: Meaning.OURS,
    47003: Meaning.OURS,
}

_RID = re.compile(r"rid: ?([0-9a-f]+(?:-[0-9a-f]+)*)")
_FIELD = re.compile(r"data\.([A-Za-z_]+\d*)\.value")


@dataclass(frozen=True, slots=True)
class Answer:
    """A failing answer of WeChat: its code, its text, and when it came."""

    errcode: int
    errmsg: str
    at: dt.datetime

    @property
    def meaning(self) -> Meaning:
        """The kind of failure; a code nobody has told us about is taken for our own mistake."""
        return MEANING.get(self.errcode, Meaning.OURS)

    @property
    def rid(self) -> str:
        """The request id that WeChat's support and `openapi/rid/get` explain."""
        found = _RID.search(self.errmsg)
        return found[1] if found else ""


def rest_of(window: Window, at: dt.datetime) -> float:
    """Seconds until the running minute, or the running day in Beijing, is over."""
    local = at.astimezone(SHANGHAI)
    if window is Window.MINUTE:
        return 60 - local.second - local.microsecond / 1e6
    midnight = dt.datetime.combine(local.date() + dt.timedelta(days=1), dt.time(), SHANGHAI)
    return (midnight - local).total_seconds()


def _wait(answer: Answer, endpoint: Endpoint) -> float:
    if answer.meaning is Meaning.QUOTA:
        return rest_of(endpoint.window, answer.at)
    if answer.errcode in (45011, 44991):
        return max(1.0, rest_of(Window.MINUTE, answer.at))
    return 60.0 if answer.meaning is Meaning.TOKEN else 1.0


_RAISES: dict[Meaning, type[WeChatFailure]] = {
    Meaning.TRANSIENT: WeChatUnavailable,
    Meaning.TOKEN: WeChatUnavailable,
    Meaning.RATE: WeChatUnavailable,
    Meaning.QUOTA: WeChatQuotaExceeded,
    Meaning.PERSON: WeChatRefused,
    Meaning.CREDIT: CreditSpent,
    Meaning.ACCOUNT: WeChatMisconfigured,
}


def failure(answer: Answer, endpoint: Endpoint) -> WeChatFailure:
    """The exception a caller reacts to, built from WeChat's answer."""
    text, code = f"{endpoint.path}: {answer.errcode} {answer.errmsg}", str(answer.errcode)
    kind = _RAISES.get(answer.meaning)
    if kind is None:
        named = _FIELD.search(answer.errmsg)
        return WeChatMisused(text, code=code, trace=answer.rid, field=named[1] if named else "")
    if issubclass(kind, WeChatUnavailable):
        return kind(text, code=code, trace=answer.rid, retry_after_s=_wait(answer, endpoint))
    return kind(text, code=code, trace=answer.rid)
