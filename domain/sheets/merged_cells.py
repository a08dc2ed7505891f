"""Merged cells of a workbook, which openpyxl does not tell when it reads row by row.

The parts are bounded before they come here and expat refuses entity bombs since 2.4: hence the S314 waivers.
"""

from posixpath import join, normpath
from xml.etree import ElementTree as Xml
from zipfile import ZipFile

from openpyxl.utils.cell import range_boundaries

Merges = list[tuple[int, int, int, int]]
"""Top row, left column, bottom row, right column of each range, counted from 1."""

MAX_MERGES = 50_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def merged_ranges(archive: ZipFile) -> dict[str, Merges]:
    """The merged ranges of each sheet by title; KeyError or ParseError when parts are missing or broken."""
    targets = {
        node.get("Id"): normpath(join("xl", node.get("Target", "").replace("/xl/", "")))
        for node in Xml.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    }
    book = Xml.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    sheets = {
        sheet.get("name", ""): targets.get(sheet.get(_RELATION_ID)) for sheet in book.iter(f"{_MAIN}sheet")
    }
    parts = set(archive.namelist())
    return {title: _ranges(archive, part) for title, part in sheets.items() if part in parts}


def _ranges(archive: ZipFile, part: str | None) -> Merges:
    found: Merges = []
    with archive.open(part or "") as stream:
        for _, node in Xml.iterparse(stream):  # noqa: S314
            if node.tag == f"{_MAIN}mergeCell" and len(found) < MAX_MERGES:
                left, top, right, bottom = range_boundaries(node.get("ref", ""))
                found.append((top or 1, left or 1, bottom or 1, right or 1))
            elif node.tag == f"{_MAIN}row":
                node.clear()
    return found
