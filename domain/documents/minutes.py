"""The minutes of a meeting about a case (专题会议纪要, 003-12) as a document under the header of the office that kept them."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.cases.queries import case_row
from domain.clock import local_date
from domain.documents.letters import Letter, Sender, compose
from domain.notices.texts import day
from domain.problems import NotFound
from domain.rulebook import rulebook
from domain.sql import fetch_one

_MINUTES = """
SELECT m.held_on, m.due_on, m.strategy, m.decisions, m.at, f.name AS chair, d.name AS office,
  (SELECT string_agg(s.name, '、' ORDER BY w.place) FROM jsonb_array_elements_text(m.attendees) WITH ORDINALITY
    AS w(id, place) JOIN staff s ON s.id = w.id::uuid) AS attendees
FROM case_minutes m JOIN staff f ON f.id = m.chair_id LEFT JOIN staff k ON m.by = 'staff:' || k.id
LEFT JOIN departments d ON d.id = k.department_id WHERE m.id = $1 AND m.case_id = $2
"""


async def minutes_letter(actor: Actor, case_id: UUID, minutes_id: UUID) -> Letter:
    """The minutes of a visible case as a letter; 404 outside the scope or for minutes of another case."""
    case = await case_row(actor, case_id)
    row = await fetch_one(_MINUTES, [minutes_id, case_id])
    if row is None:
        raise NotFound
    office = row["office"] or rulebook().for_area(case["area_path"]).name
    sender = Sender(office=office, number=f"工单 {case['number']}", addressee="", dated=day(local_date(row["at"])))
    return compose("minutes", "", sender, _values(case, row))


def _values(case: dict[str, Any], row: dict[str, Any]) -> dict[str, str]:
    return {
        "case_number": case["number"], "held_on": day(row["held_on"]), "due_on": day(row["due_on"]),
        "unit": case["lead_name"] or "", "chair": row["chair"], "attendees": row["attendees"] or "",
        "strategy": row["strategy"], "decisions": row["decisions"],
    }  # fmt: skip
