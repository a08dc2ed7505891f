"""Opens waves of the four-question survey and issues one-time links; of a link only its digest is kept."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition
from domain.areas.depth import AREA_DEPTH
from domain.areas.models import Area
from domain.clock import local_date, now
from domain.deadlines.calendar import start_of_day
from domain.ids import new_id
from domain.journal.unit import Fact, record
from domain.problems import GuardNotMet, NotFound, SurveyOver, invalid
from domain.ratings.sampling import draw
from domain.ratings.tasks import outside
from domain.rulebook import rulebook
from domain.sql import fetch, fetch_one
from domain.surveys.models import SurveyInvite, SurveyWave
from domain.surveys.rules import FOUR, chosen_days, chosen_modes

TOKEN_BYTES = 16
LINK_PATH = "/s/"  # of the page that a link opens; the token follows
_STRATA = {
    "unit": "COALESCE(c.lead_id::text, '')",
    "town": f"split_part(c.area_path, '.', {AREA_DEPTH['town']})",
    "track": "c.handling_track",
}


@dataclass(frozen=True)
class WavePlan:
    """Which closed cases are asked about, how many appellants, how, and for how long."""

    name: str
    area_code: str
    closed_from: date | None  # both left out: the period before this one
    closed_to: date | None
    stratum: str
    modes: tuple[str, ...]  # none: all that the profile knows
    size: int | None  # none: the share that the profile draws
    seed: int
    open_days: int


async def open_wave(actor: Actor, plan: WavePlan) -> SurveyWave:
    """Draw the sample and open the wave; 404 outside the actor's area, 422 for a period without closed appeals, for days
    that have to be named, and for a mode that the profile does not know."""
    area = await surveyed_area(actor, plan.area_code)
    survey = rulebook().for_area(area.path).practices.surveys[FOUR]
    modes, days = chosen_modes(survey, plan.modes), chosen_days(survey, plan.closed_from, plan.closed_to, local_date(now()))
    rows = await _population(area.path, days, plan.stratum)
    size = plan.size or ceil(survey.sample_share * len(rows))
    chosen = set(draw({row["id"]: row["stratum"] for row in rows}, size, plan.seed))
    if not chosen:
        raise invalid("closed_from", "这段时间没有办结的诉求")
    at = now()
    wave = await SurveyWave.create(
        id=new_id(), name=plan.name, area_path=area.path, closed_from=days[0], closed_to=days[1],
        stratum=plan.stratum, modes=list(modes), seed=plan.seed, population=len(rows), size=len(chosen),
        opened_at=at, opened_by=actor.label, expires_at=at + timedelta(days=plan.open_days),
    )  # fmt: skip
    await SurveyInvite.bulk_create(
        SurveyInvite(id=new_id(), wave_id=wave.id, appeal_id=r["id"], case_id=r["case_id"], stratum=r["stratum"])
        for r in rows if r["id"] in chosen
    )  # fmt: skip
    data = {"population": len(rows), "size": len(chosen), "seed": plan.seed, "stratum": plan.stratum}
    record(Fact("survey.opened", area.code, None, wave.id, data))
    return wave


async def surveyed_area(actor: Actor, code: str) -> Area:
    """An area that the actor may survey; 404 otherwise."""
    area = await Area.get_or_none(code=code)
    if area is None or not actor.may(Permission.CASE_SUPERVISE, area.path):
        raise NotFound
    return area


async def issue_link(actor: Actor, invite_id: UUID) -> tuple[str, datetime]:
    """A fresh one-time token (128 bits) and until when it is good; the one before it is void. For officers outside the
    handling units; 409 when the wave has no links, 410 when answered or over."""
    invite, wave = await lock_invite(actor, invite_id)
    if "link" not in wave.modes:
        raise GuardNotMet(reason="这一轮调查不用链接。", missing=[])
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invite.token_hash = token_digest(token)
    await invite.save(update_fields=["token_hash"])
    record(Fact("survey.link-issued", wave.area_path.rpartition(".")[2], None, invite.id, {"wave_id": str(wave.id)}))
    return token, wave.expires_at


async def lock_invite(actor: Actor, invite_id: UUID) -> tuple[SurveyInvite, SurveyWave]:
    """An unanswered invite of a running wave under a lock, for an officer outside the handling units; else 404, 410."""
    where = _visible(actor)
    where.add("i.id = {}", invite_id)
    sql = "SELECT 1 AS seen FROM survey_invites i JOIN cases c ON c.id = i.case_id"
    if await fetch_one(f"{sql} WHERE {where.sql}", where.values) is None:
        raise NotFound
    invite = await SurveyInvite.filter(id=invite_id).select_for_update().get()
    wave = await SurveyWave.get(id=invite.wave_id)
    if invite.answered_at or now() > wave.expires_at:
        raise SurveyOver(answered=bool(invite.answered_at))
    return invite, wave


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode()).hexdigest()


async def invites(actor: Actor, wave_id: UUID, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Whom the actor may ask in a wave, newest first, one more than the limit; no answers. 404 when there is nobody:
    a wave of another area looks like none."""
    where = _visible(actor)
    where.add("i.wave_id = {}", wave_id)
    if before:
        where.add("i.id < {}", before)
    rows = await fetch(
        "SELECT i.id, i.case_id, i.appeal_id, i.stratum, i.mode, i.answered_at, p.number, c.title, d.name AS lead"
        " FROM survey_invites i JOIN cases c ON c.id = i.case_id JOIN appeals p ON p.id = i.appeal_id"
        f" LEFT JOIN departments d ON d.id = c.lead_id WHERE {where.sql} ORDER BY i.id DESC LIMIT {limit + 1}",
        where.values,
    )
    if not rows and before is None:
        raise NotFound
    return rows


def _visible(actor: Actor) -> Where:
    where = Where()
    where.conditions.append(area_condition(where, "c.area_path", actor.areas(Permission.CASE_CALLBACK)))
    outside(where, actor)
    return where


async def _population(area_path: str, days: tuple[date, date], stratum: str) -> list[dict[str, Any]]:
    where = Where()
    where.conditions.append(area_condition(where, "c.area_path", [area_path]))
    where.add("c.state = 'closed' AND c.ended_at >= {}", start_of_day(days[0]))
    where.add("c.ended_at < {}", start_of_day(days[1] + timedelta(days=1)))
    return await fetch(
        f"SELECT p.id, p.case_id, {_STRATA[stratum]} AS stratum FROM cases c"
        f" JOIN appeals p ON p.case_id = c.id WHERE {where.sql} ORDER BY p.id",
        where.values,
    )
