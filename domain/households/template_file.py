"""The empty list that village offices fill in: text columns, checks while typing, and a page of help."""

import io
from collections.abc import Mapping

import xlsxwriter

from domain.households.columns import Column
from domain.households.places import Village
from domain.households.result_file import OPTIONS
from domain.households.sheet import MAX_ROWS

# column, needed, explanation, example, width
_GUIDE = (
    (
        Column.VILLAGE_CODE,
        "必填",
        "12 位村(居)委会区划代码。同名的村以此区分;不清楚时可只填村名。",
        "360781100201",
        16,
    ),
    (Column.VILLAGE_NAME, "可选", "填了编码时用来核对;只填村名时,全县不能有同名的村。", "示范村", 14),
    (Column.GRID, "可选", "网格编码(村编码加 3 位序号),或村内网格序号 1、2、3。", "360781100201001", 18),
    (Column.GROUP, "可选", "村民小组,如 3 或 河背组。没有小组的社区留空。", "3组", 10),
    (Column.DOOR, "必填", "门牌号或住址,同村同组内不能重复。", "河背路 12 号", 24),
    (Column.HEAD, "必填", "户主姓名。", "张三", 12),
    (Column.PHONE, "可选", "一个 11 位手机号,或带区号的固定电话。", "13800138000", 16),
    (Column.EXTERNAL_NO, "可选", "本村自己的户编号,同村内不能重复;再次导入时凭它识别同一户。", "0012", 12),
)
_NOTES = (
    f"每个文件最多 {MAX_ROWS} 行、10 MB;可用 .xlsx,也可用 UTF-8 或 GB18030 编码的 .csv。",
    "请不要填写身份证号、银行卡号、人口和健康情况:系统不需要,也不会读取。",
    "请不要使用公式和宏;合并的单元格会按第一格的内容填充。",
    "有错误的行不会导入。下载结果文件,改正标红的单元格后可以直接再次导入,已导入的行不会重复。",
)


def template(villages: Mapping[str, Village] | None = None) -> bytes:
    """An xlsx to fill in, with a help page and, where `villages` are given, a page of their codes."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "num_format": "@"})
        must = book.add_format({"bold": True, "bg_color": "#FCE4D6", "border": 1, "num_format": "@"})
        text = book.add_format(
            {"num_format": "@"}
        )  # keeps 12-digit codes and doors like 3-12 as they are typed
        page = book.add_worksheet("户名单")
        for at, (column, needed, _, _, width) in enumerate(_GUIDE):
            page.set_column(at, at, width, text)
            page.write_string(0, at, column.value, must if needed == "必填" else head)
        page.freeze_panes(1, 0)
        _add_checks(page)
        _add_help(book.add_worksheet("填写说明"), head)
        if villages:
            _add_codes(book.add_worksheet("村编码表"), head, villages)
    return out.getvalue()


def _add_checks(page: xlsxwriter.worksheet.Worksheet) -> None:
    at = {column: place for place, (column, *_) in enumerate(_GUIDE)}
    checks = (
        (Column.VILLAGE_CODE, {"criteria": "==", "value": 12}, "村编码应为 12 位数字"),
        (Column.PHONE, {"criteria": "between", "minimum": 7, "maximum": 20}, "请只填一个电话号码"),
        (Column.DOOR, {"criteria": "<=", "value": 80}, "门牌不能超过 80 个字"),
        (Column.HEAD, {"criteria": "<=", "value": 60}, "户主姓名不能超过 60 个字"),
    )
    for column, rule, message in checks:
        place = at[column]
        options = {"validate": "length", **rule, "error_title": "请检查", "error_message": message}
        page.data_validation(1, place, MAX_ROWS, place, options)


def _add_help(page: xlsxwriter.worksheet.Worksheet, head: object) -> None:
    page.set_column(0, 1, 12)
    page.set_column(2, 2, 70)
    page.set_column(3, 3, 24)
    for at, title in enumerate(("列名", "是否必填", "说明", "示例")):
        page.write_string(0, at, title, head)
    for row, (column, needed, explanation, example, _) in enumerate(_GUIDE, start=1):
        for at, value in enumerate((column.value, needed, explanation, example)):
            page.write_string(row, at, value)
    for row, note in enumerate(_NOTES, start=len(_GUIDE) + 2):
        page.write_string(row, 0, note)


def _add_codes(page: xlsxwriter.worksheet.Worksheet, head: object, villages: Mapping[str, Village]) -> None:
    page.set_column(0, 2, 18)
    for at, title in enumerate((Column.VILLAGE_CODE, Column.TOWN, Column.VILLAGE_NAME)):
        page.write_string(0, at, title.value, head)
    for row, (code, village) in enumerate(sorted(villages.items()), start=1):
        for at, value in enumerate((code, village.town, village.name)):
            page.write_string(row, at, value)
