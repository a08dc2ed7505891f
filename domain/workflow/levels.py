"""The ladder of desks (提级, 000-38, 002-13): where a case is, what comes above, and who may still decide on it."""

from domain.access.actor import Actor
from domain.access.models import Department
from domain.access.permissions import UNIT_ROLES
from domain.areas.depth import AREA_DEPTH, DESKS
from domain.areas.models import Area
from domain.cases.models import Case
from domain.cases.move import Turn
from domain.cases.policy import CaseFacts
from domain.cases.states import Move
from domain.practices import LadderStep
from domain.problems import GuardNotMet
from domain.rulebook import rulebook

# village, town, the town's joint meeting, the county's joint meeting (002-13); the city where it is the base
LADDER = ("village", "town", "meeting", "county", "city")
_LEVEL_OF = {"grid": "village", "village": "village", "town": "town", "city": "city", "province": "city"}
_PARTS = {level: AREA_DEPTH[kind] for level, kind in DESKS.items()}
NAMES = {"town": "镇", "meeting": "镇联席会议", "county": "县联席会议", "city": "市级"}
_UNRAISED = {"village": "村(社区)", "county": "县级"}  # a unit of the county is not its joint meeting
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
    lead = await Department.get_or_none(id=case.lead_id) if case.lead_id else None
    of_lead = await Area.get_or_none(code=lead.area_code) if lead else None
    return level_at(case.desk_level, place.kind, of_lead.kind if of_lead else None)


def level_at(desk_level: str, place_kind: str | None, lead_kind: str | None) -> str:
    """The same from plain values: the level it was raised to, and the kinds of area where it arose and of its lead."""
    found = [desk_level or _LEVEL_OF.get(place_kind or "", "county")]
    if lead_kind:
        found.append(_LEVEL_OF.get(lead_kind, "county"))
    return max(found, key=LADDER.index)


def shown_level(desk_level: str, place_kind: str | None, lead_kind: str | None) -> dict[str, str]:
    """Where a case is, as both doors show it: the level and its name."""
    level = level_at(desk_level, place_kind, lead_kind)
    name = NAMES[level] if level == desk_level else _UNRAISED.get(level) or NAMES[level]
    return {"desk_level": level, "desk_level_name": name}


def at_level(turn: Turn, level: str, deed: str) -> None:
    """409 where the actor's desk stands below the level to which a case was raised; its lead unit decides its own."""
    if below(turn.actor, turn.case, turn.move, level):
        raise GuardNotMet(reason=f"此件已提级到{NAMES[level]},由该级决定是否{deed};本级继续做好联系和照料。", missing=[])


def below(actor: Actor, case: Case | CaseFacts, move: Move, level: str) -> bool:
    """Whether the actor's desk stands below a level and so may not make the move there."""
    parts = _PARTS.get(level)
    of_lead = "lead" in move.relation and case.lead_id in actor.departments
    if parts is None or of_lead or actor.kind == "system":
        return False
    rights = [found for found in (move.permission, *move.also) if found]
    grants = [grant for right in rights for grant in actor.granting(right, case.area_path)]
    return not any(len(grant.area_path.split(".")) <= parts for grant in grants if grant.role not in UNIT_ROLES)
