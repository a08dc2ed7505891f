"""Plain SQL where the ORM would take more statements: always parameterised, always through the current transaction."""

from collections.abc import Sequence
from typing import Any

import msgspec
from tortoise.connection import connections


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


async def execute(sql: str, values: Sequence[object] = ()) -> int:
    """Run a statement; the number of rows it touched."""
    count, _ = await connections.get("default").execute_query(sql, list(values))
    return int(count)
