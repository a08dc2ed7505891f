"""Which column holds what: the headers that village offices really write, found within the first rows."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.households.table_file import EMPTY, Cell, RawSheet, SheetRefused

HEADER_WITHIN = 5


class Column(StrEnum):
    """The columns that are read, by the name used in messages and in the template; nothing else is kept."""

    VILLAGE_CODE = "村编码"
    TOWN = "乡镇"
    VILLAGE_NAME = "村名"
    GROUP = "组"
    DOOR = "门牌"
    HEAD = "户主"
    PHONE = "联系电话"
    EXTERNAL_NO = "户编号"
    GRID = "网格编码"


_ALIASES: dict[Column, str] = {
    Column.VILLAGE_CODE: "村编码 村代码 村委会代码 村委会编码 村居编码 村居代码 行政村编码 行政村代码"
    " 村社区编码 村社区代码 村区划代码 区划代码 区划编码 统计用区划代码",
    Column.TOWN: "乡镇 镇 乡 街道 乡镇街道 镇街 所属乡镇 乡镇名称 乡镇名",
    Column.VILLAGE_NAME: "村名 村 行政村 村社区 村居 村名称 村委会 村委会名称 行政村名称 社区 所属村",
    Column.GROUP: "组 村民小组 小组 组别 村组 组名 所属组 村小组",
    Column.DOOR: "门牌 门牌号 门牌号码 门牌地址 住址 家庭住址 居住地址 地址 详细地址 家庭地址",
    Column.HEAD: "户主 户主姓名 户主名 户主名字 户主名称",
    Column.PHONE: "联系电话 手机 手机号 手机号码 电话 电话号码 联系方式 联系手机"
    " 户主电话 户主手机 户主联系电话",
    Column.EXTERNAL_NO: "户编号 户号 户编码 家庭编号 户代码",
    Column.GRID: "网格编码 网格 网格代码 网格编号 网格号 所属网格",
}
_BY_ALIAS = {alias: column for column, aliases in _ALIASES.items() for alias in aliases.split()}
_NOISE = re.compile(r"\(.*?\)|[\s*:_/、\-.★☆#]")
_LIST_MARKS = (Column.DOOR, Column.HEAD)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the header stands and which positions each column has (two phone columns are two positions)."""

    header_row: int
    positions: dict[Column, tuple[int, ...]]

    def pick(self, cells: Sequence[Cell], column: Column) -> Cell:
        """The first filled cell of a column in a row."""
        places = self.positions.get(column, ())
        filled = (cells[at] for at in places if at < len(cells) and cells[at].text)
        return next(filled, EMPTY)


def find_layout(sheet: RawSheet) -> Layout | None:
    """The header of a sheet; None when it is no list; SheetRefused when a needed column is missing."""
    best: Layout | None = None
    for number, cells in sheet.rows:
        if number > HEADER_WITHIN:
            break
        layout = Layout(number, _positions(cells))
        if best is None or len(layout.positions) > len(best.positions):
            best = layout
    if best is None or len(best.positions) < len(_LIST_MARKS) or not set(_LIST_MARKS) & set(best.positions):
        return None
    missing = [column.value for column in _LIST_MARKS if column not in best.positions]
    if not {Column.VILLAGE_CODE, Column.VILLAGE_NAME} & set(best.positions):
        missing.append("村编码(或村名)")
    if missing:
        raise SheetRefused(f"工作表“{sheet.name}”的表头缺少:{'、'.join(missing)}。可下载模板对照。")
    return best


def _positions(cells: Sequence[Cell]) -> dict[Column, tuple[int, ...]]:
    found: dict[Column, tuple[int, ...]] = {}
    for at, cell in enumerate(cells):
        column = _BY_ALIAS.get(_NOISE.sub("", unicodedata.normalize("NFKC", cell.text)))
        if column is not None:
            found[column] = (*found.get(column, ()), at)
    return found
