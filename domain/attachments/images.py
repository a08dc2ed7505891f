"""A photo from anywhere becomes a small upright JPEG that carries nothing but its pixels.

Run it in a child process with limits (`server/gateways/images.py`): decoders read hostile bytes. JPEGs
are decoded at reduced scale and everything is shrunk before it is turned or flattened, so that 40 million
pixels need little memory.
"""

import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from domain.attachments.kinds import Kind, sniff
from domain.attachments.refusals import Reason, UnacceptableFile, damaged

MAX_IMAGE_PIXELS = 40_000_000
LONGEST_EDGE, THUMBNAIL_EDGE, QUALITY = 2560, 480, 85
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_ORIENTATION = 0x0112
_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A photo fit to be shown: JPEG bytes, size in pixels, and a JPEG thumbnail."""

    data: bytes
    width: int
    height: int
    thumbnail: bytes
    mime: str


def clean(data: bytes) -> CleanImage:
    """Encode anew, upright, without EXIF, place, profile or text; UnacceptableFile when it cannot be."""
    file_type = sniff(data)
    if file_type.kind is not Kind.IMAGE:
        raise UnacceptableFile(Reason.TYPE_REFUSED, "这不是照片。请上传 JPEG、PNG 或 WebP 照片。")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = _small_and_upright(data, _FORMATS[file_type.mime])
    except UnacceptableFile:
        raise
    except (MemoryError, Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise too_many_pixels() from None
    except Exception:  # noqa: BLE001  Pillow answers broken bytes with a dozen kinds of exception
        raise damaged("照片") from None
    small = picture.copy()
    small.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE))
    return CleanImage(_jpeg(picture), picture.width, picture.height, _jpeg(small), "image/jpeg")


def too_many_pixels() -> UnacceptableFile:
    """The refusal of a photo that would take more memory or time than one photo may."""
    return UnacceptableFile(Reason.IMAGE_TOO_LARGE, "照片的尺寸过大(超过 4000 万像素),请缩小后再上传。")


def _small_and_upright(data: bytes, image_format: str) -> Image.Image:
    with Image.open(BytesIO(data), formats=[image_format]) as opened:
        if opened.width * opened.height > MAX_IMAGE_PIXELS:
            raise too_many_pixels()
        orientation = opened.getexif().get(_ORIENTATION, 1)
        profile = opened.info.get("icc_profile")
        opened.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
        opened.load()
        picture = _plain_mode(opened)
    picture.thumbnail((LONGEST_EDGE, LONGEST_EDGE), reducing_gap=2.0)
    return _turned(_in_srgb(_on_white(picture), profile), orientation)


def _plain_mode(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent; of an animation this is the first frame."""
    if image.mode.startswith("I") or image.mode == "F":  # 16-bit greys: Pillow would clip, not scale
        return image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L").convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    flat = Image.new("RGB", image.size, _WHITE)
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """The colours as a screen without profiles shows them; phones often write Display P3."""
    if not isinstance(profile, bytes):
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return (
            ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            or image
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a profile for another colour space or a broken one: the raw colours are near enough


def _turned(image: Image.Image, orientation: object) -> Image.Image:
    bare = Image.new("RGB", image.size)  # a new image has no info dictionary from which metadata could leak
    bare.paste(image)
    if orientation in range(2, 9):
        bare.getexif()[_ORIENTATION] = orientation
        bare = ImageOps.exif_transpose(bare)
    return bare


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True, exif=b"", icc_profile=None, comment=b"")
    return out.getvalue()
