"""The register of channels (000-01): who manages each, how it arrives and is handled, whether it is in use, and how many
appeals came by it."""

from datetime import date, timedelta
from typing import Any

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.appeals.models import Channel
from domain.areas.models import Area
from domain.cases.queries import visible_cases
from domain.deadlines.calendar import start_of_day
from domain.journal.unit import Fact, record
from domain.problems import GuardNotMet, NotFound
from domain.sql import fetch

# What people reach us by themselves can never be switched off: nobody is kept from being heard (domain 7.5).
ALWAYS = frozenset({"household_qr", "mini_program", "web_page", "grid_worker", "letter", "visit", "12345_phone"})
CODE_LENGTH = 30
_LIST = """
SELECT h.code, h.name, h.manager_code, d.name AS manager, h.aggregation, h.handling, h.number, h.petition, h.basis,
  h.area_code, h.active FROM channels h LEFT JOIN departments d ON d.code = h.manager_code ORDER BY h.number = 0, h.number,
  h.code
"""


async def channels() -> list[dict[str, Any]]:
    """The whole register in the order of the annex, then by code."""
    return await fetch(_LIST)


async def refused_channel(code: str, area_path: str) -> str:
    """Why nothing may be entered under a channel for a place, or an empty text."""
    found = await Channel.get_or_none(code=code) if len(code) <= CODE_LENGTH else None
    if found is None:
        return "没有这个渠道"
    if not found.active:
        return f"渠道“{found.name}”已停用"
    own = await Area.get_or_none(code=found.area_code)
    if own and not (area_path == own.path or area_path.startswith(f"{own.path}.")):
        return f"渠道“{found.name}”只用于{own.name}"
    return ""


async def switch_channel(actor: Actor, code: str, *, active: bool) -> Channel:
    """Put a channel into use or out of it; 404 for none, 409 for the ways in that stay open for everybody."""
    found = await Channel.filter(code=code).select_for_update().first() if len(code) <= CODE_LENGTH else None
    if found is None:
        raise NotFound
    if not active and code in ALWAYS:
        raise GuardNotMet(reason="群众自己使用的渠道不能停用。", missing=[])
    found.active = active
    await found.save(update_fields=["active"])
    record(Fact("channel.switched", found.area_code, data={"channel": code, "active": active}, actor=actor))
    return found


async def counts(actor: Actor, since_on: date, until_on: date) -> list[dict[str, Any]]:
    """How many appeals came by each channel in a period, among the cases the actor sees: every appeal exactly once."""
    where = visible_cases(actor)
    actor.require(Permission.CASE_READ)
    where.add("p.received_at >= {}", start_of_day(since_on))
    where.add("p.received_at < {}", start_of_day(until_on + timedelta(days=1)))
    rows = await fetch(
        "SELECT p.channel AS code, count(*) AS appeals, count(DISTINCT p.case_id) AS cases FROM appeals p"
        f" JOIN cases c ON c.id = p.case_id WHERE {where.sql} GROUP BY p.channel",
        where.values,
    )
    found = {row["code"]: row for row in rows}
    empty = {"appeals": 0, "cases": 0}
    return [{**one, **{name: found.get(one["code"], empty)[name] for name in empty}} for one in await channels()]
