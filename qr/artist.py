"""Draws plates in PDF operators: shapes, text and code of one layout, most of it drawn only once."""

from functools import lru_cache
from itertools import groupby
from operator import getitem

import numpy as np

from qr.fonts import Family
from qr.layout import Layout, Shape, Side
from qr.matrix import QUIET_ZONE, Matrix, modules_across
from qr.pdf import POINTS_PER_MM
from qr.typeset import SetLine, SideText, fill, set_line

# A quarter circle by one Bézier curve: the usual control distance.
_ARC = 0.5523


class SideArtist:
    """One side of a layout's plate; remembers lines already set, most are the same on thousands of plates."""

    def __init__(self, layout: Layout, side: Side, family: Family) -> None:
        """Prepare the fixed shapes."""
        self._layout, self._family = layout, family
        self.used: list[set[str]] = [set() for _ in family.faces]
        self._shapes = "".join(_shape(shape, layout) for shape in side.shapes)
        self._lines, self._text = side.lines, SideText(side)
        self._drawn = lru_cache(maxsize=8192)(self._draw)

    def draw(self, plate: object) -> tuple[str, list[str], bool]:
        """Operators of shapes and lines, characters that no font has, and whether a line is too small."""
        parts = [self._shapes, "BT\n"]
        missing: list[str] = []
        cramped = False
        for index, filled in self._text.fillings(plate):
            operators, absent, small = self._drawn(index, filled)
            parts.append(operators)
            missing += absent
            cramped |= small
        return "".join((*parts, "ET\n")), missing, cramped

    def _draw(self, index: int, filled: tuple[str, ...]) -> tuple[str, tuple[str, ...], bool]:
        line = self._lines[index]
        text = fill(line, filled)
        ready = set_line(line, text, self._family)
        for glyph in ready.glyphs:
            self.used[glyph.glyph.face].add(glyph.character)
        shown = _text(ready, self._layout.colours[line.colour], self._layout)
        if line.mono:
            # Readers take its wide gaps for spaces; whoever copies or searches a serial must get it whole.
            actual = text.encode("utf-16-be").hex()
            shown = f"/Span<</ActualText<FEFF{actual}>>>BDC\n{shown}EMC\n"
        return shown, ready.missing, ready.cramped


class CodeArtist:
    """QR symbols as one vector path each, made from remembered operators for every eight modules."""

    def __init__(self, layout: Layout) -> None:
        """Draw at the layout's place."""
        self._layout = layout
        self._tables: dict[int, tuple[str, list[list[str]]]] = {}

    def draw(self, matrix: Matrix) -> str:
        """Operators of one symbol in pure black; raises LayoutRefused when its modules would be too small."""
        size = matrix.shape[0]
        if size not in self._tables:
            self._tables[size] = (self._frame(modules_across(matrix)), _eights(size))
        frame, table = self._tables[size]
        rows = np.packbits(matrix, axis=1).tobytes()
        # Abutting pieces of one path leave no hairlines, as separate fills would.
        return f"q {frame}{''.join(map(getitem, table, rows))}f Q\n"

    def _frame(self, across: int) -> str:
        module = self._layout.module_mm(across)
        x = self._layout.qr.x + QUIET_ZONE * module
        y = self._layout.plate[1] - self._layout.qr.y - QUIET_ZONE * module
        unit = module * POINTS_PER_MM
        return f"0 g {unit:.5f} 0 0 {-unit:.5f} {x * POINTS_PER_MM:.3f} {y * POINTS_PER_MM:.3f} cm\n"


def _eights(size: int) -> list[list[str]]:
    """For each byte of a packed symbol, for each value, the rectangles of its dark modules."""
    return [
        [_runs(value, first, row) for value in range(256)]
        for row in range(size)
        for first in range(0, size, 8)
    ]


def _runs(value: int, first: int, row: int) -> str:
    drawn, column = "", first
    for dark, group in groupby(f"{value:08b}"):
        length = len(list(group))
        if dark == "1":
            drawn += f"{column} {row} {length} 1 re\n"
        column += length
    return drawn


def colour(value: str) -> str:
    """`#rrggbb` as three numbers from 0 to 1; black and greys stay one ink in print."""
    red, green, blue = (int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return f"{red:.3f} g" if red == green == blue else f"{red:.3f} {green:.3f} {blue:.3f} rg"


def _shape(shape: Shape, layout: Layout) -> str:
    path = _rounded(shape, layout.plate[1])
    drawn = ""
    if shape.fill:
        drawn += f"{colour(layout.colours[shape.fill])}\n{path}f\n"
    if shape.stroke:
        ink = colour(layout.colours[shape.stroke]).upper()
        drawn += f"{ink} {shape.stroke_width * POINTS_PER_MM:.3f} w\n{path}s\n"
    return drawn


def _rounded(shape: Shape, height: float) -> str:
    x, y, w, h = (v * POINTS_PER_MM for v in (shape.x, height - shape.y - shape.h, shape.w, shape.h))
    r = min(shape.radius * POINTS_PER_MM, w / 2, h / 2)
    if not r:
        return f"{x:.3f} {y:.3f} {w:.3f} {h:.3f} re\n"
    c = r * (1 - _ARC)
    right, top = x + w, y + h
    corners = (
        (right - r, y, right - c, y, right, y + c, right, y + r),
        (right, top - r, right, top - c, right - c, top, right - r, top),
        (x + r, top, x + c, top, x, top - c, x, top - r),
        (x, y + r, x, y + c, x + c, y, x + r, y),
    )
    drawn = f"{x + r:.3f} {y:.3f} m\n"
    for a, b, *curve in corners:
        drawn += f"{a:.3f} {b:.3f} l {' '.join(f'{v:.3f}' for v in curve)} c\n"
    return drawn + "h\n"


def _text(line: SetLine, ink: str, layout: Layout) -> str:
    """Operators that show a line: one run a typeface, room beyond the advances written as kerning."""
    x, y = line.x * POINTS_PER_MM, (layout.plate[1] - line.y) * POINTS_PER_MM
    drawn = f"{colour(ink)}\n"
    for face, run in groupby(line.glyphs, key=lambda placed: placed.glyph.face):
        glyphs = list(run)
        start = x + glyphs[0].at * line.size / 1000
        shown, pen = "", glyphs[0].at
        for placed in glyphs:
            gap = round(placed.at - pen)
            shown += (f">{-gap}<" if gap else "") + f"{placed.glyph.cid:04X}"
            pen += gap + placed.glyph.advance
        drawn += f"/F{face} {line.size:.3f} Tf 1 0 0 1 {start:.3f} {y:.3f} Tm[<{shown}>]TJ\n"
    return drawn
