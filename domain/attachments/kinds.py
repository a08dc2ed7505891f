"""What an uploaded file really is, by its bytes; the name and type that the sender claims count nothing.

Photos are encoded anew before anybody sees them, so bytes hidden behind a photo do no harm. Recordings are
served as they came: one that is at the same time a page, a PDF or an archive is refused.
"""

import struct
from dataclasses import dataclass
from enum import StrEnum

from domain.attachments import ebml, frames, isobmff
from domain.attachments.refusals import Reason, UnacceptableFile, damaged

MIB = 1024 * 1024
_ACCEPTED = "请上传 JPEG、PNG、WebP 照片,或常用的录音(m4a、mp3、amr、wav)、视频(mp4)。"


class Kind(StrEnum):
    """How a file is shown."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class FileType:
    """A recognised type: how it is shown, its media type, and the suffix of a download."""

    kind: Kind
    mime: str
    suffix: str


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """The largest upload in bytes for each kind."""

    image: int = 20 * MIB
    audio: int = 20 * MIB
    video: int = 50 * MIB

    @property
    def largest(self) -> int:
        """The size beyond which no file need be received at all."""
        return max(self.image, self.audio, self.video)


JPEG = FileType(Kind.IMAGE, "image/jpeg", "jpg")
PNG = FileType(Kind.IMAGE, "image/png", "png")
WEBP = FileType(Kind.IMAGE, "image/webp", "webp")
M4A = FileType(Kind.AUDIO, "audio/mp4", "m4a")
MP3 = FileType(Kind.AUDIO, "audio/mpeg", "mp3")
AMR = FileType(Kind.AUDIO, "audio/amr", "amr")
AMR_WB = FileType(Kind.AUDIO, "audio/amr-wb", "awb")
WAV = FileType(Kind.AUDIO, "audio/wav", "wav")
AAC = FileType(Kind.AUDIO, "audio/aac", "aac")
OGG = FileType(Kind.AUDIO, "audio/ogg", "ogg")
WEBM_AUDIO = FileType(Kind.AUDIO, "audio/webm", "weba")
MP4 = FileType(Kind.VIDEO, "video/mp4", "mp4")
QUICKTIME = FileType(Kind.VIDEO, "video/quicktime", "mov")
WEBM = FileType(Kind.VIDEO, "video/webm", "webm")

_FOREIGN = (
    (b"%PDF-", "PDF 文件"),
    (b"PK\x03\x04", "压缩包或 Office 文件"),
    (b"PK\x05\x06", "压缩包"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"GIF8", "GIF 动图"),
    (b"BM", "BMP 图片"),
    (b"\xd0\xcf\x11\xe0", "旧版 Office 文件"),
    (b"MZ", "程序"),
    (b"\x7fELF", "程序"),
)
_MARKUP = (
    (b"<svg", "SVG 图片"),
    (b"<!doctype", "网页"),
    (b"<html", "网页"),
    (b"<script", "网页"),
    (b"<?php", "网页"),
)


def recognise(data: bytes, limits: SizeLimits) -> FileType:
    """The type of a complete upload; UnacceptableFile when it is empty, too large, broken or not accepted."""
    if not data:
        raise UnacceptableFile(Reason.EMPTY, "这个文件是空的,请重新选择。")
    found = sniff(data)
    limit = {Kind.IMAGE: limits.image, Kind.AUDIO: limits.audio, Kind.VIDEO: limits.video}[found.kind]
    if len(data) > limit:
        what = {Kind.IMAGE: "照片", Kind.AUDIO: "录音", Kind.VIDEO: "视频"}[found.kind]
        message = f"{what}超过了 {limit / MIB:g} MB 的上限,请压缩或缩短后再上传。"
        raise UnacceptableFile(Reason.FILE_TOO_LARGE, message)
    return found


def sniff(data: bytes) -> FileType:
    """The type by content alone; UnacceptableFile for everything that is not on the list."""
    found = _image(data) or _container(data) or _bare_audio(data)
    if found is None:
        raise _refused(_foreign_name(data))
    if b"%PDF-" in data[:1024]:
        raise _refused("藏有 PDF 的文件")
    if found.kind is not Kind.IMAGE and (_markup_name(data) or _ends_as_zip(data)):
        raise _refused("藏有其他内容的文件")
    return found


def _image(data: bytes) -> FileType | None:
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    return WEBP if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _container(data: bytes) -> FileType | None:
    if data[4:8] == b"ftyp":
        return _mp4_type(data)
    if data.startswith(b"\x1aE\xdf\xa3"):
        return _webm_type(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return WAV
    if data.startswith(b"OggS") and (b"OpusHead" in data[:64] or b"\x01vorbis" in data[:64]):
        return OGG
    return None


def _mp4_type(data: bytes) -> FileType:
    brand = data[8:12]
    if brand in (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"hevc", b"avif", b"avis"):
        raise _refused("HEIC/AVIF 照片")
    try:
        handlers = isobmff.track_handlers(data)
    except isobmff.BrokenBoxes:
        raise damaged("视频或录音") from None
    if b"vide" in handlers:
        return QUICKTIME if brand == b"qt  " else MP4
    if b"soun" in handlers:
        return M4A
    raise damaged("视频或录音")


def _webm_type(data: bytes) -> FileType:
    try:
        if ebml.doc_type(data) != b"webm":
            raise _refused("MKV 视频")
        types = ebml.track_types(data)
    except ebml.BrokenElements:
        raise damaged("视频或录音") from None
    if ebml.VIDEO in types:
        return WEBM
    if ebml.AUDIO in types:
        return WEBM_AUDIO
    raise damaged("视频或录音")


def _bare_audio(data: bytes) -> FileType | None:
    if data.startswith((frames.AMR_NARROW, frames.AMR_WIDE)):
        if frames.amr_seconds(data) is None:
            raise damaged("录音")
        return AMR_WB if data.startswith(frames.AMR_WIDE) else AMR
    if frames.is_mp3(data):
        return MP3
    return AAC if frames.adts_seconds(data) is not None else None


def _foreign_name(data: bytes) -> str:
    named = next((name for magic, name in _FOREIGN if data.startswith(magic)), None)
    return named or _markup_name(data) or "格式的文件"


def _markup_name(data: bytes) -> str | None:
    head = data[:1024].replace(b"\0", b"").lower()  # without zero bytes, UTF-16 reads as ASCII
    return next((name for mark, name in _MARKUP if mark in head), None)


def _ends_as_zip(data: bytes) -> bool:
    # an archive is read from its end: a record whose comment reaches exactly to the end of the file
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if at < 0 or at + 22 > len(data):
        return False
    (comment,) = struct.unpack_from("<H", data, at + 20)
    return at + 22 + int(comment) == len(data)


def _refused(name: str) -> UnacceptableFile:
    return UnacceptableFile(Reason.TYPE_REFUSED, f"不支持这种{name}。{_ACCEPTED}")
