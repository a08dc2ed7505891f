"""Plates one by one as PNG: rasterised from the very PDF that would be printed."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

import pypdfium2  # type: ignore[import-untyped]

from qr.fonts import Family
from qr.layout import Layout
from qr.plates import RenderOptions, adapted, print_plates
from qr.press import PlateData, Press

_PER_ROUND = 50


def render_png(
    plate: PlateData, layout: Layout, dpi: int = 600, options: RenderOptions | None = None
) -> bytes:
    """The front of one plate as PNG; raises LayoutRefused as `render_pdf` does."""
    ((_, image),) = _images([plate], layout, dpi, options)
    return image


def write_png_zip(
    plates: Iterable[PlateData],
    layout: Layout,
    out: BinaryIO,
    dpi: int = 600,
    options: RenderOptions | None = None,
) -> int:
    """A ZIP with one PNG a plate, named by serial; returns how many. The same plates give the same bytes."""
    count = 0
    # PNG is compressed already, and a fixed date keeps the file the same.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for plate, image in _images(plates, layout, dpi, options):
            count += 1
            archive.writestr(zipfile.ZipInfo(f"{plate.serial or count}.png"), image)
    return count


def _images(
    plates: Iterable[PlateData], layout: Layout, dpi: int, options: RenderOptions | None
) -> Iterator[tuple[PlateData, bytes]]:
    front = replace(options or RenderOptions(), duplex=False, processes=1)
    source = iter(plates)
    with closing(Family(front.rare_fonts)) as family:
        press = Press(adapted(layout, front).alone(), family)
        while batch := list(islice(source, _PER_ROUND)):
            pdf = io.BytesIO()
            print_plates(batch, press, pdf, front)
            with closing(pypdfium2.PdfDocument(pdf.getvalue())) as document:
                for plate, page in zip(batch, document, strict=True):
                    yield plate, _png(page, dpi)


def _png(page: pypdfium2.PdfPage, dpi: int) -> bytes:
    out = io.BytesIO()
    page.render(scale=dpi / 72).to_pil().save(out, format="PNG", dpi=(dpi, dpi))
    page.close()
    return out.getvalue()
