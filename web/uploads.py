"""Reads a multipart upload in pieces and counts the bytes: Sanic does not enforce its size limit on streams."""

import hashlib
from dataclasses import dataclass

from sanic import Request
from sanic.request.form import parse_multipart_form

from domain.problems import BodyTooLarge
from web.bodies import fault


@dataclass(frozen=True)
class Upload:
    """One uploaded file and the text fields beside it."""

    data: bytes
    filename: str
    fields: dict[str, str]
    digest: bytes


async def read_upload(request: Request, limit: int) -> Upload:
    """The part named `file`; 413 `body-too-large` as soon as the limit is passed, 422 when there is no file."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise BodyTooLarge(limit_bytes=limit)
    pieces: list[bytes] = []
    size = 0
    while request.stream is not None and (piece := await request.stream.read()):
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(limit_bytes=limit)
        pieces.append(piece)
    raw = b"".join(pieces)
    content_type = request.headers.get("content-type", "")
    _, _, boundary = content_type.partition("boundary=")
    if not content_type.startswith("multipart/form-data") or not boundary:
        raise fault("file", "请以 multipart/form-data 上传", "required")
    try:
        form, files = parse_multipart_form(raw, boundary.split(";")[0].strip('"').encode())
    except Exception:
        raise fault("file", "上传的内容无法识别") from None
    found = files.get("file")
    if found is None:
        raise fault("file", "请选择要上传的文件", "required")
    fields = {name: form.get(name) for name in form}
    return Upload(found.body, found.name or "", fields, hashlib.sha256(found.body).digest())
