"""A village secretary's list of households, read into rows to trust and errors to correct."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from domain.households import cell_rules
from domain.households.cell_rules import CellError
from domain.households.columns import HEADER_WITHIN, Column, Layout, find_layout
from domain.households.places import Gazetteer, NoSuchVillage, Village
from domain.households.table_file import Cell, RawSheet, SheetRefused, read_sheets

MAX_ROWS = 20_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """A faultless row; `row` is its number in Excel, `group` may be empty."""

    row: int
    village_code: str
    group: str
    door_text: str
    head_name: str
    phone: str | None
    external_no: str | None
    grid_code: str | None


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in a row, and in which column."""

    row: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The outcome of reading `total` filled rows; the result file repeats `source` and `layout`."""

    rows: list[HouseholdRow]
    errors: list[RowError]
    total: int
    source: RawSheet
    layout: Layout


def read(data: bytes, filename: str, villages: Mapping[str, Village]) -> Sheet:
    """Read an xlsx or csv against the villages by code; SheetRefused when the file as a whole is unusable."""
    source, layout = _the_list(read_sheets(data, filename, MAX_ROWS + HEADER_WITHIN))
    entries = [(number, cells) for number, cells in source.rows if number > layout.header_row]
    if not entries:
        raise SheetRefused("表头下面没有任何一行。")
    if len(entries) > MAX_ROWS:
        raise SheetRefused(f"名单超过 {MAX_ROWS} 行,请拆分成几个文件分别导入。")
    gazetteer, repeats = Gazetteer(villages), _Repeats()
    rows: list[HouseholdRow] = []
    errors: list[RowError] = []
    for number, cells in entries:
        faults: list[RowError] = []
        row = _household(_Entry(number, cells, layout, faults), gazetteer)
        repeated = None if faults else repeats.error(row)
        if repeated:
            faults.append(repeated)
        errors += faults
        if not faults:
            rows.append(row)
    return Sheet(rows, errors, len(entries), source, layout)


def _the_list(sheets: list[RawSheet]) -> tuple[RawSheet, Layout]:
    lists = []
    for sheet in sheets:
        layout = find_layout(sheet)
        if layout is not None and (len(sheets) == 1 or sheet.rows[-1][0] > layout.header_row):
            lists.append((sheet, layout))
    if not lists:
        raise SheetRefused("前 5 行里找不到表头。表头至少要有:村编码(或村名)、门牌、户主。可下载模板对照。")
    if len(lists) > 1:
        names = "、".join(sheet.name for sheet, _ in lists)
        raise SheetRefused(f"文件里有 {len(lists)} 个名单({names}),请合并到一个工作表后再导入。")
    return lists[0]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One filled row while it is being read; faults go to `errors`."""

    number: int
    cells: list[Cell]
    layout: Layout
    errors: list[RowError]

    def take(self, column: Column, rule: Callable[[str], T], otherwise: T) -> T:
        cell = self.layout.pick(self.cells, column)
        try:
            if cell.flaw:
                raise CellError(cell.flaw)
            return rule(cell.text)
        except CellError as error:
            self.errors.append(RowError(self.number, column.value, error.message_zh))
            return otherwise

    def village(self, gazetteer: Gazetteer) -> str:
        before = len(self.errors)
        code = self.take(Column.VILLAGE_CODE, cell_rules.code, "")
        name = self.take(Column.VILLAGE_NAME, cell_rules.optional, "")
        town = self.take(Column.TOWN, cell_rules.optional, "")
        if len(self.errors) > before:
            return ""
        try:
            return gazetteer.resolve(code, name, town)
        except NoSuchVillage as error:
            column = Column.VILLAGE_CODE if error.by_code else Column.VILLAGE_NAME
            self.errors.append(RowError(self.number, column.value, error.message_zh))
            return ""


def _household(entry: _Entry, gazetteer: Gazetteer) -> HouseholdRow:
    village_code = entry.village(gazetteer)
    return HouseholdRow(
        row=entry.number,
        village_code=village_code,
        group=entry.take(Column.GROUP, cell_rules.group, ""),
        door_text=entry.take(Column.DOOR, lambda text: cell_rules.required(text, 80), ""),
        head_name=entry.take(Column.HEAD, lambda text: cell_rules.required(text, 60), ""),
        phone=entry.take(Column.PHONE, cell_rules.phone, None),
        external_no=entry.take(Column.EXTERNAL_NO, lambda text: cell_rules.code(text, 40), "") or None,
        grid_code=entry.take(Column.GRID, lambda text: cell_rules.grid(text, village_code), None),
    )


class _Repeats:
    """Remembers in which row a household stood first."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, ...], int] = {}

    def error(self, row: HouseholdRow) -> RowError | None:
        """The error of a row that repeats an earlier one by household number or by door."""
        door = "".join(row.door_text.split())
        keys: list[tuple[Column, str, tuple[str, ...]]] = []
        if row.external_no:
            keys.append((Column.EXTERNAL_NO, "同村同户编号", (row.village_code, row.external_no)))
        keys.append((Column.DOOR, "同村同组同门牌", (row.village_code, row.group, door)))
        for column, what, key in keys:
            if key in self._first:
                return RowError(row.row, column.value, f"与第 {self._first[key]} 行重复({what})")
        self._first.update((key, row.row) for _, _, key in keys)
        return None
