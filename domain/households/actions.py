"""Household codes in life: find what a scan means, issue, activate, reissue, revoke."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import unquote
from uuid import UUID

from domain.access.actor import Actor, within
from domain.access.permissions import Permission
from domain.areas.geometry import Position, distance_m
from domain.clock import now
from domain.households.models import LIVE, Household, HouseholdCode
from domain.households.scans import SHOWN, note_scan, orphans, reports_of
from domain.journal.unit import Fact, record
from domain.problems import CodeDead, CodeNotPrinted, HouseholdHasCode, NotFound, UnknownCode
from domain.rulebook import rulebook
from qr.codes import CodeRefused, Keyring, mint, read
from qr.codes import HouseholdCode as PrintedCode

REPORTS_TO_SUSPECT = 2
NEAR_M = 300.0  # a plate put up where its house stands
STATE_NAMES = {
    "printed": "已制作", "active": "已启用", "suspect": "存疑", "replaced": "已更换", "revoked": "已注销", "lost": "已挂失",
}  # fmt: skip
_IN_ADDRESS = re.compile(r"/h/([A-Za-z0-9]{32})(?:$|[?#&])")


@dataclass(frozen=True)
class CodeFound:
    """A code with a row and its household."""

    code: HouseholdCode
    household: Household


async def find_code(keyring: Keyring, text: str, door: str) -> CodeFound:
    """The household of a scanned code; 404 for an unknown or forged one, 410 for one we printed that is dead."""
    found = await look_up(keyring, text, door)
    if found.code.state not in LIVE:
        raise CodeDead(code_id=bytes(found.code.code_id), hotline=rulebook().hotline)
    return found


async def look_up(keyring: Keyring, text: str, door: str) -> CodeFound:
    """As `find_code`, dead codes included.

    A junk code costs no query (its tag is wrong); a genuine tag without a row is kept as an orphan: we printed it and
    lost it in a restore.
    """
    try:
        read_code = read(_bare(text), keyring)
    except CodeRefused:
        raise UnknownCode from None
    row = await HouseholdCode.get_or_none(code_id=read_code.code_id)
    if row is None:
        if not read_code.needs_row:
            await note_scan(read_code.code_id, "orphan", door, read_code.kid)
        raise UnknownCode
    return CodeFound(row, await Household.get(id=row.household_id))


def _bare(text: str) -> str:
    """The code in a scanned address, whatever its host: the tag proves the code, not the address."""
    found = _IN_ADDRESS.search(unquote(text)) if "/" in text or "%" in text else None
    return found[1] if found else text


async def issue_code(actor: Actor, keyring: Keyring, household: Household) -> PrintedCode:
    """A fresh code for a household's plate, its live one replaced; the caller holds the household's lock."""
    code = mint(keyring)
    at = now()
    old = await HouseholdCode.filter(household_id=household.id, state__in=list(LIVE)).first()
    if old is not None:
        await _end(old, "replaced", at, code.code_id)
    await HouseholdCode.create(
        code_id=code.code_id, kid=code.kid, household_id=household.id, area_path=household.area_path, state="printed",
        issued_at=at,
    )  # fmt: skip
    data = {"code": code.code_id.hex(), "replaces": bytes(old.code_id).hex() if old else None}
    note_household(household, "code.issued", data)
    return code


async def end_code(household: Household, reason: Literal["revoked", "lost"]) -> HouseholdCode:
    """End the live code of a household for ever; 404 when it has none."""
    code = await HouseholdCode.filter(household_id=household.id, state__in=list(LIVE)).select_for_update().first()
    if code is None:
        raise NotFound
    await _end(code, reason, now(), None)
    note_household(household, f"code.{reason}", {"code": bytes(code.code_id).hex()})
    return code


async def replace_code(household: Household, by: Household) -> None:
    """End the live code of a house that merged into another; scans of it say that the plate was replaced."""
    code = await HouseholdCode.filter(household_id=household.id, state__in=list(LIVE)).select_for_update().first()
    if code is None:
        return
    heir = await HouseholdCode.filter(household_id=by.id, state__in=list(LIVE)).first()
    await _end(code, "replaced", now(), bytes(heir.code_id) if heir else None)
    note_household(household, "code.replaced", {"code": bytes(code.code_id).hex()})


async def adopt_orphan(household: Household, code_id: bytes) -> HouseholdCode:
    """Tie a genuine code that a restore lost to the house on whose door it hangs; 404 for no orphan."""
    found = await orphans(1, code_id)
    if not found:
        raise NotFound
    if await HouseholdCode.exists(household_id=household.id, state__in=list(LIVE)):
        raise HouseholdHasCode
    at = now()
    code = await HouseholdCode.create(
        code_id=code_id, kid=found[0]["kid"], household_id=household.id, area_path=household.area_path, state="active",
        issued_at=at, printed_at=at, activated_at=at,
    )  # fmt: skip
    note_household(household, "code.adopted", {"code": code_id.hex()})
    return code


async def activate_code(actor: Actor, keyring: Keyring, text: str, at_place: Position | None) -> CodeFound:
    """Put a plate into use on site; doing it twice changes nothing.

    A plate found more than 300 m from its house becomes suspect; a suspect one is cleared by a visit with a position
    near the house. 404 outside the worker's grids, 410 for a dead code.
    """
    found = await look_up(keyring, text, "worker")
    if not any(within(found.household.area_path, path) for path in actor.areas(Permission.PLATE_ACTIVATE)):
        raise NotFound
    household = await Household.select_for_update().get(id=found.household.id)
    code = await HouseholdCode.select_for_update().get(code_id=found.code.code_id)
    if code.state not in LIVE:
        raise CodeDead(hotline=rulebook().hotline)
    await _judge(actor, CodeFound(code, household), at_place)
    return CodeFound(code, household)


async def _judge(actor: Actor, found: CodeFound, at_place: Position | None) -> None:
    code, household = found.code, found.household
    metres = _metres_from_home(household, at_place)
    if metres is not None and metres > NEAR_M:
        await _turn(found, "suspect", "code.suspected", {"metres": round(metres)})
        return
    if code.state == "suspect" and metres is None:
        raise CodeNotPrinted(state=STATE_NAMES["suspect"])
    if code.state != "active":
        code.activated_at, code.activated_by = now(), actor.id
        if household.lon is None and at_place is not None:
            household.lon, household.lat, household.datum = at_place.lon, at_place.lat, at_place.datum
        await _turn(found, "active", "code.activated", {})


async def report_code(found: CodeFound, door: str) -> str:
    """Take in that a plate hangs wrongly or looks forged; the second report within 30 days makes it suspect.

    One report is not enough: anybody may send one, and a suspect plate costs a grid worker a walk. Returns the state.
    """
    code_id = bytes(found.code.code_id)
    await note_scan(code_id, "report", door)
    code = await HouseholdCode.select_for_update().get(code_id=code_id)
    if code.state not in LIVE:
        return code.state
    note_household(found.household, "code.reported", {"code": code_id.hex()})
    if await reports_of(code_id, now() - SHOWN) >= REPORTS_TO_SUSPECT:
        household = await Household.select_for_update().get(id=found.household.id)
        await _turn(CodeFound(code, household), "suspect", "code.suspected", {"reports": REPORTS_TO_SUSPECT})
    return code.state


def _metres_from_home(household: Household, at_place: Position | None) -> float | None:
    if at_place is None or household.lon is None or household.lat is None:
        return None
    return distance_m(Position(household.lon, household.lat, household.datum or "gcj02"), at_place)


async def _turn(found: CodeFound, state: str, event: str, data: dict[str, object]) -> None:
    if found.code.state == state:
        return
    found.code.state = state
    await found.code.save()
    found.household.version += 1
    found.household.changed_at = now()
    await found.household.save()
    note_household(found.household, event, {"code": bytes(found.code.code_id).hex(), **data})


async def _end(code: HouseholdCode, state: str, at: datetime, heir: bytes | None) -> None:
    code.state, code.ended_at, code.replaced_by = state, at, heir
    await code.save()


def note_household(household: Household, event: str, data: Mapping[str, object], grid: str | None = None) -> None:
    """Write a fact of a household into the journal and the feed of its grid."""
    feed: tuple[str, UUID, int] = ("household", household.id, household.version)
    record(Fact(event, grid or household.grid_code, subject_id=household.id, data=dict(data), feed=feed))
