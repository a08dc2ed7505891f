"""The typefaces of plates: which glyph a character has, and the subset that goes into a file.

Noto Sans CJK comes as one variable font (all weights, CFF2), which PDF does not know. The glyphs used are
drawn at the wanted weight and written as a small CID-keyed CFF whose CIDs are the font's own glyph numbers:
so several processes can set text for one file without agreeing on anything beforehand.
"""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from fontTools.cffLib import FDArrayIndex, FDSelect, FontDict  # type: ignore[import-untyped]
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.basePen import AbstractPen  # type: ignore[import-untyped]
from fontTools.pens.t2CharStringPen import T2CharStringPen  # type: ignore[import-untyped]
from fontTools.pens.transformPen import TransformPen  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from fontTools.varLib.varStore import VarStoreInstancer  # type: ignore[import-untyped]

EM = 1000
# The printer's mark for a sort that is not in the case: seen by every proof reader.
MISSING_MARK = "〓"
_WEIGHTS = {"regular": 400, "bold": 700}
_SIMPLIFIED_CHINESE_FACE = 2


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph by number, its advance in 1/1000 em, and the index of its typeface in the family."""

    face: int
    cid: int
    advance: float


class Typeface:
    """One font file at one weight."""

    def __init__(self, font: TTFont, weight: int | None = None) -> None:
        """Use an open font, a variable one at `weight` (100-900)."""
        self._font = font
        self._location = {"wght": weight} if weight else None
        self._cmap: dict[int, str] = font["cmap"].getBestCmap() or {}
        self._scale = EM / font["head"].unitsPerEm
        self.name = f"{font['name'].getDebugName(6) or 'Plate'}".split("-")[0] + f"-{weight or 400}"

    # Outlines are half of a CJK font's memory, and only the process that writes the font needs them.
    @cached_property
    def _glyphs(self) -> Any:
        return self._font.getGlyphSet(location=self._location)

    @cached_property
    def _widening(self) -> Any:
        axes = self._font["fvar"].axes
        store = self._font["HVAR"].table.VarStore
        return VarStoreInstancer(store, axes, self._font.normalizeLocation(self._location))

    def find(self, character: str) -> tuple[int, float] | None:
        """The glyph number and advance of a character, or None where the font lacks it."""
        name = self._cmap.get(ord(character))
        if name is None:
            return None
        cid: int = self._font.getGlyphID(name)
        return cid, round((self._font["hmtx"][name][0] + self._wider(name, cid)) * self._scale, 1)

    def _wider(self, name: str, cid: int) -> float:
        if self._location is None:
            return 0.0
        places = self._font["HVAR"].table.AdvWidthMap
        return float(self._widening[places.mapping[name] if places else cid])

    def draw(self, character: str, pen: AbstractPen) -> None:
        """Draw a character the font has, in 1/1000 em with y upwards."""
        scaled = TransformPen(pen, (self._scale, 0, 0, self._scale, 0, 0))
        self._glyphs[self._cmap[ord(character)]].draw(scaled)

    def subset_cff(self, characters: Iterable[str]) -> bytes:
        """A CID-keyed CFF font with the glyphs of these characters, each at its own glyph number."""
        outlines = {".notdef": T2CharStringPen(EM, None).getCharString()}
        found = {self.find(character): character for character in characters}
        for (cid, advance), character in sorted((key, char) for key, char in found.items() if key and key[0]):
            pen = T2CharStringPen(advance, None)
            self.draw(character, pen)
            outlines[f"cid{cid:05d}"] = pen.getCharString()
        return _cid_keyed(self.name, outlines)


def _cid_keyed(name: str, outlines: dict[str, object]) -> bytes:
    builder = FontBuilder(EM, isTTF=False)
    builder.setupGlyphOrder(list(outlines))
    builder.setupCFF(name, {}, outlines, {})
    cff = builder.font["CFF "].cff
    top = cff.topDictIndex[0]
    private, select = FontDict(), FDSelect()
    private.Private = top.Private
    select.gidArray, select.format = [0] * len(outlines), 3
    del top.Private
    top.ROS, top.CIDCount = ("Adobe", "Identity", 0), 65536
    top.FDArray, top.FDSelect = FDArrayIndex(), select
    top.FDArray.append(private)
    top.CharStrings.fdArray, top.CharStrings.fdSelect = top.FDArray, select
    out = io.BytesIO()
    cff.compile(out, builder.font, isCFF2=False)
    return out.getvalue()


class Family:
    """The typefaces of one job: the weights of the packaged font, then own fonts for rare characters."""

    def __init__(self, rare: Iterable[Path] = ()) -> None:
        """Open the packaged Noto Sans CJK and the font files `rare`, asked in order for what it lacks."""
        packaged = resources.files("manimgx_fonts_cjk").joinpath("NotoSansCJK-VF.otf.ttc")
        with resources.as_file(packaged) as path:
            noto = TTFont(path, fontNumber=_SIMPLIFIED_CHINESE_FACE, lazy=True)
        self._fonts = [noto, *(TTFont(path, fontNumber=0, lazy=True) for path in rare)]
        # One open font for all weights: it is by far the largest thing in memory.
        self.faces = [Typeface(noto, weight) for weight in _WEIGHTS.values()]
        self.faces += [Typeface(font) for font in self._fonts[1:]]
        self._known: dict[tuple[str, str], Glyph | None] = {}

    def close(self) -> None:
        """Close the font files."""
        for font in self._fonts:
            font.close()

    def glyph(self, character: str, weight: str) -> Glyph | None:
        """The glyph of a character at a weight, from a fallback font if need be, or None."""
        key = (character, weight)
        if key not in self._known:
            self._known[key] = self._search(character, list(_WEIGHTS).index(weight))
        return self._known[key]

    def mark(self, weight: str) -> Glyph:
        """The glyph that stands for a missing one."""
        glyph = self.glyph(MISSING_MARK, weight)
        if glyph is None:
            raise LookupError(f"字体缺少 {MISSING_MARK}")
        return glyph

    def _search(self, character: str, first: int) -> Glyph | None:
        for index in (first, *range(len(_WEIGHTS), len(self.faces))):
            found = self.faces[index].find(character)
            if found is not None:
                return Glyph(index, *found)
        return None


def subset_tag(characters: Iterable[str]) -> str:
    """Six letters naming a font subset, the same for the same characters."""
    digest = hashlib.sha256("".join(sorted(characters)).encode()).digest()
    return "".join(chr(65 + byte % 26) for byte in digest[:6])
