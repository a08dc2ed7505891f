"""Print files of door plates: any number of plates in one PDF, in constant memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO

import msgspec

from qr.fonts import Family
from qr.layout import Layout, LayoutRefused, parse_colour
from qr.pdf import PdfFile
from qr.plate import PlateData
from qr.press import Press, Pressed, read_emblem

__all__ = ["MissingGlyph", "RenderOptions", "RenderReport", "render_pdf"]

_BATCH = 240
_NAMED_AT_MOST = 100
# Finished batches wait in memory for an earlier one only so far.
_WAITING_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How to print.

    `accent` is `#rrggbb`, `emblem` a PNG or JPEG, `rare_fonts` are font files asked for characters that the
    packaged font lacks, `duplex` adds the layout's back after each sheet, `processes` counts this one too.
    """

    accent: str | None = None
    emblem: bytes | None = None
    rare_fonts: tuple[Path, ...] = ()
    duplex: bool = False
    processes: int = 1


@dataclass(slots=True)
class MissingGlyph:
    """A character no font has, printed as 〓: on how many plates' lines, the first serials among them."""

    count: int = 0
    serials: list[str] = field(default_factory=list)


@dataclass(slots=True)
class RenderReport:
    """What was printed, and what somebody must look at before it goes to the printer."""

    plates: int = 0
    pages: int = 0
    size: int = 0
    sha256: str = ""
    unread: list[str] = field(default_factory=list)
    missing: dict[str, MissingGlyph] = field(default_factory=dict)
    cramped: int = 0
    cramped_serials: list[str] = field(default_factory=list)

    def miss(self, character: str, serial: str) -> None:
        """Note a character that no font has, once for each line of a plate."""
        missing = self.missing.setdefault(character, MissingGlyph())
        missing.count += 1
        if len(missing.serials) < _NAMED_AT_MOST:
            missing.serials.append(serial)

    def count(self, serial: str, *, read: bool, cramped: bool) -> None:
        """Note one plate on a page of its own."""
        self.plates += 1
        self.pages += 1
        if not read:
            self.unread.append(serial)
        if cramped:
            self.cramped += 1
            self.cramped_serials += [serial][: _NAMED_AT_MOST - len(self.cramped_serials)]

    @property
    def faultless(self) -> bool:
        """Whether every code was read back, every character drawn, every line legible."""
        return not (self.unread or self.missing or self.cramped)


def render_pdf(
    plates: Iterable[PlateData],
    layout: Layout,
    out: BinaryIO,
    options: RenderOptions | None = None,
    progress: Callable[[int], None] | None = None,
) -> RenderReport:
    """Write the plates as one PDF; `progress` hears the number done so far.

    The same plates give the same bytes, with any number of processes. Raises LayoutRefused (a code too fine
    to scan, an emblem or colour that cannot be used) and ValueError (no plates) before a page is written; an
    error later leaves an unfinished file to its owner.
    """
    options = options or RenderOptions()
    with closing(Family(options.rare_fonts)) as family:
        return print_plates(plates, Press(adapted(layout, options), family), out, options, progress)


def print_plates(
    plates: Iterable[PlateData],
    press: Press,
    out: BinaryIO,
    options: RenderOptions,
    progress: Callable[[int], None] | None = None,
) -> RenderReport:
    """As `render_pdf`, on a press that is already set up."""
    layout = press.layout
    batches = _batches(plates, layout.per_page)
    first = next(batches, None)
    if first is None:
        raise ValueError("没有要印的门牌")
    opening = press.run(first)
    emblem = _opened_emblem(options.emblem)
    pdf = PdfFile(out, f"门牌 {layout.title}")
    images = {"Emblem": pdf.add_image(*emblem)} if emblem else {}
    report, used = RenderReport(), [set[str]() for _ in press.family.faces]
    for made in chain([opening], _pressed(batches, press, options)):
        for page in made.pages:
            pdf.add_page(*layout.page, page)
        _note(report, made, used)
        if progress is not None:
            progress(report.plates)
    fonts = {
        f"F{index}": pdf.add_font(face, used[index])
        for index, face in enumerate(press.family.faces)
        if used[index]
    }
    report.sha256 = pdf.finish(fonts, images)
    report.pages, report.size = pdf.pages, pdf.size
    return report


def adapted(layout: Layout, options: RenderOptions) -> Layout:
    """The layout as a deployment prints it: its accent, with emblem and back or without; may refuse."""
    if options.duplex and layout.back is None:
        raise LayoutRefused(f"版式“{layout.title}”没有背面")
    if options.accent is not None:
        colours = {**layout.colours, "accent": parse_colour(options.accent)}
        layout = msgspec.structs.replace(layout, colours=colours)
    if options.emblem is None:
        layout = layout.without_emblem()
    return layout if options.duplex else msgspec.structs.replace(layout, back=None)


def _opened_emblem(image: bytes | None) -> tuple[int, int, bytes, bytes] | None:
    if image is None:
        return None
    try:
        return read_emblem(image)
    except (OSError, ValueError) as error:
        raise LayoutRefused("徽标不是可用的 PNG 或 JPEG 图片") from error


def _batches(plates: Iterable[PlateData], per_page: int) -> Iterator[list[PlateData]]:
    """Whole sheets at a time, so that only the last one of all can have empty places."""
    source, size = iter(plates), max(_BATCH // per_page, 1) * per_page
    while batch := list(islice(source, size)):
        yield batch


def _pressed(batches: Iterator[list[PlateData]], press: Press, options: RenderOptions) -> Iterator[Pressed]:
    if options.processes <= 1:
        yield from map(press.run, batches)
        return
    helpers = options.processes - 1
    pool = ProcessPoolExecutor(
        helpers,
        # A server has threads: forking it could copy a lock that is held for ever.
        mp_context=get_context("spawn"),
        initializer=_open_press,
        initargs=(press.layout, options.rare_fonts),
    )
    waiting: deque[Future[Pressed]] = deque()
    try:
        for batch in batches:
            if sum(not future.done() for future in waiting) < 2 * helpers:
                waiting.append(pool.submit(_run_press, batch))
            else:
                waiting.append(_done(press.run(batch)))
            while waiting and (waiting[0].done() or len(waiting) > _WAITING_AT_MOST * options.processes):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _done(made: Pressed) -> Future[Pressed]:
    """A batch made in this process, in line with those the helpers make: the order is the file's."""
    future: Future[Pressed] = Future()
    future.set_result(made)
    return future


_press: list[Press] = []


def _open_press(layout: Layout, rare_fonts: tuple[Path, ...]) -> None:
    _press[:] = [Press(layout, Family(rare_fonts))]


def _run_press(plates: list[PlateData]) -> Pressed:
    return _press[0].run(plates)


def _note(report: RenderReport, made: Pressed, used: list[set[str]]) -> None:
    report.plates += made.plates
    report.unread += made.unread
    report.cramped += len(made.cramped)
    report.cramped_serials += made.cramped[: _NAMED_AT_MOST - len(report.cramped_serials)]
    for character, serial in made.missing:
        report.miss(character, serial)
    for known, more in zip(used, made.used, strict=True):
        known.update(more)
