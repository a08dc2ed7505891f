"""Lines of text set from a layout: which glyphs, how large, where; the same for PDF and SVG."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from string import Formatter

from qr.fonts import EM, MISSING_MARK, Family, Glyph
from qr.layout import Line, Side
from qr.pdf import POINTS_PER_MM

# Below this share of its nominal size a shrunk line no longer reads well on a wall.
CRAMPED = 0.6
_MONO_CELL = 0.62 * EM


@dataclass(frozen=True, slots=True)
class SetGlyph:
    """A glyph with what it stands for and how far (1/1000 em) from the line's start it begins."""

    glyph: Glyph
    character: str
    at: float


@dataclass(frozen=True, slots=True)
class SetLine:
    """A line ready to draw: left end and baseline in mm from the plate's top left corner, size in points."""

    x: float
    y: float
    size: float
    glyphs: tuple[SetGlyph, ...]
    missing: tuple[str, ...]
    cramped: bool


class SideText:
    """Which lines of a side a plate has, and the values that fill their fields."""

    def __init__(self, side: Side) -> None:
        """Prepare the look-ups of each line."""
        self._lines = [
            (_look_up((line.needs,) if line.needs else line.fields), _look_up(line.fields))
            for line in side.lines
        ]

    def fillings(self, plate: object) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The index of each line to set and its values; lines with nothing to say are left out."""
        for index, (needed, values) in enumerate(self._lines):
            present = needed(plate)
            if not present or any(present):
                yield index, values(plate)


def fill(line: Line, values: Iterable[str]) -> str:
    """The line's text with its fields filled, in their order."""
    filled = iter(values)
    return "".join(
        literal + (next(filled) if name is not None else "")
        for literal, name, _, _ in Formatter().parse(line.text)
    )


def _look_up(names: tuple[str, ...]) -> Callable[[object], tuple[str, ...]]:
    getters = [attrgetter(name) for name in names]
    return lambda plate: tuple([get(plate) for get in getters])


def set_line(line: Line, text: str, family: Family) -> SetLine:
    """Set one line: find every glyph, mark the missing ones 〓, shrink the line to its width."""
    glyphs, missing, width = _advance(line, text, family)
    room = line.w * POINTS_PER_MM
    size = min(line.size, room * EM / width) if width else line.size
    slack = line.w - width * size / EM / POINTS_PER_MM
    shift = {"left": 0.0, "centre": slack / 2, "right": slack}[line.align]
    return SetLine(line.x + shift, line.y, size, tuple(glyphs), tuple(missing), size < line.size * CRAMPED)


def _advance(line: Line, text: str, family: Family) -> tuple[list[SetGlyph], list[str], float]:
    glyphs: list[SetGlyph] = []
    missing: list[str] = []
    at = 0.0
    tracking = line.tracking * EM
    for character in text:
        glyph, drawn = family.glyph(character, line.weight), character
        if glyph is None:
            missing.append(character)
            # Variation selectors and controls take no room: the character before them is drawn as it is.
            if unicodedata.category(character) in ("Mn", "Cf", "Cc"):
                continue
            glyph, drawn = family.mark(line.weight), MISSING_MARK
        cell = max(_MONO_CELL, glyph.advance) if line.mono else glyph.advance
        glyphs.append(SetGlyph(glyph, drawn, at + (cell - glyph.advance) / 2))
        at += cell + tracking
    return glyphs, missing, max(at - tracking, 0.0)
