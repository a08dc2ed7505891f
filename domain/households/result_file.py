"""The list that comes back after an import: every row where it was, with what became of it and why."""

import io
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import xlsxwriter
from xlsxwriter.format import Format

from domain.households.columns import Column
from domain.households.sheet import RowError, Sheet

_PERSONAL = re.compile("身份证|证件|银行|社保|存折|一卡通")
_NEVER_READ = "(未读取)"
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class RowStatus(StrEnum):
    """What became of a row."""

    CREATED = "导入成功"
    UNCHANGED = "未变"
    UPDATED = "更新"
    ERROR = "错误"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of a row, and the Chinese reason where there is one."""

    status: RowStatus
    reason: str = ""


def result_workbook(sheet: Sheet, outcomes: Mapping[int, RowOutcome]) -> bytes:
    """An xlsx of the original rows plus 结果 and 原因; `outcomes` by row number, errors are the sheet's own.

    ID-card and bank columns, which nobody asked for, are not given back.
    """
    faults: dict[int, list[RowError]] = defaultdict(list)
    for error in sheet.errors:
        faults[error.row].append(error)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        _Writer(book, sheet).write(faults, outcomes)
    return out.getvalue()


def safe_text(text: str) -> str:
    """A text that no spreadsheet runs as a formula, not even after a detour through csv."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook, sheet: Sheet) -> None:
        self._sheet = sheet
        self._page = book.add_worksheet("导入结果")
        self._head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "num_format": "@"})
        self._text = book.add_format({"num_format": "@"})
        self._wrong = book.add_format({"num_format": "@", "bg_color": "#FFC7CE", "font_color": "#9C0006"})
        colours = {RowStatus.CREATED: "#C6EFCE", RowStatus.UPDATED: "#FFEB9C", RowStatus.UNCHANGED: "#EDEDED"}
        self._status = {status: book.add_format({"bg_color": colour}) for status, colour in colours.items()}
        header = next(cells for number, cells in sheet.source.rows if number == sheet.layout.header_row)
        self._hidden = {at for at, cell in enumerate(header) if _PERSONAL.search(cell.text)}
        self._width = max(
            len(cells) for number, cells in sheet.source.rows if number >= sheet.layout.header_row
        )

    def write(self, faults: Mapping[int, list[RowError]], outcomes: Mapping[int, RowOutcome]) -> None:
        top = self._sheet.layout.header_row
        for number, cells in self._sheet.source.rows:
            if number < top:
                self._cells(number, [cell.text for cell in cells[: self._width]], {}, self._text)
            elif number == top:
                self._cells(number, [cell.text for cell in cells], {}, self._head)
                self._result(number, "结果", "原因", self._head)
            else:
                self._row(number, [cell.text for cell in cells], faults.get(number, []), outcomes.get(number))
        self._page.freeze_panes(top, 0)
        last = max(self._sheet.source.rows[-1][0] - 1, top)
        self._page.autofilter(top - 1, 0, last, self._width + 1)
        self._page.set_column(0, self._width, 16)
        self._page.set_column(self._width + 1, self._width + 1, 60)

    def _row(self, number: int, texts: list[str], faults: list[RowError], outcome: RowOutcome | None) -> None:
        texts = [_NEVER_READ if at in self._hidden and text else text for at, text in enumerate(texts)]
        if faults:
            reasons = ";".join(f"{fault.column}:{fault.message}" for fault in faults)
            outcome = RowOutcome(RowStatus.ERROR, reasons)
        wrong = {at: self._wrong for fault in faults for at in self._positions(fault.column)}
        self._cells(number, texts, wrong, self._text)
        if outcome is not None:
            self._result(
                number, outcome.status.value, outcome.reason, self._status.get(outcome.status, self._wrong)
            )

    def _positions(self, column: str) -> tuple[int, ...]:
        return self._sheet.layout.positions.get(Column(column), ())

    def _cells(self, number: int, texts: list[str], marked: Mapping[int, Format], otherwise: Format) -> None:
        for at in range(max(len(texts), max(marked, default=-1) + 1)):
            text = texts[at] if at < len(texts) else ""
            style = marked.get(at, otherwise)
            if text:
                self._page.write_string(number - 1, at, safe_text(text), style)
            elif at in marked:
                self._page.write_blank(number - 1, at, None, style)  # an empty cell that must be filled in

    def _result(self, number: int, status: str, reason: str, style: Format) -> None:
        self._page.write_string(number - 1, self._width, status, style)
        self._page.write_string(
            number - 1, self._width + 1, safe_text(reason), self._head if reason == "原因" else None
        )
