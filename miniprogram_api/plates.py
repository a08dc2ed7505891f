"""Resident door: what a plate tells everybody. Never a name, a phone or a case of the household."""

from hashlib import sha256
from typing import Any, Literal

from domain.areas.queries import public_worker
from domain.households.actions import report_code
from domain.households.naming import masked_door
from domain.households.queries import plate_place
from domain.problems import CodeDead, UnknownCode
from domain.rulebook import rulebook
from miniprogram_api.scan import PER_ADDRESS
from web.bodies import Strict
from web.door import address
from web.routes import PUBLIC, Ask, Limit, Route
from web.scans import DAY, scanned


async def show_plate(ask: Ask) -> dict[str, Any]:
    """Village, grid, masked plate text, grid worker's card, hotline; the same for bound and unbound plates."""
    found = await scanned(ask, ask.path["code"], "resident")
    worker = await public_worker(found.household.grid_code) or {}
    place = await plate_place(found.household)
    return {
        "status": found.code.state,
        **place,
        "plate_text": masked_door(found.household.group_name, found.household.door_text),
        "grid_worker": {name: worker[name] for name in ("name", "phone", "commitment")} if worker else None,
        "hotline": rulebook().hotline,
    }


class PlateReport(Strict):
    """What is wrong with a plate; no words, so that nobody can be accused in passing."""

    reason: Literal["wrong-house", "looks-forged"]


async def report_plate(ask: Ask) -> dict[str, Any]:
    """Say that a plate hangs wrongly or looks forged; two people's reports send a grid worker there."""
    found = await scanned(ask, ask.path["code"], "resident")
    who = sha256((ask.actor.label if ask.actor.id else address(ask.request)).encode()).hexdigest()[:16]
    key = f"plate-report:{bytes(found.code.code_id).hex()}:{who}"
    if await ask.app.store.set(key, "1", ttl_s=30 * DAY, only_if_absent=True):
        await report_code(found, "resident")
    return {"message": "谢谢提醒,网格员会来核对这块门牌。本平台不收费、不问密码。", "hotline": rulebook().hotline}


ROUTES = [
    Route(method="POST", path="/plates/<code:str>/reports", handler=report_plate, gate=PUBLIC, body=PlateReport,
          limit=(PER_ADDRESS, Limit("plate-report", 20, 3600)), summary="反映门牌装错或可疑", problems=(UnknownCode, CodeDead)),
    Route(method="GET", path="/plates/<code:str>", handler=show_plate, gate=PUBLIC, reads=True, limit=(PER_ADDRESS,),
          summary="门牌码对应的公开信息", problems=(UnknownCode, CodeDead)),
]  # fmt: skip
