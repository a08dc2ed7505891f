"""Warns of the clocks of offices (reviews, hearings, reports of retaliation, verdicts): each level once, and supervision
of the office as of a unit."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.access.actor import SYSTEM
from domain.cases.models import Case
from domain.deadlines.warnings import Level
from domain.journal.unit import Fact, record
from domain.notices.texts import CLOCKS
from domain.sql import fetch
from domain.supervision.actions import supervise_office
from domain.supervision.models import OfficeClock
from domain.supervision.office_clocks import RETALIATION

REQUIREMENT = "{clock}严重超期,请说明原因,限期办结。"


async def warned_by(at: datetime, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Clocks of offices whose next level has been reached, by id."""
    rows = await fetch(
        "SELECT id FROM office_clocks WHERE next_at <= $1 AND ($2::uuid IS NULL OR id > $2)"
        f" ORDER BY id LIMIT {limit}",
        [at, after],
    )
    return [row["id"] for row in rows]


async def warn_office(clock_id: UUID, at: datetime) -> bool:
    """Record the levels that a clock has reached; False when another process was faster."""
    clock = await OfficeClock.filter(id=clock_id, next_at__lte=at).select_for_update(skip_locked=True).first()
    if clock is None:
        return False
    steps = [(Level[code.upper()], datetime.fromisoformat(since)) for code, since in clock.ladder]
    reached = [step for step in steps if step[0] > Level[clock.level.upper()] and step[1] <= at]
    clock.next_at = next((since for _, since in steps if since > at), None)
    if reached:
        clock.level = reached[-1][0].code
    await clock.save(update_fields=["level", "next_at"])
    case = await Case.get(id=clock.case_id)
    shown = None if clock.kind == RETALIATION else case.id
    for level, since in reached:
        data = {"kind": clock.kind, "name": clock.name, "level": level.code, "since": since.isoformat(),
                "overtaken": level is not reached[-1][0]}  # fmt: skip
        record(Fact("office.warned", case.area_code, shown, clock.id, data, actor=SYSTEM))
        if level is Level.SUPERVISION:
            what = CLOCKS[f"{clock.kind}.{clock.name}"]
            await supervise_office(clock, case, REQUIREMENT.format(clock=what))
    return bool(reached)
