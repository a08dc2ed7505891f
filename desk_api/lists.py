"""Staff door: the three lists over a case (问题、化解、跟进帮扶), over all cases of a unit, and as a spreadsheet (003-07)."""

import asyncio
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from desk_api.household_imports import XLSX, attachment
from desk_api.schemas import Words, words
from domain.access.permissions import Permission as P
from domain.casework import lists
from domain.clock import local_date, now
from domain.problems import ConflictOfInterest, GuardNotMet, SameOfficer
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Answer, Ask, Route, path_id
from web.shapes import local
from web.unit_of_work import run_unit

Kind = Literal["issue", "resolution", "care"]
Status = Literal["open", "doing", "done", "verified"]


class NewItem(Strict):
    """A line: of an issue with its standard, of a resolution with its issue, of care with what it is about."""

    list: Kind
    text: Words
    owner_id: UUID
    due_on: date
    standard: Annotated[str, Meta(max_length=1000)] = ""
    issue_id: UUID | None = None
    care: Literal["risk", "aid", "explanation", "contact", ""] = ""


class Moved(Strict):
    """The next status, and a note."""

    status: Status
    note: Annotated[str, Meta(max_length=1000)] = ""


class ItemList(Page, kw_only=True):
    """Which list, status, unit, case; `overdue` those past their due."""

    list: Kind | None = None
    status: Status | None = None
    unit: UUID | None = None
    case_id: UUID | None = None
    overdue: bool = False


class ItemFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """The same without pages."""

    list: Kind | None = None
    status: Status | None = None
    unit: UUID | None = None
    case_id: UUID | None = None
    overdue: bool = False


async def post_item(ask: Ask) -> dict[str, Any]:
    """Write a line (`POST /cases/{id}/list-items`)."""
    body: NewItem = ask.body
    new = lists.NewItem(
        kind=body.list, text=words("text", body.text), owner_id=body.owner_id, due_on=body.due_on,
        standard=clean_text(body.standard), issue_id=body.issue_id, care=body.care,
    )  # fmt: skip
    made = await lists.add_item(ask.actor, path_id(ask), new)
    return {"id": made.id, "list": made.kind, "status": made.status, "due_on": made.due_on}


async def post_status(ask: Ask) -> dict[str, Any]:
    """Give a line its next status (`POST /list-items/{id}/status`)."""
    moved = await lists.move_item(ask.actor, path_id(ask), ask.body.status, clean_text(ask.body.note))
    return {"id": moved.id, "list": moved.kind, "status": moved.status, "verified_at": local(moved.verified_at)}


async def list_items(ask: Ask) -> dict[str, Any]:
    """The lines that I may see (`GET /list-items`)."""
    rows = await lists.find_items(ask.actor, _wanted(ask.query, ask.query.before), ask.query.limit)
    return paged(rows, ask.query.limit, _shape)


async def prepare_file(ask: Ask) -> bytes:
    """The spreadsheet, read in one short transaction and written in a thread."""
    read = lists.find_items(ask.actor, _wanted(ask.query, None), lists.MOST_ROWS)

    async def work() -> list[dict[str, Any]]:
        return await read

    rows = await run_unit(ask.actor, work, ask.app.enqueue)
    return await asyncio.to_thread(lists.items_workbook, rows[: lists.MOST_ROWS], local_date(now()))


async def send_file(ask: Ask) -> Answer:
    """The lines as a spreadsheet (`GET /list-items.xlsx`)."""
    return Answer(raw=ask.prepared, headers=attachment("lists.xlsx"), content_type=XLSX)


def _wanted(query: ItemList | ItemFile, before: UUID | None) -> lists.Wanted:
    late_on = local_date(now()) if query.overdue else None
    return lists.Wanted(query.list, query.status, query.unit, query.case_id, late_on, before)


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "case_id", "case_number", "title", "issue_id", "text", "standard", "care", "unit", "owner", "owner_id",
             "due_on", "status", "note", "verifier")  # fmt: skip
    return {
        **{name: row[name] for name in names},
        **{name: local(row[name]) for name in ("added_at", "done_at", "verified_at")},
        "list": row["kind"], "list_name": lists.KINDS[row["kind"]], "status_name": lists.STATUSES[row["status"]],
        "care_name": lists.CARES.get(row["care"], ""), "overdue": lists.overdue(row, now()),
    }  # fmt: skip


ROUTES = (
    Route(method="POST", path="/cases/<id:str>/list-items", handler=post_item, gate=P.CASE_READ, body=NewItem, status=201,
          summary="登记三个清单事项", problems=(ConflictOfInterest,)),
    Route(method="POST", path="/list-items/<id:str>/status", handler=post_status, gate=P.CASE_READ, body=Moved,
          summary="更新清单事项", problems=(GuardNotMet, SameOfficer, ConflictOfInterest)),
    Route(method="GET", path="/list-items", handler=list_items, gate=P.CASE_READ, query=ItemList, reads=True,
          summary="三个清单"),
    Route(method="GET", path="/list-items.xlsx", handler=send_file, prepare=prepare_file, gate=P.CASE_READ,
          query=ItemFile, reads=True, content_type=XLSX, summary="导出三个清单"),
)  # fmt: skip
