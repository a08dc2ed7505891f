"""Staff door: evidence up; the files of cases that I may see down."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.attachments.actions import store_attachment
from domain.cases.file import case_attachment
from domain.problems import RangeNotSatisfiable, StorageFull, UnacceptableUpload
from web.files import MOST_BYTES, Size, file_answer, receive, stored_shape
from web.routes import Answer, Ask, Limit, Route, path_id


async def create_attachment(ask: Ask) -> dict[str, Any]:
    """Write the row of the stored file (`POST /attachments`); its id goes into a move as evidence."""
    return stored_shape(await store_attachment(ask.actor, **ask.prepared))


async def read_attachment(ask: Ask) -> Answer:
    """A file of my own or of a case that I may see (`GET /attachments/{id}`); never a sealed original."""
    row = await case_attachment(ask.actor, path_id(ask))
    return await file_answer(ask.app.services.files, row, ask.query.size, ask.request.headers.get("range", ""))


ROUTES = (
    Route(method="POST", path="/attachments", handler=create_attachment, prepare=receive, gate=P.FILE_UPLOAD, status=201,
          upload_bytes=MOST_BYTES, limit=(Limit("desk-upload", 60, 60, per="caller"),),
          problems=(UnacceptableUpload, StorageFull), summary="上传照片、录音、视频"),
    Route(method="GET", path="/attachments/<id:str>", handler=read_attachment, gate=P.CASE_READ, query=Size,
          reads=True, also=(206,), problems=(RangeNotSatisfiable,), content_type="application/octet-stream",
          summary="查看照片、录音、视频"),
)  # fmt: skip
