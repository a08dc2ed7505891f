"""The one clock of the business: deadlines, warnings and jobs read it; sessions and signatures read `real_now`."""

from datetime import UTC, date, datetime, timedelta, timezone

# A fixed offset and not ZoneInfo: China has had no summer time since 1991, and a bare server may lack tzdata.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

_offset = timedelta(0)


def install_offset(seconds: float) -> None:
    """Move the business clock by so many seconds; called once at boot (setting `CLOCK_OFFSET`) and by tests."""
    global _offset  # noqa: PLW0603 (one clock for the process)
    _offset = timedelta(seconds=seconds)


def offset() -> timedelta:
    """How far the business clock is moved."""
    return _offset


def real_now() -> datetime:
    """The wall clock as an aware UTC instant."""
    return datetime.now(UTC)


def now() -> datetime:
    """The business clock as an aware UTC instant."""
    return real_now() + _offset


def local_date(at: datetime) -> date:
    """The calendar day in Asia/Shanghai on which an instant falls."""
    return at.astimezone(SHANGHAI).date()
