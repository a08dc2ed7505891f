"""Staff door: the register of channels, its switches, and how many appeals came by each (000-01)."""

from datetime import date
from typing import Any

from domain.access.permissions import Permission as P
from domain.appeals import channels
from domain.problems import GuardNotMet, invalid
from web.bodies import Strict
from web.routes import Ask, Route


class Switch(Strict):
    """Whether it is in use."""

    active: bool


class Period(Strict):
    """From day to day, both included."""

    since_on: date
    until_on: date


async def list_channels(ask: Ask) -> dict[str, Any]:
    """The register (`GET /channels`)."""
    return {"items": await channels.channels()}


async def switch(ask: Ask) -> dict[str, Any]:
    """Put a channel into use or out of it (`POST /channels/{code}`)."""
    found = await channels.switch_channel(ask.actor, ask.path["code"], active=ask.body.active)
    return {"code": found.code, "name": found.name, "active": found.active}


async def count(ask: Ask) -> dict[str, Any]:
    """Appeals by channel (`GET /statistics/channels`)."""
    query: Period = ask.query
    if query.since_on > query.until_on:
        raise invalid("until_on", "起止日期不对")
    items = await channels.counts(ask.actor, query.since_on, query.until_on)
    total = sum(item["appeals"] for item in items)
    return {"since_on": query.since_on, "until_on": query.until_on, "total": total, "items": items}


ROUTES = (
    Route(method="GET", path="/channels", handler=list_channels, gate=P.AREA_READ, reads=True, summary="渠道登记表"),
    Route(method="POST", path="/channels/<code:str>", handler=switch, gate=P.RULES_MANAGE, body=Switch,
          summary="启用停用渠道", problems=(GuardNotMet,)),
    Route(method="GET", path="/statistics/channels", handler=count, gate=P.CASE_READ, query=Period, reads=True,
          summary="按渠道统计诉求"),
)  # fmt: skip
