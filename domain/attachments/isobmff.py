"""Boxes of MP4, M4A and QuickTime files (ISO/IEC 14496-12 §4.2): their tracks, length and tags."""

from collections.abc import Iterator
from dataclasses import dataclass

MAX_BOXES = 20_000
"""A recording has a few dozen; a million empty boxes is an attack on our processor."""

_PARENTS = frozenset({b"moov", b"trak", b"mdia"})
_TAGS = frozenset({b"udta", b"meta", b"uuid"})
_TOP_LEVEL = frozenset(
    b"ftyp styp moov moof mfra mdat free skip wide pnot uuid meta udta sidx ssix prft emsg pdin beam".split()
)


class BrokenBoxes(Exception):
    """The boxes do not fit into each other or into the file."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four-letter kind, its place, and the kinds of the boxes around it."""

    kind: bytes
    start: int
    body: int
    end: int
    parents: tuple[bytes, ...]


def boxes(data: bytes) -> Iterator[Box]:
    """Every box down to the media headers, in file order; BrokenBoxes unless they fill the file exactly."""
    seen = 0
    waiting: list[tuple[int, int, tuple[bytes, ...]]] = [(0, len(data), ())]
    while waiting:
        start, end, parents = waiting.pop()
        if start == end or (parents and end - start < 8):  # QuickTime ends a parent with four zero bytes
            continue
        box = _box_at(data, start, end, parents)
        seen += 1
        if seen > MAX_BOXES or (not parents and box.kind not in _TOP_LEVEL):
            raise BrokenBoxes
        yield box
        waiting.append((box.end, end, parents))
        if box.kind in _PARENTS:
            waiting.append((box.body, box.end, (*parents, box.kind)))


def _box_at(data: bytes, start: int, end: int, parents: tuple[bytes, ...]) -> Box:
    size = int.from_bytes(data[start : start + 4])
    body = start + 8
    if size == 1:
        size = int.from_bytes(data[body : body + 8])
        body += 8
    elif size == 0:
        size = end - start
    if start + size > end or body > start + size:
        raise BrokenBoxes
    return Box(data[start + 4 : start + 8], start, body, start + size, parents)


def track_handlers(data: bytes) -> set[bytes]:
    """The handler types of all tracks: `vide`, `soun`, `hint`, …; empty when the movie header is missing."""
    found = set()
    for box in boxes(data):
        if box.kind == b"hdlr" and box.parents == (b"moov", b"trak", b"mdia"):
            found.add(data[box.body + 8 : box.body + 12])
    return found


def duration_s(data: bytes) -> float | None:
    """Seconds by the movie header; None where it says nothing, as in fragmented recordings."""
    for box in boxes(data):
        if box.kind == b"mvhd" and box.parents == (b"moov",):
            wide = data[box.body : box.body + 1] == b"\x01"
            at, size = (box.body + 20, 8) if wide else (box.body + 12, 4)
            scale, units = int.from_bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 4 + size])
            unknown = units == (1 << 8 * size) - 1
            return units / scale if scale and units and not unknown else None
    return None


def without_tags(data: bytes) -> bytes:
    """The same recording with its tags (place, device, owner) overwritten where they are: no offset moves."""
    cleaned = bytearray(data)
    for box in boxes(data):
        if box.kind in _TAGS:
            cleaned[box.start + 4 : box.start + 8] = b"free"
            cleaned[box.body : box.end] = bytes(box.end - box.body)
    return bytes(cleaned)
