"""The printing child: draws one file, reads its codes back, and says so on standard output.

A process of its own keeps the server's event loop free, its memory bounded, and cancelling simple: it is killed.
"""

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from qr.images import write_png_zip
from qr.index import write_csv, write_xlsx
from qr.layout import Layout, LayoutRefused, load_layout
from qr.plate import PlateData
from qr.plates import RenderOptions, RenderReport, render_pdf
from qr.readback import Wear, read_back_pdf
from qr.svg import write_svg_zip
from server.printing.order import (
    INDEX_CSV,
    INDEX_XLSX,
    ORDER,
    OUTPUT,
    PLATES,
    Line,
    Order,
    Printed,
    Sample,
    spooled,
)

PNG_DPI = 600
SAMPLE_PAGES = 12
WORN_PAGES = 3
WORN = {
    "none": Wear(),
    "rotated": Wear(degrees=7),
    "blurred": Wear(blur=1.0),
    "covered": Wear(covered=0.15),
}
_SAY_EVERY_S = 0.5


def main() -> None:
    """Print the order in the folder named on the command line."""
    folder = Path(sys.argv[1])
    order = msgspec.json.decode((folder / ORDER).read_bytes(), type=Order)
    try:
        layout = load_layout(order.layout)
        printed = _print_pdf(folder, order, layout) if order.format == "pdf" else _print_zip(folder, order, layout)
    except LayoutRefused as refusal:
        _say(Line(refused=str(refusal)))
        return
    with (folder / INDEX_CSV).open("wb") as out:
        write_csv(spooled(folder / PLATES), out)
    with (folder / INDEX_XLSX).open("wb") as out:
        write_xlsx(spooled(folder / PLATES), out)
    _say(Line(done=printed.plates, printed=printed))


def _print_pdf(folder: Path, order: Order, layout: Layout) -> Printed:
    with (folder / OUTPUT).open("w+b") as out:
        report = render_pdf(spooled(folder / PLATES), layout, out, _options(order), _progress())
    samples, unread = _sampled(folder, order, layout, report.pages)
    report.unread = sorted({*report.unread, *unread})
    return _told(report, samples)


def _options(order: Order) -> RenderOptions:
    dress = order.dress
    try:
        emblem = Path(dress.emblem).read_bytes() if dress.emblem else None
    except OSError as error:
        raise LayoutRefused(f"徽标文件无法读取:{Path(dress.emblem).name}") from error
    return RenderOptions(
        accent=dress.accent or None, emblem=emblem, rare_fonts=tuple(map(Path, dress.rare_fonts)),
        duplex=order.duplex, processes=order.processes,
    )  # fmt: skip


def _told(report: RenderReport, samples: list[Sample]) -> Printed:
    return Printed(
        report.plates, report.pages, report.size, report.sha256, report.plates - len(report.unread), report.unread,
        {glyph: missing.count for glyph, missing in report.missing.items()}, report.cramped_serials, samples,
    )  # fmt: skip


def _sampled(folder: Path, order: Order, layout: Layout, pages: int) -> tuple[list[Sample], list[str]]:
    """Pages spread over the file, read from the raster: plain ones must be read whole, worn ones are told."""
    sides = 2 if order.duplex else 1
    sheets = pages // sides
    picked = {sheets * at // min(SAMPLE_PAGES, sheets) for at in range(min(SAMPLE_PAGES, sheets))}
    found = {}
    for name, wear in WORN.items():
        wanted = picked if name == "none" else set(sorted(picked)[:WORN_PAGES])
        with (folder / OUTPUT).open("rb") as pdf:
            found[name] = read_back_pdf(pdf, _expected(folder, layout, sides, wanted), wear)
    lost = {url for one in found.values() for url in one.unread}
    serials = {plate.url: plate.serial for plate in spooled(folder / PLATES) if plate.url in lost} if lost else {}
    samples = [
        Sample(name, one.expected, one.read, one.again, [serials[url] for url in one.unread])
        for name, one in found.items()
    ]
    return samples, samples[0].unread


def _expected(folder: Path, layout: Layout, sides: int, picked: set[int]) -> Iterator[tuple[str, ...]]:
    plates, sheet = spooled(folder / PLATES), 0
    while on_sheet := tuple(islice(plates, layout.per_page)):
        yield tuple(plate.url for plate in on_sheet) if sheet in picked else ()
        yield from ((),) * (sides - 1)
        sheet += 1


def _print_zip(folder: Path, order: Order, layout: Layout) -> Printed:
    with (folder / OUTPUT).open("w+b") as out:
        plates = _counted(spooled(folder / PLATES), _progress())
        if order.format == "zip":
            report = write_png_zip(plates, layout, out, PNG_DPI, _options(order))
        else:
            report = write_svg_zip(plates, layout, out, _options(order))
        report.size = out.tell()
        out.seek(0)
        report.sha256 = hashlib.file_digest(out, "sha256").hexdigest()
    return _told(report, [])


def _counted(plates: Iterator[PlateData], said: Callable[[int], None]) -> Iterator[PlateData]:
    for number, plate in enumerate(plates):
        said(number)
        yield plate


def _progress() -> Callable[[int], None]:
    last = [0.0]

    def say(done: int) -> None:
        if time.monotonic() - last[0] > _SAY_EVERY_S:
            last[0] = time.monotonic()
            _say(Line(done=done))

    return say


def _say(line: Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
