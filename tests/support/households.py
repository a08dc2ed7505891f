"""Household lists as village offices send them, and the steps that their tests share."""

import io
from typing import Any

import httpx
import openpyxl

from tests.support.cast import DESK, Cast

VILLAGE = "360781100001"
HEADER = ("村编码", "组", "门牌号", "户主姓名", "联系电话", "户编号", "网格")
Row = tuple[str, ...]


def row(door: str, head: str = "张三", **more: str) -> Row:
    """One row of a list."""
    return (
        more.get("village", VILLAGE), more.get("group", "3组"), door, head, more.get("phone", ""),
        more.get("number", ""), more.get("grid", ""),
    )  # fmt: skip


def xlsx(rows: list[Row]) -> bytes:
    """The list as a workbook of text cells."""
    book = openpyxl.Workbook()
    for line in (HEADER, *rows):
        book.active.append(list(line))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_gbk(rows: list[Row]) -> bytes:
    """The list as Excel in China saves csv."""
    return "\r\n".join(",".join(line) for line in (HEADER, *rows)).encode("gb18030")


async def send(staff: httpx.AsyncClient, data: bytes, name: str = "名册.xlsx", **fields: str) -> httpx.Response:
    """Upload a list."""
    return await staff.post(f"{DESK}/households/imports", files={"file": (name, data)}, data=fields)


async def imported(cast: Cast, data: bytes, name: str = "名册.xlsx", login: str = "admin") -> dict[str, Any]:
    """Upload a list, let the job run, and see how it went."""
    staff = await cast.staff(login)
    answer = await send(staff, data, name)
    assert answer.status_code == 202, answer.text
    await cast.react()
    return dict((await staff.get(f"{DESK}/households/imports/{answer.json()['id']}")).json())


def result_rows(raw: bytes) -> list[dict[str, str]]:
    """The rows of a result workbook by header."""
    lines = list(openpyxl.load_workbook(io.BytesIO(raw)).active.iter_rows(values_only=True))
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
