"""Residents: found or made at sign-in."""

from typing import Any
from uuid import UUID

from domain.clock import real_now
from domain.ids import new_id
from domain.people.models import Resident
from domain.sql import fetch


async def resident_of(openid: str) -> tuple[Resident, list[dict[str, Any]]]:
    """The resident of a WeChat identity, made on the first sign-in, with their households."""
    resident = await Resident.get_or_none(openid=openid, erased_at=None)
    if resident is None:
        resident = await Resident.create(id=new_id(), openid=openid, created_at=real_now())
        return resident, []
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
