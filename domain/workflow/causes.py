"""Effect of finding the cause (谁引发、谁担责, 004-29): where a problem arose and whether it was handled poorly."""

from typing import Annotated

import msgspec

from domain.access.queries import department
from domain.cases.move import Body, Turn, effect
from domain.problems import invalid
from domain.rulebook import rulebook
from domain.supervision.accountability import open_lead
from domain.workflow.intake import Text

CAUSES = "causes"  # the catalogue of the profile that words the causes


class Cause(Body, kw_only=True):
    """The unit from which it arose, why, and whether it was handled poorly or had grave effects."""

    origin_unit: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    cause: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    poor_handling: bool = False
    serious_consequence: bool = False
    note: Text


@effect("find-cause", Cause)
async def find_cause(turn: Turn, body: Cause) -> None:
    """Keep the cause; a unit that caused the problem and handled it poorly, or grave effects, give the discipline
    office a clue. How many people petition is never one."""
    case = turn.case
    book = rulebook().for_area(case.area_path)
    known = book.practices.catalogues[CAUSES].items if CAUSES in book.practices.catalogues else {}
    if body.cause not in known:
        raise invalid("cause", f"没有这种成因,可选:{'、'.join(known)}")
    unit = await department(body.origin_unit)
    if unit is None:
        raise invalid("origin_unit", "没有这个单位")
    case.problem_origin_id, case.cause = unit.id, body.cause
    case.poor_handling, case.serious_consequence = body.poor_handling, body.serious_consequence
    if body.poor_handling or body.serious_consequence:
        await open_lead(case, unit.id, turn.actor)
    turn.text = body.note
    turn.data |= {"origin_unit_id": str(unit.id), "cause": body.cause}
