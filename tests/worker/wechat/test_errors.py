"""The table of error codes: every code becomes the exception that callers react to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from domain.ports import (
    CreditSpent,
    WeChatMisconfigured,
    WeChatMisused,
    WeChatQuotaExceeded,
    WeChatRefused,
    WeChatUnavailable,
)
from server.gateways.wechat.endpoints import CALLS
from server.gateways.wechat.errors import MEANING, Answer, Meaning, failure
from tests.support.gateways import SEND, TEXT, now


@pytest.mark.parametrize(
    ("meaning", "kind"),
    [
        (Meaning.TRANSIENT, WeChatUnavailable),
        (Meaning.TOKEN, WeChatUnavailable),
        (Meaning.RATE, WeChatUnavailable),
        (Meaning.QUOTA, WeChatQuotaExceeded),
        (Meaning.PERSON, WeChatRefused),
        (Meaning.CREDIT, CreditSpent),
        (Meaning.ACCOUNT, WeChatMisconfigured),
        (Meaning.OURS, WeChatMisused),
    ],
)
def test_every_code_becomes_the_exception_of_its_kind(meaning: Meaning, kind: type[Exception]) -> None:
    codes = [code for code, its in MEANING.items() if its is meaning]
    assert codes
    for code in codes:
        answer = Answer(code, "text rid: 6aac005a-0a0b0c0d-01020304", now())
        problem = failure(answer, CALLS[TEXT])
        assert type(problem) is kind
        assert (problem.code, problem.trace) == (str(code), "6aac005a-0a0b0c0d-01020304")


def test_a_code_nobody_told_us_about_is_not_repeated() -> None:
    assert type(failure(Answer(99999, "new", now()), CALLS[TEXT])) is WeChatMisused


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("argument invalid! data.thing4.value invalid rid: 6aac005a", "thing4"),
        ("argument invalid! data.character_string12.value is empty rid: 6aac005a", "character_string12"),
        ("argument invalid! data.thing4.value is emtpy rid: 6aac005a", "thing4"),
        ("argument invalid! rid: 6aac005a", ""),
    ],
)
def test_the_wrong_field_is_read_from_the_text(text: str, field: str) -> None:
    problem: Any = failure(Answer(47003, text, now()), CALLS[SEND])
    assert problem.field == field


@pytest.mark.parametrize(
    ("at", "left"),
    [("2026-11-22T00:00:00+08:00", 86400), ("2026-11-22T23:59:00+08:00", 60), ("2026-11-22T15:00:00Z", 3600)],
)
def test_a_day_quota_ends_at_midnight_in_beijing(at: str, left: float) -> None:
    problem = failure(Answer(45009, "", dt.datetime.fromisoformat(at)), CALLS[TEXT])
    assert problem.retry_after_s == left
