"""The rules in force at a place, as the people who work there read them: who answers for what, the ladder, the meetings,
the words, the reports (000-22, 000-28). What differs from the rules around the place is named."""

from typing import Any

import msgspec

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.offices.campaigns import holders_of
from domain.offices.obligations import readable_area
from domain.rulebook import rulebook


async def rules(actor: Actor, code: str) -> dict[str, Any]:
    """Everything that the profile says about offices at a place, with the people who hold its roles now."""
    place = await readable_area(actor, code, Permission.AREA_READ)
    book, base = rulebook().for_area(place.path), rulebook()
    holders = await holders_of(place)
    answering = [
        {**msgspec.to_builtins(one), "code": name, "people": holders.get(one.role, [])}
        for name, one in book.practices.responsibilities.items()
    ]
    own = [
        section for section in book.practices.__struct_fields__
        if getattr(book.practices, section) != getattr(base.practices, section)
    ]  # fmt: skip
    return {
        "name": book.name, "area": place.code, "area_name": place.name, "own": own,
        "flags": dict(book.flags), "limits": {name: limit.text for name, limit in book.limits.items()},
        **msgspec.to_builtins(book.practices), "responsibilities": answering,
    }  # fmt: skip
