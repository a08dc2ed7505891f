"""The list that comes back after an import: every row where it was, with what became of it and why."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format

from domain.sheets.reading import Entry, Sheet
from domain.sheets.writing import HEAD, OPTIONS, TEXT, WRONG, safe_text

_PERSONAL = re.compile("身份证|证件|银行|社保|存折|一卡通")
_NEVER_READ = "(未读取)"


class RowStatus(StrEnum):
    """What became of a row."""

    CREATED = "导入成功"
    UNCHANGED = "未变"
    UPDATED = "更新"
    ERROR = "错误"
    TAKEN = "已导入"
    LEFT = "未导入(清单有错误)"


_COLOURS = {RowStatus.CREATED: "#C6EFCE", RowStatus.UPDATED: "#FFEB9C", RowStatus.UNCHANGED: "#EDEDED"}


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of a row, and the Chinese reason where there is one."""

    status: RowStatus
    reason: str = ""


def result_workbook(sheet: Sheet[Any], outcomes: Mapping[int, RowOutcome]) -> bytes:
    """An xlsx of the original rows plus 结果 and 原因; `outcomes` by row number, errors are the sheet's own.

    ID-card and bank columns, which nobody asked for, are not given back.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        _Writer(book, sheet).write(outcomes)
    return out.getvalue()


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook, sheet: Sheet[Any]) -> None:
        self._sheet, self._top = sheet, sheet.layout.header_row
        self._page = book.add_worksheet("导入结果")
        self._head, self._text, self._wrong = (book.add_format(style) for style in (HEAD, TEXT, WRONG))
        self._status = {status: book.add_format({"bg_color": colour}) for status, colour in _COLOURS.items()}
        self._status[RowStatus.ERROR] = self._wrong
        header = next(cells for number, cells in sheet.source.rows if number == self._top)
        self._hidden = {at for at, cell in enumerate(header) if _PERSONAL.search(cell.text)}
        self._width = max(len(cells) for number, cells in sheet.source.rows if number >= self._top)

    def write(self, outcomes: Mapping[int, RowOutcome]) -> None:
        for number, cells in self._sheet.source.rows:
            if number <= self._top:
                style = self._head if number == self._top else self._text
                self._cells(number, [cell.text for cell in cells[: self._width]], (), style)
        self._result(self._top, "结果", "原因", self._head)
        for entry in self._sheet.entries:
            self._row(entry, outcomes.get(entry.number))
        self._page.freeze_panes(self._top, 0)
        self._page.autofilter(self._top - 1, 0, self._sheet.entries[-1].number - 1, self._width + 1)
        self._page.set_column(0, self._width, 16)
        self._page.set_column(self._width + 1, self._width + 1, 60)

    def _row(self, entry: Entry, outcome: RowOutcome | None) -> None:
        texts = [cell.text for cell in entry.cells]
        texts = [_NEVER_READ if at in self._hidden and text else text for at, text in enumerate(texts)]
        if entry.errors:
            outcome = RowOutcome(RowStatus.ERROR, ";".join(f"{one.column}:{one.message}" for one in entry.errors))
        positions = self._sheet.layout.positions
        wrong = [at for error in entry.errors for at in positions.get(error.column, ())]
        self._cells(entry.number, texts, wrong, self._text)
        if outcome is not None:
            style = self._status.get(outcome.status, self._text)
            self._result(entry.number, outcome.status.value, outcome.reason, style)

    def _cells(self, number: int, texts: Sequence[str], wrong: Sequence[int], otherwise: Format) -> None:
        for at in range(max(len(texts), max(wrong, default=-1) + 1)):
            text = texts[at] if at < len(texts) else ""
            style = self._wrong if at in wrong else otherwise
            if text:
                self._page.write_string(number - 1, at, safe_text(text), style)
            elif at in wrong:
                self._page.write_blank(number - 1, at, None, style)  # an empty cell that must be filled in

    def _result(self, number: int, status: str, reason: str, style: Format) -> None:
        self._page.write_string(number - 1, self._width, status, style)
        self._page.write_string(number - 1, self._width + 1, safe_text(reason), self._head if style is self._head else None)
