"""What every door does around a scanned plate: limits that spare a carrier's shared address, and the scan log.

Guessing is hopeless (72 tag bits and a live id), so limits only keep scanners off: a signed-in caller who shows 20 bad
codes in an hour gets 429 for further bad ones, a nameless address 1,000, for thousands of phones may share it. Good codes
are never refused because of somebody else's bad ones.
"""

from hashlib import sha256

from domain.access.actor import Actor
from domain.households.actions import CodeFound, find_code
from domain.households.scans import note_scan
from domain.ports import Store
from domain.problems import CodeDead, TooManyRequests, UnknownCode
from web.door import address
from web.routes import Ask

HOUR = 3600
DAY = 24 * HOUR
BAD_PER_CALLER, BAD_PER_ADDRESS = 20, 1000
# Alarms: more than one scan in a hundred is junk, one plate is shown by more people than live in a house.
BAD_PER_HUNDRED, ENOUGH_SCANS, CALLERS_PER_CODE = 1, 100, 20
GOOD_PER_HOUR, GOOD_PER_DAY = 60, 200
_ONCE_IN_S = 60


async def scanned(ask: Ask, text: str, door: str) -> CodeFound:
    """The live code behind a scan, counted and logged; `unknown-code`, `code-dead` or `too-many-requests`."""
    store: Store = ask.app.store
    try:
        found = await find_code(ask.app.services.keyring, text, door)
    except UnknownCode:
        await _log(store, None, "unknown", door)
        await _watch_share(store, bad=True)
        await _count_bad(store, ask)
        raise
    except CodeDead as dead:
        await _log(store, dead.code_id, "dead", door)
        raise
    await _watch_share(store, bad=False)
    await _watch_callers(store, ask, bytes(found.code.code_id), door)
    await _count_good(store, ask.actor)
    await _log(store, bytes(found.code.code_id), "live", door)
    return found


async def _watch_share(store: Store, *, bad: bool) -> None:
    """Say once an hour that too many scans of the hour were junk: somebody prints or guesses codes."""
    every = (await store.increment("scans:all", ttl_s=HOUR)).count
    if not bad:
        return
    junk = (await store.increment("scans:bad", ttl_s=HOUR)).count
    if every >= ENOUGH_SCANS and junk * 100 > every * BAD_PER_HUNDRED:
        await _say_once(store, None, "junk", "any", HOUR)


async def _watch_callers(store: Store, ask: Ask, code_id: bytes, door: str) -> None:
    """Say once a day that one plate was shown by too many: a picture of it went round."""
    if door == "worker":
        return
    who = ask.actor.label if ask.actor.id else address(ask.request)
    key = f"scans:of:{code_id.hex()}"
    new = await store.set(f"{key}:{sha256(who.encode()).hexdigest()[:16]}", "1", ttl_s=DAY, only_if_absent=True)
    if new and (await store.increment(key, ttl_s=DAY)).count > CALLERS_PER_CODE:
        await _say_once(store, code_id, "crowd", door, DAY)


async def _count_bad(store: Store, ask: Ask) -> None:
    who, most = (ask.actor.label, BAD_PER_CALLER) if ask.actor.id else (address(ask.request), BAD_PER_ADDRESS)
    counted = await store.increment(f"limit:bad-code:{who}", ttl_s=HOUR)
    if counted.count > most:
        raise TooManyRequests(retry_after=max(1, int(counted.remaining_s))) from None


async def _count_good(store: Store, actor: Actor) -> None:
    """Residents have no reason to scan a village; grid workers have."""
    if actor.kind not in ("resident", "guest"):
        return
    for times, seconds in ((GOOD_PER_HOUR, HOUR), (GOOD_PER_DAY, DAY)):
        counted = await store.increment(f"limit:scan-{seconds}:{actor.label}", ttl_s=seconds)
        if counted.count > times:
            raise TooManyRequests(retry_after=max(1, int(counted.remaining_s)))


async def _log(store: Store, code_id: bytes | None, outcome: str, door: str) -> None:
    """One row a minute for a code, and for all unknown ones together: enough to see what goes on."""
    await _say_once(store, code_id, outcome, door, _ONCE_IN_S)


async def _say_once(store: Store, code_id: bytes | None, outcome: str, door: str, within_s: float) -> None:
    key = f"scan:{outcome}:{code_id.hex() if code_id else ''}:{door}"
    if await store.set(key, "1", ttl_s=within_s, only_if_absent=True):
        await note_scan(code_id, outcome, door)
