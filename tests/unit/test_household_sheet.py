"""Household lists as village offices really send them: every oddity is either understood or named."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.cell_range import CellRange

from domain.households import cell_rules
from domain.households.columns import MAX_ROWS, template
from domain.households.places import Village
from domain.households.sheet import HouseholdRow, read
from domain.sheets.files import SheetRefused
from domain.sheets.reading import CellError, Sheet
from domain.sheets.results import RowOutcome, RowStatus, result_workbook

VILLAGES = {
    "360781100201": Village("长安村民委员会", "象湖镇"),
    "360781201202": Village("长安村民委员会", "冈面乡"),
    "360781201203": Village("上田村", "冈面乡"),
    "360781001001": Village("金都社区居民委员会", "城东街道"),
}
A, B, C = "360781100201", "360781201202", "360781201203"
HEADER = ("村编码", "网格编码", "组", "门牌", "户主", "联系电话", "户编号")
ROW = (A, A + "001", "3组", "12号", "张三", "13800138000", "0012")


def xlsx(*rows: Sequence[object], merge: Sequence[str] = (), before: int = 0) -> bytes:
    book = Workbook()
    page = book.active
    for _ in range(before):
        page.append(["某县户籍名单"])
    for row in rows:
        page.append(list(row))
    for area in merge:
        page.merge_cells(area)
    return saved(book)


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(*rows: Sequence[object], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def listed(*rows: Sequence[object]) -> Sheet:
    return read(xlsx(HEADER, *rows), "户.xlsx", VILLAGES)


def with_value(column: str, value: object) -> list[object]:
    row: list[object] = list(ROW)
    row[HEADER.index(column)] = value
    return row


def the_error(sheet: Sheet) -> tuple[int, str, str]:
    (error,) = sheet.errors
    return error.row, error.column, error.message


def refusal(data: bytes, filename: str = "户.xlsx") -> str:
    with pytest.raises(SheetRefused) as caught:
        read(data, filename, VILLAGES)
    return caught.value.message_zh


EXPECTED = HouseholdRow(2, A, "3组", "12号", "张三", "13800138000", "0012", A + "001")


@pytest.mark.parametrize(
    "data",
    [
        xlsx(HEADER, ROW),
        as_csv(HEADER, ROW),
        as_csv(HEADER, ROW, encoding="utf-8-sig"),
        as_csv(HEADER, ROW, encoding="gb18030"),
        as_csv(HEADER, ROW, encoding="utf-16", delimiter="\t"),
        as_csv(HEADER, ROW, delimiter=";"),
    ],
)
def test_a_list_is_read_in_every_encoding(data: bytes) -> None:
    sheet = read(data, "户", VILLAGES)
    assert sheet.rows == [EXPECTED]
    assert sheet.errors == []
    assert sheet.total == 1


@pytest.mark.parametrize(
    "header",
    [
        ("村委会代码", "网格", "村民小组", "门牌号", "户主姓名", "手机", "户号"),
        ("村编码*", "网格 编码", "组(必填)", "住址", "户主\n姓名", "联系电话(选填)", "户编号:"),
    ],
)
def test_headers_are_known_under_many_names(header: tuple[str, ...]) -> None:
    assert read(xlsx(header, ROW), "户.xlsx", VILLAGES).rows == [EXPECTED]


def test_the_header_may_stand_below_titles_but_within_five_rows() -> None:
    sheet = read(xlsx(HEADER, ROW, before=4, merge=["A1:G1"]), "户.xlsx", VILLAGES)
    assert [row.row for row in sheet.rows] == [6]
    assert "表头" in refusal(xlsx(HEADER, ROW, before=5))


def test_numbers_and_full_width_digits_are_understood() -> None:
    sheet = listed(
        (float(A), int(A + "001"), 3.0, 12, "张三", 13800138000.0, 12),
        ("360781100201", "1", "第四小组", "13号", "李四", "138 0013-8001", None),
        ("360781100201", None, "十二组", "14号", "王五", "+86 138 0013 8002", None),
        ("360781100201", None, "河背", "15号", "赵六", "(0797)2522222", "无"),
        (A, None, None, "16号", "钱七", "无", None),
    )
    assert sheet.errors == []
    assert [(row.group, row.phone, row.external_no, row.grid_code) for row in sheet.rows] == [
        ("3组", "13800138000", "12", A + "001"),
        ("4组", "13800138001", None, A + "001"),
        ("12组", "13800138002", None, None),
        ("河背", "0797-2522222", None, None),
        ("", None, None, None),
    ]
    assert {row.village_code for row in sheet.rows} == {A}


@pytest.mark.parametrize(
    ("column", "value", "word"),
    [
        ("村编码", "36078110020", "12 位"),
        ("村编码", "360781999999", "没有这个村编码"),
        ("村编码", None, "没有填写村编码"),
        ("村编码", "3.60781E+11", "科学计数"),
        ("网格编码", 36078110020100112, "15 位"),
        ("网格编码", B + "001", "不属于这个村"),
        ("网格编码", "东头", "网格编码"),
        ("门牌", None, "不能为空"),
        ("门牌", "号" * 81, "80"),
        ("门牌", date(2026, 3, 12), "日期"),
        ("户主", " ", "不能为空"),
        ("户主", "#N/A", "错误值"),
        ("联系电话", "12345678901", "手机号"),
        ("联系电话", "13800138000/13800138001", "手机号"),
        ("联系电话", "=A1", "公式"),
        ("组", "=1+2", "公式"),
    ],
)
def test_a_fault_is_named_with_row_and_column(column: str, value: object, word: str) -> None:
    sheet = listed(with_value(column, value))
    row, named, message = the_error(sheet)
    assert (row, named) == (2, column)
    assert word in message
    assert "张三" not in message
    assert sheet.rows == []
    assert sheet.total == 1


def by_name(*rows: Sequence[object]) -> Sheet:
    return read(xlsx(("乡镇", "村编码", "村名", "门牌", "户主"), *rows), "户.xlsx", VILLAGES)


def test_a_name_counts_only_where_it_is_unique() -> None:
    sheet = by_name(
        (None, None, "上田村委会", "1号", "甲"),
        (None, None, "金都社区", "2号", "乙"),
        ("冈面乡", None, "长安村", "3号", "丙"),
        ("岗面乡", None, "长安村", "4号", "丁"),
        (None, None, "岗面乡长安村", "5号", "戊"),
        ("象湖镇", A, "长安", "6号", "己"),
    )
    assert sheet.errors == []
    assert [row.village_code for row in sheet.rows] == [C, "360781001001", B, B, B, A]


@pytest.mark.parametrize(
    ("row", "column", "word"),
    [
        (
            (None, None, "长安村", "1号", "甲"),
            "村名",
            "2 个同名的村(象湖镇长安村民委员会、冈面乡长安村民委员会)",
        ),
        ((None, None, "不存在村", "1号", "甲"), "村名", "没有这个村"),
        (("象湖镇", None, "上田村", "1号", "甲"), "村名", "没有这个村"),
        ((None, A, "上田村", "1号", "甲"), "村编码", "不一致"),
    ],
)
def test_a_doubtful_village_is_an_error(row: tuple[object, ...], column: str, word: str) -> None:
    _, named, message = the_error(by_name(row))
    assert named == column
    assert word in message


def test_merged_cells_fill_down_and_empty_rows_are_skipped() -> None:
    rows = [
        (A, "", 1, "1号", "甲"),
        (None, "", 1, "2号", "乙"),
        (),
        (None, "", 2, "3号", "丙"),
        (None, "", 2, "4号", "丁"),
    ]
    data = xlsx(("村编码", "网格", "组", "门牌", "户主"), *rows, merge=["A2:A5"])
    sheet = read(data, "户.xlsx", VILLAGES)
    assert [(row.row, row.village_code) for row in sheet.rows] == [(2, A), (3, A), (5, A)]
    assert the_error(sheet)[:2] == (6, "村编码")


def test_repeated_households_are_reported_with_the_first_row() -> None:
    sheet = listed(
        (A, None, "3组", "12号", "甲", None, "7"),
        (A, None, "三组", "12 号", "乙", None, "8"),
        (A, None, "4组", "12号", "丙", None, "7"),
        (B, None, "3组", "12号", "丁", None, "7"),
    )
    assert [row.row for row in sheet.rows] == [2, 5]
    assert [(e.row, e.column) for e in sheet.errors] == [(3, "门牌"), (4, "户编号")]
    assert all("第 2 行重复" in error.message for error in sheet.errors)


def test_two_phone_columns_and_unneeded_columns() -> None:
    header = ("村编码", "门牌", "户主", "手机", "电话", "身份证号", "人口数")
    data = xlsx(header, (A, "1号", "甲", None, "13800138000", "110105194912310021", 4))
    sheet = read(data, "户.xlsx", VILLAGES)
    assert sheet.rows[0].phone == "13800138000"
    assert "110105194912310021" not in repr(sheet.rows)
    back = load_workbook(io.BytesIO(result_workbook(sheet, {}))).active
    assert back["F2"].value == "(未读取)"


def repacked(data: bytes, name: str, body: bytes) -> bytes:
    out = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as source, ZipFile(out, "w", ZIP_DEFLATED) as target:
        for part in source.namelist():
            if part != name:
                target.writestr(part, source.read(part))
        target.writestr(name, body)
    return out.getvalue()


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]><workbook>&a9;</workbook>'.encode()


def test_unusable_files_are_refused_with_advice() -> None:
    good = xlsx(HEADER, ROW)
    two = load_workbook(io.BytesIO(good))
    two.copy_worksheet(two.active)
    far = load_workbook(io.BytesIO(good))
    far.active["A1048576"] = A
    heap = load_workbook(io.BytesIO(good))
    for last in range(9, 109):
        heap.active.merged_cells.ranges.add(CellRange(f"A2:A{last}"))
    cases = {
        "多余的空行": saved(far),
        "互相重叠": saved(heap),
        "空": b" \n",
        "10 MB": b"x" * (10 * 1024 * 1024 + 1),
        ".xls": b"\xd0\xcf\x11\xe0" + bytes(600),
        "网页": b"<html><table><tr><td>1</td></tr></table></html>",
        "编码": bytes(range(256)) * 4,
        "损坏": good[: len(good) // 2],
        "不是 Excel": repacked(b"PK\x05\x06" + bytes(18), "word/document.xml", b"<x/>"),
        "宏": repacked(good, "xl/vbaProject.bin", b"macro"),
        "解压后过大": repacked(good, "xl/media/zeros.bin", bytes(130 * 1024 * 1024)),
        "读不懂": repacked(good, "xl/workbook.xml", BOMB),
        "2 个名单": saved(two),
        "没有任何一行": xlsx(HEADER),
        "缺少:户主": xlsx(("村编码", "门牌"), (A, "1号")),
        "缺少:村编码": xlsx(("门牌", "户主"), ("1号", "甲")),
        "前 5 行": as_csv(("a", "b"), (1, 2)),
    }
    for word, data in cases.items():
        assert word in refusal(data)
    assert "宏" in refusal(good, "户.XLSM")


def test_too_many_rows_are_refused_and_the_limit_itself_is_not() -> None:
    rows = [(A, f"{n}号", "甲") for n in range(MAX_ROWS + 1)]
    header = ("村编码", "门牌", "户主")
    assert read(as_csv(header, *rows[:-1]), "户.csv", VILLAGES).total == MAX_ROWS
    assert f"{MAX_ROWS} 行" in refusal(as_csv(header, *rows))


def test_the_result_file_keeps_rows_in_place_and_names_every_outcome() -> None:
    rows = [with_value("门牌", f"{n}号") for n in range(4)]
    for n, row in enumerate(rows):
        row[-1] = str(n)
    rows[3][HEADER.index("联系电话")] = "123"
    sheet = read(xlsx(HEADER, *rows, before=1), "户.xlsx", VILLAGES)
    outcomes = {
        3: RowOutcome(RowStatus.CREATED),
        4: RowOutcome(RowStatus.UNCHANGED),
        5: RowOutcome(RowStatus.UPDATED, "户主、电话有变化"),
    }
    page = load_workbook(io.BytesIO(result_workbook(sheet, outcomes))).active
    assert [page.cell(2, at).value for at in range(1, 10)] == [*HEADER, "结果", "原因"]
    assert [page.cell(row, 8).value for row in range(3, 7)] == ["导入成功", "未变", "更新", "错误"]
    assert page.cell(5, 9).value == "户主、电话有变化"
    assert page.cell(6, 9).value.startswith("联系电话:应为")
    assert page.cell(6, 6).fill.fgColor.rgb == "FFFFC7CE"
    assert page.cell(6, 5).fill.fgColor.rgb != "FFFFC7CE"
    assert page.cell(3, 1).value == A


def test_the_result_file_runs_no_formula_and_can_be_imported_again() -> None:
    bad = '=HYPERLINK("http://x","y")'
    source = as_csv(HEADER, with_value("户主", bad), with_value("门牌", "@SUM(1)"), with_value("组", "+1-1"))
    sheet = read(source, "户.csv", VILLAGES)
    data = result_workbook(sheet, {})
    page = load_workbook(io.BytesIO(data)).active
    assert page["E2"].value == "'" + bad
    values = [cell for row in page.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in values)
    assert not any(str(cell.value)[:1] in "=+-@" for cell in values if cell.value)
    again = read(data, "结果.xlsx", VILLAGES)
    assert [(r.row, r.head_name, r.door_text, r.group) for r in again.rows] == [
        (r.row, r.head_name, r.door_text, r.group) for r in sheet.rows
    ]
    assert again.total == 3


def test_the_template_is_itself_a_list_that_can_be_filled_in() -> None:
    book = load_workbook(io.BytesIO(template(VILLAGES)))
    assert book.sheetnames == ["户名单", "填写说明", "村编码表"]
    page = book["户名单"]
    assert page.column_dimensions["A"].number_format == "@"
    assert {str(rule.sqref).split(":")[0][0] for rule in page.data_validations.dataValidation} == {
        "A",
        "E",
        "F",
        "G",
    }
    titles = [cell.value for cell in page[1]]
    assert [row[0].value for row in book["填写说明"].iter_rows(min_row=2, max_row=len(titles) + 1)] == titles
    values = {"村编码": A, "村名": "长安村", "组": "3", "门牌": "12号", "户主": "张三"}
    page.append([values.get(title) for title in titles])
    sheet = read(saved(book), "模板.xlsx", VILLAGES)
    assert sheet.errors == []
    assert (sheet.rows[0].village_code, sheet.rows[0].group) == (A, "3组")
    assert load_workbook(io.BytesIO(template())).sheetnames == ["户名单", "填写说明"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("13800138000", "13800138000"), ("138 0013 8000", "13800138000"), ("010-62345678", "010-62345678")]
    + [
        ("07972522222", "0797-2522222"),
        ("2522222", "2522222"),
        ("—", None),
        ("0086 13800138000", "13800138000"),
    ],
)
def test_phones(text: str, expected: str | None) -> None:
    assert cell_rules.phone(text) == expected


@pytest.mark.parametrize(
    "text", ["1380013800", "23800138000", "110105194912310021", "abc", "7972522222", "0"]
)
def test_no_phones(text: str) -> None:
    with pytest.raises(CellError):
        cell_rules.phone(text)


@given(number=st.integers(1, 99))
def test_groups_in_chinese_numerals_are_numbers(number: int) -> None:
    digits = " 一二三四五六七八九"
    tens, ones = divmod(number, 10)
    chinese = ("" if tens < 2 else digits[tens]) + ("十" if tens else "") + (digits[ones] if ones else "")
    assert cell_rules.group(f"第{chinese}村民小组") == cell_rules.group(str(number)) == f"{number}组"


@given(
    data=st.binary(max_size=300), start=st.sampled_from([b"", b"PK\x03\x04", "村编码,门牌,户主\n".encode()])
)
def test_no_bytes_crash_the_reader(data: bytes, start: bytes) -> None:
    try:
        sheet = read(start + data, "x", VILLAGES)
    except SheetRefused:
        return
    assert sheet.total == len(sheet.rows) + len({error.row for error in sheet.errors})
