"""Household codes in life: find what a scan means, activate, reissue, revoke."""

from dataclasses import dataclass

from domain.clock import now
from domain.households.models import CodeScan, Household, HouseholdCode
from domain.ids import new_id
from domain.problems import CodeDead, UnknownCode
from domain.rulebook import rulebook
from qr.codes import CodeRefused, Keyring, read

LIVE = frozenset({"printed", "active", "suspect"})


@dataclass(frozen=True)
class CodeFound:
    """A live code and its household."""

    code: HouseholdCode
    household: Household


async def find_code(keyring: Keyring, text: str, door: str) -> CodeFound:
    """The household of a scanned code; 404 for an unknown or forged one, 410 for one we printed that is dead.

    A junk code costs no query (its tag is wrong); a genuine tag without a row is kept as an orphan: we printed it and
    lost it in a restore.
    """
    try:
        read_code = read(text, keyring)
    except CodeRefused:
        raise UnknownCode from None
    row = await HouseholdCode.get_or_none(code_id=read_code.code_id)
    if row is None:
        if not read_code.needs_row:
            await _log(read_code.code_id, "orphan", door)
        raise UnknownCode
    if row.state not in LIVE:
        raise CodeDead(hotline=rulebook().hotline)
    return CodeFound(row, await Household.get(id=row.household_id))


async def _log(code_id: bytes, outcome: str, door: str) -> None:
    await CodeScan.create(id=new_id(), code_id=code_id, at=now(), outcome=outcome, door=door)
