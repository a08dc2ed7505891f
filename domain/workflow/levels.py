"""The ladder of desks (提级, 000-38, 002-13): where a case is, what comes above, and who may still decide on it."""

from domain.access.models import Department
from domain.access.permissions import UNIT_ROLES
from domain.areas.models import Area
from domain.cases.models import Case
from domain.cases.move import Turn
from domain.practices import LadderStep
from domain.problems import GuardNotMet
from domain.rulebook import rulebook

# village, town, the town's joint meeting, the county's joint meeting (002-13); the city where it is the base
LADDER = ("village", "town", "meeting", "county", "city")
_LEVEL_OF = {"grid": "village", "village": "village", "town": "town", "city": "city", "province": "city"}
_PARTS = {"town": 4, "meeting": 4, "county": 3, "city": 2}  # an area path begins with province, city, county, town
NAMES = {"town": "镇", "meeting": "镇联席会议", "county": "县联席会议", "city": "市级"}
_CITY_CODE = 4  # digits


def top() -> str:
    """The highest level of this deployment: that of its base area."""
    return "city" if len(rulebook().county) <= _CITY_CODE else "county"


def above(case: Case, level: str) -> str:
    """The desk above a level; a county unit's case goes to the desk of its county before it leaves the county."""
    if level == "county" and case.lead_id is not None and case.desk_level != level:
        return level
    steps = _steps(case)
    return steps[min(steps.index(level) + 1, steps.index(top()))]


def _steps(case: Case) -> tuple[str, ...]:
    """The levels of the place's own ladder: a town without a joint meeting of its own goes straight to its county."""
    practices = rulebook().for_area(case.area_path).practices
    meets = not practices.ladder or any(body.level == "town" for body in practices.bodies.values())
    return tuple(level for level in LADDER if meets or level != "meeting")


def judged_by(case: Case, level: str) -> str:
    """The meeting that judges a matter at a level by the ladder of the place, or an empty text."""
    practices = rulebook().for_area(case.area_path).practices
    wanted = "town" if level == "meeting" else level
    found = [practices.bodies[step.body].name for step in practices.ladder.values() if step.body]
    levels = {body.name: body.level for body in practices.bodies.values()}
    return next((name for name in found if levels[name] == wanted and level != "town"), "")


def step_from(area_path: str, level: str) -> LadderStep | None:
    """The step by which the ladder of a place takes a matter up from a level; a meeting is of its town."""
    at = "town" if level == "meeting" else level
    return next((step for step in rulebook().for_area(area_path).practices.ladder.values() if step.at == at), None)


async def level_of(case: Case) -> str:
    """Where the case is now: the level it was raised to, or where it arose, or the level of its lead unit."""
    place = await Area.get(code=case.area_code)
    found = [case.desk_level or _LEVEL_OF.get(place.kind, "county")]
    lead = await Department.get_or_none(id=case.lead_id) if case.lead_id else None
    if lead:
        of_lead = await Area.get_or_none(code=lead.area_code)
        found.append(_LEVEL_OF.get(of_lead.kind, "county") if of_lead else found[0])
    return max(found, key=LADDER.index)


def at_level(turn: Turn, level: str, deed: str) -> None:
    """409 where the actor's desk stands below the level to which a case was raised; its lead unit decides its own."""
    parts, case = _PARTS.get(level), turn.case
    of_lead = "lead" in turn.move.relation and case.lead_id in turn.actor.departments
    if parts is None or of_lead or turn.actor.kind == "system":
        return
    rights = [found for found in (turn.move.permission, *turn.move.also) if found]
    grants = [grant for right in rights for grant in turn.actor.granting(right, case.area_path)]
    if not any(len(grant.area_path.split(".")) <= parts for grant in grants if grant.role not in UNIT_ROLES):
        raise GuardNotMet(reason=f"此件已提级到{NAMES[level]},由该级决定是否{deed};本级继续做好联系和照料。", missing=[])
