"""Finds an appeal by what is printed on its receipt."""

from hmac import compare_digest
from uuid import UUID

from domain.appeals.actions import query_hash
from domain.sql import fetch_one
from domain.text import clean_text

_NOBODY = bytes(32)


async def find_by_code(number: str, query_code: str) -> UUID | None:
    """The appeal of this number and query code; the same work whether the number exists or not."""
    wanted = "".join(clean_text(number).upper().split())
    code = "".join(clean_text(query_code).split())
    row = await fetch_one("SELECT id, query_hash FROM appeals WHERE number = $1", [wanted])
    kept = bytes(row["query_hash"]) if row else _NOBODY
    if not compare_digest(kept, query_hash(wanted, code)) or row is None:
        return None
    found: UUID = row["id"]
    return found
