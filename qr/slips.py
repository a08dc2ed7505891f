"""The paper slip of a receipt: number, query code and a code to the progress page, on A6 or a 58 mm thermal roll.

Everything is black and nothing is thinner than a thermal head prints; the query code stands alone in large type.
"""

import io
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from qr.artist import CodeArtist, SideArtist
from qr.fonts import Family
from qr.layout import Layout, Line, Shape, Side, Square
from qr.matrix import make_matrix
from qr.pdf import PdfFile

Paper = Literal["a6", "thermal58"]


@dataclass(frozen=True, slots=True)
class SlipData:
    """What a slip says; `url` is what its code holds, empty parts are left out."""

    url: str
    number: str
    query_code: str
    received: str
    due: str
    hotline: str
    agent: str = ""
    place: str = ""


def render_slip(slip: SlipData, paper: Paper) -> bytes:
    """The slip as a PDF of one page; raises LayoutRefused when the address is too long for a code of this size."""
    layout = LAYOUTS[paper]
    out = io.BytesIO()
    with closing(Family()) as family:
        side = SideArtist(layout, layout.front, family)
        drawn, _, _ = side.draw(slip)
        page = drawn + CodeArtist(layout).draw(make_matrix(slip.url))
        pdf = PdfFile(out, f"回执 {slip.number}")
        pdf.add_page(*layout.page, zlib.compress(page.encode("ascii")))
        used = enumerate(zip(family.faces, side.used, strict=True))
        fonts = {f"F{index}": pdf.add_font(face, letters) for index, (face, letters) in used if letters}
        pdf.finish(fonts, {})
    return out.getvalue()


def _layout(title: str, size: tuple[float, float], code: Square, rules: Sequence[float], *lines: Line) -> Layout:
    left, width = lines[0].x, lines[0].w
    shapes = tuple(Shape(x=left, y=y, w=width, h=0.3, fill="ink") for y in rules)
    front = Side(shapes=shapes, lines=lines)
    return Layout(title=title, page=size, plate=size, colours={"ink": "#000000"}, qr=code, front=front)


def _a6() -> Layout:
    def line(text: str, y: float, size: float, *, bold: bool = False, mono: bool = False) -> Line:
        weight: Literal["regular", "bold"] = "bold" if bold else "regular"
        return Line(text=text, x=10, y=y, w=85, size=size, weight=weight, align="centre", mono=mono)

    return _layout(
        "回执 A6", (105, 148), Square(x=31.5, y=63, size=42), (19, 56),
        line("您的诉求已登记", 15, 18, bold=True),
        line("编号", 25, 9), line("{number}", 31.5, 14, bold=True),
        line("查询码", 39, 9), line("{query_code}", 51, 30, bold=True, mono=True),
        line("手机扫码查进度", 62, 11),
        line("{due} 前告诉您是否受理", 112, 12, bold=True),
        line("登记时间 {received}", 119, 9),
        line("{place}", 125, 9), line("代办人 {agent}", 131, 9),
        line("急事或不便上网 请拨打 {hotline}", 138, 11, bold=True),
        line("凭查询码可以看到进度 请妥善保管", 143.5, 8),
    )  # fmt: skip


def _thermal() -> Layout:
    def line(text: str, y: float, size: float, *, bold: bool = False, mono: bool = False) -> Line:
        weight: Literal["regular", "bold"] = "bold" if bold else "regular"
        return Line(text=text, x=5, y=y, w=48, size=size, weight=weight, align="centre", mono=mono)

    return _layout(
        "回执 58 mm", (58, 128), Square(x=8, y=50, size=42), (12, 44.5),
        line("您的诉求已登记", 9, 14, bold=True),
        line("编号", 17, 8), line("{number}", 22.5, 12, bold=True),
        line("查询码", 29, 8), line("{query_code}", 40, 26, bold=True, mono=True),
        line("手机扫码查进度", 49.5, 10),
        line("{due} 前告诉您是否受理", 98, 11, bold=True),
        line("登记时间 {received}", 104, 8),
        line("{place}", 109, 8), line("代办人 {agent}", 114, 8),
        line("急事请拨打 {hotline}", 120.5, 12, bold=True),
        line("凭查询码可以看到进度 请妥善保管", 125.5, 7.5),
    )  # fmt: skip


LAYOUTS: dict[Paper, Layout] = {"a6": _a6(), "thermal58": _thermal()}
