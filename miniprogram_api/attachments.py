"""Resident door: photos, recordings and videos up; the own ones and those shared with an answer down."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.attachments.actions import store_attachment
from domain.attachments.queries import own_or_shown
from domain.problems import RangeNotSatisfiable, StorageFull, UnacceptableUpload
from web.files import MOST_BYTES, Size, file_answer, receive, stored_shape
from web.routes import Answer, Ask, Limit, Route, path_id


async def create_attachment(ask: Ask) -> dict[str, Any]:
    """Write the row of the stored file (contract: `POST /attachments`)."""
    return stored_shape(await store_attachment(ask.actor, **ask.prepared))


async def read_attachment(ask: Ask) -> Answer:
    """The file as it is shown: a clean photo, a recording without tags; its original stays sealed."""
    row = await own_or_shown(ask.actor, path_id(ask))
    return await file_answer(ask.app.services.files, row, ask.query.size, ask.request.headers.get("range", ""))


ROUTES = (
    Route(method="POST", path="/attachments", handler=create_attachment, prepare=receive, gate=P.FILE_UPLOAD, status=201,
          upload_bytes=MOST_BYTES, limit=(Limit("upload", 60, 60, per="caller"),),
          problems=(UnacceptableUpload, StorageFull), summary="上传照片、录音、视频"),
    Route(method="GET", path="/attachments/<id:str>", handler=read_attachment, gate=P.APPEAL_FOLLOW, query=Size,
          reads=True, also=(206,), problems=(RangeNotSatisfiable,), content_type="application/octet-stream",
          summary="查看照片、录音、视频"),
)  # fmt: skip
