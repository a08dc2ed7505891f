"""Workbooks of text: lists to read or to fill in, and a page that explains their columns."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from domain.sheets.columns import Column
from domain.sheets.files import MAX_ROW_NUMBER

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
# every cell is text: it keeps 12-digit codes and doors like 3-12 as they are typed
TEXT = {"num_format": "@"}
HEAD = {**TEXT, "bold": True, "bg_color": "#DDEBF7", "border": 1}
NEEDED = {**HEAD, "bg_color": "#FCE4D6"}
WRONG = {**TEXT, "bg_color": "#FFC7CE", "font_color": "#9C0006"}


@dataclass(frozen=True)
class Page:
    """A page of a workbook; without rows it is there to be filled in."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[str]] = ()


def workbook(*pages: Page) -> bytes:
    """An xlsx of these pages."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, OPTIONS) as book:
        head, needed, text = (book.add_format(style) for style in (HEAD, NEEDED, TEXT))
        for page in pages:
            sheet = book.add_worksheet(page.title)
            sheet.freeze_panes(1, 0)
            for at, column in enumerate(page.columns):
                sheet.set_column(at, at, column.width, text)
                sheet.write_string(0, at, column.name, needed if column.needed else head)
                if column.length:
                    sheet.data_validation(1, at, MAX_ROW_NUMBER, at, _check(*column.length))
            for number, row in enumerate(page.rows, start=1):
                for at, value in enumerate(row):
                    sheet.write_string(number, at, safe_text(value), text)
    return out.getvalue()


def guide(columns: Sequence[Column], notes: Sequence[str] = ()) -> Page:
    """The page that explains how to fill in a list."""
    heads = [Column(name, width=width) for name, width in (("列名", 12), ("是否必填", 12), ("说明", 70), ("示例", 24))]
    rows = [(one.name, "必填" if one.needed else "可选", one.help, one.example) for one in columns]
    return Page("填写说明", heads, [*rows, (), *((note,) for note in notes)])


def safe_text(text: str) -> str:
    """A text that no spreadsheet runs as a formula, not even after a detour through csv."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _check(shortest: int, longest: int, message: str) -> dict[str, Any]:
    return {"validate": "length", "criteria": "between", "minimum": shortest, "maximum": longest,
            "error_title": "请检查", "error_message": message}  # fmt: skip
