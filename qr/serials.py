"""Short serials people read aloud: area letters, six digits and an ISO 7064 MOD 37,36 check character.

A serial is no credential: it names a plate to signed-in staff and opens nothing.
"""

import re

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}
_PREFIX = re.compile(r"[0-9A-Z]{1,12}")
_SERIAL = re.compile(r"([0-9A-Z]{1,12})([0-9]{6})([0-9A-Z])")
LAST_NUMBER = 999_999


def make_serial(area: str, number: int) -> str:
    """The serial `AREA-000123-C` of plate `number` (0 to 999,999) in an area named by letters and digits."""
    prefix = area.upper()
    if not area.isascii() or not _PREFIX.fullmatch(prefix):
        raise ValueError("区域代号须为 1 到 12 位字母或数字")
    if not 0 <= number <= LAST_NUMBER:
        raise ValueError("门牌流水号须在 0 到 999999 之间")
    return f"{prefix}-{number:06d}-{check_character(f'{prefix}{number:06d}')}"


def read_serial(text: str) -> str | None:
    """The serial in its printed form, or None when it is malformed or its check character is wrong."""
    compact = re.sub(r"[\s-]", "", text)
    if not compact.isascii():
        return None
    match = _SERIAL.fullmatch(compact.upper())
    if match is None:
        return None
    prefix, digits, check = match.groups()
    if check_character(prefix + digits) != check:
        return None
    return f"{prefix}-{digits}-{check}"


def check_character(payload: str) -> str:
    """The ISO 7064 MOD 37,36 check character of upper-case letters and digits."""
    product = 36
    for character in payload:
        total = (product + _VALUE[character]) % 36 or 36
        product = total * 2 % 37
    return _ALPHABET[(37 - product) % 36]
