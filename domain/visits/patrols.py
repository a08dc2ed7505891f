"""Patrols (平安巡逻, 002-12) and the ledger of checks (拉网式排查, 003-06): when, where by grid, what was found.

Where somebody walked, how far and how fast is kept nowhere.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, area_condition, in_scope
from domain.areas.models import Area
from domain.areas.queries import grids_within
from domain.cases.models import Case
from domain.clock import now
from domain.ids import new_id
from domain.journal.once import first_time
from domain.journal.unit import Fact, digest, record
from domain.problems import NotFound, SameIdOtherContent, invalid
from domain.sql import fetch
from domain.visits.models import Finding, Patrol

KINDS = {
    "safety": "平安巡逻", "hazard": "隐患排查", "dispute": "矛盾纠纷摸排", "environment": "环境卫生",
    "policy": "政策宣传", "flood_fire": "防汛防火", "other": "其他",
}  # fmt: skip
SOURCES = {
    "own": "日常巡逻", "villagers": "群众反映", "special_check": "专项排查", "inspection_feedback": "巡视反馈",
    "superior": "上级交办",
}  # fmt: skip
FINDINGS = {"occurred": "已发生的问题", "potential": "可能引发矛盾的隐患"}
LONGEST = timedelta(hours=24)


@dataclass(frozen=True)
class Found:
    """One thing found; `event_id` names the event that was reported of it."""

    kind: str
    text: str
    event_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What somebody notes about a patrol."""

    id: UUID
    grid_code: str | None  # None: the only one of whoever walks
    kind: str
    source: str
    since_at: datetime
    until_at: datetime
    findings: tuple[Found, ...] = ()
    policy_talk: str = ""
    note: str = ""


async def log_patrol(actor: Actor, walk: Walk) -> tuple[Patrol, bool]:
    """Keep a patrol once per id; the patrol, and whether it is new. 404 for a grid of others, 422 for no grid named
    where there are several."""
    place = await _place(actor, walk.grid_code)
    if not timedelta() <= walk.until_at - walk.since_at <= LONGEST:
        raise invalid("until", "结束时间须在开始之后、24 小时之内")
    content = [
        place.code, walk.kind, walk.source, walk.since_at, walk.until_at,
        [[each.kind, each.text, each.event_id] for each in walk.findings], walk.policy_talk, walk.note,
    ]  # fmt: skip
    if not await first_time(actor, walk.id, "patrol", content):
        return await Patrol.get(id=walk.id), False
    if await Patrol.exists(id=walk.id):
        raise SameIdOtherContent
    await _known_events(actor, walk.findings)
    patrol = await Patrol.create(
        id=walk.id, worker_id=actor.id, area_code=place.code, area_path=place.path, kind=walk.kind, source=walk.source,
        since_at=walk.since_at, until_at=walk.until_at, policy_talk=walk.policy_talk, note=walk.note,
        received_at=now(),
    )  # fmt: skip
    for each in walk.findings:
        await _enter(patrol, each)
    data = {"kind": walk.kind, "source": walk.source, "findings": len(walk.findings), "talk": bool(walk.policy_talk)}
    record(Fact("patrol.logged", place.code, None, patrol.id, data, feed=("patrol", patrol.id, 1)))
    return patrol, True


async def patrols(actor: Actor, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """A page of the patrols in the actor's grids with their findings, newest first, one row more than the limit."""
    where = Where()
    in_scope(where, actor, Permission.PATROL_LOG, "p.area_path")
    if before:
        where.add("p.id < {}", before)
    return await fetch(
        "SELECT p.*, a.name AS grid, coalesce((SELECT jsonb_agg(jsonb_build_object('id', f.id, 'kind', f.kind, 'text',"
        " f.text, 'event_id', f.case_id) ORDER BY f.id) FROM findings f WHERE f.patrol_id = p.id), '[]') AS findings"
        f" FROM patrols p LEFT JOIN areas a ON a.code = p.area_code WHERE {where.sql}"
        f" ORDER BY p.id DESC LIMIT {limit + 1}",
        where.values,
        json=("findings",),
    )


@dataclass(frozen=True)
class LedgerSearch:
    """How the ledger of checks is narrowed."""

    kind: str | None = None
    source: str | None = None
    area_path: str | None = None
    before: UUID | None = None
    limit: int = 20


async def ledger(actor: Actor, search: LedgerSearch) -> list[dict[str, Any]]:
    """A page of the ledger of checks in the actor's areas, newest first, one row more than the limit."""
    where = Where()
    in_scope(where, actor, Permission.REFERRAL_HANDLE, "f.area_path")
    if search.area_path:
        where.conditions.append(area_condition(where, "f.area_path", [search.area_path]))
    for column in ("kind", "source"):
        if value := getattr(search, column):
            where.add(f"f.{column} = {{}}", value)
    if search.before:
        where.add("f.id < {}", search.before)
    return await fetch(
        "SELECT f.id, f.kind, f.source, f.text, f.at, f.area_code, a.name AS grid, f.case_id, c.number, c.state"
        " FROM findings f LEFT JOIN areas a ON a.code = f.area_code LEFT JOIN cases c ON c.id = f.case_id"
        f" WHERE {where.sql} ORDER BY f.id DESC LIMIT {search.limit + 1}",
        where.values,
    )


async def _place(actor: Actor, code: str | None) -> Area:
    if code is not None:
        found = await Area.get_or_none(code=code)
        if found is None or not actor.may(Permission.PATROL_LOG, found.path):
            raise NotFound
        return found
    grids = await grids_within(actor.areas(Permission.PATROL_LOG), 2)
    if len(grids) != 1:
        raise invalid("grid_code", "您负责多个网格,请选择巡逻的网格", "required")
    return await Area.get(code=grids[0]["code"])


async def _known_events(actor: Actor, findings: tuple[Found, ...]) -> None:
    wanted = {each.event_id for each in findings if each.event_id}
    if not wanted:
        return
    known = await Case.filter(id__in=list(wanted), kind="event", reporter_id=actor.id).count()
    if known < len(wanted):
        raise invalid("findings", "没有这个事件,或不是您上报的")


async def _enter(patrol: Patrol, found: Found) -> None:
    row = await Finding.create(
        id=new_id(), patrol_id=patrol.id, area_code=patrol.area_code, area_path=patrol.area_path, kind=found.kind,
        source=patrol.source, text=found.text, case_id=found.event_id, at=patrol.until_at,
    )  # fmt: skip
    data = {"kind": found.kind, "source": patrol.source, "text_digest": digest(row.id, found.text)}
    record(Fact("patrol.finding-entered", patrol.area_code, found.event_id, row.id, data))
