"""Uploads are recognised by their bytes; what pretends to be something else is refused with a reason."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.attachments import images, kinds, media
from domain.attachments.kinds import FileType, SizeLimits, recognise, sniff
from domain.attachments.refusals import Reason, UnacceptableFile
from tests.support import uploads

LIMITS = SizeLimits()
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"
SAMPLES: list[tuple[bytes, FileType, float | None]] = [
    (uploads.photo(), kinds.JPEG, None),
    (uploads.photo(image_format="PNG"), kinds.PNG, None),
    (uploads.photo(image_format="WEBP"), kinds.WEBP, None),
    (uploads.amr(250), kinds.AMR, 5.0),
    (uploads.amr_wide(100), kinds.AMR_WB, 2.0),
    (uploads.mp3(100), kinds.MP3, 2.61),
    (uploads.mp3(100, tag=b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)), kinds.MP3, 2.61),
    (uploads.adts(50), kinds.AAC, 3.2),
    (uploads.wav(3), kinds.WAV, 3.0),
    (uploads.mp4(b"soun", brand=b"M4A "), kinds.M4A, 7.0),
    (uploads.mp4(b"soun"), kinds.M4A, 7.0),
    (uploads.mp4(b"vide", b"soun"), kinds.MP4, 7.0),
    (uploads.mp4(b"soun", b"vide", brand=b"qt  "), kinds.QUICKTIME, 7.0),
    (uploads.webm(1, live=False), kinds.WEBM, 5.0),
    (uploads.webm(2, live=False), kinds.WEBM_AUDIO, 5.0),
    (uploads.webm(1, live=True), kinds.WEBM, 5.0),
]


def refusal(data: bytes, limits: SizeLimits = LIMITS) -> UnacceptableFile:
    with pytest.raises(UnacceptableFile) as caught:
        recognise(data, limits)
    return caught.value


@pytest.mark.parametrize(
    ("data", "expected", "seconds"), SAMPLES, ids=[f"{s[1].suffix}{i}" for i, s in enumerate(SAMPLES)]
)
def test_accepted_types_and_their_length(data: bytes, expected: FileType, seconds: float | None) -> None:
    found = recognise(data, LIMITS)
    assert found == expected
    if seconds is not None:
        assert media.duration_s(data, found) == pytest.approx(seconds, abs=0.02)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (SVG, "SVG"),
        (SVG.decode().encode("utf-16"), "SVG"),
        (HTML, "网页"),
        (b"   \n" + HTML, "网页"),
        (b"%PDF-1.7\n%", "PDF"),
        (uploads.zipped(), "压缩包"),
        (b"GIF89a" + bytes(20), "GIF"),
        (b"MZ" + bytes(100), "程序"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(20), "HEIC"),
        (uploads.webm(1, live=False, doc_type=b"matroska"), "MKV"),
        (b"just words", "格式"),
        (uploads.photo()[:20] + b"\n%PDF-1.4\n" + uploads.photo()[20:], "PDF"),
        (uploads.amr(50) + uploads.zipped(), "录音"),
        (uploads.mp3(50) + uploads.zipped(), "其他内容"),
        (
            uploads.mp3(50, tag=b"ID3\x04\x00\x00\x00\x00\x00\x20" + b"<script>alert(1)</script>".ljust(32)),
            "其他内容",
        ),
        (uploads.mp4(b"vide") + uploads.box(b"free", uploads.zipped()), "其他内容"),
        (uploads.box(b"ftyp", b"mp42", b"<html><script>") + uploads.mp4(b"vide")[20:], "其他内容"),
    ],
)
def test_disguised_files_are_refused_by_name(data: bytes, word: str) -> None:
    refused = refusal(data)
    assert word in refused.message_zh
    assert refused.reason_code in (Reason.TYPE_REFUSED, Reason.DAMAGED)


@pytest.mark.parametrize(
    "data",
    [
        uploads.mp4(b"vide")[:-40],
        uploads.mp4(b"vide") + HTML,
        uploads.mp4(),
        uploads.box(b"ftyp", b"mp42", bytes(4)) + b"\x00\x00\x00\x08free" * 30_000,
        b"\x1aE\xdf\xa3" + bytes(8),
        uploads.element(0x1A45DFA3, uploads.element(0x4282, b"webm")) + b"\xec\x80" * 600_000,
        b"#!AMR\n" + b"\x7f\xff",
    ],
)
def test_broken_recordings_are_refused_as_damaged(data: bytes) -> None:
    assert refusal(data).reason_code is Reason.DAMAGED


def test_empty_and_oversized_files_say_so() -> None:
    assert refusal(b"").reason_code is Reason.EMPTY
    too_large = refusal(uploads.photo(), SizeLimits(image=100))
    assert too_large.reason_code is Reason.FILE_TOO_LARGE
    assert "照片" in too_large.message_zh
    assert refusal(uploads.amr(10), SizeLimits(audio=100)).reason_code is Reason.FILE_TOO_LARGE
    assert refusal(uploads.mp4(b"vide"), SizeLimits(video=100)).reason_code is Reason.FILE_TOO_LARGE
    assert SizeLimits(image=1, audio=2, video=3).largest == 3


def test_a_video_loses_its_place_and_nothing_else() -> None:
    source = uploads.mp4(b"vide", b"soun")
    assert b"+25.88+116.02/" in source
    served = media.without_tags(source, sniff(source))
    assert b"25.88" not in served
    assert len(served) == len(source)
    assert served[served.index(b"mdat") :][:100] == source[source.index(b"mdat") :][:100]
    assert media.duration_s(served, sniff(served)) == 7.0
    assert media.without_tags(uploads.amr(3), kinds.AMR) == uploads.amr(3)


def test_an_unknown_length_is_none() -> None:
    assert media.duration_s(uploads.mp4(b"vide", seconds=0).replace(b"mvhd", b"mvhx"), kinds.MP4) is None
    assert media.duration_s(b"RIFF\x00\x00\x00\x00WAVE", kinds.WAV) is None


STARTS = [data[:cut] for data, _, _ in SAMPLES for cut in (0, 4, 12, 64, 400)]


@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=400))
@example(start=b"RIFF\x00\x00\x00\x00WEBP", rest=b"VP8X" + bytes(30))
def test_no_bytes_crash_anything(start: bytes, rest: bytes) -> None:
    data = start + rest
    try:
        found = recognise(data, LIMITS)
        if found.kind is kinds.Kind.IMAGE:
            assert images.clean(data).width > 0
        else:
            seconds = media.duration_s(data, found)
            assert seconds is None or seconds >= 0
            assert len(media.without_tags(data, found)) == len(data)
    except UnacceptableFile:
        return
