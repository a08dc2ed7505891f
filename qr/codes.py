"""Household codes: 20 bytes that say "we printed this" without asking a database.

    byte 0       version (4 bits) | kid, the number of the key (4 bits)
    bytes 1-10   code_id, 80 random bits
    bytes 11-19  first 9 bytes of HMAC-SHA256(key, "hhqr" 0x01 || bytes 0-10)

Base32 of 20 bytes is 32 characters without padding or spare bits, so text and bytes are one to one.
A genuine tag proves a genuine print, never that the code is alive: the database row decides that.
"""

import base64
import hmac
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

VERSION = 1
TEXT_LENGTH = 32
CODE_ID_BYTES = 10
TAG_BYTES = 9
MIN_KEY_BYTES = 32
MAX_KID = 15
URL_PATH = "/h/"

_CONTEXT = b"hhqr\x01"
_HEAD_BYTES = 1 + CODE_ID_BYTES
# Refused texts cost the same decoding and HMAC as accepted ones.
_ABSENT_KEY = bytes(MIN_KEY_BYTES)
_ABSENT_TEXT = "A" * TEXT_LENGTH
_TYPED = str.maketrans("018abcdefghijklmnopqrstuvwxyz", "OIBABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BASE32 = re.compile(r"[A-Z2-7]{32}")
_SCANNED = re.compile(r"[A-Za-z0-9]{32}")


class CodeRefused(Exception):
    """The text is not a code of ours; which check refused it is never told."""


class KeyringInvalid(ValueError):
    """The keys handed in cannot mint or read codes safely."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The secret keys by kid (0-15), the kid that mints, and the leaked kids whose tag proves nothing."""

    keys: Mapping[int, bytes] = field(repr=False)
    active: int
    db_only: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if any(not 0 <= kid <= MAX_KID for kid in (*self.keys, *self.db_only)):
            raise KeyringInvalid(f"密钥编号须在 0 到 {MAX_KID} 之间")
        if any(len(key) < MIN_KEY_BYTES for key in self.keys.values()):
            raise KeyringInvalid(f"密钥至少 {MIN_KEY_BYTES} 字节")
        if self.active not in self.keys:
            raise KeyringInvalid("当前密钥编号没有对应的密钥")
        if self.active in self.db_only:
            raise KeyringInvalid("已泄露的密钥不能再用来制码")


@dataclass(frozen=True, slots=True)
class HouseholdCode:
    """A code as printed; `needs_row` means its key leaked, so only a database row proves it."""

    text: str
    code_id: bytes
    kid: int
    needs_row: bool = False


def mint(keyring: Keyring, code_id: bytes | None = None) -> HouseholdCode:
    """Make a code under the active key, with 80 fresh random bits unless a code_id is given."""
    body_id = os.urandom(CODE_ID_BYTES) if code_id is None else code_id
    if len(body_id) != CODE_ID_BYTES:
        raise ValueError(f"code_id 须为 {CODE_ID_BYTES} 字节")
    head = bytes((VERSION << 4 | keyring.active,)) + body_id
    return _sealed(head, keyring.keys[keyring.active], keyring.active)


def reprinted(keyring: Keyring, kid: int, code_id: bytes) -> HouseholdCode:
    """A code as it was made once, under a leaked key too; raises KeyringInvalid when that key is gone."""
    if kid not in keyring.keys:
        raise KeyringInvalid(f"找不到 {kid} 号户码密钥,无法重印用它制作的门牌")
    return _sealed(bytes((VERSION << 4 | kid,)) + code_id, keyring.keys[kid], kid)


def mint_many(keyring: Keyring, count: int) -> Iterator[HouseholdCode]:
    """Make `count` fresh codes under the active key, one at a time, drawing randomness in blocks."""
    key, kid = keyring.keys[keyring.active], keyring.active
    first = bytes((VERSION << 4 | kid,))
    for start in range(0, count, 4096):
        size = min(4096, count - start)
        pool = os.urandom(size * CODE_ID_BYTES)
        for at in range(0, len(pool), CODE_ID_BYTES):
            yield _sealed(first + pool[at : at + CODE_ID_BYTES], key, kid)


def read(text: str, keyring: Keyring) -> HouseholdCode:
    """Check a code that was scanned or typed; raises CodeRefused, alike in kind and time for every fault."""
    canonical = normalise(text)
    well_formed = _BASE32.fullmatch(canonical) is not None
    body = base64.b32decode(canonical if well_formed else _ABSENT_TEXT)
    head, tag = body[:_HEAD_BYTES], body[_HEAD_BYTES:]
    version, kid = head[0] >> 4, head[0] & 0x0F
    genuine = hmac.compare_digest(_tag(keyring.keys.get(kid, _ABSENT_KEY), head), tag)
    needs_row = kid in keyring.db_only
    trusted = needs_row or (genuine and kid in keyring.keys)
    if not (well_formed and version == VERSION and trusted):
        raise CodeRefused("二维码无效")
    return HouseholdCode(canonical, head[1:], kid, needs_row)


def normalise(text: str) -> str:
    """The text as it was printed: spaces and hyphens dropped, upper case, typed 0, 1, 8 as O, I, B."""
    # Only ASCII is folded: upper() would turn a dotless or sharp letter into an alphabet letter.
    return text.strip().replace(" ", "").replace("-", "").translate(_TYPED)


def plate_url(public_url: str, code: HouseholdCode) -> str:
    """The address printed on a plate: the deployment's origin in lower case, `/h/`, the code."""
    parts = urlsplit(public_url.strip())
    if parts.scheme.lower() not in ("https", "http") or not parts.hostname:
        raise ValueError("公开网址须以 https:// 开头并含域名")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("公开网址不能带参数、锚点或账号")
    # WeChat matches the printed scheme and host against its rule letter by letter.
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}{URL_PATH}{code.text}"


def parse_scan(raw: str, hosts: frozenset[str]) -> str | None:
    """The code text in what a scanner gave, or None.

    Taken: our address (hosts as lower-case `name` or `name:port`, with a base path as `name/path`), the same
    percent-encoded (WeChat's `q`), a bare code, WeChat's `scene`, and a mini-program path carrying either.
    The text is shaped like a code, not checked: `read` does that.
    """
    text = raw.strip()
    if len(text) > 1024:
        return None
    for _ in range(3):
        found = _code_in(text, hosts)
        if found or "%" not in text:
            return found
        text = unquote(text)
    return None


def _code_in(text: str, hosts: frozenset[str]) -> str | None:
    if "://" in text.partition("?")[0]:
        return _code_in_url(text, hosts)
    _, has_query, query = text.partition("?")
    for pair in (query if has_query else text).split("&"):
        name, equals, value = pair.partition("=")
        if equals and name in ("scene", "q"):
            # A `q` inside a path may itself be an encoded address.
            return parse_scan(value, hosts)
    bare = normalise(text)
    return bare if _BASE32.fullmatch(bare) else None


def _code_in_url(text: str, hosts: frozenset[str]) -> str | None:
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    base, marker, token = parts.path.rpartition(URL_PATH)
    ours = parts.scheme.lower() in ("https", "http") and f"{parts.netloc.lower()}{base}" in hosts
    if not (ours and marker and _SCANNED.fullmatch(token)):
        return None
    canonical = normalise(token)
    return canonical if _BASE32.fullmatch(canonical) else None


def _sealed(head: bytes, key: bytes, kid: int) -> HouseholdCode:
    return HouseholdCode(base64.b32encode(head + _tag(key, head)).decode("ascii"), head[1:], kid)


def _tag(key: bytes, head: bytes) -> bytes:
    return hmac.digest(key, _CONTEXT + head, "sha256")[:TAG_BYTES]
