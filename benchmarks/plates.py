"""How fast door plates are made and read: `python -m benchmarks.plates --count 20000`."""

import argparse
import contextlib
import io
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psutil
import qrcode
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from qr.codes import CodeRefused, Keyring, mint_many, plate_url, read
from qr.layout import Layout, load_layout
from qr.plate import PlateData, WorkerCard
from qr.plates import RenderOptions, RenderReport, render_pdf
from qr.readback import Wear, read_back, read_back_pdf
from qr.serials import make_serial

VILLAGES = ("象湖镇 幸福村", "沙洲坝镇 洁源村", "叶坪乡 𠮷水𡐓村", "日东乡 𥻗子湾村")
WEAR = {
    "raster": Wear(),
    "turned_7": Wear(degrees=7),
    "blurred": Wear(blur=1.0),
    "covered_15": Wear(covered=0.15),
}


class Memory:
    """The highest sum of memory of this process and its children, in MB, watched from begin to end four times a second."""

    def __init__(self) -> None:
        """Watch this process."""
        self._process = psutil.Process()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.25):
            self.peak = max(self.peak, self._sum() / 2**20)

    def _sum(self) -> int:
        """Unique memory, so that pages which processes share count once."""
        total = 0
        for process in (self._process, *self._process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += process.memory_full_info().uss
        return total


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
    with tempfile.TemporaryFile() as out, Memory() as memory:
        started = time.perf_counter()
        report = render_pdf(plates(count), layout, out, RenderOptions(processes=processes))
        seconds = time.perf_counter() - started
    return seconds, report, memory.peak


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


def read_backs(count: int, layout: Layout) -> dict[str, float]:
    """How fast and how well codes are read, made and read from their modules, and from 30 rasterised pages."""
    texts = [plate.url for plate in plates(count)]
    started = time.perf_counter()
    result = read_back(texts)
    figures = {"read_modules_per_s": count / (time.perf_counter() - started), "read_modules_lost": len(result.unread)}
    sample = list(plates(30 * layout.per_page))
    out = io.BytesIO()
    render_pdf(sample, layout, out)
    pages = [
        [plate.url for plate in sample[at : at + layout.per_page]] for at in range(0, len(sample), layout.per_page)
    ]
    for name, wear in WEAR.items():
        started = time.perf_counter()
        result = read_back_pdf(out.getvalue(), pages, wear)
        figures[f"read_{name}_per_s"] = len(sample) / (time.perf_counter() - started)
        figures[f"read_{name}_lost"] = len(result.unread)
        figures[f"read_{name}_at_second_look"] = result.again
    return figures


def refusals(rounds: int = 20_000) -> float:
    """Slowest over fastest kind of refusal of a code, by medians of interleaved tries: 1 tells a forger nothing."""
    ring = Keyring({1: os.urandom(32)}, active=1)
    good = next(mint_many(ring, 1)).text
    kinds = {
        "forged tag": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "unknown key": "CI" + good[2:],
        "unknown version": "EE" + good[2:],
        "too short": good[:31],
        "no base32": "=" * 32,
    }
    taken: dict[str, list[int]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, text in kinds.items():
            started = time.perf_counter_ns()
            with contextlib.suppress(CodeRefused):
                read(text, ring)
            taken[name].append(time.perf_counter_ns() - started)
    medians = [statistics.median(times) for times in taken.values()]
    return max(medians) / min(medians)


def measure(count: int = 1_000_000) -> dict[str, float]:
    """Plates a second into an A4 PDF with two processes, the memory of it, and how they are read back."""
    layout = load_layout("a4-10")
    seconds, report, peak = ours(count, layout, 2)
    return {
        "per_s": report.plates / seconds,
        "memory_mb": peak,
        "obvious_way_per_s": 300 / obvious(300, layout),
        "unread": len(report.unread),
        "refusals_slowest_to_fastest": refusals(),
        **read_backs(20_000, layout),
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
    for name, value in read_backs(arguments.count, layout).items():
        print(f"{name:32}{value:10,.0f}")
    print(f"refusals, slowest to fastest kind {refusals():.2f}")
    if arguments.keep:
        with arguments.keep.open("wb") as file:
            render_pdf(plates(20), layout, file, RenderOptions(duplex=layout.back is not None))


if __name__ == "__main__":
    main()
