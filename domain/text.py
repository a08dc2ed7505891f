"""Cleans what people type: nothing visible is lost, nothing invisible stays that could deceive or break a page."""

import re
import unicodedata

# Zero-width and direction marks hide words or turn a line around; joiners inside emoji are needed and stay.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_GAPS = re.compile(r"[ \t\u00a0\u3000]+")
_LINES = re.compile(r"\n{3,}")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}|[48]00-?\d{3}-?\d{4}")


def clean_text(text: str) -> str:
    """NFC text without control, direction and zero-width characters, with single spaces and at most one empty line."""
    kept = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    kept = _CONTROL.sub("", _INVISIBLE.sub("", kept))
    kept = "\n".join(_GAPS.sub(" ", line).strip() for line in kept.split("\n"))
    return _LINES.sub("\n\n", kept).strip()


def clean_phone(text: str) -> str | None:
    """A Chinese mobile or landline number without spaces and country code; None when it is neither."""
    digits = unicodedata.normalize("NFKC", text)
    digits = re.sub(r"[\s()·.]", "", digits).replace("—", "-")
    digits = re.sub(r"^(\+?86|0086)-?", "", digits)
    if _MOBILE.fullmatch(digits.replace("-", "")):
        return digits.replace("-", "")
    return digits if _LANDLINE.fullmatch(digits) else None
