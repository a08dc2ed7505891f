"""Reads what a document says about a case; who may see the case may make its documents, names only with a purpose."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.scope import Where, area_condition
from domain.appeals.identity import reveal
from domain.cases.models import Case
from domain.cases.queries import case_row, visible_cases
from domain.clock import local_date, now
from domain.documents.letters import DISPOSITIONS, Letter, Sender, compose
from domain.notices.texts import day
from domain.problems import GuardNotMet, NotFound
from domain.review.bodies import next_higher
from domain.review.states import request_until
from domain.rulebook import Rulebook, rulebook
from domain.sql import fetch, fetch_one

_FACTS = """
SELECT p.id, p.number, p.content, r.text AS opinion, r.at AS answered_at, r.unit_name,
  (SELECT t.text FROM case_texts t WHERE t.case_id = c.id AND t.action = 'grade' ORDER BY t.id DESC LIMIT 1) AS facts,
  (SELECT t.text FROM case_texts t WHERE t.case_id = c.id AND t.action = 'not-accept' AND t.public
    ORDER BY t.id DESC LIMIT 1) AS reason,
  n.due_at, n.limit_text, g.solved, g.result AS scored, f.recipient, f.text AS summary, f.sent_at
FROM cases c JOIN appeals p ON p.case_id = c.id
LEFT JOIN replies r ON r.appeal_id = p.id AND r.round = c.round
LEFT JOIN deadlines n ON n.case_id = c.id AND n.name = 'handling' AND n.round = c.round
LEFT JOIN LATERAL (SELECT solved, result FROM ratings WHERE appeal_id = p.id AND round = c.round AND counts
  ORDER BY id DESC LIMIT 1) g ON TRUE
LEFT JOIN LATERAL (SELECT recipient, text, sent_at, chain FROM closure_reports WHERE case_id = c.id AND round = c.round
  ORDER BY attempt DESC LIMIT 1) f ON TRUE
WHERE c.id = $1 AND ($2::uuid IS NULL OR p.id = $2) ORDER BY p.id LIMIT 1
"""
_MISSING = {
    "opinion": ("opinion", "答复"), "acceptance": ("accepted", "受理"), "non-acceptance": ("refused", "不予受理决定"),
    "closure-report": ("sent_at", "上报"),
}  # fmt: skip
_SOLVED = {"yes": "已解决", "partly": "部分解决", "no": "未解决"}


@dataclass(frozen=True)
class Wanted:
    """Which document, for which appeal (the first one when none is named); `purpose` opens the appellant's name."""

    case_id: UUID
    kind: str
    appeal_id: UUID | None = None
    purpose: str = ""


async def letter_for(actor: Actor, wanted: Wanted) -> Letter:
    """A document of a visible case; 404 outside the scope, 409 before what it documents has happened."""
    case = await case_row(actor, wanted.case_id)
    row = await fetch_one(_FACTS, [wanted.case_id, wanted.appeal_id])
    if row is None:
        raise NotFound
    row |= {"accepted": case["accepted_at"], "refused": row["reason"] if case["state"] == "not_accepted" else None}
    column, name = _MISSING[wanted.kind]
    if not row[column]:
        raise GuardNotMet(reason=f"还没有{name},不能制作这份文书。", missing=[name])
    addressee = await _addressee(actor, wanted, row)
    at = {"opinion": row["answered_at"], "acceptance": case["accepted_at"], "closure-report": row["sent_at"]}
    sender = Sender(
        office=_office(wanted.kind, case, row), number=_number(wanted.kind, case, row), addressee=f"{addressee}:",
        dated=day(local_date(at.get(wanted.kind) or case["ended_at"] or now())),
    )  # fmt: skip
    return compose(wanted.kind, case["handling_track"] or case["track"], sender, await _values(case, row))


async def closure_reports(
    actor: Actor, received: bool | None, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Reports of visible cases, newest first, one more than the limit."""
    where: Where = visible_cases(actor)
    if received is not None:
        where.conditions.append(f"f.received_at IS {'NOT ' if received else ''}NULL")
    if before:
        where.add("f.id < {}", before)
    where.conditions.append(area_condition(where, "f.area_path", sorted({g.area_path for g in actor.grants})))
    return await fetch(
        "SELECT f.*, c.number FROM closure_reports f JOIN cases c ON c.id = f.case_id"
        f" WHERE {where.sql} ORDER BY f.id DESC LIMIT {limit + 1}",
        where.values, json=("chain",),
    )  # fmt: skip


async def _addressee(actor: Actor, wanted: Wanted, row: dict[str, Any]) -> str:
    if wanted.kind == "closure-report":
        return str(row["recipient"])
    if wanted.purpose:
        return (await reveal(actor, wanted.case_id, row["id"], wanted.purpose))["name"] or "诉求人"
    return "诉求人"


def _office(kind: str, case: dict[str, Any], row: dict[str, Any]) -> str:
    if kind == "opinion":
        return str(row["unit_name"])
    return case["lead_name"] or rulebook().for_area(case["area_path"]).name


def _number(kind: str, case: dict[str, Any], row: dict[str, Any]) -> str:
    return f"编号 {case['number'] if kind == 'closure-report' else row['number']}"


async def _values(case: dict[str, Any], row: dict[str, Any]) -> dict[str, str]:
    upper, book = await _upper(case["id"]), rulebook().for_area(case["area_path"])
    scored = f"{_SOLVED[row['solved']]},结果评价 {row['scored']} 分(满分 5 分)" if row["solved"] else ""
    return {
        "number": row["number"], "case_number": case["number"], "request": row["content"] or "(语音诉求,见录音)",
        "facts": row["facts"] or "", "opinion": row["opinion"] or "", "result": case["result"], "basis": case["basis"],
        "disposition": DISPOSITIONS.get(case["disposition"], ""), "unit": case["lead_name"] or "", "upper": upper,
        "accepted_on": _day(case["accepted_at"]), "due_on": _day(row["due_at"]), "limit": row["limit_text"] or "",
        "review_until": _until(row["answered_at"], book), "reason": row["reason"] or "", "rating": scored,
        "summary": row["summary"] or "", "hotline": book.hotline,
    }  # fmt: skip


async def _upper(case_id: UUID) -> str:
    body = await next_higher(await Case.get(id=case_id))
    row = await fetch_one("SELECT name FROM departments WHERE id = $1", [body]) if body else None
    return str(row["name"]) if row else "上一级机关、单位"


def _day(at: datetime | None) -> str:
    return day(local_date(at)) if at else ""


def _until(answered_at: datetime | None, book: Rulebook) -> str:
    return day(request_until(book.limits["review_request"], answered_at, book.calendar).due_on) if answered_at else ""
