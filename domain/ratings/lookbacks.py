"""Look-backs (回头看, 000-24): a seeded sample of closed cases is looked at again 30 or 90 days later; one that has
relapsed is reopened, the same case and not a new one."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import SYSTEM, Actor, within
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition, in_scope
from domain.areas.models import Area
from domain.cases.models import Case
from domain.cases.move import EFFECTS, lock_case, move_locked
from domain.clock import local_date, now
from domain.deadlines.calendar import start_of_day
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import GuardNotMet, NotFound, invalid
from domain.ratings.models import LookBack
from domain.ratings.sampling import draw
from domain.ratings.tasks import outside
from domain.sql import fetch, fetch_one


@dataclass(frozen=True)
class Draw:
    """Which closed cases, how many of them, under which seed; `after_days` is 30 or 90."""

    area_code: str
    after_days: int
    closed_from: date
    closed_to: date
    size: int
    seed: int


async def draw_look_backs(actor: Actor, wanted: Draw) -> list[UUID]:
    """Draw the sample over the lead units; the cases drawn. Drawn again it finds the same, and adds none twice."""
    area = await Area.get_or_none(code=wanted.area_code)
    if area is None or not actor.may(Permission.CASE_SUPERVISE, area.path):
        raise NotFound
    if wanted.closed_to > local_date(now()) - timedelta(days=wanted.after_days) or wanted.closed_from > wanted.closed_to:
        message = f"只能抽取办结满 {wanted.after_days} 天的工单"
        raise invalid("closed_to", message)
    rows = await _closed(area.path, wanted)
    chosen = draw({row["id"]: str(row["lead_id"]) for row in rows}, wanted.size, wanted.seed)
    known = set(await LookBack.filter(case_id__in=chosen, after_days=wanted.after_days).values_list("case_id", "round"))
    at = now()
    await LookBack.bulk_create(
        LookBack(
            id=new_id(), case_id=row["id"], area_path=row["area_path"], round=row["round"],
            after_days=wanted.after_days, seed=wanted.seed, drawn_at=at,
        )
        for row in rows if row["id"] in set(chosen) and (row["id"], row["round"]) not in known
    )  # fmt: skip
    data = {"after_days": wanted.after_days, "seed": wanted.seed, "population": len(rows), "size": len(chosen)}
    record(Fact("look-back.drawn", area.code, None, None, data))
    return chosen


async def _closed(area_path: str, wanted: Draw) -> list[dict[str, Any]]:
    where = Where()
    where.conditions.append(area_condition(where, "c.area_path", [area_path]))
    where.add("c.state = 'closed' AND c.ended_at >= {}", start_of_day(wanted.closed_from))
    where.add("c.ended_at < {}", start_of_day(wanted.closed_to + timedelta(days=1)))
    return await fetch(
        f"SELECT c.id, c.lead_id, c.area_path, c.round FROM cases c WHERE {where.sql} ORDER BY c.id", where.values
    )


async def find_look_backs(actor: Actor, done: bool | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The look-backs of the actor's area outside the own units, newest first, one more than the limit."""
    where = Where()
    in_scope(where, actor, Permission.CASE_CALLBACK, "l.area_path")
    outside(where, actor)
    if done is not None:
        where.conditions.append(f"l.done_at IS {'NOT ' if done else ''}NULL")
    if before:
        where.add("l.id < {}", before)
    return await fetch(
        "SELECT l.*, c.number, c.title, c.state AS case_state, c.ended_at, d.name AS lead FROM look_backs l"
        " JOIN cases c ON c.id = l.case_id LEFT JOIN departments d ON d.id = c.lead_id"
        f" WHERE {where.sql} ORDER BY l.id DESC LIMIT {limit + 1}",
        where.values,
    )


async def judge_look_back(actor: Actor, look_back_id: UUID, verdict: str, note: str) -> tuple[LookBack, Case]:
    """`holds` or `relapsed`; a relapse sends the same case into rework. 404 for the handling units."""
    known = await LookBack.get_or_none(id=look_back_id)
    if known is None or not any(within(known.area_path, path) for path in actor.areas(Permission.CASE_CALLBACK)):
        raise NotFound
    case, co_ids = await lock_case(known.case_id)
    await _check_outside(actor, case.id)
    found = await LookBack.filter(id=look_back_id).select_for_update().get()
    if found.done_at:
        raise GuardNotMet(reason="这次回头看已经有结论。", missing=[])
    found.verdict, found.note, found.officer_id, found.done_at = verdict, note, actor.id, now()
    await found.save()
    data = {"verdict": verdict, "after_days": found.after_days, "text_digest": digest(found.id, note)}
    record(Fact("look-back.done", case.area_code, case.id, found.id, data, actor=actor))
    if verdict == "relapsed" and case.state in {"closed", "answered", "long_term"}:
        reason = "回头看发现问题反弹,请重新办理。"  # the note stays with the callback officers: it may quote others
        await move_locked(SYSTEM, case, co_ids, "rework", EFFECTS["rework"][0](reason=reason))  # type: ignore[call-arg]
    return found, case


async def _check_outside(actor: Actor, case_id: UUID) -> None:
    where = Where()
    where.add("c.id = {}", case_id)
    outside(where, actor)
    if await fetch_one(f"SELECT 1 AS seen FROM cases c WHERE {where.sql}", where.values) is None:
        raise NotFound
