"""Plates one by one as SVG with outlined text: the same on an engraver's machine that has no Chinese font."""

import base64
import zipfile
from collections.abc import Iterable
from contextlib import closing
from functools import lru_cache
from itertools import groupby
from typing import BinaryIO
from xml.sax.saxutils import escape

from fontTools.pens.recordingPen import DecomposingRecordingPen  # type: ignore[import-untyped]
from fontTools.pens.svgPathPen import SVGPathPen  # type: ignore[import-untyped]
from fontTools.pens.transformPen import TransformPen  # type: ignore[import-untyped]

from qr.fonts import EM, Family
from qr.layout import Layout, Shape, Square
from qr.matrix import QUIET_ZONE, Matrix, make_matrix, modules_across, read_matrix
from qr.pdf import POINTS_PER_MM
from qr.plate import PlateData
from qr.plates import RenderOptions, RenderReport, adapted
from qr.typeset import SetLine, SideText, fill, set_line


def render_svg(plate: PlateData, layout: Layout, options: RenderOptions | None = None) -> str:
    """The front of one plate as SVG in millimetres, text as outlines; raises LayoutRefused."""
    options = options or RenderOptions()
    with closing(Family(options.rare_fonts)) as family:
        return _Draughtsman(layout, family, options).draw(plate, RenderReport())


def write_svg_zip(
    plates: Iterable[PlateData], layout: Layout, out: BinaryIO, options: RenderOptions | None = None
) -> RenderReport:
    """A ZIP with one SVG a plate, named by serial, each code read back; the same plates give the same bytes."""
    options, report = options or RenderOptions(), RenderReport()
    with closing(Family(options.rare_fonts)) as family, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        draughtsman = _Draughtsman(layout, family, options)
        for plate in plates:
            drawn = draughtsman.draw(plate, report)
            archive.writestr(zipfile.ZipInfo(f"{plate.serial or report.plates}.svg"), drawn, zipfile.ZIP_DEFLATED, 3)
    return report


class _Draughtsman:
    """Draws plates of one layout; lines and glyphs that come again are drawn only once."""

    def __init__(self, layout: Layout, family: Family, options: RenderOptions) -> None:
        self._layout, self._family = adapted(layout, options), family
        front = self._layout.front
        self._lines, self._text = front.lines, SideText(front)
        self._shapes = [_shape(shape, self._layout) for shape in front.shapes]
        place = self._layout.emblem
        self._emblem = [_emblem(options.emblem, place)] if options.emblem is not None and place is not None else []
        self._line = lru_cache(maxsize=8192)(self._set)
        self._glyphs: dict[tuple[int, str], DecomposingRecordingPen] = {}

    def draw(self, plate: PlateData, report: RenderReport) -> str:
        """One plate, with what is to be said of it noted in the report."""
        width, height = self._layout.plate
        title = escape(f"{plate.village} {plate.plate_text} {plate.serial}")
        size = f'width="{width:g}mm" height="{height:g}mm" viewBox="0 0 {width:g} {height:g}"'
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}><title>{title}</title>', *self._shapes]
        cramped = False
        for index, values in self._text.fillings(plate):
            path, missing, small = self._line(index, values)
            parts.append(path)
            cramped |= small
            for character in missing:
                report.miss(character, plate.serial)
        matrix = make_matrix(plate.url)
        report.count(plate.serial, read=read_matrix(matrix) == plate.url, cramped=cramped)
        parts += (*self._emblem, _code(matrix, self._layout), "</svg>\n")
        return "\n".join(parts)

    def _set(self, index: int, values: tuple[str, ...]) -> tuple[str, tuple[str, ...], bool]:
        line = self._lines[index]
        placed = set_line(line, fill(line, values), self._family)
        path = f'<path fill="{self._layout.colours[line.colour]}" d="{self._outlines(placed)}"/>'
        return path, placed.missing, placed.cramped

    def _outlines(self, line: SetLine) -> str:
        scale = line.size / EM / POINTS_PER_MM
        pen = SVGPathPen(None, ntos=lambda number: f"{number:.3f}".rstrip("0").rstrip("."))
        for placed in line.glyphs:
            at = TransformPen(pen, (scale, 0, 0, -scale, line.x + placed.at * scale, line.y))
            self._glyph(placed.glyph.face, placed.character).replay(at)
        return str(pen.getCommands())

    def _glyph(self, face: int, character: str) -> DecomposingRecordingPen:
        key = (face, character)
        if key not in self._glyphs:
            self._glyphs[key] = DecomposingRecordingPen({})
            self._family.faces[face].draw(character, self._glyphs[key])
        return self._glyphs[key]


def _shape(shape: Shape, layout: Layout) -> str:
    fill_colour = layout.colours[shape.fill] if shape.fill else "none"
    ink = layout.colours[shape.stroke] if shape.stroke else "none"
    return (
        f'<rect x="{shape.x:g}" y="{shape.y:g}" width="{shape.w:g}" height="{shape.h:g}" '
        f'rx="{shape.radius:g}" fill="{fill_colour}" stroke="{ink}" stroke-width="{shape.stroke_width:g}"/>'
    )


def _code(matrix: Matrix, layout: Layout) -> str:
    module = layout.module_mm(modules_across(matrix))
    left, top = layout.qr.x + QUIET_ZONE * module, layout.qr.y + QUIET_ZONE * module
    drawn = "".join(f"M{x} {y}h{w}v1h-{w}z" for y, row in enumerate(matrix) for x, w in _runs(row.tolist()))
    return f'<path transform="translate({left:.4f} {top:.4f}) scale({module:.5f})" fill="#000" d="{drawn}"/>'


def _runs(row: Iterable[bool]) -> Iterable[tuple[int, int]]:
    column = 0
    for dark, group in groupby(row):
        length = len(list(group))
        if dark:
            yield column, length
        column += length


def _emblem(image: bytes, place: Square) -> str:
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    data = base64.b64encode(image).decode("ascii")
    return (
        f'<image x="{place.x:g}" y="{place.y:g}" width="{place.size:g}" height="{place.size:g}" '
        f'href="data:image/{kind};base64,{data}"/>'
    )
