"""A letter as a PDF: A4, the office's red header, our own Noto subset inside; lines are broken by the Chinese rules
(no line begins with a closing mark). Lengths in points, y upwards."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

from domain.documents.letters import Letter
from qr.fonts import EM, Family
from qr.pdf import PdfFile

PDF = "application/pdf"
_WIDTH, _HEIGHT = 595.276, 841.89
_LEFT, _TOP, _BOTTOM = 79.4, 770.0, 85.0
_ROOM = _WIDTH - 2 * _LEFT
_BODY, _LEADING = 14.0, 26.0
_NOT_FIRST = set(",.;:!?%)]}、。,;:!?)】》”’〉…")
_RED = "0.8 0.05 0.05"
_lock = Lock()  # one open family for all: it is by far the largest thing in memory, and not made for two threads
_families: list[Family] = []


@dataclass
class _Sheets:
    """Pages being set: finished content, the page at hand, and which characters each face has used."""

    family: Family
    used: list[set[str]]
    done: list[list[str]] = field(default_factory=list)
    y: float = _TOP

    def line(self, text: str, size: float, x: float, weight: str = "regular", colour: str = "0 0 0") -> None:
        """Set one line at the present height, and go down."""
        if self.y < _BOTTOM or not self.done:
            self.done.append([])
            self.y = _TOP
        self.done[-1] += self._set(text, size, x, self.y, (weight, colour))
        self.y -= max(_LEADING, size * 1.5)

    def foot(self) -> None:
        """Number the pages."""
        for number, page in enumerate(self.done, 1):
            text = f"— {number} —"
            page.extend(self._set(text, 10, (_WIDTH - self.width(text, 10)) / 2, 50.0))

    def rule(self) -> None:
        """A red line across the text, as under the header of an office."""
        self.done[-1].append(f"{_RED} RG 1.8 w {_LEFT} {self.y + 16:.2f} m {_WIDTH - _LEFT:.2f} {self.y + 16:.2f} l S")
        self.y -= 14

    def width(self, text: str, size: float, weight: str = "regular") -> float:
        """How wide a text is at a size."""
        return sum(width for _, _, width in self._runs(text, weight)) * size / EM

    def _set(
        self, text: str, size: float, x: float, y: float, style: tuple[str, str] = ("regular", "0 0 0")
    ) -> list[str]:
        weight, colour = style
        shown = []
        for face, run, width in self._runs(text, weight):
            codes = "".join(f"{cid:04X}" for cid in run)
            shown.append(f"BT {colour} rg /F{face} {size:g} Tf {x:.2f} {y:.2f} Td <{codes}> Tj ET")
            x += width * size / EM
        return shown

    def _runs(self, text: str, weight: str) -> Iterator[tuple[int, list[int], float]]:
        face, run, width = -1, list[int](), 0.0
        for character in text:
            glyph, drawn = self.family.glyph(character, weight), character
            if glyph is None:
                glyph, drawn = self.family.mark(weight), "〓"
            if run and glyph.face != face:
                yield face, run, width
                run, width = [], 0.0
            face = glyph.face
            self.used[face].add(drawn)
            run.append(glyph.cid)
            width += glyph.advance
        if run:
            yield face, run, width


def render_pdf(letter: Letter) -> bytes:
    """The file's bytes; slow enough (some tenths of a second) to belong into a thread."""
    with _lock:
        if not _families:
            _families.append(Family())
        return _render(letter, _families[0])


def _render(letter: Letter, family: Family) -> bytes:
    sheets = _Sheets(family, [set() for _ in family.faces])
    _head(sheets, letter)
    _text(sheets, letter.addressee, indent=0)
    _text(sheets, letter.opening)
    for section in letter.sections:
        _text(sheets, section.heading, weight="bold")
        for paragraph in section.paragraphs:
            _text(sheets, paragraph)
    sheets.y -= _LEADING
    for text in (letter.office, letter.dated):
        sheets.line(text, _BODY, _WIDTH - _LEFT - 28 - sheets.width(text, _BODY))
    return _write(sheets, letter)


def _head(sheets: _Sheets, letter: Letter) -> None:
    size = min(30.0, 30.0 * _ROOM / sheets.width(letter.office, 30.0, "bold"))
    for text, points, colour in ((letter.office, size, _RED), (letter.number, 12.0, "0 0 0")):
        weight = "bold" if colour == _RED else "regular"
        sheets.line(text, points, (_WIDTH - sheets.width(text, points, weight)) / 2, weight, colour)
    sheets.rule()
    sheets.line(letter.title, 20, (_WIDTH - sheets.width(letter.title, 20, "bold")) / 2, "bold")
    sheets.y -= 8


def _text(sheets: _Sheets, text: str, *, indent: int = 2, weight: str = "regular") -> None:
    for number, line in enumerate(_broken(sheets, text, indent * _BODY, weight)):
        sheets.line(line, _BODY, _LEFT + (indent * _BODY if number == 0 else 0), weight)


def _broken(sheets: _Sheets, text: str, indent: float, weight: str) -> Iterator[str]:
    line, room = "", _ROOM - indent
    for character in text:
        if line and character not in _NOT_FIRST and sheets.width(line + character, _BODY, weight) > room:
            yield line
            line, room = "", _ROOM
        line += character
    yield line


def _write(sheets: _Sheets, letter: Letter) -> bytes:
    out = io.BytesIO()
    pdf = PdfFile(out, letter.title)
    sheets.foot()
    for page in sheets.done:
        pdf.add_page(210, 297, zlib.compress("\n".join(page).encode()))
    fonts = {f"F{n}": pdf.add_font(face, sheets.used[n]) for n, face in enumerate(sheets.family.faces) if sheets.used[n]}
    pdf.finish(fonts, {})
    return out.getvalue()
