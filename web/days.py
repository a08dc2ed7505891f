"""Days and times that arrive: only those with which one can reckon. Python's own calendar ends at 9999-12-31, so that
the day after it, or its midnight in UTC, is an error of the server and not of who asked."""

from datetime import date
from typing import Any

import msgspec

from domain.problems import InvalidFields

FIRST_YEAR, LAST_YEAR = 1900, 2199


def check_days(given: tuple[Any, ...]) -> None:
    """422 for each day or time outside of the years 1900 to 2199, however deep it lies in a body or a query."""
    errors = [
        {"field": field, "code": "invalid", "message": f"日期须在 {FIRST_YEAR} 年至 {LAST_YEAR} 年之间"}
        for each in given
        for field in _out_of_reach(each, "")
    ]
    if errors:
        raise InvalidFields(errors=errors)


def _out_of_reach(given: Any, path: str) -> list[str]:
    if isinstance(given, date):
        return [] if FIRST_YEAR <= given.year <= LAST_YEAR else [path]
    if isinstance(given, msgspec.Struct):
        inner = [(f"{path}.{name}".lstrip("."), getattr(given, name)) for name in given.__struct_fields__]
    elif isinstance(given, list | tuple):
        inner = [(f"{path}[{number}]", each) for number, each in enumerate(given)]
    else:
        return []
    return [field for name, each in inner for field in _out_of_reach(each, name)]
