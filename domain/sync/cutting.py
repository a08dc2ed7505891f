"""Cuts a body that is no JSON as a whole into its items, so that each stands or falls by itself, and mends what phones are
known to break. Only strings and brackets are looked at: linear in time, and no depth can exhaust a stack."""

import re

MOST_DEPTH = 32

# Possessive, and an unclosed string reaches to the end: no byte is looked at twice.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?|[\[\]{},]', re.DOTALL)
_LIST = re.compile(rb"\s*+:\s*+\[")
_TEXT = re.compile(rb'\s*+:\s*+"([^"\\]{0,60})"')
_HIGH, _LOW = rb"u[dD][89abAB][0-9a-fA-F]{2}", rb"u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rb"\\(?:" + _HIGH + rb"\\" + _LOW + rb"|(" + _HIGH + rb"|" + _LOW + rb")|.)", re.DOTALL)


def cut(raw: bytes, name: str) -> tuple[bytes, list[bytes]]:
    """A JSON object with the list of this name emptied, and what stood in the list, piece by piece; the rest after a bracket
    that is never closed is one piece. The object itself where it has no such list."""
    opening = _member(raw, name, _LIST)
    if opening is None:
        return raw, []
    pieces, depth, begin = [], 0, opening.end()
    for token in _TOKEN.finditer(raw, begin):
        mark = token[0]
        if mark == b"," and depth == 0:
            pieces.append(raw[begin : token.start()])
            begin = token.end()
        elif mark in (b"[", b"{"):
            depth += 1
        elif mark in (b"]", b"}"):
            depth -= 1
            if depth < 0:
                rest = raw[token.end() :] if mark == b"]" else b"}"
                return raw[: opening.end()] + b"]" + rest, _filled([*pieces, raw[begin : token.start()]])
    return raw[: opening.end()] + b"]}", _filled([*pieces, raw[begin:]])


def text_member(raw: bytes, name: str) -> str | None:
    """A short text of an object that cannot be read as JSON."""
    found = _member(raw, name, _TEXT)
    return found[1].decode("utf-8", "replace") if found else None


def too_deep(raw: bytes) -> bool:
    """Whether brackets are nested deeper than anything a phone has to say."""
    if raw.count(b"[") + raw.count(b"{") <= MOST_DEPTH:
        return False
    depth = 0
    for token in _TOKEN.finditer(raw):
        depth += (token[0] in (b"[", b"{")) - (token[0] in (b"]", b"}"))
        if depth > MOST_DEPTH:
            return True
    return False


def mend(raw: bytes) -> bytes:
    """The same in proper UTF-8, half an emoji (JavaScript cuts texts so) replaced by the sign for what is unreadable."""
    text = raw.decode("utf-8", "replace").encode()
    if rb"\ud" not in text and rb"\uD" not in text:
        return text
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], text)


def _member(raw: bytes, name: str, value: re.Pattern[bytes]) -> re.Match[bytes] | None:
    depth, wanted = 0, f'"{name}"'.encode()
    for token in _TOKEN.finditer(raw):
        depth += (token[0] in (b"[", b"{")) - (token[0] in (b"]", b"}"))
        if depth == 1 and token[0] == wanted and (found := value.match(raw, token.end())):
            return found
    return None


def _filled(pieces: list[bytes]) -> list[bytes]:
    return pieces if len(pieces) > 1 or pieces[0].strip() else []
