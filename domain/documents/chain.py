"""The chain of responsibility of a case (000-28): in each unit who answers for it, who is in charge, which section works."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from domain.access.models import Department
from domain.cases.models import Case, CaseUnit
from domain.sql import fetch

LINKS = {"principal": "主要负责同志", "deputy": "分管负责同志", "section": "承办科室(人员)"}
_HOLDERS = """
SELECT g.department_id, g.role, f.id, f.name FROM assignments g JOIN staff f ON f.id = g.staff_id AND f.active
WHERE g.department_id = ANY($1::uuid[]) AND g.role IN ('principal', 'deputy_in_charge', 'handler', 'unit_lead')
ORDER BY g.department_id, g.role, f.id
"""


async def chain_of(case: Case) -> list[dict[str, Any]]:
    """One link per unit of the case, the lead first; what nobody holds is empty and stands in `missing`."""
    co_units = await CaseUnit.filter(case_id=case.id).order_by("id").values_list("department_id", flat=True)
    ids: list[UUID] = [found for found in (case.lead_id, *co_units) if found]  # type: ignore[misc]
    names = {unit.id: unit.name for unit in await Department.filter(id__in=ids)}
    rows = await fetch(_HOLDERS, [ids])
    return [_link(names[unit], [row for row in rows if row["department_id"] == unit], case) for unit in ids]


def completed(chain: list[dict[str, Any]], given: Iterable[dict[str, str]]) -> list[dict[str, Any]]:
    """The chain with what an officer wrote down by hand, for units whose people have no account here."""
    by_unit = {one["unit"]: one for one in given}
    found = []
    for link in chain:
        words = {name: link[name] or by_unit.get(link["unit"], {}).get(name, "") for name in LINKS}
        found.append({"unit": link["unit"], **words, "missing": [LINKS[name] for name in LINKS if not words[name]]})
    return found


def _link(unit: str, holders: list[dict[str, Any]], case: Case) -> dict[str, Any]:
    def named(*roles: str) -> str:
        return "、".join(dict.fromkeys(row["name"] for row in holders if row["role"] in roles))

    own = "、".join(row["name"] for row in holders if row["id"] == case.handler_id and row["role"] == "handler")
    words = {"principal": named("principal"), "deputy": named("deputy_in_charge"), "section": own or named("handler")}
    return {"unit": unit, **words, "missing": [LINKS[name] for name in LINKS if not words[name]]}
