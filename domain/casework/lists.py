"""The three lists over one case (003-07, 000-07): issues, their resolution, and care; each line with owner, due and status.

The third list of the source watched people. Here it holds what the problem puts at risk, what helps, what was explained
and when to talk next, and it refuses words that mean control of a person (domain §7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Staff
from domain.access.permissions import UNIT_ROLES, Permission
from domain.access.scope import Where
from domain.cases.models import Case, LeaderCase
from domain.cases.move import lock_visible
from domain.cases.queries import visible_cases
from domain.casework.models import FirstResponsible, ListItem
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import (
    ConflictOfInterest,
    GuardNotMet,
    NotAllowed,
    NotFound,
    SameOfficer,
    invalid,
)
from domain.sheets.columns import Column
from domain.sheets.writing import Page, workbook
from domain.sql import fetch

KINDS = {"issue": "问题清单", "resolution": "化解清单", "care": "跟进帮扶清单"}
CARES = {"risk": "问题风险", "aid": "帮扶救助", "explanation": "政策解释", "contact": "下次联系"}
STATUSES = {"open": "未开始", "doing": "办理中", "done": "已完成", "verified": "已核销"}
NEXT = {"open": ("doing", "done"), "doing": ("done",), "done": ("verified", "doing"), "verified": ()}
CONTROL = ("稳控", "盯防", "布控", "盯人", "劝返", "拦截", "息访承诺", "限制出行")
MOST_ROWS = 5000


@dataclass(frozen=True, kw_only=True)
class NewItem:
    """A line to be written."""

    kind: str
    text: str
    owner_id: UUID
    due_on: date
    standard: str = ""
    issue_id: UUID | None = None
    care: str = ""


async def add_item(actor: Actor, case_id: UUID, new: NewItem) -> ListItem:
    """Write a line; for whoever works on the case or supervises it. 422 for an unknown owner or issue, a due in the past,
    an issue without a standard, or words of control."""
    case, co_ids = await lock_visible(actor, case_id)
    _check_recusal(actor, case)
    if not await _works_on(actor, case, co_ids):
        raise NotAllowed
    owner = await Staff.get_or_none(id=new.owner_id, active=True)
    _check(new, owner)
    if new.issue_id and not await ListItem.exists(id=new.issue_id, case_id=case.id, kind="issue"):
        raise invalid("issue_id", "此件没有这个问题")
    item = await ListItem.create(
        id=new_id(), case_id=case.id, area_path=case.area_path, kind=new.kind, issue_id=new.issue_id, care=new.care,
        text=new.text, standard=new.standard, department_id=case.lead_id, owner_id=new.owner_id, due_on=new.due_on,
        added_by=actor.id, added_at=now(),
    )  # fmt: skip
    data = {"list": new.kind, "due_on": new.due_on.isoformat(), "text_digest": digest(item.id, new.text)}
    record(Fact("list.item-added", case.area_code, case.id, item.id, data, actor=actor))
    return item


async def move_item(actor: Actor, item_id: UUID, status: str, note: str) -> ListItem:
    """Give a line its next status; what is done is verified or sent back by somebody else with the right to judge."""
    known = await ListItem.get_or_none(id=item_id)
    if known is None:
        raise NotFound
    case, co_ids = await lock_visible(actor, known.case_id)
    _check_recusal(actor, case)
    item = await ListItem.filter(id=item_id).select_for_update().get()
    if status not in NEXT[item.status]:
        allowed = [STATUSES[name] for name in NEXT[item.status]]
        raise GuardNotMet(reason=f"当前为“{STATUSES[item.status]}”,不能改为“{STATUSES[status]}”。", missing=allowed)
    if item.status == "done":
        _check_judge(actor, case, item)
        item.verified_by, item.verified_at = (actor.id, now()) if status == "verified" else (None, None)
    elif actor.id != item.owner_id and not await _works_on(actor, case, co_ids):
        raise NotAllowed
    if status == "done":
        item.done_by, item.done_at = actor.id, now()
    item.status, item.note = status, note
    await item.save()
    record(Fact("list.item-moved", case.area_code, case.id, item.id, {"list": item.kind, "status": status}, actor=actor))
    return item


@dataclass(frozen=True)
class Wanted:
    """Which lines; what is not set does not narrow."""

    kind: str | None = None
    status: str | None = None
    unit: UUID | None = None
    case_id: UUID | None = None
    late_on: date | None = None
    before: UUID | None = None


async def find_items(actor: Actor, wanted: Wanted, limit: int) -> list[dict[str, Any]]:
    """Lines of visible cases, newest first, one more than the limit."""
    where: Where = visible_cases(actor)
    for column in ("kind", "status", "case_id"):
        if value := getattr(wanted, column):
            where.add(f"i.{column} = {{}}", value)
    if wanted.unit:
        where.add("i.department_id = {}", wanted.unit)
    if wanted.late_on:
        where.add("i.due_on < {} AND i.status IN ('open', 'doing')", wanted.late_on)
    if wanted.before:
        where.add("i.id < {}", wanted.before)
    return await fetch(
        "SELECT i.*, c.number AS case_number, c.title, d.name AS unit, f.name AS owner, v.name AS verifier"
        " FROM list_items i JOIN cases c ON c.id = i.case_id LEFT JOIN departments d ON d.id = i.department_id"
        " LEFT JOIN staff f ON f.id = i.owner_id LEFT JOIN staff v ON v.id = i.verified_by"
        f" WHERE {where.sql} ORDER BY i.id DESC LIMIT {limit + 1}",
        where.values,
    )


_HEADS = tuple(
    Column(name, width=28 if name in {"工单", "事项", "标准或措施"} else 12)
    for name in ("清单", "工单", "事项", "标准或措施", "责任单位", "责任人", "期限", "状态", "超期", "备注", "核销人")
)


def items_workbook(rows: Sequence[dict[str, Any]], on: date) -> bytes:
    """The lines as an xlsx; texts that look like formulas stay texts. Pure."""
    return workbook(Page("清单", _HEADS, [_line(row, on) for row in rows]))


def _line(row: dict[str, Any], on: date) -> tuple[str, ...]:
    late = row["due_on"] < on and row["status"] in ("open", "doing")
    return (
        KINDS[row["kind"]], row["case_number"], row["text"], row["standard"] or CARES.get(row["care"], ""),
        row["unit"] or "", row["owner"] or "", row["due_on"].isoformat(), STATUSES[row["status"]],
        "是" if late else "", row["note"], row["verifier"] or "",
    )  # fmt: skip


async def _works_on(actor: Actor, case: Case, co_ids: frozenset[UUID]) -> bool:
    for grant in actor.granting(Permission.CASE_HANDLE, case.area_path):
        if grant.role not in UNIT_ROLES or grant.department_id in {case.lead_id, *co_ids}:
            return True
    if actor.may(Permission.CASE_SUPERVISE, case.area_path):
        return True
    led = await LeaderCase.get_or_none(case_id=case.id, state="open")
    if led and str(actor.id) in {str(led.leader_id), *led.team}:
        return True
    return await FirstResponsible.exists(case_id=case.id, staff_id=actor.id)


def _check_recusal(actor: Actor, case: Case) -> None:
    if str(actor.id) in case.recused:
        raise ConflictOfInterest


def _check_judge(actor: Actor, case: Case, item: ListItem) -> None:
    rights = (Permission.CASE_SUPERVISE, Permission.CASE_REVIEW, Permission.CASE_INSPECT)
    if not any(True for right in rights for _ in actor.granting(right, case.area_path)):
        raise NotAllowed
    if actor.id in (item.owner_id, item.done_by):
        raise SameOfficer


def _check(new: NewItem, owner: Staff | None) -> None:
    if owner is None:
        raise invalid("owner_id", "没有这个账号")
    if new.due_on < local_date(now()):
        raise invalid("due_on", "期限应在今天或以后")
    if new.kind == "issue" and not new.standard:
        raise invalid("standard", "问题清单须写明办理标准")
    if (new.kind == "care") is not (new.care in CARES):
        raise invalid("care", "跟进帮扶清单须写明事项:问题风险、帮扶救助、政策解释或下次联系")
    found = [word for word in CONTROL if word in new.text or word in new.standard]
    if found:
        raise invalid("text", f"清单只写问题和帮扶,不写对人的管控(“{found[0]}”)")



def overdue(row: dict[str, Any], at: datetime) -> bool:
    """Whether a line is past its due and not done."""
    return bool(row["due_on"] < local_date(at) and row["status"] in ("open", "doing"))
