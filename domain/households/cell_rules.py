"""What one cell of a household list may say; each rule returns the clean value or raises CellError."""

import re
import unicodedata

from domain.sheets.reading import CellError

_MOBILE = re.compile(r"1[3-9]\d{9}")
_AREA_CODE = re.compile(r"(010|02\d|0[3-9]\d{2})(\d{7,8})")
_LOCAL = re.compile(r"[2-9]\d{6,7}")
_NOTHING = frozenset({"", "-", "--", "—", "——", "/", "\\", "无", "没有", "空", "暂无"})
_GROUP = re.compile(r"第?(\d{1,3}|[一二三四五六七八九十]{1,3})(村民小组|小组|组)?")
_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九", start=1)}
_GRID = re.compile(r"[0-9A-Za-z-]{4,20}")
_SHORT_GRID = re.compile(r"第?(\d{1,3})(号?网格|号)?")


def plain(text: str) -> str:
    """Full-width digits and letters made narrow, line breaks and runs of spaces made one space."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def optional(text: str) -> str:
    """Like `plain`; the ways to write "nothing" become the empty text."""
    text = plain(text)
    return "" if text in _NOTHING else text


def code(text: str, most: int = 20) -> str:
    """A code of at most `most` characters without any blanks in it; empty where there is none."""
    return bounded(re.sub(r"\s", "", optional(text)), most)


def required(text: str, most: int) -> str:
    """A text that must be there, of at most `most` characters."""
    text = optional(text)
    if not text:
        raise CellError("不能为空")
    return bounded(text, most)


def bounded(text: str, most: int) -> str:
    """A text of at most `most` characters."""
    if len(text) > most:
        raise CellError(f"不能超过 {most} 个字")
    return text


def phone(text: str) -> str | None:
    """A mobile number as 11 digits or a landline as `0797-2522222`; None when there is none."""
    digits = re.sub(r"[\s\-‐–—()]", "", optional(text))
    digits = re.sub(r"^(\+|00)86", "", digits)
    if not digits:
        return None
    if _MOBILE.fullmatch(digits) or _LOCAL.fullmatch(digits):
        return digits
    landline = _AREA_CODE.fullmatch(digits)
    if landline is None:
        raise CellError("应为一个 11 位手机号,或带区号的座机号")
    return f"{landline[1]}-{landline[2]}"


def group(text: str) -> str:
    """A villagers' group: however written, a number becomes `3组`, a name stays; may be empty."""
    text = bounded(optional(text), 40)
    numbered = _GROUP.fullmatch(text.replace(" ", ""))
    if numbered is None:
        return text
    number = int(numbered[1]) if numbered[1].isdecimal() else _chinese_number(numbered[1])
    return f"{number}组" if number else text


def _chinese_number(text: str) -> int:
    """一 to 九十九; 0 for what is no such number."""
    tens, ten, ones = text.rpartition("十")
    if (len(tens) > 1) or (len(ones) > 1) or "十" in tens:
        return 0
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0)


def grid(text: str, village_code: str) -> str | None:
    """A grid code; a short number counts within the village (12 + 3 digits); None when there is none."""
    text = code(text)
    if not text:
        return None
    short = _SHORT_GRID.fullmatch(text)
    if short is not None:
        return village_code + short[1].zfill(3)
    if not _GRID.fullmatch(text):
        raise CellError("应为网格编码(村编码加 3 位序号),或村内网格序号")
    if text.isdecimal() and len(text) in (15, 17) and not text.startswith(village_code):
        raise CellError("网格编码不属于这个村")
    return text
