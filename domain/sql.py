"""Plain SQL where the ORM would take more statements: always parameterised, always through the current transaction."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from tortoise.connection import connections
from tortoise.models import Model

M = TypeVar("M", bound=Model)


async def fetch(sql: str, values: Sequence[object] = (), json: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The rows of a query as dicts; the named columns are decoded from JSON."""
    rows: list[dict[str, Any]] = await connections.get("default").execute_query_dict(sql, list(values))
    for row in rows:
        for column in json:
            if isinstance(row[column], str):
                row[column] = msgspec.json.decode(row[column])
    return rows


async def fetch_one(sql: str, values: Sequence[object] = (), json: Sequence[str] = ()) -> dict[str, Any] | None:
    """The first row, or None."""
    rows = await fetch(sql, values, json)
    return rows[0] if rows else None


def as_model(model: type[M], row: dict[str, Any]) -> M:
    """A row with all columns of a table as an object of its model, as the ORM makes one."""
    return model._init_from_db(**row)  # noqa: SLF001 (it has no public way)


async def load(model: type[M], sql: str, values: Sequence[object] = ()) -> list[M]:
    """The rows of a query over all columns of a table as objects of its model. For what every move of a case asks:
    composing the query takes the ORM four times as long as reading its row."""
    return [as_model(model, row) for row in await fetch(sql, values)]


async def execute(sql: str, values: Sequence[object] = ()) -> int:
    """Run a statement; the number of rows it touched."""
    count, _ = await connections.get("default").execute_query(sql, list(values))
    return int(count)
