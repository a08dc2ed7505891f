"""The limits of a profile file against those in force: what differs, which open cases it moves, and putting it in force."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from config.changes import Change
from config.profile import Profile
from server.commands.serving import settings_or_exit

if TYPE_CHECKING:
    from domain.cases.limits import LimitChange
    from domain.cases.shifts import Shift

SHOWN = 30
Found = Sequence[tuple[UUID, Change]]
Row = tuple[str, str, str, str]  # area, track, clock, code of the limit


async def differences(profile: Profile) -> list[tuple[UUID, Change]]:
    """The limits in force against those of the file; a track that the database does not know comes with the file."""
    from domain.cases.models import LimitEdit
    from server.rules import limit_table, stable_id

    last = await LimitEdit.all().order_by("-version").first()
    held = {row[:3]: row[3] for row in _rows(last.limits)} if last else {}
    found = []
    for area, track, clock, code in _rows(limit_table(profile)):
        before = held.get((area, track, clock), code)
        if before != code:
            name = f"{area}/{track}.{clock}"
            found.append((stable_id("limit", name), Change("changed", name, track, {"limit": (before, code)})))
    return found


async def moves(profile: Profile, found: Found) -> "tuple[list[Shift], int]":
    """The open deadlines that the limits of the file would move, the nearest first, and how many."""
    from domain.cases import limits

    await _in_force(profile)
    shifts, total = await limits.preview(_changes(found))
    return shifts[:SHOWN], total


async def apply(profile: Profile, found: Found) -> None:
    """Put the limits of the file in force as a new version; running services work the open cases out again."""
    from domain.access.actor import SYSTEM
    from domain.cases.limits import apply_changes

    if found:
        await _in_force(profile)
        await apply_changes(SYSTEM, f"{profile.name}规则文件", _changes(found))


async def _in_force(profile: Profile) -> None:
    from domain.cases import calendar, limits
    from domain.rulebook import install
    from server.rules import book_of

    install(book_of(profile, settings_or_exit()))
    await calendar.refresh()
    await limits.refresh()


def _rows(table: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Iterator[Row]:
    for area, tracks in table.items():
        for track, own in tracks.items():
            for clock, code in own.items():
                yield area, track, clock, code


def _changes(found: Found) -> "list[LimitChange]":
    from domain.cases.limits import LimitChange
    from domain.deadlines.limits import Limit

    changes = []
    for _, change in found:
        area, _, rest = change.code.partition("/")
        track, _, clock = rest.partition(".")
        changes.append(LimitChange(track, clock, Limit.parse(change.cells["limit"][1]), area))
    return changes
