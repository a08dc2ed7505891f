"""Photos come out small, upright and bare, whatever came in."""

from io import BytesIO

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from domain.attachments.images import LONGEST_EDGE, THUMBNAIL_EDGE, CleanImage, clean
from domain.attachments.refusals import Reason, UnacceptableFile
from tests.support import uploads


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data), formats=["JPEG"])


def test_a_lying_photo_stands_up_and_forgets_where_it_was_taken() -> None:
    source = uploads.photo_lying_with_place()
    before = Image.open(BytesIO(source)).getexif()
    assert before[uploads.ORIENTATION] == 6
    assert before.get_ifd(uploads.GPS_IFD)

    result = clean(source)

    assert (result.width, result.height) == (80, 120)
    for data in (result.data, result.thumbnail):
        picture = opened(data)
        # orientation 6 turns clockwise: what was left is on top
        assert picture.getpixel((40, 10))[0] > 180
        assert picture.getpixel((40, 110))[2] > 180
        assert not picture.getexif()
        assert "icc_profile" not in picture.info
        assert "comment" not in picture.info
        for trace in (b"Exif", uploads.SECRET_MAKE.encode(), b"taken at home", b"http://ns.adobe.com"):
            assert trace not in data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_the_way_pillow_turns_it(orientation: int) -> None:
    image = Image.new("RGB", (96, 64), (255, 255, 255))
    image.paste((200, 0, 0), (0, 0, 48, 32))
    exif = Image.Exif()
    exif[uploads.ORIENTATION] = orientation
    picture = opened(clean(uploads.encoded(image, "JPEG", exif=exif.tobytes(), quality=95)).data)
    corners = {1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl"}
    x = 8 if corners[orientation][1] == "l" else picture.width - 8
    y = 8 if corners[orientation][0] == "t" else picture.height - 8
    assert picture.size == ((64, 96) if orientation >= 5 else (96, 64))
    assert picture.getpixel((x, y))[1] < 80


def test_transparency_becomes_white() -> None:
    image = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    result = clean(uploads.encoded(image, "PNG"))
    assert result.mime == "image/jpeg"
    assert opened(result.data).getpixel((20, 20)) == (255, 255, 255)


def test_text_in_a_png_is_gone() -> None:
    info = PngInfo()
    info.add_text("Comment", "zhang san, room 3", zip=False)
    info.add_itxt("XML:com.adobe.xmp", "<script>alert(1)</script>")
    source = uploads.encoded(Image.new("RGB", (30, 30)), "PNG", pnginfo=info)
    assert b"zhang san" in source
    result = clean(source)
    assert b"zhang san" not in result.data + result.thumbnail
    assert b"script" not in result.data + result.thumbnail


def test_sixteen_bit_grey_keeps_its_brightness() -> None:
    grey = Image.new("I;16", (20, 20), 0x8000)
    assert opened(clean(uploads.encoded(grey, "PNG")).data).getpixel((5, 5)) == (128, 128, 128)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_png_mode_is_taken(mode: str) -> None:
    assert clean(uploads.photo((50, 20), mode, "PNG")).width == 50


def test_a_cmyk_jpeg_is_taken() -> None:
    red = Image.new("CMYK", (20, 20), (0, 255, 255, 0))
    pixel = opened(clean(uploads.encoded(red, "JPEG", quality=95)).data).getpixel((5, 5))
    assert pixel[0] > 200
    assert pixel[1] < 60


def test_a_colour_profile_is_applied_and_dropped() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for icc in (
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        profile,
        b"no profile at all",
    ):
        source = uploads.encoded(Image.new("RGB", (20, 20), (10, 200, 30)), "JPEG", icc_profile=icc)
        result = clean(source)
        assert b"ICC_PROFILE" not in result.data
        assert opened(result.data).getpixel((5, 5))[1] > 180


def test_an_animation_shows_its_first_frame() -> None:
    first, second = Image.new("RGB", (40, 30), (250, 0, 0)), Image.new("RGB", (40, 30), (0, 0, 250))
    source = uploads.encoded(first, "WEBP", save_all=True, append_images=[second], duration=100)
    assert opened(clean(source).data).getpixel((5, 5))[0] > 200


def test_big_photos_shrink_and_small_ones_stay() -> None:
    big, small = clean(uploads.photo((5000, 2000))), clean(uploads.photo((100, 60)))
    assert (big.width, big.height) == (LONGEST_EDGE, 1024)
    assert max(opened(big.thumbnail).size) == THUMBNAIL_EDGE
    assert (small.width, small.height) == (100, 60)
    assert opened(small.thumbnail).size == (100, 60)


@pytest.mark.parametrize("tail", [b"<html><script>alert(1)</script></html>", uploads.zipped()])
def test_what_hangs_behind_a_photo_is_cut_off(tail: bytes) -> None:
    result = clean(uploads.photo() + tail)
    assert result.data.endswith(b"\xff\xd9")
    for data in (result.data, result.thumbnail):
        assert tail not in data
        assert b"<script" not in data
        assert b"PK\x05\x06" not in data


def refusal(data: bytes) -> Reason:
    with pytest.raises(UnacceptableFile) as caught:
        clean(data)
    assert caught.value.message_zh.endswith("。")
    return caught.value.reason_code


@pytest.mark.parametrize("size", [(20_000, 20_000), (8_001, 5_000), (65_000, 65_000)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    bomb = uploads.png_bomb(*size)
    assert len(bomb) < 200_000
    assert refusal(bomb) is Reason.IMAGE_TOO_LARGE


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_photo_is_refused(image_format: str) -> None:
    noise = Image.effect_noise((300, 200), 80).convert("RGB")
    whole = uploads.encoded(noise, image_format)
    assert isinstance(clean(whole), CleanImage)
    for part in (0.1, 0.5, 0.9):
        assert refusal(whole[: int(len(whole) * part)]) is Reason.DAMAGED


def test_a_recording_is_no_photo() -> None:
    assert refusal(uploads.amr(10)) is Reason.TYPE_REFUSED
