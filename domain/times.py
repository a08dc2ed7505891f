"""Times that people and phones send: kept as said, refused when they cannot be true."""

from datetime import UTC, datetime, timedelta

from domain.clock import SHANGHAI, now
from domain.problems import ClientTimeAbsurd

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
SLACK = timedelta(days=1)


def occurred(text: str | None, field: str) -> datetime:
    """The instant that was sent, or now; 422 for a naive time, one before 2020 or more than a day ahead.

    Deadlines never run on it: they run on the server's receipt.
    """
    if text is None:
        return now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ClientTimeAbsurd(field=field) from None
    if at.tzinfo is None or not EARLIEST <= at <= now() + SLACK:
        raise ClientTimeAbsurd(field=field)
    return at.astimezone(UTC)


def instant(text: object) -> datetime | None:
    """What a phone may have meant by a time, in UTC; None for what is none or has no zone."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        return at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def spoken_time(at: datetime) -> str:
    """An instant as people say it here: 2026年3月18日 14:30."""
    here = at.astimezone(SHANGHAI)
    return f"{here.year}年{here.month}月{here.day}日 {here:%H:%M}"
