"""One plate as SVG with outlined text: the same on an engraver's machine that has no Chinese font."""

import base64
from collections.abc import Iterable
from contextlib import closing
from itertools import groupby
from xml.sax.saxutils import escape

from fontTools.pens.svgPathPen import SVGPathPen  # type: ignore[import-untyped]
from fontTools.pens.transformPen import TransformPen  # type: ignore[import-untyped]

from qr.fonts import EM, Family
from qr.layout import Layout, Shape, Square
from qr.matrix import QUIET_ZONE, Matrix, make_matrix, modules_across
from qr.pdf import POINTS_PER_MM
from qr.plates import RenderOptions, adapted
from qr.press import PlateData
from qr.typeset import SetLine, SideText, fill, set_line


def render_svg(plate: PlateData, layout: Layout, options: RenderOptions | None = None) -> str:
    """The front of one plate as SVG in millimetres, text as outlines; raises LayoutRefused."""
    options = options or RenderOptions()
    with closing(Family(options.rare_fonts)) as family:
        return _drawn(plate, adapted(layout, options), family, options.emblem)


def _drawn(plate: PlateData, layout: Layout, family: Family, emblem: bytes | None) -> str:
    width, height = layout.plate
    title = escape(f"{plate.village} {plate.plate_text} {plate.serial}")
    size = f'width="{width:g}mm" height="{height:g}mm" viewBox="0 0 {width:g} {height:g}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}><title>{title}</title>']
    parts += (_shape(shape, layout) for shape in layout.front.shapes)
    for index, values in SideText(layout.front).fillings(plate):
        line = layout.front.lines[index]
        placed = set_line(line, fill(line, values), family)
        parts.append(f'<path fill="{layout.colours[line.colour]}" d="{_outlines(placed, family)}"/>')
    if emblem is not None and layout.emblem is not None:
        parts.append(_emblem(emblem, layout.emblem))
    parts += (_code(make_matrix(plate.url), layout), "</svg>\n")
    return "\n".join(parts)


def _shape(shape: Shape, layout: Layout) -> str:
    fill_colour = layout.colours[shape.fill] if shape.fill else "none"
    ink = layout.colours[shape.stroke] if shape.stroke else "none"
    return (
        f'<rect x="{shape.x:g}" y="{shape.y:g}" width="{shape.w:g}" height="{shape.h:g}" '
        f'rx="{shape.radius:g}" fill="{fill_colour}" stroke="{ink}" stroke-width="{shape.stroke_width:g}"/>'
    )


def _outlines(line: SetLine, family: Family) -> str:
    scale = line.size / EM / POINTS_PER_MM
    pen = SVGPathPen(None, ntos=lambda number: f"{number:.3f}".rstrip("0").rstrip("."))
    for placed in line.glyphs:
        at = TransformPen(pen, (scale, 0, 0, -scale, line.x + placed.at * scale, line.y))
        family.faces[placed.glyph.face].draw(placed.character, at)
    return str(pen.getCommands())


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
