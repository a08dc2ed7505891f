"""Plates one by one as PNG: rasterised from the very PDF that would be printed, and read from that picture."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

import pypdfium2  # type: ignore[import-untyped]
from PIL import Image

from qr.fonts import Family
from qr.layout import Layout
from qr.plate import PlateData
from qr.plates import RenderOptions, RenderReport, adapted, print_plates
from qr.press import Press
from qr.readback import SAMPLE_DPI, Wear, read_page

_PER_ROUND = 50


def render_png(
    plate: PlateData, layout: Layout, dpi: int = 600, options: RenderOptions | None = None
) -> bytes:
    """The front of one plate as PNG; raises LayoutRefused as `render_pdf` does."""
    ((_, image),) = _images([plate], layout, dpi, _Job(options))
    return image


def write_png_zip(
    plates: Iterable[PlateData],
    layout: Layout,
    out: BinaryIO,
    dpi: int = 600,
    options: RenderOptions | None = None,
) -> RenderReport:
    """A ZIP with one PNG a plate, named by serial, each decoded from its pixels; the same plates, the same bytes."""
    job = _Job(options)
    # PNG is compressed already, and a fixed date keeps the file the same.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for plate, image in _images(plates, layout, dpi, job):
            archive.writestr(zipfile.ZipInfo(f"{plate.serial or job.report.plates}.png"), image)
    return job.report


class _Job:
    """How pictures are drawn, and what is noted of them."""

    def __init__(self, options: RenderOptions | None) -> None:
        self.front = replace(options or RenderOptions(), duplex=False, processes=1)
        self.report = RenderReport()

    def note(self, made: RenderReport) -> None:
        """Take over what the printing of a round said; its codes are counted when they are read."""
        self.report.cramped += made.cramped
        self.report.cramped_serials += made.cramped_serials
        for character, missing in made.missing.items():
            for serial in missing.serials:
                self.report.miss(character, serial)


def _images(plates: Iterable[PlateData], layout: Layout, dpi: int, job: _Job) -> Iterator[tuple[PlateData, bytes]]:
    source = iter(plates)
    with closing(Family(job.front.rare_fonts)) as family:
        press = Press(adapted(layout, job.front).alone(), family)
        while batch := list(islice(source, _PER_ROUND)):
            pdf = io.BytesIO()
            job.note(print_plates(batch, press, pdf, job.front))
            with closing(pypdfium2.PdfDocument(pdf.getvalue())) as document:
                for plate, page in zip(batch, document, strict=True):
                    image: Image.Image = page.render(scale=dpi / 72).to_pil()
                    page.close()
                    job.report.count(plate.serial, read=plate.url in _seen(image, dpi), cramped=False)
                    yield plate, _png(image, dpi)


def _seen(image: Image.Image, dpi: int) -> list[str]:
    """What a decoder reads from the picture, looked at as coarsely as a phone would."""
    return list(read_page(image.convert("L").reduce(max(1, dpi // SAMPLE_DPI)), Wear()))


def _png(image: Image.Image, dpi: int) -> bytes:
    out = io.BytesIO()
    image.save(out, format="PNG", dpi=(dpi, dpi))
    return out.getvalue()
