"""When something happened, as well as can be known: phones' clocks are wrong, and no deadline ever runs on them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.sync.items import Item, PhoneNow
from domain.times import EARLIEST, instant

TOLERATED = timedelta(minutes=5)
GLARING_S = 24 * 3600.0  # so far off, whoever looks at the item is told


def far_off(skew_s: float | None) -> bool:
    """Whether a phone's clock was so wrong that a person should know it; the skew in seconds."""
    return skew_s is not None and abs(skew_s) > GLARING_S


@dataclass(frozen=True)
class Moment:
    """The corrected instant, how it was found, and how far the phone's wall clock is ahead (seconds)."""

    at: datetime
    quality: str  # steady | shifted | said | unusable
    skew_s: float | None


def moment(item: Item, phone: PhoneNow | None, received_at: datetime) -> Moment:
    """Correct the instant of an item by the phone's clocks at the moment of sending.

    `steady`: counted back on the clock that nobody can set; `shifted`: the wall clock less what it is wrong now;
    `said`: the wall clock as it is; `unusable`: no sense in it, the receipt stands in its place.
    """
    said, wall = instant(item.occurred_at), instant(phone.wall) if phone else None
    skew = wall - received_at if wall else None
    found, quality = said, "said"
    if phone and item.clock and phone.mono_ms is not None and phone.boot_id == item.clock.boot_id:
        found, quality = received_at - _passed(phone.mono_ms - item.clock.mono_ms), "steady"
    elif said and skew is not None and abs(skew) > TOLERATED:
        found, quality = _shifted(said, skew), "shifted"
    if found is None or found < EARLIEST:
        found, quality = received_at, "unusable"
    seconds = skew.total_seconds() if skew is not None else None
    if said and quality == "steady" and abs(found - said) <= TOLERATED:
        found = said  # the same instant online and offline, where the clock is right
    return Moment(min(found, received_at + TOLERATED), quality, seconds)


def _shifted(said: datetime, skew: timedelta) -> datetime | None:
    try:
        return said - skew
    except OverflowError:
        return None


def _passed(milliseconds: int) -> timedelta:
    return timedelta(milliseconds=max(0, min(milliseconds, 10**12)))
