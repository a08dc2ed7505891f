"""Recordings: how long they are, and the same recording without the place and device it was made with."""

from io import BytesIO

from tinytag import TinyTag

from domain.attachments import ebml, frames, isobmff
from domain.attachments.kinds import AAC, AMR, AMR_WB, M4A, MP4, QUICKTIME, WEBM, WEBM_AUDIO, FileType

_BOXED = (M4A, MP4, QUICKTIME)


def duration_s(data: bytes, file_type: FileType) -> float | None:
    """Seconds of a recording that `kinds.recognise` accepted, to a hundredth; None when it does not say."""
    seconds = _seconds(data, file_type)
    return None if seconds is None else round(seconds, 2)


def _seconds(data: bytes, file_type: FileType) -> float | None:
    if file_type in _BOXED:
        return isobmff.duration_s(data)
    if file_type in (WEBM, WEBM_AUDIO):
        return ebml.duration_s(data)
    if file_type in (AMR, AMR_WB):
        return frames.amr_seconds(data)
    return frames.adts_seconds(data) if file_type == AAC else _by_tinytag(data, file_type)


def _by_tinytag(data: bytes, file_type: FileType) -> float | None:
    try:
        tag = TinyTag.get(f"voice.{file_type.suffix}", file_obj=BytesIO(data), tags=False)
    except Exception:  # noqa: BLE001  a reader of foreign bytes fails in many ways; a missing length harms nobody
        return None
    return tag.duration if tag.duration and 0 < tag.duration < 86_400 else None


def without_tags(data: bytes, file_type: FileType) -> bytes:
    """The bytes to serve: MP4 and QuickTime lose their tags, which tell the place; others stay as is."""
    return isobmff.without_tags(data) if file_type in _BOXED else data
