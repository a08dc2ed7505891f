"""A disputed dispatch asks whether the catalogue is right: proposals that its keeper works off one by one."""

from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.catalogue.matching import TOWN, Line
from domain.catalogue.models import DutyProposal
from domain.catalogue.versions import lines_of, locked, open_draft, put_lines
from domain.clock import now
from domain.journal.unit import Fact, record
from domain.problems import GuardNotMet, NotFound, invalid
from domain.rulebook import rulebook
from domain.sql import fetch


async def proposals(state: str, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of proposals, newest first, with the disputed line, the unit's reason and what became of the return."""
    return await fetch(
        "SELECT p.*, d.name AS unit, c.number, i.name AS item, i.lead_code, r.reason, r.state AS return_state"
        " FROM duty_proposals p JOIN departments d ON d.id = p.department_id JOIN cases c ON c.id = p.case_id"
        " LEFT JOIN duty_items i ON i.version_id = p.version_id AND i.code = p.item_code"
        " LEFT JOIN LATERAL (SELECT reason, state FROM return_requests WHERE case_id = p.case_id"
        "  AND department_id = p.department_id ORDER BY id DESC LIMIT 1) r ON TRUE"
        " WHERE p.state = $1 AND ($2::uuid IS NULL OR p.id < $2)"
        f" ORDER BY p.id DESC LIMIT {limit + 1}",
        [state, before],
    )


@dataclass(frozen=True, kw_only=True)
class LineChange:
    """What the keeper writes into the disputed line of the next version; nothing = as it is."""

    lead: str | None = None
    co_units: tuple[str, ...] | None = None
    name: str | None = None
    basis: str | None = None
    place: str | None = None
    areas: tuple[str, ...] | None = None
    responsibility: str | None = None
    active: bool | None = None


async def accept(actor: Actor, proposal_id: UUID, change: LineChange, note: str) -> DutyProposal:
    """Write the change into the draft of the next version, which is made when there is none."""
    await locked()
    found = await _open(proposal_id)
    draft = await open_draft()
    lines = await lines_of(draft.id)
    before = lines.get(found.item_code)
    if before is None:
        raise GuardNotMet(reason=f"下一版草稿里已没有职责 {found.item_code}。", missing=[])
    after = await _changed(before, change)
    if after == before:
        raise invalid("lead", "请写明这一条要改什么", "required")
    await put_lines(draft, {**lines, after.code: after}.values())
    found.draft_id = draft.id
    return await _decide(actor, found, "accepted", note)


async def reject(actor: Actor, proposal_id: UUID, note: str) -> DutyProposal:
    """Leave the line as it is, and say why."""
    return await _decide(actor, await _open(proposal_id), "rejected", note)


async def _open(proposal_id: UUID) -> DutyProposal:
    found = await DutyProposal.filter(id=proposal_id).select_for_update().first()
    if found is None:
        raise NotFound
    if found.state != "open":
        raise GuardNotMet(reason="这条修订建议已经处理过。", missing=[])
    return found


async def _changed(line: Line, change: LineChange) -> Line:
    wanted = {name: value for name, value in asdict(change).items() if value is not None}
    units = {row["code"] for row in await fetch("SELECT code FROM departments WHERE active")} | {TOWN}
    named = [("lead", wanted.get("lead")), *(("co_units", code) for code in wanted.get("co_units", ()))]
    for field, code in named:
        if code is not None and code not in units:
            raise invalid(field, f"没有这个单位“{code}”")
    after = replace(line, **wanted)
    if after.lead == TOWN:
        after = replace(after, responsibility="territory")
    if after.lead in after.co_units:
        raise invalid("co_units", "主办单位又列为协办单位")
    return after


async def _decide(actor: Actor, found: DutyProposal, state: str, note: str) -> DutyProposal:
    found.state, found.note, found.decided_at, found.decided_by = state, note, now(), actor.id
    await found.save()
    data = {"item": found.item_code, "state": state, "draft_id": str(found.draft_id) if found.draft_id else None}
    record(Fact("catalogue.proposal-decided", rulebook().county, found.case_id, found.id, data))
    return found
