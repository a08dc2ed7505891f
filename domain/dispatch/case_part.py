"""What a case shows of its dispatch: by which version and rules, its marks, what was handed down, its leader."""

from typing import Any

from domain.cases.file import ADDED, Part
from domain.catalogue.matching import BASES
from domain.dispatch.crossing import FLAGS
from domain.dispatch.leaders import LEADERS, leader_of
from domain.dispatch.verifications import ROW, told

Rows = list[dict[str, Any]]

ADDED |= {
    "dispatches": Part(
        "SELECT r.number, r.department_id, d.name AS unit, r.item_code AS item, r.responsibility, r.followed,"
        " r.explanation, r.at FROM dispatch_records r LEFT JOIN departments d ON d.id = r.department_id"
        " WHERE r.case_id = $1 ORDER BY r.number",
        when="dispatched_at",
    ),
    "crossings": Part(
        "SELECT x.flags, x.areas, x.departments, x.superior_path, a.name AS superior FROM case_crossings x"
        " LEFT JOIN areas a ON a.path = x.superior_path WHERE x.case_id = $1",
        when="case_crossings",
    ),
    "verifications": Part(f"{ROW} WHERE v.case_id = $1 ORDER BY v.id", when="verifications"),
    "leader_fields": Part(LEADERS.format("(SELECT lead_id FROM cases WHERE id = $1)"), when="lead_id"),
}


def dispatch_part(added: dict[str, Rows], topic: str) -> dict[str, Any]:
    """The dispatches with their reasons, the first one first; the crossing, the verifications, the leader in charge."""
    return {
        "dispatches": [{**one, "responsibility_name": BASES[one["responsibility"]]} for one in added["dispatches"]],
        "crossing": next((_crossing(one) for one in added["crossings"]), None),
        "verifications": told(added["verifications"]),
        "responsible_leader": leader_of(added["leader_fields"], topic),
    }


def _crossing(found: dict[str, Any]) -> dict[str, Any]:
    """The flags of a case in words, and who fixes its lead unit."""
    return {
        "flags": [{"code": flag, "name": FLAGS[flag]} for flag in found["flags"]], "areas": found["areas"],
        "departments": found["departments"], "superior": found["superior"] or "上级",
        "superior_code": found["superior_path"].rpartition(".")[2],
    }  # fmt: skip
