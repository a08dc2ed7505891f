"""三跨三分离: a matter across regions, departments or industries, or whose person, household and matter lie apart, gets
its lead unit from the common superior of all concerned and from nobody below (条例 art 24, 004-14)."""

from collections.abc import Sequence
from uuid import UUID

from domain.access.actor import within
from domain.access.models import Department
from domain.areas.depth import AREA_DEPTH
from domain.areas.models import Area
from domain.cases.models import Case
from domain.cases.move import GUARDS, Body, Turn
from domain.clock import now
from domain.dispatch.models import Crossing
from domain.problems import CommonSuperiorDecides
from domain.sql import fetch_one

FLAGS = {
    "cross_region": "跨地区", "cross_department": "跨部门", "cross_industry": "跨行业",
    "person_case": "人事分离", "person_household": "人户分离", "case_household": "事户分离",
}  # fmt: skip


def common_superior(paths: Sequence[str]) -> str:
    """The smallest area that holds all of the paths; of a single place below the county the county. Pure."""
    nodes = [path.split(".") for path in paths]
    shared = []
    for level in zip(*nodes, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    if len(set(paths)) == 1:
        shared = shared[: AREA_DEPTH["county"]]
    return ".".join(shared)


async def mark(
    case: Case, flags: Sequence[str], areas: Sequence[Area], units: Sequence[Department], by: UUID | None
) -> Crossing | None:
    """Set the flags of a case and work out its common superior; without flags the mark is taken away."""
    await Crossing.filter(case_id=case.id).delete()
    if not flags:
        return None
    paths = [case.area_path, *(area.path for area in areas), *(unit.area_path for unit in units)]
    return await Crossing.create(
        case_id=case.id, flags=sorted(set(flags)), areas=[area.code for area in areas],
        departments=[str(unit.id) for unit in units], superior_path=common_superior(paths), marked_by=by, marked_at=now(),
    )  # fmt: skip


async def decided_above(turn: Turn, body: Body) -> None:
    """409 where the desk that fixes the lead unit stands below the common superior of the case."""
    if turn.actor.kind == "system" or turn.move.permission is None:
        return
    found = await Crossing.get_or_none(case_id=turn.case.id) if turn.case.may_have("case_crossings") else None
    if found is None:
        return
    if any(within(found.superior_path, grant.area_path) for grant in turn.actor.granting(turn.move.permission)):
        turn.data["common_superior"] = found.superior_path.rpartition(".")[2]
        return
    raise CommonSuperiorDecides(flags="、".join(FLAGS[flag] for flag in found.flags), superior=await _name(found))


async def _name(found: Crossing) -> str:
    row = await fetch_one("SELECT name FROM areas WHERE path = $1", [found.superior_path])
    return row["name"] if row else "上级"


for _move in ("dispatch", "designate", "dispatch-instructed"):
    GUARDS.setdefault(_move, []).append(decided_above)
