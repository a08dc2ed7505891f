"""Life of an upload: begun once per id, grown by whoever holds its part, finished as an attachment, or given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.access.actor import Actor
from domain.attachments.actions import forget_orphans, store_attachment
from domain.attachments.declarations import declare
from domain.attachments.intake import LIMITS
from domain.attachments.models import Attachment
from domain.attachments.refusals import Reason
from domain.clock import real_now
from domain.ids import new_id
from domain.problems import (
    BodyTooLarge,
    NotAllowed,
    NotFound,
    Problem,
    SameIdOtherContent,
    UnacceptableUpload,
    UploadGone,
)
from domain.sql import execute
from domain.uploads.models import Upload

KEPT: Final = timedelta(days=7)
"""How long an unfinished upload waits for its next part."""
_REFUSALS: Final[dict[str, type[Problem]]] = {kind.code: kind for kind in (BodyTooLarge, UnacceptableUpload)}


@dataclass(frozen=True)
class NewUpload:
    """What a sender announces: how many bytes, and, when it likes, the id, the SHA-256 in hex, and words of its own."""

    length: int
    id: UUID | None = None
    sha256: str = ""
    metadata: str = ""


async def begin(actor: Actor, new: NewUpload) -> Upload:
    """The upload of this id, begun now or before; 409 when the id stands for other content, 422, 413."""
    if new.length == 0:
        raise UnacceptableUpload(reason=Reason.EMPTY.value, message="这个文件是空的,请重新选择。")
    if new.length > LIMITS.largest:
        raise BodyTooLarge(limit_bytes=LIMITS.largest)
    upload_id = new.id or new_id()
    await _insert(actor, upload_id, new)
    upload = await Upload.filter(id=upload_id).select_for_update().get()
    if upload.owner != actor.label or upload.length != new.length or not _agree(upload.sha256, new.sha256):
        raise SameIdOtherContent
    _still_welcome(upload)
    if upload.stored == 0 and upload.state == "receiving":
        await _before_the_first_byte(actor, upload)
    elif upload.state == "receiving" and upload.expires_at < real_now():
        await _anew(upload)
    return upload


async def find(actor: Actor, upload_id: UUID) -> Upload:
    """An upload of the actor's own; 404 for any other, 410 when it expired, its refusal when it was refused."""
    upload = await Upload.get_or_none(id=upload_id, owner=actor.label)
    if upload is None:
        raise NotFound
    if upload.state == "receiving" and upload.expires_at < real_now():
        raise UploadGone
    _still_welcome(upload)
    return upload


async def advance(upload: Upload, stored: int) -> datetime:
    """Commit that the bytes up to `stored` are safe; the new expiry. 404 when the upload was given up meanwhile."""
    expires_at = real_now() + KEPT
    moved = await execute(
        "UPDATE uploads SET stored = $4, expires_at = $5"
        " WHERE id = $1 AND generation = $2 AND stored = $3 AND state = 'receiving'",
        [upload.id, upload.generation, upload.stored, stored, expires_at],
    )
    if not moved:
        raise NotFound
    upload.stored, upload.expires_at = stored, expires_at
    return expires_at


async def refuse(upload: Upload, problem: Problem) -> None:
    """Remember why the finished file cannot be taken, for senders who ask again."""
    refusal = {"code": problem.code, "details": problem.details}
    await Upload.filter(id=upload.id, generation=upload.generation, state="receiving").update(
        state="refused", refusal=refusal
    )


async def finish(actor: Actor, upload: Upload, values: dict[str, Any]) -> None:
    """Turn the upload into an attachment, once; `values` are those of the intake."""
    mine = await Upload.filter(id=upload.id, generation=upload.generation).select_for_update().get_or_none()
    if mine is None:
        raise NotFound
    if mine.state != "receiving":
        return
    if not await stored_before(actor, upload.id, values["sha256"]):
        await store_attachment(actor, **values)
    await Upload.filter(id=mine.id).update(state="complete")


async def stored_before(actor: Actor, attachment_id: UUID, sha256: str) -> bool:
    """Whether the very same bytes have this id already; 409 when other bytes have it: attachments never change."""
    known = await Attachment.get_or_none(id=attachment_id)
    if known is not None and (known.owner != actor.label or known.sha256 != sha256):
        raise SameIdOtherContent
    return known is not None


async def lose(upload: Upload) -> bool:
    """Forget an upload whose part file is gone, so that its sender begins anew; False when it is no longer receiving."""
    gone = await Upload.filter(id=upload.id, generation=upload.generation, state="receiving").delete()
    return gone > 0


async def give_up(actor: Actor, upload_id: UUID) -> bool:
    """Forget an upload, and its attachment if nothing uses it; whether stored files are to be deleted as well.

    404 for an upload of others, 403 when the attachment belongs to something.
    """
    upload = await Upload.filter(id=upload_id, owner=actor.label).select_for_update().get_or_none()
    if upload is None:
        raise NotFound
    if upload.state == "complete" and not await forget_orphans([upload_id]):
        raise NotAllowed
    await upload.delete()
    return upload.state == "complete"


async def _insert(actor: Actor, upload_id: UUID, new: NewUpload) -> None:
    at = real_now()
    await execute(
        "INSERT INTO uploads (id, generation, owner, length, stored, sha256, metadata, state, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, 0, $5, $6, 'receiving', $7, $8) ON CONFLICT (id) DO NOTHING",
        [upload_id, new_id(), actor.label, new.length, new.sha256, new.metadata, at, at + KEPT],
    )


async def _before_the_first_byte(actor: Actor, upload: Upload) -> None:
    """Announce the file; one that came another way (in one part) counts as uploaded when its bytes are the same."""
    if not await stored_before(actor, upload.id, upload.sha256):
        await declare(actor, [upload.id])
        return
    upload.state, upload.stored = "complete", upload.length
    await upload.save(update_fields=["state", "stored"])


async def _anew(upload: Upload) -> None:
    upload.generation, upload.stored, upload.expires_at = new_id(), 0, real_now() + KEPT
    await upload.save(update_fields=["generation", "stored", "expires_at"])


def _still_welcome(upload: Upload) -> None:
    if upload.refusal:
        raise _REFUSALS[upload.refusal["code"]](**upload.refusal["details"])


def _agree(known: str, sent: str) -> bool:
    return not known or not sent or known == sent

