"""Keeps by what every dispatch was decided, and that a unit disputes it."""

from dataclasses import dataclass
from uuid import UUID

from domain.cases.models import Case
from domain.catalogue.lookup import Consulted, Matter, consult
from domain.catalogue.models import DutyProposal
from domain.clock import now
from domain.dispatch.models import DispatchRecord
from domain.ids import new_id
from domain.rulebook import rulebook
from domain.sql import fetch_one


async def consult_case(case: Case) -> Consulted:
    """Ask the catalogue about a case as it stands."""
    kind = rulebook().event_types.get(case.event_type)
    topic = case.topic or (kind.topic if kind else "")
    return await consult(
        Matter(
            topic=topic, area_path=case.area_path, received_on=case.received_on, walled=case.complained_department_id
        )
    )


@dataclass(frozen=True)
class Decided:
    """The lead unit, why it owes the work where the desk said so, and words on who decided."""

    lead_id: UUID
    owed_by: str | None = None
    words: tuple[str, ...] = ()


async def keep_record(case: Case, said: Consulted, decided: Decided) -> DispatchRecord:
    """Keep one dispatch: the line whose proposal was followed, or that a person decided otherwise."""
    lead_id, owed_by = decided.lead_id, decided.owed_by
    choice = next((one for one in said.match.choices if one.lead.id == lead_id), None)
    last = "按职责清单派单" if choice else "派单人员另行确定,与职责清单所列单位不同"
    explanation = {**said.explanation, "decided": [*decided.words, last]}
    return await DispatchRecord.create(
        id=new_id(), case_id=case.id, number=await DispatchRecord.filter(case_id=case.id).count() + 1,
        topic=case.topic, department_id=lead_id,
        version_id=said.version["id"] if said.version else None, item_code=choice.line.code if choice else "",
        responsibility=owed_by or (choice.responsibility if choice else await _usual(lead_id)),
        followed=choice is not None, explanation=explanation, at=now(),
    )  # fmt: skip


async def propose(case: Case, department_id: UUID | None) -> None:
    """Note that a unit disputes the line by which it got a case; nothing where no line was followed."""
    last = await DispatchRecord.filter(case_id=case.id).order_by("-number").first()
    if last is None or not last.item_code or last.department_id != department_id:
        return
    await DutyProposal.get_or_create(
        case_id=case.id, department_id=department_id,
        defaults={"id": new_id(), "item_code": last.item_code, "version_id": last.version_id, "topic": last.topic,
                  "state": "open", "created_at": now()},
    )  # fmt: skip


async def _usual(lead_id: UUID) -> str:
    """Why a unit owes what nobody reasoned about: a town or village by its territory, an office by its line."""
    row = await fetch_one("SELECT kind FROM departments WHERE id = $1", [lead_id])
    return "territory" if row and row["kind"] in ("town", "village", "urban") else "line"
