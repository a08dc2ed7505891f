"""Filing an appeal, the same at every door: kinds, identity, and what the receipt says."""

from typing import Any, Literal

from domain.appeals.actions import Filed
from domain.cases.clocks import exact_level
from domain.clock import now
from domain.rulebook import rulebook
from web.shapes import local

AppealKind = Literal["consult", "help", "complaint", "report", "suggestion", "thanks"]
Identity = Literal["named", "hidden_from_handler", "anonymous"]


def identity_of(kind: AppealKind, wanted: Identity | None) -> Identity:
    """What was wanted; else whoever complains or reports is hidden from those who handle it."""
    return wanted or ("hidden_from_handler" if kind in ("complaint", "report") else "named")


def receipt(filed: Filed) -> dict[str, Any]:
    """Number, query code (told once), the accept clock explained, the provisional handling date, the hotline; before all
    of it whom to call first where life may be in danger."""
    accept, handling = filed.accept, filed.provisional
    book = rulebook().for_area(filed.case.area_path)
    danger = book.danger_in(filed.appeal.content)
    return {
        **({"emergency": book.call_first(danger)} if danger or filed.case.urgent else {}),
        "id": filed.appeal.id,
        "number": filed.appeal.number,
        "query_code": filed.query_code,
        "identity": filed.appeal.identity,
        "status": filed.case.state,
        "received_at": local(filed.appeal.received_at),
        "deadline": {
            "kind": "accept",
            "due_at": local(accept.due_at),
            "limit": accept.limit_text,
            "level": exact_level(accept.ladder, now()),
            "explanation": accept.explanation,
        },
        "provisional": {**handling, "due_at": local(handling["due_at"])} if handling else None,
        "hotline": book.hotline,
    }
