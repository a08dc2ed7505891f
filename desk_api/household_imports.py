"""Staff door: household lists in, result files out."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from domain.access.permissions import Permission as P
from domain.areas.models import Area
from domain.attachments.store import Shelf
from domain.households.columns import template
from domain.households.imports import all_villages, import_area, request_import
from domain.households.places import Village
from domain.households.queries import area_within, scoped_row, scoped_rows
from domain.households.sheet import read
from domain.ids import new_id
from domain.problems import NotFound, NotReadyYet, UnacceptableSheet, invalid
from domain.sheets.files import MAX_BYTES, SheetRefused
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Answer, Ask, Route, path_id
from web.shapes import local
from web.uploads import Upload

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UPLOAD_BYTES = MAX_BYTES + 64 * 1024  # the multipart frame around it
T = TypeVar("T")


class Template(Strict):
    """For which area the template lists the village codes."""

    area: str | None = None


async def read_upload(upload: Upload, read: Callable[[bytes, str, Any], T], known: Any) -> T:
    """What a reader makes of an uploaded list; 422 when it is too large or none."""
    if len(upload.data) > MAX_BYTES:
        raise invalid("file", "文件超过 10 MB,请拆分成几个文件分别导入")
    try:
        return await asyncio.to_thread(read, upload.data, upload.filename, known)
    except SheetRefused as refusal:
        raise UnacceptableSheet(message=refusal.message_zh) from None


async def take_in(ask: Ask) -> tuple[Area, UUID]:
    """Read the list once, so that what cannot be used is refused before anything is stored; then store it sealed."""
    upload: Upload = ask.body
    area = await import_area(ask.actor, upload.fields.get("area"))
    await read_upload(upload, read, await all_villages())
    file_id = new_id()
    await ask.app.services.files.put(Shelf.SEALED, file_id, upload.data)
    return area, file_id


async def request(ask: Ask) -> dict[str, Any]:
    """Take in a list; it is carried out in the background."""
    upload: Upload = ask.body
    area, file_id = ask.prepared
    job = await request_import(ask.actor, area, upload.filename, file_id)
    return {"id": job.id, "state": job.state, "area_code": job.area_code, "filename": job.filename}


async def list_imports(ask: Ask) -> dict[str, Any]:
    """A page of imports in my areas."""
    rows = await scoped_rows(ask.actor, P.HOUSEHOLD_WRITE, "household_imports", ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, import_shape)


async def show_import(ask: Ask) -> dict[str, Any]:
    """How far an import is, and what became of its rows."""
    return import_shape(await _row(ask))


async def send_result(ask: Ask) -> Answer:
    """The list again, with what became of each row."""
    row = await _row(ask)
    if row["result_file_id"] is None:
        raise NotFound if row["state"] == "done" else NotReadyYet  # thrown away after its time
    file = await ask.app.services.files.open(Shelf.SEALED, row["result_file_id"])
    return Answer(file=file, headers=attachment("household-import-result.xlsx"), content_type=XLSX)


async def send_template(ask: Ask) -> Answer:
    """An empty list to fill in, with the village codes of an area."""
    villages: dict[str, Village] | None = None
    if ask.query.area:
        area = await area_within(ask.actor, P.HOUSEHOLD_WRITE, ask.query.area)
        known = await all_villages()
        villages = {code: known[code] for code in known if code.startswith(area.code)}
    raw = await asyncio.to_thread(template, villages)
    return Answer(raw=raw, headers=attachment("household-template.xlsx"), content_type=XLSX)


def attachment(name: str) -> dict[str, str]:
    """The header that makes a browser keep a file."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def import_shape(row: dict[str, Any]) -> dict[str, Any]:
    """An import as the desk sees it."""
    names = ("id", "area_code", "filename", "state", "total", "done", "reason")
    counts = {name: row[f"{name}_rows"] for name in ("created", "updated", "unchanged", "error")}
    return {
        **{name: row[name] for name in names},
        **counts,
        "result_ready": row["result_file_id"] is not None,
        "created_at": local(row["created_at"]),
        "finished_at": local(row["finished_at"]),
    }


async def _row(ask: Ask) -> dict[str, Any]:
    return await scoped_row(ask.actor, P.HOUSEHOLD_WRITE, "household_imports", path_id(ask))


ROUTES = [
    Route(method="GET", path="/households/imports/template", handler=send_template, gate=P.HOUSEHOLD_WRITE,
          query=Template, reads=True, content_type=XLSX, summary="名册模板"),
    Route(method="POST", path="/households/imports", handler=request, prepare=take_in, gate=P.HOUSEHOLD_WRITE,
          upload_bytes=UPLOAD_BYTES, status=202, summary="导入名册", problems=(UnacceptableSheet,)),
    Route(method="GET", path="/households/imports", handler=list_imports, gate=P.HOUSEHOLD_WRITE, query=Page, reads=True,
          summary="导入记录"),
    Route(method="GET", path="/households/imports/<id:str>", handler=show_import, gate=P.HOUSEHOLD_WRITE, reads=True,
          summary="导入进度"),
    Route(method="GET", path="/households/imports/<id:str>/result", handler=send_result, gate=P.HOUSEHOLD_WRITE,
          reads=True, content_type=XLSX, summary="导入结果", problems=(NotReadyYet,)),
]  # fmt: skip
