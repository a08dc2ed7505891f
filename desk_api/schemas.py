"""What the bodies and paths of the staff door have in common."""

from typing import Annotated

from msgspec import Meta

from domain.problems import invalid
from domain.text import clean_text

Words = Annotated[str, Meta(min_length=1, max_length=2000)]
Purpose = Annotated[str, Meta(min_length=4, max_length=200)]
Code = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[\w.\-@() ]+$")]


def words(field: str, text: str) -> str:
    """Words without what nobody can see; 422 where nothing is left."""
    found = clean_text(text)
    if not found:
        raise invalid(field, "请写几个字", "required")
    return found
