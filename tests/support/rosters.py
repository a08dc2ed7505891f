"""Rapid teams and rosters of 市城管局, as its lead writes them, and urgent cases that ring them."""

from typing import Any

from domain.access.models import Department
from domain.sql import fetch
from server.rules import stable_id
from tests.support.cast import DESK, Cast
from tests.support.life import CITY, REGISTER

PHONE = "13812340001"


async def call(cast: Cast, method: str, path: str, expect: int, login: str = "unitlead", **body: Any) -> dict[str, Any]:
    sent = {"json": body} if body else {}
    answer = await (await cast.staff(login)).request(method, f"{DESK}{path}", **sent)
    assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
    return dict(answer.json()) if answer.content else {}


async def unit_id(name: str = CITY) -> str:
    return str((await Department.get(name=name)).id)


async def member(cast: Cast, name: str, role: str = "backbone", login: str = "", **more: Any) -> str:
    body = {"name": name, "phone": PHONE, "role": role, **more}
    if login:
        body["staff_id"] = str(stable_id("staff", login))
    return str((await call(cast, "POST", f"/units/{await unit_id()}/team", 201, **body))["id"])


def turn(who: str, on: str, starts: str = "17:30", ends: str = "08:30", **more: Any) -> dict[str, Any]:
    return {"member_id": who, "on": on, "starts": starts, "ends": ends, "label": "夜班", **more}


async def roster(cast: Cast, *turns: dict[str, Any], expect: int = 201, login: str = "unitlead") -> dict[str, Any]:
    return await call(cast, "POST", f"/units/{await unit_id()}/shifts", expect, login, turns=list(turns))


async def urgent(cast: Cast) -> str:
    """An urgent case that waits for its dispatch."""
    case_id = await cast.case_of(await cast.appeal(urgent_reason="电线掉在路上"))
    await cast.act("dispatcher", case_id, "register", **REGISTER, urgency="urgent")
    await cast.act("dispatcher", case_id, "accept")
    return case_id


async def told(login: str, event: str) -> list[str]:
    rows = await fetch(
        "SELECT text FROM notices WHERE recipient_id = $1 AND event = $2 ORDER BY id", [stable_id("staff", login), event]
    )
    return [row["text"] for row in rows]
