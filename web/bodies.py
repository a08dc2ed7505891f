"""Reads JSON bodies and query strings into typed structs; every fault names its field in Chinese."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from domain.problems import InvalidFields, MalformedBody, UnknownField

S = TypeVar("S")


class Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body or a query that refuses what it does not know."""


class Nothing(Strict):
    """An empty body."""


_UNKNOWN = re.compile(r"unknown field `(?P<field>[^`]+)`")
_MISSING = re.compile(r"missing required field `(?P<field>[^`]+)`")
_AT = re.compile(r" - at `(?P<path>[^`]+)`")
_REASONS = (
    (re.compile(r"`(?:array|object)` of length <= (\d+)"), "最多 {0} 项"),
    (re.compile(r"`(?:array|object)` of length >= (\d+)"), "至少 {0} 项"),
    (re.compile(r"length <= (\d+)"), "内容太长,最多 {0} 个字"),
    (re.compile(r"length >= (\d+)"), "内容太短,至少 {0} 个字"),
    (re.compile(r">= (-?[\d.]+)"), "不能小于 {0}"),
    (re.compile(r"<= (-?[\d.]+)"), "不能大于 {0}"),
    (re.compile(r"Invalid enum value"), "不在可选的范围内"),
    (re.compile(r"Invalid UUID"), "编号格式不对"),
    (re.compile(r"Invalid RFC3339"), "时间格式不对,应形如 2026-11-22T08:30:00+08:00"),
    (re.compile(r"timezone component"), "时间须带时区,应形如 2026-11-22T08:30:00+08:00"),
    (re.compile(r"matching regex"), "格式不对"),
    (re.compile(r"Expected `(\w+)"), "类型不对,应为{0}"),
)
_TYPES = {
    "str": "文字", "int": "整数", "float": "数字", "decimal": "数字", "bool": "是或否(true、false)", "array": "列表",
    "object": "一组项目", "uuid": "编号", "date": "日期", "datetime": "时间", "time": "时刻", "null": "空",
}  # fmt: skip



def _spoken(word: str) -> str:
    return _TYPES.get(word, word)


def read_json(raw: bytes, kind: type[S]) -> S:
    """The body as a struct; 422 `malformed-body`, `unknown-field` or `invalid-fields`."""
    try:
        return _decode(raw or b"{}", kind)
    except msgspec.ValidationError as error:
        raise explain(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedBody from None


def _decode(raw: bytes, kind: type[S]) -> S:
    """A struct that knows how to `salvage` a body is read in spite of what is broken in a part of it."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        salvage: Callable[[bytes], S] | None = getattr(kind, "salvage", None)
        if salvage is None:
            raise
        return salvage(raw)


def read_query(values: dict[str, list[str]], kind: type[S]) -> S:
    """The query string as a struct; numbers and flags are read from their text."""
    flat: dict[str, Any] = {key: found[-1] for key, found in values.items()}
    try:
        return msgspec.convert(flat, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise explain(str(error)) from None


def explain(message: str) -> UnknownField | InvalidFields:
    """A validation message of msgspec in plain Chinese, with the path of the field."""
    at = _AT.search(message)
    path = at["path"].removeprefix("$").lstrip(".") if at else ""
    if unknown := _UNKNOWN.search(message):
        field = ".".join(filter(None, (path, unknown["field"])))
        return UnknownField(field=field, errors=[{"field": field, "code": "unknown-field", "message": "不接受的项目"}])
    if missing := _MISSING.search(message):
        field = ".".join(filter(None, (path, missing["field"])))
        return InvalidFields(errors=[{"field": field, "code": "required", "message": "此项必填"}])
    for pattern, text in _REASONS:
        if found := pattern.search(message):
            return InvalidFields(
                errors=[{"field": path, "code": "invalid", "message": text.format(*map(_spoken, found.groups()))}]
            )
    return InvalidFields(errors=[{"field": path, "code": "invalid", "message": "填写有误"}])
