"""What every door does around a scanned plate: limits that spare a carrier's shared address, and the scan log.

Guessing is hopeless (72 tag bits and a live id), so limits only keep scanners off: a signed-in caller who shows 20 bad
codes in an hour gets 429 for further bad ones, a nameless address 1,000, for thousands of phones may share it. Good codes
are never refused because of somebody else's bad ones.
"""

from domain.access.actor import Actor
from domain.households.actions import CodeFound, find_code
from domain.households.scans import note_scan
from domain.ports import Store
from domain.problems import CodeDead, TooManyRequests, UnknownCode
from web.door import address
from web.routes import Ask

HOUR = 3600
BAD_PER_CALLER, BAD_PER_ADDRESS = 20, 1000
GOOD_PER_HOUR, GOOD_PER_DAY = 60, 200
_ONCE_IN_S = 60


async def scanned(ask: Ask, text: str, door: str) -> CodeFound:
    """The live code behind a scan, counted and logged; `unknown-code`, `code-dead` or `too-many-requests`."""
    store: Store = ask.app.store
    try:
        found = await find_code(ask.app.services.keyring, text, door)
    except UnknownCode:
        await _count_bad(store, ask)
        await _log(store, None, "unknown", door)
        raise
    except CodeDead as dead:
        await _log(store, dead.code_id, "dead", door)
        raise
    await _count_good(store, ask.actor)
    await _log(store, bytes(found.code.code_id), "live", door)
    return found


async def _count_bad(store: Store, ask: Ask) -> None:
    who, most = (ask.actor.label, BAD_PER_CALLER) if ask.actor.id else (address(ask.request), BAD_PER_ADDRESS)
    counted = await store.increment(f"limit:bad-code:{who}", ttl_s=HOUR)
    if counted.count > most:
        raise TooManyRequests(retry_after=max(1, int(counted.remaining_s))) from None


async def _count_good(store: Store, actor: Actor) -> None:
    """Residents have no reason to scan a village; grid workers have."""
    if actor.kind not in ("resident", "guest"):
        return
    for times, seconds in ((GOOD_PER_HOUR, HOUR), (GOOD_PER_DAY, 24 * HOUR)):
        counted = await store.increment(f"limit:scan-{seconds}:{actor.label}", ttl_s=seconds)
        if counted.count > times:
            raise TooManyRequests(retry_after=max(1, int(counted.remaining_s)))


async def _log(store: Store, code_id: bytes | None, outcome: str, door: str) -> None:
    """One row a minute for a code, and for all unknown ones together: enough to see what goes on."""
    key = f"scan:{outcome}:{code_id.hex() if code_id else ''}:{door}"
    if await store.set(key, "1", ttl_s=_ONCE_IN_S, only_if_absent=True):
        await note_scan(code_id, outcome, door)
