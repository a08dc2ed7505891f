"""Photos that are told of before their bytes come: "2 of 3 received" is visible, and nothing waits for the third.

Whoever ties files to a report and whoever stores the bytes lock the declaration first, so a photo that arrives at
that very moment is tied, whichever of the two commits first.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.clock import now
from domain.sql import execute, fetch, fetch_one


async def declare(actor: Actor, ids: Sequence[UUID]) -> None:
    """Announce files of the actor that are yet to come; those that are here or announced already are left alone."""
    await execute(
        "INSERT INTO attachment_declarations (attachment_id, owner, purpose, declared_at)"
        " SELECT t.id, $2, '', $3 FROM unnest($1::uuid[]) AS t(id)"
        " WHERE NOT EXISTS (SELECT 1 FROM attachments a WHERE a.id = t.id) ORDER BY t.id"
        " ON CONFLICT (attachment_id) DO NOTHING",
        [list(ids), actor.label, now()],
    )


async def lock_declared(owner: str, ids: Sequence[UUID]) -> set[UUID]:
    """Which of the files their owner announced for nothing yet; locked to the end of the transaction."""
    rows = await fetch(
        "SELECT attachment_id AS id FROM attachment_declarations WHERE attachment_id = ANY($1::uuid[])"
        " AND owner = $2 AND subject_id IS NULL ORDER BY attachment_id FOR UPDATE",
        [list(ids), owner],
    )
    return {row["id"] for row in rows}


async def take_declared(owner: str, attachment_id: UUID) -> dict[str, Any]:
    """What an arriving file was announced for, `subject_*`, `case_id` and `purpose`; the announcement is over."""
    row = await fetch_one(
        "SELECT subject_kind, subject_id, case_id, purpose FROM attachment_declarations"
        " WHERE attachment_id = $1 AND owner = $2 FOR UPDATE",
        [attachment_id, owner],
    )
    await execute(
        "DELETE FROM attachment_declarations WHERE attachment_id = $1 AND owner = $2", [attachment_id, owner]
    )
    return row or {}


async def pending(subject_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The files that were announced for cases, visits or moves and have not arrived, by the id of the subject or case."""
    rows = await fetch(
        "SELECT coalesce(case_id, subject_id) AS subject_id, array_agg(attachment_id ORDER BY attachment_id) AS ids"
        " FROM attachment_declarations WHERE case_id = ANY($1::uuid[]) OR subject_id = ANY($1::uuid[])"
        " GROUP BY coalesce(case_id, subject_id)",
        [list(subject_ids)],
    )
    return {row["subject_id"]: list(row["ids"]) for row in rows}
