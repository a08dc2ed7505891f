"""Turns a batch of plates into finished pages, each plate's code read back before it counts as printed."""

import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

from qr.artist import CodeArtist, SideArtist
from qr.fonts import Family
from qr.layout import Layout, Side
from qr.matrix import make_matrix, read_matrix
from qr.pdf import POINTS_PER_MM
from qr.plate import PlateData

_MARK_MM = 4.0
_MARK_GAP_MM = 1.0
_EMBLEM_PIXELS = 600


@dataclass(frozen=True, slots=True)
class Pressed:
    """Finished pages (deflated contents) with what went into them and what went wrong, by serial."""

    plates: int
    pages: list[bytes]
    used: list[set[str]]
    missing: list[tuple[str, str]]
    cramped: list[str]
    unread: list[str]


class Press:
    """One layout, ready to print; what repeats from plate to plate is made once."""

    def __init__(self, layout: Layout, family: Family) -> None:
        """Prepare both sides; an emblem's place in the layout means that there is an emblem."""
        self.layout, self.family = layout, family
        self._front = SideArtist(layout, layout.front, self.family)
        self._back = SideArtist(layout, layout.back or Side(), self.family)
        self._code = CodeArtist(layout)
        self._emblem = _emblem_operators(layout)
        self._marks = _cut_marks(layout) if layout.cut_marks else ""

    def run(self, plates: Sequence[PlateData]) -> Pressed:
        """The pages of these plates; raises LayoutRefused when a code would be too fine to scan."""
        made = Pressed(len(plates), [], [], [], [], [])
        for start in range(0, len(plates), self.layout.per_page):
            sheet = plates[start : start + self.layout.per_page]
            made.pages.append(self._sheet(sheet, self.layout.place, self._draw_front, made))
            if self.layout.back is not None:
                made.pages.append(self._sheet(sheet, self.layout.place_on_back, self._draw_back, made))
        made.used.extend(_union(self._front.used, self._back.used))
        return made

    def _sheet(
        self,
        plates: Sequence[PlateData],
        place: Callable[[int], tuple[float, float]],
        draw: Callable[[PlateData, Pressed], str],
        made: Pressed,
    ) -> bytes:
        parts = [self._marks]
        for cell, plate in enumerate(plates):
            x, y = place(cell)
            bottom = self.layout.page[1] - y - self.layout.plate[1]
            moved = f"q 1 0 0 1 {x * POINTS_PER_MM:.3f} {bottom * POINTS_PER_MM:.3f} cm\n"
            parts += (moved, draw(plate, made), "Q\n")
        # Level 3 is twice as fast as the usual 6 for a file a sixth larger.
        return zlib.compress("".join(parts).encode("ascii"), 3)

    def _draw_front(self, plate: PlateData, made: Pressed) -> str:
        matrix = make_matrix(plate.url)
        if read_matrix(matrix) != plate.url:
            made.unread.append(plate.serial)
        return self._write(self._front, plate, made) + self._emblem + self._code.draw(matrix)

    def _draw_back(self, plate: PlateData, made: Pressed) -> str:
        return self._write(self._back, plate, made)

    @staticmethod
    def _write(side: SideArtist, plate: PlateData, made: Pressed) -> str:
        operators, missing, cramped = side.draw(plate)
        made.missing.extend((character, plate.serial) for character in missing)
        if cramped:
            made.cramped.append(plate.serial)
        return operators


def read_emblem(image: bytes) -> tuple[int, int, bytes, bytes]:
    """Width, height, RGB samples and transparency of an emblem, no larger than print needs."""
    with Image.open(io.BytesIO(image)) as opened:
        rgba = opened.convert("RGBA")
    rgba.thumbnail((_EMBLEM_PIXELS, _EMBLEM_PIXELS))
    return rgba.width, rgba.height, rgba.convert("RGB").tobytes(), rgba.getchannel("A").tobytes()


def _union(front: list[set[str]], back: list[set[str]]) -> list[set[str]]:
    return [ours | theirs for ours, theirs in zip(front, back, strict=True)]


def _emblem_operators(layout: Layout) -> str:
    if layout.emblem is None:
        return ""
    size = layout.emblem.size * POINTS_PER_MM
    x = layout.emblem.x * POINTS_PER_MM
    y = (layout.plate[1] - layout.emblem.y) * POINTS_PER_MM - size
    return f"q {size:.3f} 0 0 {size:.3f} {x:.3f} {y:.3f} cm /Emblem Do Q\n"


def _cut_marks(layout: Layout) -> str:
    """Short strokes in the margins at every edge of the grid, outside all plates."""
    corners = [layout.place(cell) for cell in range(layout.per_page)]
    width, height = layout.plate
    across = sorted({edge for x, _ in corners for edge in (x, x + width)})
    down = sorted({edge for _, y in corners for edge in (y, y + height)})
    strokes = []
    for x in across:
        strokes += [(x, y, x, y + _MARK_MM) for y in _outside(down)]
    for y in down:
        strokes += [(x, y, x + _MARK_MM, y) for x in _outside(across)]
    paper = layout.page[1]
    drawn = "0.25 w 0 G\n"
    for x1, y1, x2, y2 in strokes:
        ends = [v * POINTS_PER_MM for v in (x1, paper - y1, x2, paper - y2)]
        drawn += "{:.3f} {:.3f} m {:.3f} {:.3f} l S\n".format(*ends)
    return drawn


def _outside(edges: list[float]) -> tuple[float, float]:
    return edges[0] - _MARK_GAP_MM - _MARK_MM, edges[-1] + _MARK_GAP_MM
