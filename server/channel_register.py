"""The channels of a profile as rows of the register (000-01): new ones are added, what an office switched off stays so."""

from typing import Any

from config.profile import Profile
from domain.appeals.models import Channel


async def seed_channels(profile: Profile) -> None:
    """Add the channels that the register does not know yet."""
    await Channel.bulk_create([Channel(**row) for row in channel_rows(profile)], ignore_conflicts=True)


def channel_rows(profile: Profile) -> list[dict[str, Any]]:
    """The channels of the profile and of its areas, each with the area that it is for."""
    areas: dict[str, str] = {}
    for area, rules in profile.overlays.items():
        areas |= dict.fromkeys(rules.channels.keys() - profile.channels.keys(), area)
    return [
        {
            "code": one.code, "name": one.name, "manager_code": one.manager, "aggregation": one.aggregation,
            "handling": one.handling, "number": one.number, "petition": one.petition, "basis": one.basis,
            "area_code": areas.get(one.code, profile.area),
        }
        for one in profile.all_channels.values()
    ]  # fmt: skip
