"""Makes data fit the field types of subscription templates.

Free text is cut, because a shortened sentence still informs; numbers, times, states and identifiers are
never cut, because half of one is a lie. Keys are type plus index, such as `thing1`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from domain.ports import WeChatMisused

_KEY = re.compile(r"([a-z_]+?)_?(\d+)")
_HAN = r"㐀-䶿一-鿿\U00020000-\U0003134f"
_DAY = r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/.]\d{1,2}[-/.]\d{1,2})"
_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_MOMENT = rf"({_DAY}( {_CLOCK})?|{_CLOCK})"


def _one_line(text: str) -> str:
    """No newline and no control character; runs of white space become one blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _name(text: str) -> str:
    line = _one_line(text)
    return line[: 10 if re.search(f"[{_HAN}]", line) else 20].strip()


def _matching(pattern: str) -> Callable[[str], str]:
    rule = re.compile(pattern)

    def check(text: str) -> str:
        line = text.strip()
        if not rule.fullmatch(line):
            raise ValueError
        return line

    return check


_FIT: dict[str, Callable[[str], str]] = {
    "thing": lambda text: _cut(_one_line(text), 20),
    "name": _name,
    "phrase": _matching(f"[{_HAN}]{{1,5}}"),
    "character_string": _matching(r"[\x21-\x7e]{1,32}"),
    "number": _matching(r"(?=.{1,32}$)-?\d+(\.\d+)?"),
    "letter": _matching(r"[A-Za-z]{1,32}"),
    "symbol": _matching(rf"[^\w\s{_HAN}]{{1,5}}"),
    "time": _matching(rf"{_MOMENT}( ?~ ?{_MOMENT})?"),
    "date": _matching(rf"{_DAY}( {_CLOCK})?( ?~ ?{_DAY}( {_CLOCK})?)?"),
    "phone_number": _matching(r"[\d+\-() ]{1,17}"),
    "amount": _matching(r"[^\d\s.]?\d{1,10}(\.\d+)?元?"),
    "car_number": _matching(rf"[{_HAN}A-Z][A-Z0-9·\-]{{0,6}}[{_HAN}A-Z0-9]"),
    # The list of an enum lives in the template, so only WeChat can check it.
    "enum": _one_line,
    "const": _one_line,
}


def fit(data: Mapping[str, str]) -> dict[str, str]:
    """The same data within WeChat's limits, or WeChatMisused that names the field that cannot fit."""
    return {key: _fit_one(key, text) for key, text in data.items()}


def _fit_one(key: str, text: str) -> str:
    known = _KEY.fullmatch(key)
    rule = _FIT.get(known[1]) if known else None
    if rule is None:
        raise WeChatMisused(f"data.{key}: unknown field type", code="47003", field=key)
    if not text.strip():
        raise WeChatMisused(f"data.{key}.value is empty", code="47003", field=key)
    try:
        fitting = rule(text)
    except ValueError:
        raise WeChatMisused(f"data.{key}.value invalid", code="47003", field=key) from None
    if not fitting:
        raise WeChatMisused(f"data.{key}.value is empty", code="47003", field=key)
    return fitting
