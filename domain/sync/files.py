"""Photos that an item names before their bytes come are announced (`domain.attachments.declarations`); here are those that
were stored at that very moment, and those of an item that goes to another worker."""

from collections.abc import Sequence
from uuid import UUID

from domain.access.actor import Actor
from domain.attachments.arrivals import announce
from domain.sql import execute, fetch


async def expecting(actor: Actor) -> bool:
    """Whether files are announced that are here: one that was stored while its item was applied."""
    rows = await fetch(
        "SELECT 1 AS one FROM attachment_declarations d JOIN attachments x ON x.id = d.attachment_id"
        " AND x.owner = d.owner WHERE d.owner = $1 AND d.subject_id IS NOT NULL LIMIT 1",
        [actor.label],
    )
    return bool(rows)


async def tie_arrived(actor: Actor) -> None:
    """Tie such files to their records. A file that belongs elsewhere stays there."""
    rows = await fetch(
        "WITH gone AS (DELETE FROM attachment_declarations d USING attachments x WHERE x.id = d.attachment_id"
        "  AND x.owner = d.owner AND d.owner = $1 AND d.subject_id IS NOT NULL RETURNING d.*)"
        " UPDATE attachments x SET subject_kind = g.subject_kind, subject_id = g.subject_id, case_id = g.case_id,"
        " purpose = g.purpose FROM gone g WHERE g.attachment_id = x.id AND x.subject_id IS NULL RETURNING x.id",
        [actor.label],
    )
    if rows:
        await announce([row["id"] for row in rows])


async def hand_files(ids: Sequence[UUID], giver: str, taker: str) -> None:
    """Files that belong to nothing yet go to another worker, with the item that names them; `kind:id` of both."""
    for table, key in (("attachments", "id"), ("attachment_declarations", "attachment_id")):
        await execute(
            f"UPDATE {table} SET owner = $3 WHERE {key} = ANY($1::uuid[]) AND owner = $2 AND subject_id IS NULL",
            [list(ids), giver, taker],
        )
