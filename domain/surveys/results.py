"""Which wave is due, and what a wave found: every share with numerator and denominator, the index (5.14)."""

from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.clock import local_date, now
from domain.deadlines.calendar import start_of_day
from domain.offices.periods import period_of
from domain.problems import NotFound
from domain.rulebook import rulebook
from domain.sql import fetch, fetch_one
from domain.statistics.rates import Rate, four_question_index, mean, share
from domain.surveys.rules import FOUR, period_before
from domain.surveys.waves import surveyed_area


async def waves(actor: Actor, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The waves of the actor's area, newest first, one more than the limit."""
    where = Where()
    in_scope(where, actor, Permission.CASE_SUPERVISE, "w.area_path")
    if before:
        where.add("w.id < {}", before)
    return await fetch(
        "SELECT w.*, (SELECT count(*) FROM survey_invites i WHERE i.wave_id = w.id AND i.answered_at IS NOT NULL)"
        f" AS answered FROM survey_waves w WHERE {where.sql} ORDER BY w.id DESC LIMIT {limit + 1}",
        where.values, json=("modes",),
    )  # fmt: skip


async def due_wave(actor: Actor, area_code: str) -> dict[str, Any]:
    """What the rules of an area ask for (000-16): how often, by which ways, about which days, and whether a wave was
    opened in the period that runs. 404 outside the actor's area."""
    area = await surveyed_area(actor, area_code)
    survey = rulebook().for_area(area.path).practices.surveys[FOUR]
    today = local_date(now())
    first, last = period_of(survey.period, today)
    asked = period_before(survey, today) or (None, None)
    opened = await fetch_one(
        "SELECT id FROM survey_waves WHERE area_path = $1 AND opened_at >= $2 ORDER BY id DESC LIMIT 1",
        [area.path, start_of_day(first)],
    )
    return {
        "area_code": area.code, "name": survey.name, "basis": survey.basis, "period": survey.period, "from_on": first,
        "until_on": last, "closed_from": asked[0], "closed_to": asked[1], "modes": survey.modes,
        "sample_share": survey.sample_share, "wave_id": opened["id"] if opened else None, "met": opened is not None,
    }  # fmt: skip


async def results(actor: Actor, wave_id: UUID) -> dict[str, Any]:
    """The results of a wave, whole and by stratum; 404 outside the actor's area. Comments without any number or name."""
    where = Where()
    in_scope(where, actor, Permission.CASE_SUPERVISE, "w.area_path")
    where.add("w.id = {}", wave_id)
    rows = await fetch(
        "SELECT i.stratum, i.solved, i.satisfied, i.staff, i.comment, i.answered_at, i.mode FROM survey_waves w"
        f" JOIN survey_invites i ON i.wave_id = w.id WHERE {where.sql} ORDER BY i.stratum, i.id",
        where.values,
    )
    if not rows:
        raise NotFound
    names = sorted({row["stratum"] for row in rows})
    return {
        **_found(rows),
        "strata": [{"stratum": name, **_found([r for r in rows if r["stratum"] == name])} for name in names],
        "comments": sorted(row["comment"] for row in rows if row["comment"]),
    }


def _found(rows: list[dict[str, Any]]) -> dict[str, Any]:
    said = [row for row in rows if row["answered_at"]]
    index = mean(four_question_index(row["solved"], row["satisfied"], row["staff"]) for row in said)
    return {
        "response": _rate(Rate(len(said), len(rows))),
        "solved": _rate(share(row["solved"] == "yes" for row in said)),
        "satisfied": _rate(share(row["satisfied"] >= 3 for row in said)),
        "staff_active": _rate(share(row["staff"] == "active" for row in said)),
        "index": None if index is None else f"{index:.2f}",
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {"numerator": rate.numerator, "denominator": rate.denominator, "rate": rate.shown}
