"""Keyset pages: opaque cursors, no offsets, stable under inserts."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain.problems import InvalidCursor

T = TypeVar("T")


class Page(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The query of a list."""

    limit: int = 20
    cursor: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= 100:
            raise ValueError("Expected `int` >= 1 and <= 100 - at `$.limit`")

    @property
    def before(self) -> UUID | None:
        """The id after which the next page starts."""
        return decode_cursor(self.cursor) if self.cursor else None


def decode_cursor(cursor: str) -> UUID:
    """The id inside a cursor; 422 `invalid-cursor` for anything else."""
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise InvalidCursor from None


def encode_cursor(at: UUID) -> str:
    """A cursor that continues after this id."""
    return base64.urlsafe_b64encode(UUID(str(at)).bytes).rstrip(b"=").decode()


def paged(rows: Sequence[dict[str, Any]], limit: int, shape: Callable[[dict[str, Any]], T]) -> dict[str, Any]:
    """The answer of a list from `limit + 1` rows that carry an `id`."""
    more = len(rows) > limit
    return {
        "items": [shape(row) for row in rows[:limit]],
        "next": encode_cursor(rows[limit - 1]["id"]) if more else None,
    }
