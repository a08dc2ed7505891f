"""Staff door: documents of a case as Word and PDF, and closure reports to the superior."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from desk_api.household_imports import attachment
from desk_api.schemas import Purpose, Words
from domain.access.permissions import Permission as P
from domain.documents.actions import Sent, note_receipt, send_closure_report
from domain.documents.docx_file import DOCX, render_docx
from domain.documents.letters import KINDS
from domain.documents.minutes import minutes_letter
from domain.documents.pdf_file import PDF, render_pdf
from domain.documents.queries import Wanted, closure_reports, letter_for
from domain.problems import GuardNotMet, NotFound
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Answer, Ask, Route, path_id
from web.shapes import local
from web.unit_of_work import run_unit

RENDER = {"docx": (render_docx, DOCX), "pdf": (render_pdf, PDF)}


class DocumentQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """For which appeal; a purpose opens the appellant's name, and that is logged."""

    appeal_id: UUID | None = None
    purpose: Purpose | None = None


Who = Annotated[str, Meta(max_length=120)]


class Link(Strict):
    """Who answers for the case in a unit whose people have no account here."""

    unit: Annotated[str, Meta(min_length=1, max_length=80)]
    principal: Who = ""
    deputy: Who = ""
    section: Who = ""


class NewReport(Strict):
    """To whom, what has to be said besides the file, and links of the chain of responsibility."""

    recipient: Annotated[str, Meta(min_length=2, max_length=80)]
    text: Words
    chain: Annotated[list[Link], Meta(max_length=20)] = []


class Receipt(Strict):
    """The superior's receipt."""

    number: Annotated[str, Meta(min_length=1, max_length=60)]
    note: Annotated[str, Meta(max_length=1000)] = ""
    accepted: bool = True  # False: it came back and has to be sent again


class ReportList(Page, kw_only=True):
    """Those with a receipt, or those without."""

    received: bool | None = None


async def prepare_document(ask: Ask) -> bytes:
    """Set the document outside any transaction, in a thread; opening the name is a unit of work of its own."""
    kind, _, form = ask.path["document"].rpartition(".")
    if kind not in KINDS or form not in RENDER:
        raise NotFound
    purpose = clean_text(ask.query.purpose or "")
    wanted = Wanted(path_id(ask), kind, ask.query.appeal_id, purpose)
    letter = await run_unit(ask.actor, lambda: letter_for(ask.actor, wanted), ask.app.enqueue)
    return await asyncio.to_thread(RENDER[form][0], letter)


async def prepare_minutes(ask: Ask) -> bytes:
    """Set the minutes outside any transaction, in a thread."""
    name, _, form = ask.path["document"].rpartition(".")
    if name != "minutes" or form not in RENDER:
        raise NotFound
    case_id, minutes_id = path_id(ask), path_id(ask, "minutes_id")
    letter = await run_unit(ask.actor, lambda: minutes_letter(ask.actor, case_id, minutes_id), ask.app.enqueue)
    return await asyncio.to_thread(RENDER[form][0], letter)


async def send_document(ask: Ask) -> Answer:
    """A document of a case (`GET /cases/{id}/documents/opinion.docx`, `….pdf`) or minutes (`…/minutes/{id}/minutes.docx`)."""
    name = ask.path["document"]
    return Answer(raw=ask.prepared, headers=attachment(name), content_type=RENDER[name.rpartition(".")[2]][1])


async def post_report(ask: Ask) -> dict[str, Any]:
    """Report a case upward (`POST /cases/{id}/closure-reports`)."""
    body: NewReport = ask.body
    chain = tuple({f: clean_text(getattr(link, f)) for f in link.__struct_fields__} for link in body.chain)
    sent = Sent(clean_text(body.recipient), clean_text(body.text), chain)
    return _shape(await send_closure_report(ask.actor, path_id(ask), sent))


async def post_receipt(ask: Ask) -> dict[str, Any]:
    """Note the receipt of a report (`POST /closure-reports/{id}/receipt`)."""
    number, note = clean_text(ask.body.number), clean_text(ask.body.note)
    report = await note_receipt(ask.actor, path_id(ask), number, note, accepted=ask.body.accepted)
    return _shape(report)


async def list_reports(ask: Ask) -> dict[str, Any]:
    """The closure reports of my cases (`GET /closure-reports`)."""
    rows = await closure_reports(ask.actor, ask.query.received, ask.query.before, ask.query.limit)
    names = ("id", "case_id", "round", "recipient", "text", "receipt_number", "receipt_note", "state", "attempt",
             "chain")  # fmt: skip
    return paged(rows, ask.query.limit, lambda row: {
        **{name: row[name] for name in names}, "case_number": row["number"], "sent_at": local(row["sent_at"]),
        "received_at": local(row["received_at"]),
    })  # fmt: skip


def _shape(report: Any) -> dict[str, Any]:
    return {"id": report.id, "case_id": report.case_id, "round": report.round, "recipient": report.recipient,
            "attempt": report.attempt, "state": report.state, "chain": report.chain,
            "sent_at": local(report.sent_at), "receipt_number": report.receipt_number,
            "received_at": local(report.received_at)}  # fmt: skip


ROUTES = (
    Route(method="GET", path="/cases/<id:str>/documents/<document:str>", handler=send_document,
          prepare=prepare_document, gate=P.CASE_READ, query=DocumentQuery, reads=True, content_type=DOCX,
          summary="工单文书(意见书、告知书、报告)", problems=(GuardNotMet,)),
    Route(method="GET", path="/cases/<id:str>/minutes/<minutes_id:str>/<document:str>", handler=send_document,
          prepare=prepare_minutes, gate=P.CASE_READ, reads=True, content_type=DOCX, summary="专题会议纪要下载(docx、pdf)"),
    Route(method="POST", path="/cases/<id:str>/closure-reports", handler=post_report, gate=P.CASE_SUPERVISE,
          body=NewReport, status=201, summary="上报办理情况", problems=(GuardNotMet,)),
    Route(method="POST", path="/closure-reports/<id:str>/receipt", handler=post_receipt, gate=P.CASE_SUPERVISE,
          body=Receipt, summary="登记上级回执", problems=(GuardNotMet,)),
    Route(method="GET", path="/closure-reports", handler=list_reports, gate=P.CASE_READ, query=ReportList, reads=True,
          summary="上报情况列表"),
)  # fmt: skip
