"""The smallest valid body of a struct, made from its types: what a stranger would send who knows the document."""

from typing import Any
from uuid import uuid4

import msgspec
from msgspec import inspect

SAMPLES = {"occurred_at": "2026-03-10T08:00:00+08:00", "login": "somebody", "starts": "17:30", "ends": "08:30"}


def minimal_body(kind: type[msgspec.Struct], **given: Any) -> dict[str, Any]:
    """Every required field filled with the least that its type takes; `given` on top."""
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)
    return {
        **{each.encode_name: _value(each.name, each.type) for each in found.fields if each.required}, **given,
    }  # fmt: skip


def _value(name: str, kind: inspect.Type) -> Any:
    if name in SAMPLES:
        return SAMPLES[name]
    match kind:
        case inspect.StrType():
            return _text(kind)
        case inspect.IntType() | inspect.FloatType():
            return kind.ge if kind.ge is not None else 1
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.UnionType():
            return _value(name, next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
        case inspect.ListType():
            return [_value(name, kind.item_type) for _ in range(kind.min_length or 0)]
        case inspect.StructType():
            return minimal_body(kind.cls)
        case inspect.DictType():
            return {}
        case inspect.BoolType():
            return False
        case inspect.UUIDType():
            return str(uuid4())
        case inspect.DateType():
            return "2026-03-10"
        case inspect.DateTimeType():
            return SAMPLES["occurred_at"]
    raise TypeError(f"no sample for {name}: {kind}")


def _text(kind: inspect.StrType) -> str:
    choices = (kind.pattern or "").strip("^$").strip("()").split("|")
    if len(choices) > 1:
        return choices[0]
    if "{64}" in (kind.pattern or ""):
        return "0" * 64
    if r"\d" in (kind.pattern or ""):
        return "123456"
    return "a" * max(kind.min_length or 1, 3 if kind.pattern else 1)
