"""Checks that no line of the journal was changed, removed or put in afterwards."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from domain.journal.flush import Line, chain_hash, chained_row
from domain.journal.models import JournalHead, JournalRow

_PAGE = 1000


@dataclass(frozen=True)
class ChainFault:
    """The first place where an area's chain does not hold."""

    area: str
    n: int
    reason: str


async def verify(area: str) -> ChainFault | None:
    """The first fault in the chain of an area, or None when it holds.

    The chain may grow meanwhile: it has to reach the head read before, and no further than the one read after.
    """
    head = await JournalHead.get_or_none(area=area)
    tip, n, met = b"", 0, head is None
    async for row in _rows(area):
        if row.n != n + 1:
            return ChainFault(area, n + 1, "missing")
        line = Line(row.actor, row.event, row.case_id, row.subject_id, row.data)
        tip = chain_hash(tip, chained_row(area, row.n, row.at, line))
        if tip != bytes(row.hash):
            return ChainFault(area, row.n, "changed")
        n = row.n
        met = met or (head is not None and (head.n, bytes(head.hash)) == (n, tip))
    last = await JournalHead.get_or_none(area=area)
    if not met or n > (last.n if last else 0):
        return ChainFault(area, n + 1, "truncated")
    return None


async def _rows(area: str) -> AsyncIterator[JournalRow]:
    after = 0
    while page := await JournalRow.filter(area=area, n__gt=after).order_by("n").limit(_PAGE):
        for row in page:
            yield row
        after = page[-1].n
