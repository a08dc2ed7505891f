"""A list read by its header into rows to trust and errors to correct, each with its row and column."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from domain.sheets.columns import HEADER_WITHIN, Column, Layout, find_list
from domain.sheets.files import Cell, RawSheet, SheetRefused, read_sheets

_LISTS = re.compile(r"[、,,;;|\n]+")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})")
T = TypeVar("T")


class CellError(Exception):
    """A cell says something impossible; `message_zh` tells what is expected, without personal data."""

    def __init__(self, message_zh: str) -> None:
        super().__init__(message_zh)
        self.message_zh = message_zh


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in a row (as Excel numbers it), and in which column."""

    row: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One filled row; what is wrong with it is kept in `errors`."""

    number: int
    cells: list[Cell]
    layout: Layout
    errors: list[RowError] = field(default_factory=list)

    def raw(self, column: str) -> str:
        """The text of a cell that may be a date or a time of Excel's."""
        return self.layout.pick(self.cells, column).text

    def text(self, column: str) -> str:
        """The text of a cell; a flawed one is an error."""
        return self.take(column, str, self.raw(column))

    def words(self, column: str) -> list[str]:
        """The parts of a cell that holds a list."""
        return [part.strip() for part in _LISTS.split(self.text(column)) if part.strip()]

    def day(self, column: str) -> date | None:
        """The date of a cell; None and an error where there is none."""
        text = self.raw(column)
        found = _DAY.match(text)
        try:
            if found:
                return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            pass
        self.wrong(column, f"应为年-月-日,不是“{text}”")
        return None

    def take(self, column: str, rule: Callable[[str], T], otherwise: T) -> T:
        """What a rule makes of a cell; a flawed cell, or one for which it raises CellError, is an error."""
        cell = self.layout.pick(self.cells, column)
        try:
            if cell.flaw:
                raise CellError(cell.flaw)
            return rule(cell.text)
        except CellError as error:
            self.wrong(column, error.message_zh)
            return otherwise

    def wrong(self, column: str, message: str) -> None:
        """Note what is wrong in a column."""
        self.errors.append(RowError(self.number, column, message))


@dataclass(frozen=True, slots=True)
class Sheet(Generic[T]):
    """A list that was read: its faultless rows, every filled one, and the sheet as it came."""

    rows: list[T]
    entries: list[Entry]
    source: RawSheet
    layout: Layout

    @property
    def errors(self) -> list[RowError]:
        """What is wrong, row by row."""
        return [error for entry in self.entries for error in entry.errors]

    @property
    def total(self) -> int:
        """How many rows are filled."""
        return len(self.entries)


def read_list(
    data: bytes, filename: str, columns: Sequence[Column], max_rows: int, judge: Callable[[Entry], T | None]
) -> Sheet[T]:
    """Read an xlsx or csv; `judge` makes a row of an entry and notes what is wrong with it. SheetRefused when the file
    as a whole is unusable."""
    source, layout = find_list(read_sheets(data, filename, max_rows + HEADER_WITHIN), columns)
    entries = [Entry(number, cells, layout) for number, cells in source.rows if number > layout.header_row]
    if not entries:
        raise SheetRefused("表头下面没有任何一行。")
    if len(entries) > max_rows:
        raise SheetRefused(f"名单超过 {max_rows} 行,请拆分成几个文件分别导入。")
    judged = [(entry, judge(entry)) for entry in entries]
    return Sheet([row for entry, row in judged if row is not None and not entry.errors], entries, source, layout)
