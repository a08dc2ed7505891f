"""Lists with Chinese headers in and out: a table read by its header, the same table back with what is wrong in each row,
and an empty one to fill in."""

import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import xlsxwriter

from domain.households.result_file import OPTIONS, safe_text
from domain.households.table_file import EMPTY, Cell, RawSheet, SheetRefused, read_sheets

HEADER_WITHIN = 5
_NOISE = re.compile(r"\(.*?\)|[\s*:_/、\-.]")
LISTS = re.compile(r"[、,,;;|\n]+")


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in a row (as Excel numbers it), and in which column."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class Column:
    """A column by its header, other spellings of it, whether it must be there, and how to fill it in."""

    name: str
    also: str = ""
    needed: bool = False
    help: str = ""
    example: str = ""
    width: int = 16


@dataclass
class Entry:
    """One filled row; what is wrong with it is kept in `errors`."""

    number: int
    cells: Mapping[str, Cell]
    errors: list[RowError] = field(default_factory=list)

    def text(self, column: str) -> str:
        """The text of a cell; a flawed one is an error."""
        cell = self.cells.get(column, EMPTY)
        if cell.flaw:
            self.wrong(column, cell.flaw)
        return cell.text

    def raw(self, column: str) -> str:
        """The text of a cell that may be a date or a time of Excel's."""
        return self.cells.get(column, EMPTY).text

    def words(self, column: str) -> list[str]:
        """The parts of a cell that holds a list."""
        return [part.strip() for part in LISTS.split(self.text(column)) if part.strip()]

    def wrong(self, column: str, reason: str) -> None:
        """Note what is wrong in a column."""
        self.errors.append(RowError(self.number, column, reason))


@dataclass(frozen=True)
class Table:
    """The filled rows of a list, and the sheet as it came."""

    entries: list[Entry]
    positions: Mapping[str, int]
    source: RawSheet
    header_row: int


def read_table(data: bytes, filename: str, columns: Sequence[Column], max_rows: int) -> Table:
    """Read an xlsx or csv by its header; SheetRefused when the file as a whole is unusable."""
    found = []
    for sheet in read_sheets(data, filename, max_rows + HEADER_WITHIN):
        best = max(
            ((number, _positions(cells, columns)) for number, cells in sheet.rows if number <= HEADER_WITHIN),
            key=lambda each: len(each[1]), default=(0, {}),
        )  # fmt: skip
        if len(best[1]) >= 2:
            found.append((sheet, *best))
    if not found:
        raise SheetRefused(f"前 {HEADER_WITHIN} 行里找不到表头({'、'.join(c.name for c in columns)})。可下载模板对照。")
    if len(found) > 1:
        raise SheetRefused("文件里有几个清单,请合并到一个工作表后再导入。")
    sheet, top, positions = found[0]
    missing = [column.name for column in columns if column.needed and column.name not in positions]
    if missing:
        raise SheetRefused(f"工作表“{sheet.name}”的表头缺少:{'、'.join(missing)}。可下载模板对照。")
    entries = [
        Entry(number, {name: cells[at] for name, at in positions.items() if at < len(cells)})
        for number, cells in sheet.rows if number > top
    ]  # fmt: skip
    if not entries:
        raise SheetRefused("表头下面没有任何一行。")
    return Table(entries, positions, sheet, top)


def _positions(cells: Sequence[Cell], columns: Sequence[Column]) -> dict[str, int]:
    names = {plain(word): column.name for column in columns for word in (column.name, *column.also.split())}
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        name = names.get(plain(cell.text))
        if name:
            found.setdefault(name, at)
    return found


def plain(text: str) -> str:
    """A header without remarks, spaces and marks."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text))


def result_workbook(table: Table, errors: Iterable[RowError], done: str) -> bytes:
    """The list as it came with 结果 and 原因: row by row what is wrong in which column; the others bear `done`."""
    faults: dict[int, list[RowError]] = defaultdict(list)
    for error in errors:
        faults[error.row].append(error)
    width = max(len(cells) for _, cells in table.source.rows)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        page = book.add_worksheet("导入结果")
        head, text, wrong = _styles(book)
        page.set_column(0, width, 16)
        page.set_column(width + 1, width + 1, 60)
        for number, cells in table.source.rows:
            marked = {table.positions.get(fault.column) for fault in faults[number]}
            plainly = head if number == table.header_row else text
            for at in range(max(len(cells), *(0 if at is None else at + 1 for at in marked), 0)):
                value = cells[at].text if at < len(cells) else ""
                page.write_string(number - 1, at, safe_text(value), wrong if at in marked else plainly)
            if number > table.header_row:
                reasons = ";".join(f"{fault.column}:{fault.reason}" for fault in faults[number])
                page.write_string(number - 1, width, "错误" if reasons else done, wrong if reasons else text)
                page.write_string(number - 1, width + 1, safe_text(reasons), text)
        page.write_string(table.header_row - 1, width, "结果", head)
        page.write_string(table.header_row - 1, width + 1, "原因", head)
    return out.getvalue()


def workbook(title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> bytes:
    """A list to read or to fill in, all cells text, with a page that explains the columns."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        head, text, wrong = _styles(book)
        page = book.add_worksheet(title)
        for at, column in enumerate(columns):
            page.set_column(at, at, column.width, text)
            page.write_string(0, at, column.name, head)
        page.freeze_panes(1, 0)
        for number, row in enumerate(rows, start=1):
            for at, value in enumerate(row):
                page.write_string(number, at, safe_text(value), text)
        guide = book.add_worksheet("填写说明")
        guide.set_column(2, 2, 70)
        for at, name in enumerate(("列名", "是否必填", "说明", "示例")):
            guide.write_string(0, at, name, head)
        for number, column in enumerate(columns, start=1):
            needed = "必填" if column.needed else "可选"
            for at, value in enumerate((column.name, needed, column.help, column.example)):
                guide.write_string(number, at, value, wrong if at == 1 and column.needed else text)
    return out.getvalue()


def _styles(book: xlsxwriter.Workbook) -> tuple[object, object, object]:
    return (
        book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "num_format": "@"}),
        book.add_format({"num_format": "@"}),
        book.add_format({"num_format": "@", "bg_color": "#FFC7CE", "font_color": "#9C0006"}),
    )
