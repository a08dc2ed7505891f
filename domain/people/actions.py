"""Residents: found or made at sign-in."""

from typing import Any
from uuid import UUID

from domain.clock import real_now
from domain.ids import new_id
from domain.people.models import Resident
from domain.sql import execute, fetch


async def resident_of(openid: str) -> tuple[Resident, list[dict[str, Any]]]:
    """The resident of a WeChat identity, made on the first sign-in, with their households."""
    resident = await Resident.get_or_none(openid=openid, erased_at=None)
    if resident is None:
        await execute(  # two phones, or one that tries again, may come for the first time at once
            "INSERT INTO residents (id, openid, name, phone, created_at) VALUES ($1, $2, '', '', $3)"
            " ON CONFLICT (openid) DO NOTHING",
            [new_id(), openid, real_now()],
        )
        return await Resident.get(openid=openid), []
    return resident, await households_of(resident)


async def households_of(resident: Resident) -> list[dict[str, Any]]:
    """The households a resident is bound to or waiting for."""
    return await fetch(
        "SELECT m.id AS membership_id, h.id, h.door_text AS plate_text, m.state FROM memberships m"
        " JOIN households h ON h.id = m.household_id WHERE m.resident_id = $1 AND m.state IN ('bound', 'waiting')"
        " ORDER BY m.created_at",
        [resident.id],
    )


async def openid_of(resident_id: UUID) -> str:
    """The WeChat identity of a resident; empty for a guest."""
    resident = await Resident.get(id=resident_id)
    return resident.openid or ""


async def set_phone(resident_id: UUID, phone: str) -> None:
    """Keep the phone number that WeChat vouched for."""
    await Resident.filter(id=resident_id).update(phone=phone)
