"""Staff door: plates printed in batches, revoked in batches, found again after a restore."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

from desk_api.household_imports import XLSX, attachment
from domain.access.permissions import Permission as P
from domain.attachments.store import FileMissing, Shelf
from domain.clock import now
from domain.households import batches, revocations, scans
from domain.households.actions import adopt_orphan as adopt_code
from domain.households.queries import locked_household, scoped_row, scoped_rows
from domain.problems import HouseholdHasCode, LayoutUnknown, NotFound, NotReadyYet, invalid
from qr.layout import layout_names, load_layout
from web.bodies import Nothing, Strict
from web.paging import Page, paged
from web.routes import Answer, Ask, Route, path_id
from web.shapes import local

_TYPES = {"pdf": "application/pdf", "zip": "application/zip", "svg": "application/zip"}
_SUFFIX = {"pdf": "pdf", "zip": "png.zip", "svg": "svg.zip"}


class NewBatch(Strict):
    """Which plates to print, and how."""

    layout: str
    area: Annotated[str, Meta(max_length=20)] | None = None
    household_ids: Annotated[list[UUID], Meta(max_length=5000)] = []
    only: Literal["unprinted", "all", "selection"] = "unprinted"
    format: Literal["pdf", "zip", "svg"] = "pdf"
    duplex: bool = False
    order: Literal["route"] = "route"
    per_file: Annotated[int, Meta(ge=100, le=100_000)] = 10_000


class Revocation(Strict):
    """Everything that a batch printed, or everything under a leaked key."""

    reason: Literal["stolen", "leaked", "misprint"]
    batch_id: UUID | None = None
    kid: Annotated[int, Meta(ge=0, le=15)] | None = None


class Adoption(Strict):
    """The house on whose door an orphan hangs."""

    household_id: UUID


class FileChoice(Strict):
    """Which part, and in which form."""

    part: Annotated[int, Meta(ge=1, le=100_000)] = 1
    format: Literal["csv", "xlsx"] = "csv"


async def list_layouts(ask: Ask) -> dict[str, Any]:
    """The layouts that plates can be printed on."""
    found = [load_layout(name) for name in layout_names()]
    items = [
        {"name": one.name, "title": one.title, "per_page": one.per_page, "page_mm": one.page, "plate_mm": one.plate,
         "duplex": one.back is not None}
        for one in found
    ]  # fmt: skip
    return {"items": items, "next": None}


async def request_batch(ask: Ask) -> dict[str, Any]:
    """Take in a batch; codes are issued and plates printed in the background."""
    body: NewBatch = ask.body
    if body.layout not in layout_names():
        raise LayoutUnknown(allowed=list(layout_names()))
    if body.duplex and (body.format != "pdf" or load_layout(body.layout).back is None):
        raise invalid("duplex", "只有带背面的版式印成 PDF 时才能双面")
    if body.only == "selection" and not body.household_ids:
        raise invalid("household_ids", "请选择要印的户", "required")
    wish = batches.BatchWish(
        layout=body.layout, area_code=body.area, household_ids=tuple(body.household_ids), only=body.only,
        format=body.format, duplex=body.duplex, per_file=body.per_file,
    )  # fmt: skip
    batch = await batches.request_batch(ask.actor, wish)
    return {"id": batch.id, "state": batch.state, "total": batch.total}


async def list_batches(ask: Ask) -> dict[str, Any]:
    """A page of batches in my areas."""
    rows = await scoped_rows(ask.actor, P.PLATE_PRINT, "plate_batches", ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, batch_shape)


async def show_batch(ask: Ask) -> dict[str, Any]:
    """How far a batch is."""
    return batch_shape(await _batch(ask))


async def show_report(ask: Ask) -> dict[str, Any]:
    """What was read back, what was not, characters no font has, and the manifest of the files."""
    row = await _batch(ask)
    files = [{name: file[name] for name in ("part", "plates", "pages", "bytes", "sha256")} for file in row["files"]]
    return {
        **batch_shape(row),
        "unread": row["unread"],
        "missing_glyphs": row["missing_glyphs"],
        "cramped": row["cramped"],
        "samples": row["samples"],
        "manifest": files,
    }


async def cancel_batch(ask: Ask) -> dict[str, Any]:
    """Stop a batch; codes that it issued stay and are printed by the next one."""
    row = await _batch(ask)
    ended = await batches.end_batch(row["id"], "cancelled", "")
    return {"id": ended.id, "state": ended.state}


async def send_file(ask: Ask) -> Answer:
    """The print file, a part of it where it is split."""
    row, file = await _part(ask)
    name = f"plates-{row['area_code']}-{row['id'].hex[-8:]}-{file['part']}.{_SUFFIX[row['format']]}"
    return await _stored(ask, file["id"], name, _TYPES[row["format"]])


async def send_index(ask: Ask) -> Answer:
    """The list beside the print file, for printer and fitter."""
    row, file = await _part(ask)
    kind = ask.query.format
    name = f"plates-{row['area_code']}-{row['id'].hex[-8:]}-{file['part']}.{kind}"
    return await _stored(ask, file[kind], name, XLSX if kind == "xlsx" else "text/csv; charset=utf-8")


async def request_revocation(ask: Ask) -> dict[str, Any]:
    """Revoke many codes in the background."""
    body: Revocation = ask.body
    made = await revocations.request_revocation(ask.actor, body.batch_id, body.kid, body.reason)
    return revocation_shape({name: getattr(made, name) for name in _REVOCATION})


async def show_revocation(ask: Ask) -> dict[str, Any]:
    """How far a revocation is."""
    found = await scoped_row(ask.actor, P.PLATE_REVOKE, "plate_revocations", path_id(ask))
    return revocation_shape(found)


async def list_orphans(ask: Ask) -> dict[str, Any]:
    """Genuine codes without a row: printed, then lost in a restore."""
    items = [{**row, "first_at": local(row["first_at"]), "last_at": local(row["last_at"])}
             for row in await scans.orphans()]  # fmt: skip
    return {"items": items, "next": None}


async def adopt_orphan(ask: Ask) -> dict[str, Any]:
    """Tie an orphan to the house on whose door it hangs."""
    household = await locked_household(ask.actor, P.PLATE_REVOKE, ask.body.household_id)
    code = await adopt_code(household, _code_id(ask.path["code_id"]))
    return {"household_id": household.id, "state": code.state}


def _code_id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise NotFound from None


async def show_scans(ask: Ask) -> dict[str, Any]:
    """Scans of the last 30 days by outcome, and the plates in my areas that were reported or shown by too many."""
    since = now() - scans.SHOWN
    alarms = [{**row, "last_at": local(row["last_at"])} for row in await scans.scan_alarms(ask.actor, since)]
    return {"items": await scans.scan_counts(since), "alarms": alarms, "next": None}


def batch_shape(row: dict[str, Any]) -> dict[str, Any]:
    """A batch as the desk sees it."""
    names = ("id", "area_code", "layout", "format", "duplex", "state", "stage", "total", "issued", "done", "read_back",
             "reason")  # fmt: skip
    return {
        **{name: row[name] for name in names},
        "only": row["selection"]["only"],
        "unread_count": len(row["unread"]),
        "parts": len(row["files"]),
        "sha256": row["files"][0]["sha256"] if len(row["files"]) == 1 else None,
        "created_at": local(row["created_at"]),
        "finished_at": local(row["finished_at"]),
    }


_REVOCATION = ("id", "batch_id", "kid", "reason", "state", "revoked", "created_at", "finished_at")


def revocation_shape(row: dict[str, Any]) -> dict[str, Any]:
    """A revocation as the desk sees it."""
    return {name: local(row[name]) if name.endswith("_at") else row[name] for name in _REVOCATION}


async def _batch(ask: Ask) -> dict[str, Any]:
    return await scoped_row(ask.actor, P.PLATE_PRINT, "plate_batches", path_id(ask))


async def _part(ask: Ask) -> tuple[dict[str, Any], dict[str, Any]]:
    row = await _batch(ask)
    file = next((one for one in row["files"] if one["part"] == ask.query.part), None)
    if file is None and row["state"] in ("waiting", "running"):
        raise NotReadyYet
    if file is None or "id" not in file:  # never printed, or thrown away after its time
        raise NotFound
    return row, file


async def _stored(ask: Ask, file_id: str, name: str, content_type: str) -> Answer:
    try:
        file = await ask.app.services.files.open(Shelf.PRINTS, UUID(file_id))
    except FileMissing:
        raise NotFound from None
    return Answer(file=file, headers=attachment(name), content_type=content_type)


ROUTES = [
    Route(method="GET", path="/plates/layouts", handler=list_layouts, gate=P.PLATE_PRINT, reads=True, summary="门牌版式"),
    Route(method="POST", path="/plates/batches", handler=request_batch, gate=P.PLATE_PRINT, body=NewBatch, status=202,
          summary="印制门牌", problems=(LayoutUnknown,)),
    Route(method="GET", path="/plates/batches", handler=list_batches, gate=P.PLATE_PRINT, query=Page, reads=True,
          summary="印制批次"),
    Route(method="GET", path="/plates/batches/<id:str>", handler=show_batch, gate=P.PLATE_PRINT, reads=True,
          summary="印制进度"),
    Route(method="GET", path="/plates/batches/<id:str>/report", handler=show_report, gate=P.PLATE_PRINT, reads=True,
          summary="印制报告"),
    Route(method="POST", path="/plates/batches/<id:str>/cancellation", handler=cancel_batch, gate=P.PLATE_PRINT,
          body=Nothing, summary="取消印制"),
    Route(method="GET", path="/plates/batches/<id:str>/file", handler=send_file, gate=P.PLATE_PRINT, query=FileChoice,
          reads=True, content_type="application/pdf", summary="下载印刷文件", problems=(NotReadyYet,)),
    Route(method="GET", path="/plates/batches/<id:str>/index", handler=send_index, gate=P.PLATE_PRINT, query=FileChoice,
          reads=True, content_type="text/csv", summary="下载门牌清单", problems=(NotReadyYet,)),
    Route(method="POST", path="/plates/revocations", handler=request_revocation, gate=P.PLATE_REVOKE, body=Revocation,
          status=202, summary="批量注销门牌码"),
    Route(method="GET", path="/plates/revocations/<id:str>", handler=show_revocation, gate=P.PLATE_REVOKE, reads=True,
          summary="批量注销进度"),
    Route(method="GET", path="/plates/orphans", handler=list_orphans, gate=P.PLATE_REVOKE, reads=True,
          summary="恢复备份后待找回的门牌码"),
    Route(method="POST", path="/plates/orphans/<code_id:str>/adoption", handler=adopt_orphan, gate=P.PLATE_REVOKE,
          body=Adoption, summary="把找回的门牌码归户", problems=(HouseholdHasCode,)),
    Route(method="GET", path="/plates/scans", handler=show_scans, gate=P.PLATE_PRINT, reads=True, summary="扫码统计"),
]  # fmt: skip
