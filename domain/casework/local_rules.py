"""The register of local rules (制度梳理, 000-22): each as a document with title, version, and since when it is in force."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.access.scope import Where, in_scope
from domain.areas.models import Area
from domain.casework.models import LocalRule
from domain.clock import local_date, now
from domain.ids import new_id
from domain.journal.unit import Fact, digest, record
from domain.problems import NotFound, invalid
from domain.sql import fetch


@dataclass(frozen=True, kw_only=True)
class NewRule:
    """A rule or its next version."""

    area_code: str
    title: str
    document_no: str
    summary: str
    since_on: date


async def enter_rule(actor: Actor, new: NewRule) -> LocalRule:
    """Enter a rule; the same title at the same place is its next version, and ends the one before. 404 outside the area,
    422 for a version that would begin before the one in force."""
    place = await Area.get_or_none(code=new.area_code)
    if place is None or not actor.may(Permission.RULES_MANAGE, place.path):
        raise NotFound
    last = await LocalRule.filter(area_code=place.code, title=new.title).order_by("-version").first()
    if last and last.since_on >= new.since_on:
        raise invalid("since_on", "应晚于上一版的施行日期")
    if last:
        last.until_on = new.since_on
        await last.save(update_fields=["until_on"])
    made = await LocalRule.create(
        id=new_id(), area_code=place.code, area_path=place.path, title=new.title, document_no=new.document_no,
        version=last.version + 1 if last else 1, summary=new.summary, since_on=new.since_on, by=actor.label, at=now(),
    )  # fmt: skip
    data = {"version": made.version, "since_on": new.since_on.isoformat(), "text_digest": digest(made.id, new.summary)}
    record(Fact("rule.entered", place.code, None, made.id, data, actor=actor))
    return made


async def end_rule(actor: Actor, rule_id: UUID, until_on: date) -> LocalRule:
    """Say until when a rule is in force; 404 outside the area."""
    rule = await LocalRule.get_or_none(id=rule_id)
    if rule is None or not actor.may(Permission.RULES_MANAGE, rule.area_path):
        raise NotFound
    if until_on < rule.since_on:
        raise invalid("until_on", "废止日期不应早于施行日期")
    rule.until_on = until_on
    await rule.save(update_fields=["until_on"])
    record(Fact("rule.ended", rule.area_code, None, rule.id, {"until_on": until_on.isoformat()}, actor=actor))
    return rule


async def local_rules(actor: Actor, in_force: bool | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The rules of the actor's areas and of those above them, newest first, one more than the limit."""
    where = Where()
    own = Where()
    own.values = where.values
    in_scope(own, actor, Permission.AREA_READ, "r.area_path")
    above = where.bind(actor.areas(Permission.AREA_READ))
    where.conditions.append(
        f"({own.sql}) OR EXISTS (SELECT 1 FROM unnest({above}::text[]) p WHERE starts_with(p, r.area_path || '.'))"
    )
    if in_force is not None:
        today = where.bind(local_date(now()))
        now_on = f"r.since_on <= {today} AND (r.until_on IS NULL OR r.until_on > {today})"
        where.conditions.append(now_on if in_force else f"NOT ({now_on})")
    if before:
        where.add("r.id < {}", before)
    return await fetch(
        "SELECT r.*, a.name AS area_name FROM local_rules r JOIN areas a ON a.code = r.area_code"
        f" WHERE {where.sql} ORDER BY r.id DESC LIMIT {limit + 1}",
        where.values,
    )
