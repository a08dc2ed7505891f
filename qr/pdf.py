"""A PDF writer that holds nothing back: each page is written as it comes, fonts and lists at the end.

The usual libraries keep every page until the last one; a province does not fit. Nothing here depends on the
clock, so the same plates give the same bytes and the same checksum.
"""

import hashlib
import zlib
from array import array
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from qr.fonts import EM, Typeface, subset_tag

POINTS_PER_MM = 72 / 25.4
_PAGES_PER_NODE = 256
_ROOT, _CATALOGUE, _RESOURCES, _INFO = 1, 2, 3, 4


class PdfFile:
    """One PDF being written to `out`, which need not seek."""

    def __init__(self, out: BinaryIO, title: str) -> None:
        """Begin the file."""
        self._out = out
        self._digest = hashlib.sha256()
        self.size = 0
        self.pages = 0
        self._offsets = array("Q", [0] * (_INFO + 1))
        self._nodes: list[int] = []
        self._kids: list[int] = []
        self._node = 0
        self._write(b"%PDF-1.7\n%\xe5\x91\xbc\xe5\xba\x94\n")
        self._object(_INFO, b"<</Title %s/Producer (Huying)>>" % _text_string(title))

    def add_page(self, width_mm: float, height_mm: float, deflated: bytes) -> None:
        """Write a page whose content stream is already compressed."""
        if not self._kids:
            self._node = self._reserve()
        content, page = self._reserve(), self._reserve()
        self._stream(content, b"/Filter/FlateDecode", deflated)
        box = f"[0 0 {width_mm * POINTS_PER_MM:.3f} {height_mm * POINTS_PER_MM:.3f}]".encode()
        self._object(
            page,
            b"<</Type/Page/Parent %d 0 R/MediaBox%s/Resources %d 0 R/Contents %d 0 R>>"
            % (self._node, box, _RESOURCES, content),
        )
        self.pages += 1
        self._kids.append(page)
        if len(self._kids) == _PAGES_PER_NODE:
            self._close_node()

    def add_image(self, width: int, height: int, rgb: bytes, alpha: bytes) -> int:
        """Write an image of 8-bit RGB samples with its transparency; returns its object number."""
        head = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/Filter/FlateDecode"
        mask, image = self._reserve(), self._reserve()
        self._stream(mask, head % (width, height) + b"/ColorSpace/DeviceGray", zlib.compress(alpha))
        self._stream(
            image, head % (width, height) + b"/ColorSpace/DeviceRGB/SMask %d 0 R" % mask, zlib.compress(rgb)
        )
        return image

    def add_font(self, face: Typeface, characters: Iterable[str]) -> int:
        """Write the subset of a typeface with these characters, copyable; returns its object number."""
        used = sorted(characters)
        file, descriptor, descendant, unicode_map, font = (self._reserve() for _ in range(5))
        name = f"{subset_tag(used)}+{face.name}".encode()
        glyphs = {found[0]: (found[1], char) for char in reversed(used) if (found := face.find(char))}
        self._stream(file, b"/Subtype/CIDFontType0C/Filter/FlateDecode", zlib.compress(face.subset_cff(used)))
        self._object(
            descriptor,
            b"<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[-1000 -1000 3000 2000]/ItalicAngle 0"
            b"/Ascent 880/Descent -120/CapHeight 733/StemV 80/FontFile3 %d 0 R>>" % (name, file),
        )
        widths = "".join(
            f"{cid}[{advance:g}]" for cid, (advance, _) in sorted(glyphs.items()) if advance != EM
        )
        self._object(
            descendant,
            b"<</Type/Font/Subtype/CIDFontType0/BaseFont/%s"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/FontDescriptor %d 0 R/DW %d/W[%s]>>" % (name, descriptor, EM, widths.encode()),
        )
        mapping = zlib.compress(_unicode_map({cid: char for cid, (_, char) in glyphs.items()}))
        self._stream(unicode_map, b"/Filter/FlateDecode", mapping)
        self._object(
            font,
            b"<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]"
            b"/ToUnicode %d 0 R>>" % (name, descendant, unicode_map),
        )
        return font

    def finish(self, fonts: Mapping[str, int], images: Mapping[str, int]) -> str:
        """Name the resources that pages refer to, write the lists; returns the file's SHA-256 in hex."""
        if self._kids:
            self._close_node()
        self._object(_RESOURCES, b"<</Font<<%s>>/XObject<<%s>>>>" % (_references(fonts), _references(images)))
        nodes = b" ".join(b"%d 0 R" % node for node in self._nodes)
        self._object(_ROOT, b"<</Type/Pages/Count %d/Kids[%s]>>" % (self.pages, nodes))
        self._object(_CATALOGUE, b"<</Type/Catalog/Pages %d 0 R/Lang(zh-CN)>>" % _ROOT)
        start = self.size
        self._write(b"xref\n0 %d\n0000000000 65535 f \n" % len(self._offsets))
        for at in range(1, len(self._offsets), 1000):
            self._write(b"".join(b"%010d 00000 n \n" % offset for offset in self._offsets[at : at + 1000]))
        self._write(
            b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n"
            % (len(self._offsets), _CATALOGUE, _INFO, start)
        )
        return self._digest.hexdigest()

    def _close_node(self) -> None:
        kids = b" ".join(b"%d 0 R" % kid for kid in self._kids)
        self._object(
            self._node, b"<</Type/Pages/Parent %d 0 R/Count %d/Kids[%s]>>" % (_ROOT, len(self._kids), kids)
        )
        self._nodes.append(self._node)
        self._kids = []

    def _reserve(self) -> int:
        self._offsets.append(0)
        return len(self._offsets) - 1

    def _object(self, number: int, body: bytes) -> None:
        self._offsets[number] = self.size
        self._write(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    def _stream(self, number: int, entries: bytes, data: bytes) -> None:
        head = b"<<%s/Length %d>>stream\n" % (entries, len(data))
        self._object(number, head + data + b"\nendstream")

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._digest.update(data)
        self.size += len(data)


def _references(objects: Mapping[str, int]) -> bytes:
    return b"".join(b"/%s %d 0 R" % (name.encode(), number) for name, number in objects.items())


def _text_string(text: str) -> bytes:
    return b"<FEFF%s>" % text.encode("utf-16-be").hex().encode()


def _unicode_map(characters: Mapping[int, str]) -> bytes:
    """The CMap that turns glyph numbers back into text when somebody copies or searches."""
    lines = [f"<{cid:04X}><{char.encode('utf-16-be').hex()}>" for cid, char in sorted(characters.items())]
    # The format allows at most 100 entries in a block.
    blocks = (lines[at : at + 100] for at in range(0, len(lines), 100))
    body = "".join(f"{len(block)} beginbfchar\n{chr(10).join(block)}\nendbfchar\n" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n"
        "/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n{body}"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")
