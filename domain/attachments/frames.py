"""Recordings that are a bare row of frames: AMR (RFC 4867 §5), AAC in ADTS (ISO/IEC 13818-7), MP3."""

AMR_NARROW, AMR_WIDE = b"#!AMR\n", b"#!AMR-WB\n"
MAX_FRAMES = 1_000_000
"""More than five hours of AMR; nobody dictates an appeal of that length."""

# bytes after the header byte by frame type; None where the standard has no such type
_NARROW_SIZES = (12, 13, 15, 17, 19, 20, 26, 31, 5, None, None, None, None, None, None, 0)
_WIDE_SIZES = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, None, None, None, None, 0, 0)
_ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_MP3_RATES = (44100, 48000, 32000)
_MP3_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def amr_seconds(data: bytes) -> float | None:
    """Seconds of an AMR recording, 20 ms a frame, a cut last one too; None when a frame is of no type."""
    wide = data.startswith(AMR_WIDE)
    sizes = _WIDE_SIZES if wide else _NARROW_SIZES
    at = len(AMR_WIDE if wide else AMR_NARROW)
    for count in range(MAX_FRAMES):
        if at >= len(data):
            return count / 50 if count else None
        size = sizes[data[at] >> 3 & 15]
        if size is None or data[at] & 0x83:
            return None
        at += 1 + size
    return None


def adts_seconds(data: bytes) -> float | None:
    """Seconds of a bare AAC recording, 1,024 samples a frame; None when the frames do not follow."""
    at, rate = 0, 0
    for count in range(MAX_FRAMES):
        if at >= len(data):
            return count * 1024 / rate if rate else None
        head = data[at : at + 7]
        if (
            len(head) < 7
            or head[0] != 0xFF
            or head[1] & 0xF6 != 0xF0
            or (head[2] >> 2 & 15) >= len(_ADTS_RATES)
        ):
            return None
        rate = _ADTS_RATES[head[2] >> 2 & 15]
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        if length < 7:
            return None
        at += length
    return None


def is_mp3(data: bytes) -> bool:
    """Whether two MP3 frames follow each other after the tag, if there is one."""
    at = 0
    if data[:3] == b"ID3" and len(data) > 10:
        at = 10 + (data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9])
        at += 10 if data[5] & 0x10 else 0
    padding = data[at : at + 4096]
    at += len(padding) - len(padding.lstrip(b"\0"))
    first = _mp3_frame_length(data, at)
    return bool(first) and bool(_mp3_frame_length(data, at + first))


def _mp3_frame_length(data: bytes, at: int) -> int:
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # frame sync and layer III
        return 0
    version = head[1] >> 3 & 3  # 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5
    index, rate_index = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or index in (0, 15) or rate_index == 3:
        return 0
    rate = _MP3_RATES[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    factor, kbps = (144, _MP3_KBPS_1) if version == 3 else (72, _MP3_KBPS_2)
    return factor * kbps[index] * 1000 // rate + (head[2] >> 1 & 1)
