"""What ImageDesk and its children say to each other: a four-byte length, then bytes."""

import struct
from typing import BinaryIO

import msgspec

from domain.attachments.images import CleanImage
from domain.attachments.refusals import Reason

LENGTH = struct.Struct(">I")


class Cleaned(msgspec.Struct, tag="cleaned"):
    """The photo came out well."""

    image: CleanImage


class Refused(msgspec.Struct, tag="refused"):
    """The photo was turned away."""

    reason_code: Reason
    message_zh: str


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Cleaned | Refused] = msgspec.msgpack.Decoder(Cleaned | Refused)


def encode(answer: Cleaned | Refused) -> bytes:
    """An answer as bytes; not pickle, which would hand a subverted child the parent."""
    return _encoder.encode(answer)


def decode(body: bytes) -> Cleaned | Refused:
    """An answer from bytes; msgspec.DecodeError for anything else."""
    return _decoder.decode(body)


def read_frame(source: BinaryIO) -> bytes | None:
    """The next frame of a blocking pipe; None at its end."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    return source.read(length)


def framed(body: bytes) -> bytes:
    """`body` with its length in front."""
    return LENGTH.pack(len(body)) + body
