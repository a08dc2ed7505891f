"""Worker door: resumable uploads (tus 1.0.0); a finished upload becomes the attachment of the same id.

Mini-programs cannot send PATCH: every method also comes as POST with X-HTTP-Method-Override.
"""

from hashlib import sha256
from typing import Any

from domain.access.permissions import Permission as P
from domain.attachments.intake import take_in
from domain.attachments.store import Shelf
from domain.attachments.store import StorageFull as NoRoom
from domain.problems import (
    BodyTooLarge,
    ChecksumMismatch,
    ChecksumUnsupported,
    InvalidFields,
    MethodNotAllowed,
    OffsetMismatch,
    SameIdOtherContent,
    StorageFull,
    TusVersionUnsupported,
    UnacceptableUpload,
    UnsupportedMediaType,
    UploadBusy,
    UploadGone,
    UploadStalled,
)
from domain.uploads.actions import begin, find, finish, give_up, lose, refuse, stored_before
from domain.uploads.models import Upload
from domain.uploads.parts import Part, PartMissing, PartStore
from web.routes import PUBLIC, Answer, Ask, Handler, Limit, Route, path_id
from web.tus import (
    ABILITIES,
    PART_TYPE,
    VERSION,
    check_part,
    demand_version,
    read_creation,
    receive,
    state_headers,
)
from web.unit_of_work import shielded


async def abilities(ask: Ask) -> Answer:
    """What this server can do (`OPTIONS`)."""
    return Answer(status=204, headers=ABILITIES)


async def create(ask: Ask) -> Answer:
    """Begin an upload, or find the one begun before under the same id (`POST /uploads`)."""
    demand_version(ask.request.headers)
    upload = await begin(ask.actor, read_creation(ask.request.headers))
    headers = {"Location": f"{ask.request.path.rstrip('/')}/{upload.id}", **state_headers(upload)}
    return Answer({"id": upload.id, "offset": upload.stored, "length": upload.length}, 201, headers)


async def grow(ask: Ask) -> dict[str, Any] | None:
    """Outside the transaction: take a part in; with the last one, judge and store the file."""
    upload = await _asked_for(ask)
    if upload.state == "complete":
        check_part(ask.request.headers, upload)
        return None
    return await _holding(ask, upload, takes_bytes=True)


async def look(ask: Ask) -> dict[str, Any] | None:
    """Outside the transaction: finish what a broken line or a crash left complete but unfinished."""
    upload = await _asked_for(ask)
    if upload.state == "complete" or upload.stored < upload.length:
        return None
    return await _holding(ask, upload, takes_bytes=False)


async def tell(ask: Ask) -> Answer:
    """How far an upload is (`HEAD`)."""
    upload = await _current(ask)
    headers = {**state_headers(upload), "Upload-Length": str(upload.length)}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return Answer(status=200, raw=b"", headers={**headers, "Cache-Control": "no-store"})


async def grown(ask: Ask) -> Answer:
    """A part is in (`PATCH`)."""
    return Answer(status=204, headers=state_headers(await _current(ask)))


async def cancel(ask: Ask) -> Answer:
    """Give an upload up (`DELETE`)."""
    demand_version(ask.request.headers)
    ask.body = await give_up(ask.actor, path_id(ask))
    return Answer(status=204)


async def tidy(ask: Ask) -> None:
    """After the commit: the part of a finished upload is not needed any more."""
    if ask.prepared:
        await ask.app.services.parts.delete(path_id(ask))


async def discard(ask: Ask) -> None:
    """After the commit: nothing of a cancelled upload stays."""
    services = ask.app.services
    await services.parts.delete(path_id(ask))
    if ask.body:
        for shelf in Shelf:
            await services.files.delete(shelf, path_id(ask))


async def _current(ask: Ask) -> Upload:
    """The upload of the path, inside the transaction; finished as an attachment if it has just been taken in."""
    upload = await find(ask.actor, path_id(ask))
    if ask.prepared:
        await finish(ask.actor, upload, ask.prepared)
        upload.state = "complete"
    return upload


async def _asked_for(ask: Ask) -> Upload:
    demand_version(ask.request.headers)
    return await shielded(find(ask.actor, path_id(ask)))


async def _holding(ask: Ask, upload: Upload, *, takes_bytes: bool) -> dict[str, Any] | None:
    """Holding the part file alone: take bytes if there are some, then take the file in if it is all there."""
    part = await _hold(ask, upload)
    try:
        upload = await _asked_for(ask)  # it may have grown before it was held
        if takes_bytes:
            await receive(ask.request, part, upload)
        if upload.state == "receiving" and upload.stored == upload.length:
            return await shielded(_taken_in(ask, part, upload))
    finally:
        await shielded(part.release())
    return None


async def _hold(ask: Ask, upload: Upload) -> Part:
    parts: PartStore = ask.app.services.parts
    try:
        part = await parts.hold(upload.id, begun=upload.stored > 0)
    except PartMissing:
        if await shielded(lose(upload)):
            raise UploadGone from None
        part = None  # finished or cancelled by another connection at this moment
    except NoRoom:
        raise StorageFull from None
    if part is None:
        raise UploadBusy(retry_after=1)
    return part


async def _taken_in(ask: Ask, part: Part, upload: Upload) -> dict[str, Any]:
    """The values of the attachment; a file that cannot be taken is refused for good."""
    services = ask.app.services
    data = await part.read(upload.length)
    digest = sha256(data).hexdigest()
    try:
        if upload.sha256 and upload.sha256 != digest:
            raise UnacceptableUpload(reason="checksum-mismatch", message="收到的文件与手机上的不一致,请重新上传。")
        await stored_before(ask.actor, upload.id, digest)
        return await take_in(services.files, services.images, data, upload.id)
    except (UnacceptableUpload, BodyTooLarge) as refused:
        await refuse(upload, refused)
        await services.parts.delete(upload.id)
        raise


async def prepare_overridden(ask: Ask) -> dict[str, Any] | None:
    """What the named method does before its transaction."""
    prepare, _, _ = _overridden(ask)
    return await prepare(ask) if prepare else None


async def overridden(ask: Ask) -> Answer:
    """PATCH, HEAD or DELETE, sent as POST with X-HTTP-Method-Override."""
    _, handler, _ = _overridden(ask)
    answer: Answer = await handler(ask)
    return answer


async def tidy_overridden(ask: Ask) -> None:
    """What the named method does after its commit."""
    _, _, after = _overridden(ask)
    await after(ask)


_METHODS: dict[str, tuple[Handler | None, Handler, Handler]] = {
    "PATCH": (grow, grown, tidy), "HEAD": (look, tell, tidy), "DELETE": (None, cancel, discard),
}  # fmt: skip


def _overridden(ask: Ask) -> tuple[Handler | None, Handler, Handler]:
    method = ask.request.headers.get("x-http-method-override", "").upper()
    if method not in _METHODS:
        raise MethodNotAllowed
    return _METHODS[method]


_SPOKEN = {"Tus-Resumable": VERSION, "Tus-Version": VERSION}
_ANY = (TusVersionUnsupported, UploadGone, UnacceptableUpload, BodyTooLarge)
_PATCH = (*_ANY, InvalidFields, SameIdOtherContent, StorageFull, UnsupportedMediaType, OffsetMismatch, ChecksumMismatch,
          ChecksumUnsupported, UploadBusy, UploadStalled)  # fmt: skip
_LIMIT = (Limit("worker-tus", 3000, 60, per="caller"),)

ROUTES = (
    Route(method="OPTIONS", path="/uploads", handler=abilities, gate=PUBLIC, reads=True, status=204, headers=_SPOKEN,
          summary="断点续传的能力"),
    Route(method="POST", path="/uploads", handler=create, gate=P.FILE_UPLOAD, status=201, replay=False, headers=_SPOKEN,
          limit=_LIMIT, summary="开始断点续传", problems=(*_ANY, InvalidFields, SameIdOtherContent)),
    Route(method="HEAD", path="/uploads/<id:str>", handler=tell, prepare=look, after=tidy, gate=P.FILE_UPLOAD,
          headers=_SPOKEN, limit=_LIMIT, summary="已收到多少", problems=(*_ANY, StorageFull, UploadBusy)),
    Route(method="PATCH", path="/uploads/<id:str>", handler=grown, prepare=grow, after=tidy, gate=P.FILE_UPLOAD,
          status=204, stream=PART_TYPE, headers=_SPOKEN, limit=_LIMIT, summary="续传一段", problems=_PATCH),
    Route(method="DELETE", path="/uploads/<id:str>", handler=cancel, after=discard, gate=P.FILE_UPLOAD, status=204,
          headers=_SPOKEN, limit=_LIMIT, summary="取消上传", problems=(TusVersionUnsupported,)),
    Route(method="POST", path="/uploads/<id:str>", handler=overridden, prepare=prepare_overridden,
          after=tidy_overridden, gate=P.FILE_UPLOAD, status=204, also=(200,), stream=PART_TYPE, replay=False,
          headers=_SPOKEN, limit=_LIMIT, summary="以 X-HTTP-Method-Override 代替 PATCH、HEAD、DELETE",
          problems=(*_PATCH, MethodNotAllowed)),
)  # fmt: skip
