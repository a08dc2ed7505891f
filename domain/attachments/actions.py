"""Writers of attachments: a file is stored first, then something refers to it, once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.attachments.arrivals import announce
from domain.attachments.declarations import lock_declared, take_declared
from domain.attachments.models import Attachment
from domain.problems import UnknownAttachment
from domain.sql import execute, fetch


async def attach(actor: Actor, ids: Sequence[UUID]) -> set[str]:
    """Check that every file is the actor's own, here or announced, and still free; the kinds found (image, audio, video)."""
    if not ids:
        return set()
    declared = await lock_declared(actor.label, ids)
    rows = await fetch(
        "SELECT id, kind FROM attachments WHERE id = ANY($1::uuid[]) AND owner = $2 AND subject_id IS NULL FOR UPDATE",
        [list(ids), actor.label],
    )
    if declared.union(row["id"] for row in rows) != set(ids):
        raise UnknownAttachment
    return {row["kind"] for row in rows}


async def link(ids: Sequence[UUID], kind: str, subject_id: UUID, case_id: UUID | None, purpose: str = "") -> None:
    """Tie files to what they belong to; from now on they are immutable."""
    tied = "SET subject_kind = $2, subject_id = $3, case_id = $4, purpose = $5"
    values = [list(ids), kind, subject_id, case_id, purpose]
    await execute(
        f"WITH here AS (UPDATE attachments {tied} WHERE id = ANY($1::uuid[]))"
        f" UPDATE attachment_declarations {tied} WHERE attachment_id = ANY($1::uuid[])",
        values,
    )


async def attach_evidence(actor: Actor, ids: Sequence[UUID], kind: str, subject_id: UUID, case_id: UUID) -> None:
    """Check and tie in one go, for evidence given with a move."""
    await attach(actor, ids)
    if ids:
        await link(ids, kind, subject_id, case_id, "evidence")


async def store_attachment(actor: Actor, **values: Any) -> Attachment:
    """Write the row of a stored file, tied to what it was announced for; what it belongs to changes in the feed."""
    announced = await take_declared(actor.label, values["id"])
    stored = await Attachment.create(owner=actor.label, **values, **announced)
    if stored.subject_id:
        await announce([stored.id])
    return stored


async def share(case_id: UUID, ids: Sequence[UUID]) -> None:
    """Show files of a case to its appellants, as pictures that belong to an answer."""
    found = await execute(
        "UPDATE attachments SET purpose = 'public' WHERE case_id = $1 AND id = ANY($2::uuid[])", [case_id, list(ids)]
    )
    if found != len(set(ids)):
        raise UnknownAttachment


async def forget_orphans(ids: Sequence[UUID]) -> list[UUID]:
    """Delete the rows of files that still belong to nothing; the ids whose bytes may be deleted after the commit."""
    rows = await fetch(
        "DELETE FROM attachments WHERE id = ANY($1::uuid[]) AND subject_id IS NULL RETURNING id", [list(ids)]
    )
    return [row["id"] for row in rows]
