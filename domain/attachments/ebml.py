"""Elements of WebM files (RFC 8794, RFC 9559), which browsers record without lengths and duration."""

import struct
from collections.abc import Iterator

MAX_ELEMENTS = 500_000
"""Three hours of video have fewer; more is an attack on our processor."""

DOC_TYPE, TRACK_TYPE = 0x4282, 0x83
_SCALE, _DURATION, _CLUSTER_TIME = 0x2AD7B1, 0x4489, 0xE7
_BLOCKS = frozenset({0xA3, 0xA1})
# EBML, Segment, Info, Tracks, TrackEntry, Cluster, BlockGroup: walked into, whatever their length
_PARENTS = frozenset({0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675, 0xA0})
VIDEO, AUDIO = 1, 2


class BrokenElements(Exception):
    """The bytes are no sequence of EBML elements."""


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each element that is no parent, with at most its first 16 bytes; the last may be cut off."""
    at = 0
    for _ in range(MAX_ELEMENTS):
        if at >= len(data):
            return
        ident, at = _number(data, at, longest=4, keep_marker=True)
        size, body = _number(data, at, longest=8, keep_marker=False)
        if ident in _PARENTS:
            at = body
            continue
        yield ident, data[body : body + min(size, 16)]
        at = body + size
    raise BrokenElements


def _number(data: bytes, at: int, *, longest: int, keep_marker: bool) -> tuple[int, int]:
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    if length > longest or at + length > len(data):
        raise BrokenElements
    value = int.from_bytes(data[at : at + length])
    return (value if keep_marker else value & ((1 << 7 * length) - 1)), at + length


def doc_type(data: bytes) -> bytes:
    """The kind of document that the header names: `webm`, `matroska`, …"""
    return next((value for ident, value in elements(data) if ident == DOC_TYPE), b"").rstrip(b"\0")


def track_types(data: bytes) -> set[int]:
    """The types of the tracks: VIDEO, AUDIO or others."""
    return {int.from_bytes(value) for ident, value in elements(data) if ident == TRACK_TYPE}


def duration_s(data: bytes) -> float | None:
    """Seconds by the header, else up to the start of the last block; None when there is neither."""
    scale, cluster, last = 1_000_000, 0, 0
    for ident, value in elements(data):
        if ident == _SCALE:
            scale = int.from_bytes(value)
        elif ident == _DURATION and len(value) in (4, 8):
            return _seconds(struct.unpack(">f" if len(value) == 4 else ">d", value)[0], scale)
        elif ident == _CLUSTER_TIME:
            cluster = int.from_bytes(value)
        elif ident in _BLOCKS and len(value) >= 4:
            # a block starts with its track number (one byte below track 127), then a signed offset
            last = max(last, cluster + int.from_bytes(value[1:3], signed=True))
    return _seconds(last, scale)


def _seconds(units: float, scale_ns: int) -> float | None:
    seconds = units * scale_ns / 1e9
    return seconds if 0 < seconds < 86_400 else None
