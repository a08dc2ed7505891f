"""What the bodies and paths of the staff door have in common."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from domain.problems import NotFound
from domain.text import clean_text
from web.bodies import fault

Words = Annotated[str, Meta(min_length=1, max_length=2000)]
Purpose = Annotated[str, Meta(min_length=4, max_length=200)]
Code = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[\w.\-@() ]+$")]


class Strict(Struct, forbid_unknown_fields=True, kw_only=True):
    """A body that refuses what it does not know."""


class Nothing(Strict):
    """An empty body."""


def words(field: str, text: str) -> str:
    """Words without what nobody can see; 422 where nothing is left."""
    found = clean_text(text)
    if not found:
        raise fault(field, "请写几个字", "required")
    return found


def path_id(text: str) -> UUID:
    """The id in a path; what is no id names nothing, so 404."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
