"""Staff door: the responsibility catalogue (职责清单) by versions: import, difference, preview, publication, proposals."""

import asyncio
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from desk_api.household_imports import UPLOAD_BYTES, XLSX, attachment, read_upload
from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.attachments.store import Shelf
from domain.catalogue import imports, versions
from domain.catalogue.difference import shown
from domain.catalogue.matching import BASES, Line
from domain.catalogue.sheet import catalogue_workbook, read_catalogue
from domain.clock import local_date, now
from domain.ids import new_id
from domain.problems import GuardNotMet, NotFound, UnacceptableSheet, invalid
from domain.sheets.results import RowOutcome, RowStatus, result_workbook
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Answer, Ask, Route, path_id
from web.shapes import local
from web.uploads import Upload

SHOWN_ERRORS = 200


class OfDay(Strict):
    """The day whose version is meant; today when none is named."""

    on: date | None = None


class Against(Strict):
    """The version to compare with; the one in force when none is named."""

    against: UUID | None = None


class Wish(Strict):
    """From which day the draft is in force, and its heading where that changes."""

    effective_on: date
    title: Annotated[str, Meta(min_length=2, max_length=100)] | None = None
    document_no: Annotated[str, Meta(max_length=60)] | None = None


class LineList(Strict):
    """Part of the lines: one topic or group, one unit as lead or helper."""

    topic: Code | None = None
    unit: Code | None = None


# ---- versions


async def list_versions(ask: Ask) -> dict[str, Any]:
    """Every version, the newest first; which is in force today (`GET /duty-lists`)."""
    current = await versions.in_force(local_date(now()))
    rows = await versions.versions(ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, lambda row: _version(row, current.id if current else None))


async def show_version(ask: Ask) -> dict[str, Any]:
    """A version with its lines (`GET /duty-lists/{id}`)."""
    found = await versions.version(path_id(ask))
    query: LineList = ask.query
    names = await versions.unit_names()
    lines = [
        _line(line, names)
        for line in (await versions.lines_of(found.id)).values()
        if (not query.topic or line.topic.startswith(query.topic))
        and (not query.unit or query.unit in (line.lead, *line.co_units))
    ]
    return {**_heading(found), "lines": lines}


async def send_version(ask: Ask) -> Answer:
    """The version in force on a day as a sheet (`GET /duty-lists/file`)."""
    found = await versions.in_force(ask.query.on or local_date(now()))
    lines = await versions.lines_of(found.id if found else None)
    raw = await asyncio.to_thread(catalogue_workbook, lines.values(), await versions.unit_names())
    name = f"duty-list-{found.effective_on}.xlsx" if found else "duty-list.xlsx"
    return Answer(raw=raw, headers=attachment(name), content_type=XLSX)


async def send_template(ask: Ask) -> Answer:
    """An empty catalogue to fill in (`GET /duty-lists/template`)."""
    return Answer(raw=await asyncio.to_thread(catalogue_workbook, [], {}), headers=attachment("duty-list-template.xlsx"),
                  content_type=XLSX)  # fmt: skip


async def show_difference(ask: Ask) -> dict[str, Any]:
    """Lines added, removed, ended and changed, field by field (`GET /duty-lists/{id}/difference`)."""
    found = await versions.version(path_id(ask))
    if ask.query.against:
        base = await versions.version(ask.query.against)
    else:
        base = await versions.in_force(local_date(now()))
    items = await imports.differences(base.id if base else None, found.id)
    counts = {kind: sum(one["kind"] == kind for one in items) for kind in ("added", "changed", "ended", "removed")}
    return {"before": _heading(base) if base else None, "after": _heading(found), "counts": counts, "items": items}


async def preview(ask: Ask) -> dict[str, Any]:
    """What a publication would change, and how many cases of those topics wait; nothing is changed
    (`POST /duty-lists/{id}/preview`)."""
    await versions.require_keeper(ask.actor)
    found = await versions.version(path_id(ask))
    base = await versions.in_force(ask.body.effective_on)
    items = await imports.differences(base.id if base else None, found.id)
    waiting = await versions.open_cases_of(one["topic"] for one in items)
    return {
        "replaces": _heading(base) if base else None, "effective_on": ask.body.effective_on, "items": items,
        "undispatched_cases": waiting, "note": "已登记的工单按各自受理日的版本派单,不受新版影响。",
    }  # fmt: skip


async def publish(ask: Ask) -> dict[str, Any]:
    """Put the draft in force from today or a later day (`POST /duty-lists/{id}/publication`)."""
    await versions.require_keeper(ask.actor)
    body: Wish = ask.body
    title = None if body.title is None else clean_text(body.title)
    if title == "":
        raise invalid("title", "请填写清单名称", "required")
    wish = versions.Publication(
        effective_on=body.effective_on, title=title,
        document_no=None if body.document_no is None else clean_text(body.document_no),
    )  # fmt: skip
    return _heading(await versions.publish(ask.actor, path_id(ask), wish))


async def drop(ask: Ask) -> Answer:
    """Throw the draft away (`DELETE /duty-lists/{id}`)."""
    await versions.require_keeper(ask.actor)
    await versions.drop_draft(ask.actor, path_id(ask))
    return Answer(status=204)


# ---- taking a sheet in


async def read_sheet(ask: Ask) -> imports.Delivery:
    """Read and judge the sheet before the transaction, and store the result file."""
    upload: Upload = ask.body
    sheet = await read_upload(upload, read_catalogue, await imports.known())
    good_only = upload.fields.get("good_rows_only") in ("1", "true", "yes")
    done = RowOutcome(RowStatus.TAKEN if not sheet.errors or good_only else RowStatus.LEFT)
    result = await asyncio.to_thread(result_workbook, sheet, {entry.number: done for entry in sheet.entries})
    file_id = new_id()
    await ask.app.services.files.put(Shelf.SEALED, file_id, result)
    return imports.Delivery(
        sheet=sheet, filename=upload.filename, result_file_id=file_id, good_rows_only=good_only
    )


async def take_in(ask: Ask) -> dict[str, Any]:
    """Put a sheet into the draft; with errors nothing is changed unless `good_rows_only` is sent."""
    await versions.require_keeper(ask.actor)
    sent: imports.Delivery = ask.prepared
    made = await imports.take_in(ask.actor, sent)
    errors = [{"row": one.row, "column": one.column, "reason": one.message} for one in sent.sheet.errors]
    names = ("id", "version_id", "filename", "total", "error_rows", "applied", "added", "changed", "removed")
    return {**{name: getattr(made, name) for name in names}, "errors": errors[:SHOWN_ERRORS]}


async def list_imports(ask: Ask) -> dict[str, Any]:
    """Imports, newest first (`GET /duty-lists/imports`)."""
    names = ("id", "version_id", "filename", "total", "error_rows", "applied", "added", "changed", "removed")
    rows = await imports.imports(ask.query.before, ask.query.limit)
    return paged(
        rows, ask.query.limit,
        lambda row: {**{name: row[name] for name in names}, "created_at": local(row["created_at"])},
    )  # fmt: skip


async def send_result(ask: Ask) -> Answer:
    """The sheet again, with what is wrong in each row (`GET /duty-lists/imports/{id}/result`)."""
    await versions.require_keeper(ask.actor)
    row = await imports.import_row(path_id(ask))
    try:
        file = await ask.app.services.files.open(Shelf.SEALED, row["result_file_id"])
    except OSError:
        raise NotFound from None
    return Answer(file=file, headers=attachment("duty-import-result.xlsx"), content_type=XLSX)


def _version(row: dict[str, Any], current: UUID | None) -> dict[str, Any]:
    names = ("id", "title", "document_no", "source", "state", "effective_on", "lines", "active_lines")
    return {
        **{name: row[name] for name in names}, "in_force": row["id"] == current,
        "published_at": local(row["published_at"]),
    }  # fmt: skip


def _heading(found: Any) -> dict[str, Any]:
    names = ("id", "title", "document_no", "state", "effective_on")
    return {name: getattr(found, name) for name in names}


def _line(line: Line, names: dict[str, str]) -> dict[str, Any]:
    return {
        "code": line.code, "topic": line.topic, "name": line.name, "lead": line.lead,
        "lead_name": shown(line, "lead", names), "co_units": list(line.co_units),
        "co_names": shown(line, "co_units", names), "basis": line.basis, "responsibility": line.responsibility,
        "responsibility_name": BASES[line.responsibility], "place": line.place, "areas": list(line.areas),
        "active": line.active, "ended_on": line.ended_on,
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/duty-lists", handler=list_versions, gate=P.CASE_READ, query=Page, reads=True,
          summary="职责清单各版"),
    Route(method="GET", path="/duty-lists/file", handler=send_version, gate=P.CASE_READ, query=OfDay, reads=True,
          content_type=XLSX, summary="导出现行职责清单"),
    Route(method="GET", path="/duty-lists/template", handler=send_template, gate=P.RULES_MANAGE, reads=True,
          content_type=XLSX, summary="职责清单模板"),
    Route(method="POST", path="/duty-lists/imports", handler=take_in, prepare=read_sheet, gate=P.RULES_MANAGE,
          upload_bytes=UPLOAD_BYTES, status=201, summary="导入职责清单", problems=(UnacceptableSheet,)),
    Route(method="GET", path="/duty-lists/imports", handler=list_imports, gate=P.RULES_MANAGE, query=Page, reads=True,
          summary="职责清单导入记录"),
    Route(method="GET", path="/duty-lists/imports/<id:str>/result", handler=send_result, gate=P.RULES_MANAGE, reads=True,
          content_type=XLSX, summary="职责清单导入结果"),
    Route(method="GET", path="/duty-lists/<id:str>", handler=show_version, gate=P.CASE_READ, query=LineList, reads=True,
          summary="一版职责清单"),
    Route(method="GET", path="/duty-lists/<id:str>/difference", handler=show_difference, gate=P.CASE_READ, query=Against,
          reads=True, summary="两版职责清单的差别"),
    Route(method="POST", path="/duty-lists/<id:str>/preview", handler=preview, gate=P.RULES_MANAGE, body=Wish, reads=True,
          replay=False, summary="预览发布的影响"),
    Route(method="POST", path="/duty-lists/<id:str>/publication", handler=publish, gate=P.RULES_MANAGE, body=Wish,
          summary="发布职责清单", problems=(GuardNotMet,)),
    Route(method="DELETE", path="/duty-lists/<id:str>", handler=drop, gate=P.RULES_MANAGE, status=204,
          summary="放弃职责清单草稿", problems=(GuardNotMet,)),
)  # fmt: skip
