"""A photo that comes after its report: everybody who shows the report is told that it is there now."""

from collections.abc import Sequence
from uuid import UUID

from domain.journal.unit import Fact, record
from domain.sql import fetch

_BELONGING = (
    "SELECT x.subject_id, x.case_id, count(*) AS files, max(c.version) AS version,"
    " coalesce(max(c.area_code), max(a.code)) AS area FROM attachments x LEFT JOIN cases c ON c.id = x.case_id"
    " LEFT JOIN visits v ON v.id = x.subject_id LEFT JOIN areas a ON a.path = v.area_path"
    " WHERE x.id = ANY($1::uuid[]) AND x.subject_id IS NOT NULL GROUP BY x.subject_id, x.case_id"
)


async def announce(ids: Sequence[UUID]) -> None:
    """Put the cases and visits to which these files were just tied into the feed; other records have none."""
    for row in await fetch(_BELONGING, [list(ids)]):
        if row["area"] is None:
            continue
        feed = ("case", row["case_id"], row["version"]) if row["case_id"] else ("visit", row["subject_id"], 1)
        record(Fact("attachment.arrived", row["area"], row["case_id"], row["subject_id"], {"files": row["files"]}, feed))
