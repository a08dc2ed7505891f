"""Times that people and phones send: kept as said, refused when they cannot be true."""

from datetime import UTC, datetime, timedelta

from domain.clock import now
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
