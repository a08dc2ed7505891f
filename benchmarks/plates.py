"""How fast door plates are made and read: `python -m benchmarks.plates --count 20000`."""

import argparse
import io
import os
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import qrcode
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from qr.codes import Keyring, mint_many, plate_url
from qr.layout import Layout, load_layout
from qr.plates import PlateData, RenderOptions, RenderReport, WorkerCard, render_pdf
from qr.readback import Wear, read_back, read_back_pdf
from qr.serials import make_serial

VILLAGES = ("象湖镇 幸福村", "沙洲坝镇 洁源村", "叶坪乡 𠮷水𡐓村", "日东乡 𥻗子湾村")
WEAR = {
    "as printed": Wear(),
    "turned 7°": Wear(degrees=7),
    "blurred 1 px": Wear(blur=1.0),
    "10 % covered": Wear(covered=0.10),
    "15 % covered": Wear(covered=0.15),
}


class Memory:
    """The highest sum of memory of this process and its children, in MB, looked at as work goes on."""

    def __init__(self) -> None:
        """Watch this process."""
        self._process = psutil.Process()
        self.peak = 0.0
        self._looked = 0.0

    def look(self, _done: int = 0) -> None:
        """Take a look, four a second at most; unique memory, so that shared pages count once."""
        now = time.perf_counter()
        if now - self._looked < 0.25:
            return
        self._looked = now
        family = [self._process, *self._process.children(recursive=True)]
        sizes = [process.memory_full_info().uss for process in family if process.is_running()]
        self.peak = max(self.peak, sum(sizes) / 2**20)


def plates(count: int) -> Iterator[PlateData]:
    """Plates of a made-up county, codes made on the way."""
    keyring = Keyring({1: os.urandom(32)}, active=1)
    card = WorkerCard("张小兰", "专职网格员", "0797-2520000", "第三网格")
    for number, code in enumerate(mint_many(keyring, count), 1):
        yield PlateData(
            url=plate_url("https://q.example.gov.cn", code),
            village=VILLAGES[number // 500 % len(VILLAGES)],
            plate_text=f"幸福路 {number} 号",
            serial=make_serial("RJ07", number % 1_000_000),
            hotline="0797-2522345",
            domain="q.example.gov.cn",
            card=card,
        )


def ours(count: int, layout: Layout, processes: int) -> tuple[float, RenderReport, float]:
    """Seconds, report and peak memory of one print file on disk."""
    memory = Memory()
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        report = render_pdf(plates(count), layout, out, RenderOptions(processes=processes), memory.look)
        return time.perf_counter() - started, report, memory.peak


def obvious(count: int, layout: Layout) -> float:
    """Seconds for the same plates by `qrcode` and reportlab, a rectangle a module, as a first try would."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    started = time.perf_counter()
    canvas = Canvas(io.BytesIO(), pagesize=(layout.page[0] * mm, layout.page[1] * mm))
    for number, plate in enumerate(plates(count)):
        cell = number % layout.per_page
        if number and not cell:
            canvas.showPage()
        x, y = layout.place(cell)
        symbol: qrcode.QRCode[Any] = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_Q)
        symbol.add_data(plate.url)
        symbol.make()
        for row, modules in enumerate(symbol.modules):
            for column, dark in enumerate(modules):
                if dark:
                    canvas.rect((x + column) * mm, (y + 40 - row) * mm, mm, mm, stroke=0, fill=1)
        for line, text in enumerate(
            (plate.village, plate.plate_text, plate.hotline, plate.serial, plate.domain)
        ):
            canvas.setFont("STSong-Light", 12)
            canvas.drawString((x + 50) * mm, (y + 40 - 7 * line) * mm, text)
    canvas.save()
    return time.perf_counter() - started


def read_backs(count: int, layout: Layout) -> None:
    """Print how fast and how well codes are read, from their modules and from rasterised pages."""
    texts = [plate.url for plate in plates(count)]
    started = time.perf_counter()
    result = read_back(texts)
    rate = count / (time.perf_counter() - started)
    print(f"made and read from modules  {rate:8,.0f}/s   {result.read:,} of {result.expected:,}")
    sample = list(plates(30 * layout.per_page))
    out = io.BytesIO()
    render_pdf(sample, layout, out)
    source = iter(sample)
    pages = []
    while page := [plate.url for plate in islice(source, layout.per_page)]:
        pages.append(page)
    for name, wear in WEAR.items():
        started = time.perf_counter()
        result = read_back_pdf(out.getvalue(), pages, wear)
        rate = len(sample) / (time.perf_counter() - started)
        print(f"PDF at 150 dpi, {name:12}{rate:8,.0f}/s   {result.read:,} of {result.expected:,}")


def measure(count: int = 100_000) -> dict[str, float]:
    """Plates a second into an A4 PDF with two processes, and the memory of it."""
    seconds, report, peak = ours(count, load_layout("a4-10"), 2)
    baseline = 300 / obvious(300, load_layout("a4-10"))
    return {
        "per_s": report.plates / seconds,
        "memory_mb": peak,
        "obvious_way_per_s": baseline,
        "unread": len(report.unread),
    }


def main() -> None:
    """Run and print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--layout", default="a4-10")
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--keep", type=Path, help="also write a PDF of 20 plates here, to look at")
    arguments = parser.parse_args()
    layout = load_layout(arguments.layout)
    print(f"{arguments.count:,} plates, {layout.title}")
    for processes in arguments.processes:
        seconds, report, peak = ours(arguments.count, layout, processes)
        print(
            f"PDF, {processes} process(es)        {report.plates / seconds:8,.0f}/s   peak {peak:,.0f} MB, "
            f"{report.size / report.plates:,.0f} bytes a plate, unread {len(report.unread)}, "
            f"missing {len(report.missing)}"
        )
    few = min(300, arguments.count)
    print(f"obvious way (qrcode, reportlab) {few / obvious(few, layout):4,.0f}/s   ({few} plates)")
    read_backs(arguments.count, layout)
    if arguments.keep:
        with arguments.keep.open("wb") as file:
            render_pdf(plates(20), layout, file, RenderOptions(duplex=layout.back is not None))


if __name__ == "__main__":
    main()
