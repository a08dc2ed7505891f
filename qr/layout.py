"""Plate layouts are data: one TOML file says what stands where on a plate and on its sheet.

Lengths are millimetres from the top left corner, y is the baseline of a line, type sizes are points.
"""

import re
import string
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

MIN_MODULE_MM = 0.8
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
FIELDS = frozenset(
    (
        *("programme", "village", "plate_text", "serial", "domain", "hotline"),
        *("card.name", "card.post", "card.phone", "card.grid"),
    )
)


class LayoutRefused(ValueError):
    """The layout cannot give a plate that people and phones can read; the message says why."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of a layout; unknown keys are refused, so a misspelt one is never ignored."""


class Shape(_Part, frozen=True):
    """A filled or stroked rectangle, corners rounded by `radius`."""

    x: float
    y: float
    w: float
    h: float
    fill: str | None = None
    stroke: str | None = None
    stroke_width: float = 0.3
    radius: float = 0.0


class Line(_Part, frozen=True):
    """One line of text with `{fields}`, shrunk to fit `w`; dropped when all its fields are empty.

    `mono` gives every character the same room, `tracking` adds room in em, and a line `beside_emblem` takes
    the emblem's place where a deployment has none. `needs` names the field without which the line is dropped.
    """

    text: str
    x: float
    y: float
    w: float
    size: float
    weight: Literal["regular", "bold"] = "regular"
    align: Literal["left", "centre", "right"] = "left"
    colour: str = "ink"
    mono: bool = False
    tracking: float = 0.0
    beside_emblem: bool = False
    needs: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the plate fields in the text, in order."""
        return tuple(name for _, name, _, _ in string.Formatter().parse(self.text) if name is not None)


class Square(_Part, frozen=True):
    """Where the code (with its quiet zone) or the emblem stands."""

    x: float
    y: float
    size: float


class Side(_Part, frozen=True):
    """One side of a plate: shapes below, lines above."""

    shapes: tuple[Shape, ...] = ()
    lines: tuple[Line, ...] = ()


class Layout(_Part, frozen=True, kw_only=True):
    """A plate and the sheet it is printed on."""

    name: str = ""
    title: str
    page: tuple[float, float]
    plate: tuple[float, float]
    grid: tuple[int, int] = (1, 1)
    origin: tuple[float, float] = (0.0, 0.0)
    gap: tuple[float, float] = (0.0, 0.0)
    cut_marks: bool = False
    colours: dict[str, str]
    qr: Square
    emblem: Square | None = None
    front: Side
    back: Side | None = None

    @property
    def per_page(self) -> int:
        """How many plates one sheet holds."""
        return self.grid[0] * self.grid[1]

    def alone(self) -> "Layout":
        """The same plate on a page of its own size."""
        return msgspec.structs.replace(
            self, page=self.plate, grid=(1, 1), origin=(0.0, 0.0), gap=(0.0, 0.0), cut_marks=False
        )

    def place(self, cell: int) -> tuple[float, float]:
        """The top left corner of the sheet's nth plate, row by row."""
        row, column = divmod(cell, self.grid[0])
        return (
            self.origin[0] + column * (self.plate[0] + self.gap[0]),
            self.origin[1] + row * (self.plate[1] + self.gap[1]),
        )

    def place_on_back(self, cell: int) -> tuple[float, float]:
        """The same plate's corner on the back, after turning the sheet over its long edge."""
        x, y = self.place(cell)
        if self.page[0] <= self.page[1]:
            return self.page[0] - x - self.plate[0], y
        return x, self.page[1] - y - self.plate[1]

    def without_emblem(self) -> "Layout":
        """The same layout with the emblem's place given to the text beside it."""
        if self.emblem is None:
            return self
        left = self.emblem.x
        lines = tuple(
            msgspec.structs.replace(line, x=left, w=line.w + line.x - left) if line.beside_emblem else line
            for line in self.front.lines
        )
        return msgspec.structs.replace(
            self, emblem=None, front=msgspec.structs.replace(self.front, lines=lines)
        )

    def module_mm(self, modules: int) -> float:
        """Edge of one module in mm for a symbol `modules` wide with its quiet zone; raises LayoutRefused."""
        edge = self.qr.size / modules
        if edge < MIN_MODULE_MM:
            raise LayoutRefused(
                f"版式“{self.title}”的二维码边长 {self.qr.size:g} mm，每个小格仅 {edge:.2f} mm，"
                f"低于 {MIN_MODULE_MM} mm，手机难以识读：请换大一号的版式，或使用更短的网址"
            )
        return edge


@cache
def layout_names() -> tuple[str, ...]:
    """The names of the layouts that come with the program."""
    files = resources.files("qr").joinpath("layouts").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


@cache
def load_layout(name: str) -> Layout:
    """The layout of that name that comes with the program; raises LayoutRefused."""
    if name not in layout_names():
        raise LayoutRefused(f"没有名为“{name}”的版式，可用：{'、'.join(layout_names())}")
    return parse_layout(resources.files("qr").joinpath("layouts", f"{name}.toml").read_bytes(), name)


def parse_layout(toml: bytes, name: str) -> Layout:
    """Read and check a layout, a deployment's own as well; raises LayoutRefused."""
    try:
        layout = msgspec.structs.replace(msgspec.toml.decode(toml, type=Layout), name=name)
    except msgspec.DecodeError as error:
        raise LayoutRefused(f"版式“{name}”无法读取：{error}") from error
    faults = list(_faults(layout))
    if faults:
        raise LayoutRefused(f"版式“{name}”有误：{'；'.join(faults)}")
    return layout


def parse_colour(value: str) -> str:
    """The colour, written `#rrggbb`; raises LayoutRefused."""
    if not _COLOUR.fullmatch(value):
        raise LayoutRefused(f"颜色 {value} 须写作 #rrggbb")
    return value


def _faults(layout: Layout) -> list[str]:
    odd = [value for value in layout.colours.values() if not _COLOUR.fullmatch(value)]
    faults = [f"颜色 {value} 须写作 #rrggbb" for value in odd]
    if min(*layout.grid, *layout.plate, *layout.page) <= 0 or min(*layout.origin, *layout.gap) < 0:
        return [*faults, "尺寸、行列数须大于零，边距不能为负"]
    last_x, last_y = layout.place(layout.per_page - 1)
    if last_x + layout.plate[0] > layout.page[0] + 0.01 or last_y + layout.plate[1] > layout.page[1] + 0.01:
        faults.append("门牌排不进纸张")
    for square in (layout.qr, layout.emblem):
        if square is not None and not _inside(layout, square.x, square.y, square.size, square.size):
            faults.append("二维码或徽标超出门牌")
    for side in (layout.front, layout.back or Side()):
        faults += _side_faults(layout, side)
    return faults


def _side_faults(layout: Layout, side: Side) -> list[str]:
    faults = []
    for shape in side.shapes:
        if not _inside(layout, shape.x, shape.y, shape.w, shape.h):
            faults.append(f"色块超出门牌（x={shape.x:g} y={shape.y:g}）")
        faults += [f"没有颜色 {c}" for c in (shape.fill, shape.stroke) if c and c not in layout.colours]
    for line in side.lines:
        if line.colour not in layout.colours:
            faults.append(f"没有颜色 {line.colour}")
        if not _inside(layout, line.x, line.y, line.w, 0) or line.size <= 0 or line.w <= 0:
            faults.append(f"文字行超出门牌：{line.text}")
        try:
            named = (*line.fields, *filter(None, [line.needs]))
            faults += [f"没有字段 {name}" for name in named if name not in FIELDS]
        except ValueError:
            faults.append(f"文字行的花括号不成对：{line.text}")
    return faults


def _inside(layout: Layout, x: float, y: float, w: float, h: float) -> bool:
    width, height = layout.plate
    return min(x, y, w, h) >= 0 and x + w <= width + 0.01 and y + h <= height + 0.01
