"""The columns of a list by their Chinese headers, under whatever spelling offices write them, and where they stand."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.sheets.files import EMPTY, Cell, RawSheet, SheetRefused

HEADER_WITHIN = 5
_NOISE = re.compile(r"\(.*?\)|[\s*:_/、\-.★☆#]")


@dataclass(frozen=True)
class Column:
    """A column by its header, other spellings of it, whether it must be there, and how to fill it in.

    A column named by `instead` may stand for a needed one; `length` is the shortest and longest text that Excel lets
    in, and what it says to others.
    """

    name: str
    also: str = ""
    needed: bool = False
    help: str = ""
    example: str = ""
    width: int = 16
    instead: str = ""
    length: tuple[int, int, str] | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the header stands and which positions each column has (two phone columns are two positions)."""

    header_row: int
    positions: Mapping[str, tuple[int, ...]]

    def pick(self, cells: Sequence[Cell], column: str) -> Cell:
        """The first filled cell of a column in a row."""
        places = self.positions.get(column, ())
        filled = (cells[at] for at in places if at < len(cells) and cells[at].text)
        return next(filled, EMPTY)


def find_list(sheets: Sequence[RawSheet], columns: Sequence[Column]) -> tuple[RawSheet, Layout]:
    """The one sheet that is the list, and its layout; SheetRefused when there is none or several, or a column lacks."""
    lists = []
    for sheet in sheets:
        layout = _layout(sheet, columns)
        if layout is not None and (len(sheets) == 1 or sheet.rows[-1][0] > layout.header_row):
            lists.append((sheet, layout))
    if not lists:
        least = "、".join(_called(column) for column in columns if column.needed)
        raise SheetRefused(f"前 {HEADER_WITHIN} 行里找不到表头。表头至少要有:{least}。可下载模板对照。")
    if len(lists) > 1:
        names = "、".join(sheet.name for sheet, _ in lists)
        raise SheetRefused(f"文件里有 {len(lists)} 个名单({names}),请合并到一个工作表后再导入。")
    return lists[0]


def _layout(sheet: RawSheet, columns: Sequence[Column]) -> Layout | None:
    """The header of a sheet; None when it is no list, that is without any column that nothing stands for."""
    names = {_plain(word): column.name for column in columns for word in (column.name, *column.also.split())}
    heads = [Layout(number, _positions(cells, names)) for number, cells in sheet.rows if number <= HEADER_WITHIN]
    best = max(heads, key=lambda head: len(head.positions), default=Layout(0, {}))
    marks = {column.name for column in columns if column.needed and not column.instead}
    if len(best.positions) < 2 or not marks & best.positions.keys():
        return None
    missing = [_called(one) for one in columns if one.needed and not {one.name, one.instead} & best.positions.keys()]
    if missing:
        raise SheetRefused(f"工作表“{sheet.name}”的表头缺少:{'、'.join(missing)}。可下载模板对照。")
    return best


def _positions(cells: Sequence[Cell], names: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for at, cell in enumerate(cells):
        name = names.get(_plain(cell.text))
        if name is not None:
            found[name] = (*found.get(name, ()), at)
    return found


def _plain(text: str) -> str:
    """A header without remarks, spaces and marks."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text))


def _called(column: Column) -> str:
    return f"{column.name}(或{column.instead})" if column.instead else column.name
