"""Worker door: photos, recordings and videos, one part at a time (`wx.uploadFile`), and those of my cases back."""

from typing import Any
from uuid import UUID

from domain.access.permissions import Permission as P
from domain.attachments.actions import store_attachment
from domain.attachments.intake import repeatable_id, take_in
from domain.attachments.models import Attachment
from domain.cases.field import field_attachment
from domain.problems import RangeNotSatisfiable, SameIdOtherContent, StorageFull, UnacceptableUpload, invalid
from domain.uploads.actions import stored_before
from web.files import MOST_BYTES, Size, file_answer, stored_shape
from web.routes import Answer, Ask, Limit, Route, path_id
from web.unit_of_work import shielded


async def receive(ask: Ask) -> dict[str, Any]:
    """Judge and store the file before the transaction; under the phone's own id or one Idempotency-Key it is one file."""
    services = ask.app.services
    own_id = _own_id(ask.body.fields.get("attachment_id", ""))
    if own_id and await shielded(stored_before(ask.actor, own_id, ask.body.digest.hex())):
        return {"id": own_id}
    key = ask.request.headers.get("idempotency-key", "")
    file_id = own_id or repeatable_id(ask.actor.label, key, ask.body.digest)
    return await take_in(services.files, services.images, ask.body.data, file_id)


def _own_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise invalid("attachment_id", "编号格式不对") from None


async def keep(ask: Ask) -> dict[str, Any]:
    """Write the row of the stored file (contract: `POST /uploads/simple`); its id is an `attachment_id`."""
    known = await stored_before(ask.actor, ask.prepared["id"], ask.body.digest.hex())
    stored = await (Attachment.get(id=ask.prepared["id"]) if known else store_attachment(ask.actor, **ask.prepared))
    return stored_shape(stored)


async def show(ask: Ask) -> Answer:
    """A file of a case or visit that I can see, or my own (`GET /attachments/{id}`); its original stays sealed."""
    row = await field_attachment(ask.actor, path_id(ask))
    return await file_answer(ask.app.services.files, row, ask.query.size, ask.request.headers.get("range", ""))


ROUTES = (
    Route(method="POST", path="/uploads/simple", handler=keep, prepare=receive, gate=P.FILE_UPLOAD, status=201,
          upload_bytes=MOST_BYTES, limit=(Limit("worker-upload", 120, 60, per="caller"),),
          summary="上传照片、录音、视频", problems=(UnacceptableUpload, StorageFull, SameIdOtherContent)),
    Route(method="GET", path="/attachments/<id:str>", handler=show, gate=P.FIELD_TRACK, query=Size, reads=True,
          also=(206,), problems=(RangeNotSatisfiable,), content_type="application/octet-stream",
          summary="看照片、听录音"),
)  # fmt: skip
