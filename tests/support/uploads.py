"""Real photos and recordings made by code, so that tests need no files."""

import struct
import zlib
from io import BytesIO
from zipfile import ZipFile

from PIL import Image

GPS_IFD, GPS_LATITUDE, ORIENTATION, MAKE = 0x8825, 2, 0x0112, 0x010F
SECRET_MAKE = "HuyingPhone"


def photo(size: tuple[int, int] = (64, 48), mode: str = "RGB", image_format: str = "JPEG") -> bytes:
    """A one-coloured picture."""
    return encoded(Image.new(mode, size), image_format)


def encoded(image: Image.Image, image_format: str, **options: object) -> bytes:
    """The picture in a format."""
    out = BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def photo_lying_with_place() -> bytes:
    """A 120 × 80 JPEG of orientation 6 (to be turned by 90°) with GPS; left half red, right half blue."""
    image = Image.new("RGB", (120, 80), (220, 0, 0))
    image.paste((0, 0, 220), (60, 0, 120, 80))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[MAKE] = SECRET_MAKE
    exif.get_ifd(GPS_IFD)[GPS_LATITUDE] = (25.0, 53.0, 7.0)
    return encoded(image, "JPEG", exif=exif.tobytes(), comment=b"taken at home", quality=95)


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims `width` × `height` RGBA pixels and delivers zeros."""
    rows = zlib.compress(bytes(min(width * 4 + 1, 4_000_001) * min(height, 40)), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    )


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def zipped(name: str = "x.html", body: str = "<script>1</script>") -> bytes:
    """A small archive."""
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr(name, body)
    return out.getvalue()


def amr(frames: int) -> bytes:
    """AMR at 12.2 kbit/s, 20 ms a frame."""
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * frames


def amr_wide(frames: int) -> bytes:
    """AMR-WB at 6.6 kbit/s, 20 ms a frame."""
    return b"#!AMR-WB\n" + (b"\x04" + bytes(17)) * frames


def mp3(frames: int, tag: bytes = b"") -> bytes:
    """Silent MPEG 1 layer III at 128 kbit/s and 44.1 kHz, 1,152 samples a frame."""
    return tag + (b"\xff\xfb\x90\xc4" + bytes(413)) * frames


def adts(frames: int) -> bytes:
    """Bare AAC at 16 kHz, 1,024 samples a frame."""
    length = 39
    head = bytes([0xFF, 0xF1, 0x60, 0x40, length >> 3, (length & 7) << 5 | 0x1F, 0xFC])
    return (head + bytes(length - 7)) * frames


def wav(seconds: int, rate: int = 8000) -> bytes:
    """Silent 16-bit mono."""
    body = bytes(seconds * rate * 2)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(body))
        + b"WAVE"
        + form
        + struct.pack("<4sI", b"data", len(body))
        + body
    )


def box(kind: bytes, *inside: bytes) -> bytes:
    """One ISO base media box."""
    body = b"".join(inside)
    return struct.pack(">I", len(body) + 8) + kind + body


def mp4(
    *handlers: bytes, brand: bytes = b"mp42", seconds: int = 7, place: bytes = b"+25.88+116.02/"
) -> bytes:
    """A recording with one track for each handler, and the place of recording in its tags."""
    header = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, seconds * 1000), bytes(80))
    tracks = [box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), kind, bytes(13)))) for kind in handlers]
    tags = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(place), 0x15C7), place))
    return (
        box(b"ftyp", brand, bytes(4), b"isom")
        + box(b"mdat", b"frames" * 20)
        + box(b"moov", header, *tracks, tags)
    )


def element(ident: int, *inside: bytes, unknown_size: bool = False) -> bytes:
    """One EBML element."""
    body = b"".join(inside)
    size = b"\x01" + b"\xff" * 7 if unknown_size else struct.pack(">Q", 1 << 56 | len(body))
    return ident.to_bytes((ident.bit_length() + 7) // 8) + size + body


def webm(track_type: int, *, live: bool, doc_type: bytes = b"webm") -> bytes:
    """Five seconds; `live` as browsers record: sizes unknown and no duration."""
    info = element(0x1549A966, element(0x2AD7B1, (1_000_000).to_bytes(3)))
    if not live:
        info = element(
            0x1549A966, element(0x2AD7B1, (1_000_000).to_bytes(3)), element(0x4489, struct.pack(">d", 5000))
        )
    tracks = element(0x1654AE6B, element(0xAE, element(0xD7, b"\x01"), element(0x83, bytes([track_type]))))
    clusters = [
        element(
            0x1F43B675,
            element(0xE7, start.to_bytes(2)),
            element(0xA3, b"\x81", (1000).to_bytes(2), b"\x80data"),
            unknown_size=live,
        )
        for start in (0, 2000, 4000)
    ]
    head = element(0x1A45DFA3, element(0x4282, doc_type))
    return head + element(0x18538067, info, tracks, *clusters, unknown_size=live)
