"""The list that goes with a print file: for the printer, the fitter and the village office."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import xlsxwriter

from qr.plate import PlateData

HEADER = ("序号", "门牌编号", "村（社区）", "门牌", "二维码网址", "网格", "网格员", "联系电话")
_WIDTHS = (7, 18, 26, 26, 62, 20, 12, 18)
# A cell that begins so is run as a formula by spreadsheet programs.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(plates: Iterable[PlateData], out: BinaryIO) -> int:
    """A UTF-8 CSV that Excel opens with Chinese intact; returns the number of plates."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(HEADER)
        count = 0
        for count, row in _rows(plates):
            writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    finally:
        text.detach()
    return count


def write_xlsx(plates: Iterable[PlateData], out: BinaryIO) -> int:
    """The same list as an Excel workbook of text cells (1,048,575 plates at most); returns their number."""
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_urls": False})
    sheet = book.add_worksheet("门牌清单")
    bold = book.add_format({"bold": True})
    for column, (name, width) in enumerate(zip(HEADER, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, bold)
    sheet.freeze_panes(1, 0)
    count = 0
    for count, row in _rows(plates):
        for column, cell in enumerate(row):
            sheet.write_string(count, column, cell)
    book.close()
    return count


def _rows(plates: Iterable[PlateData]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number, plate in enumerate(plates, 1):
        card = plate.card
        yield (
            number,
            (
                str(number),
                plate.serial,
                plate.village,
                plate.plate_text,
                plate.url,
                card.grid,
                card.name,
                card.phone,
            ),
        )
