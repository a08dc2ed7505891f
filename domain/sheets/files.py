"""An uploaded xlsx or csv as plain rows of text, each cell with the flaw that Excel did to it, if any."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from domain.sheets.merged_cells import Merges, merged_ranges

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED_BYTES = 120 * 1024 * 1024
MAX_PARTS = 500
MAX_COLUMNS = 60
MAX_ROW_NUMBER = 100_000
_EXACT_BELOW = 10**15  # a number of more than 15 digits has lost its last ones in Excel
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+\d+")
_MACRO_PARTS = ("vbaproject", "xl/macrosheets/", "activex")


class SheetRefused(Exception):
    """The whole file cannot be read; `message_zh` says why and what to do."""

    def __init__(self, message_zh: str) -> None:
        super().__init__(message_zh)
        self.message_zh = message_zh


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell, and why it cannot be trusted if it cannot."""

    text: str
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class RawSheet:
    """A named sheet; rows come with their number as Excel shows it, empty ones left out."""

    name: str
    rows: list[tuple[int, list[Cell]]]


EMPTY = Cell("")


def read_sheets(data: bytes, filename: str, max_rows: int) -> list[RawSheet]:
    """Every visible sheet; SheetRefused when the file is too large, broken, has macros or is no list."""
    if len(data) > MAX_BYTES:
        raise SheetRefused("文件超过 10 MB,请拆分成几个文件分别导入。")
    if not data.strip():
        raise SheetRefused("文件是空的。")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused("这是旧版 .xls 或加了密码的文件,请去掉密码并另存为 .xlsx 再导入。")
    if data.startswith(b"PK"):
        return _read_workbook(data, filename, max_rows)
    if b"<html" in data[:2048].lower() or b"<table" in data[:2048].lower() or data.startswith(b"%PDF"):
        raise SheetRefused("这不是 Excel 表格(内容是网页或 PDF),请另存为 .xlsx 再导入。")
    return [RawSheet("csv", _limited(_csv_rows(data), max_rows))]


def _read_workbook(data: bytes, filename: str, max_rows: int) -> list[RawSheet]:
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            _refuse_bombs_and_macros(archive, filename)
            merges = merged_ranges(archive)
        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        return [
            RawSheet(sheet.title, _limited(_sheet_rows(sheet, merges.get(sheet.title, [])), max_rows))
            for sheet in book.worksheets
            if sheet.sheet_state == "visible"
        ]
    except SheetRefused:
        raise
    except BadZipFile:
        raise SheetRefused("文件已损坏或没有传完整,请重新选择。") from None
    except Exception:  # noqa: BLE001  openpyxl answers broken parts with many kinds of exception
        raise SheetRefused("读不懂这个 Excel 文件,请用 Excel 或 WPS 打开后另存为 .xlsx 再导入。") from None


def _refuse_bombs_and_macros(archive: ZipFile, filename: str) -> None:
    parts = archive.infolist()
    # zipfile never unpacks more than the size declared here, so the sum is a true bound
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise SheetRefused("文件解压后过大,请只保留名单内容,另存为新的 .xlsx 再导入。")
    names = [part.filename.lower() for part in parts]
    if "xl/workbook.xml" not in names:
        raise SheetRefused("这不是 Excel 表格,请使用 .xlsx 或 .csv 文件。")
    has_macros = any(mark in name for name in names for mark in _MACRO_PARTS)
    if has_macros or filename.lower().endswith((".xlsm", ".xltm", ".xlam")):
        raise SheetRefused("文件带有宏,不能导入。请另存为不带宏的 .xlsx。")


def _sheet_rows(sheet: Any, merges: Merges) -> Iterator[tuple[int, list[Cell]]]:
    sheet.reset_dimensions()  # other programs write wrong ones, and rows would be lost without a word
    hanging = sorted(merges)
    active: list[tuple[int, int, int, Cell]] = []
    for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
        if number > MAX_ROW_NUMBER:
            raise SheetRefused(f"表格延伸到第 {MAX_ROW_NUMBER} 行以后,请删除多余的空行再导入。")
        cells = [_cell(cell) for cell in row]
        is_blank = not any(cell.text for cell in cells)
        active = [merge for merge in active if merge[2] >= number]
        while hanging and hanging[0][0] <= number:
            top, left, bottom, right = hanging.pop(0)
            if top == number and left <= len(cells):
                active.append((left, right, bottom, cells[left - 1]))
        if len(active) > MAX_COLUMNS:
            raise SheetRefused("合并的单元格互相重叠,请取消合并后再导入。")
        for left, right, _, value in active:
            cells.extend([EMPTY] * (min(right, MAX_COLUMNS) - len(cells)))
            cells[left - 1 : min(right, MAX_COLUMNS)] = [value] * (min(right, MAX_COLUMNS) - left + 1)
        yield number, [] if is_blank else cells  # a merge that runs through an empty row fills none


def _cell(cell: Any) -> Cell:
    value = cell.value
    if cell.data_type == "f":
        return Cell(str(value), "是公式,请复制后“选择性粘贴”为数值")
    if cell.data_type == "e":
        return Cell(str(value), "是 Excel 的错误值")
    if isinstance(value, (datetime, date, time)):
        return Cell(str(value), "被 Excel 当成了日期,请把这一列设为“文本”后重新填写")
    if isinstance(value, float | int) and not isinstance(value, bool):
        return _number(value)
    return EMPTY if value is None else text_cell(str(value))


def _number(value: float) -> Cell:
    text = str(int(value)) if value == int(value) else repr(value)
    lost = abs(value) >= _EXACT_BELOW
    return Cell(text, "超过 15 位,Excel 已丢失末尾数字,请设为“文本”后重新填写" if lost else "")


def text_cell(text: str) -> Cell:
    """A cell that came as text: trimmed, without the apostrophe that keeps formulas from running."""
    text = text.strip()
    if len(text) > 1 and text[0] == "'" and text[1] in "=+-@":
        text = text[1:]
    if _SCIENTIFIC.fullmatch(text):
        return Cell(text, "被 Excel 改成了科学计数,请设为“文本”后重新填写")
    return Cell(text)


def _csv_rows(data: bytes) -> Iterator[tuple[int, list[Cell]]]:
    text = _decoded(data)
    head = text[:4096]
    delimiter = max(",\t;", key=head.count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            yield number, [text_cell(value) for value in row[:MAX_COLUMNS]]
    except csv.Error:
        raise SheetRefused("csv 文件的格式有误,请用 Excel 或 WPS 另存为 .xlsx 再导入。") from None


def _decoded(data: bytes) -> str:
    codecs = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for codec in codecs:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SheetRefused("不是文字表格,或文字编码无法识别。请使用 .xlsx,或 UTF-8、GB18030 编码的 .csv。")


def _limited(rows: Iterator[tuple[int, list[Cell]]], max_rows: int) -> list[tuple[int, list[Cell]]]:
    kept: list[tuple[int, list[Cell]]] = []
    for number, cells in rows:
        if not any(cell.text for cell in cells):
            continue
        while not cells[-1].text:
            cells.pop()
        kept.append((number, cells))
        if len(kept) > max_rows:
            raise SheetRefused(f"名单超过 {max_rows} 行,请拆分成几个文件分别导入。")
    return kept
