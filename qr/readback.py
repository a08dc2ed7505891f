"""Is what we printed readable: codes decoded from their modules, and from pages worn like real ones."""

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from qr.matrix import make_matrix, read_matrix

SAMPLE_DPI = 150
_QR_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_THRESHOLDS = (
    zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram, zxingcpp.Binarizer.FixedThreshold,
)  # fmt: skip
# What another frame of a phone's camera is: the same page through another threshold, or nearer.
_LOOKS = tuple((enlarged, threshold) for enlarged in (1, 2, 3) for threshold in _THRESHOLDS)


@dataclass(frozen=True, slots=True)
class Wear:
    """What weather and shaking hands do: degrees turned, pixels blurred, share of each code covered."""

    degrees: float = 0.0
    blur: float = 0.0
    covered: float = 0.0


@dataclass(slots=True)
class ReadBack:
    """How many codes were expected and read, `again` of these only at a second look, and which texts were not."""

    expected: int = 0
    read: int = 0
    again: int = 0
    unread: list[str] = field(default_factory=list)

    def note(self, texts: Iterable[str], found: set[str]) -> None:
        """Count these expected texts against what was found."""
        for text in texts:
            self.expected += 1
            if text in found:
                self.read += 1
            else:
                self.unread.append(text)


def read_back(texts: Iterable[str]) -> ReadBack:
    """Make each text's symbol as plates do and decode it again."""
    result = ReadBack()
    for text in texts:
        result.note([text], {read_matrix(make_matrix(text)) or ""})
    return result


def read_back_pdf(
    pdf: BinaryIO | bytes,
    expected: Iterable[Sequence[str]],
    wear: Wear | None = None,
    dpi: int = SAMPLE_DPI,
) -> ReadBack:
    """Rasterise a print file and decode it; `expected` gives the texts of each page, () for a back."""
    result = ReadBack()
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        for page, texts in zip(document, expected, strict=True):
            if texts:
                _look(worn(_raster(page, dpi), wear or Wear()), texts, result)
            page.close()
    return result


def _look(image: Image.Image, texts: Sequence[str], result: ReadBack) -> None:
    """Look at a page as a phone does, frame after frame, until every text is found or all looks are spent."""
    found: set[str] = set()
    for number, (enlarged, threshold) in enumerate(_LOOKS):
        missing = set(texts) - found
        if not missing:
            break
        near = image.resize((image.width * enlarged, image.height * enlarged)) if enlarged > 1 else image
        seen = missing & set(_decoded(near, threshold))
        result.again += len(seen) if number else 0
        found |= seen
    result.note(texts, found)


def _decoded(image: Image.Image, threshold: zxingcpp.Binarizer) -> Iterator[str]:
    for one in zxingcpp.read_barcodes(np.asarray(image), _QR_CODES, binarizer=threshold):
        if one.valid:
            yield one.text


def read_page(image: Image.Image, wear: Wear) -> Iterator[str]:
    """The texts of all codes on a picture of a page, after wearing it; one look."""
    return _decoded(worn(image, wear), zxingcpp.Binarizer.LocalAverage)


def worn(image: Image.Image, wear: Wear) -> Image.Image:
    """The picture turned, blurred, and with a grey patch over part of every code found on it."""
    if wear.covered:
        image = _covered(image, wear.covered)
    if wear.degrees:
        image = image.rotate(wear.degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    return image.filter(ImageFilter.GaussianBlur(wear.blur)) if wear.blur else image


def _covered(image: Image.Image, share: float) -> Image.Image:
    """Cover `share` of each code's area beside its finder patterns, always at the same place for one page."""
    image = image.copy()
    draw = ImageDraw.Draw(image)
    chance = random.Random(0)  # noqa: S311 (the same dots every time)
    for found in zxingcpp.read_barcodes(np.asarray(image), _QR_CODES):
        corner, far = found.position.top_left, found.position.bottom_right
        edge = far.x - corner.x
        patch = edge * share**0.5
        # Without its three finder patterns no code is a code: only the middle and the lower right are free.
        low, high = edge * 0.3, edge - patch
        x, y = corner.x + max(chance.uniform(low, high), low), corner.y + max(chance.uniform(low, high), low)
        draw.rectangle((x, y, min(x + patch, far.x), min(y + patch, far.y)), fill=160)
    return image


def _raster(page: pypdfium2.PdfPage, dpi: int) -> Image.Image:
    image: Image.Image = page.render(scale=dpi / 72, grayscale=True).to_pil()
    return image
