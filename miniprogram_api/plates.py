"""Resident door: what a plate tells everybody. Never a name, a phone or a case of the household."""

from typing import Any

from domain.areas.queries import public_worker
from domain.households.queries import plate_place
from domain.problems import CodeDead, UnknownCode
from domain.rulebook import rulebook
from miniprogram_api.plate_card import plate_text
from miniprogram_api.scan import PER_ADDRESS
from web.routes import PUBLIC, Ask, Route
from web.scans import scanned


async def show_plate(ask: Ask) -> dict[str, Any]:
    """Village, grid, masked plate text, grid worker's card, hotline; the same for bound and unbound plates."""
    found = await scanned(ask, ask.path["code"], "resident")
    worker = await public_worker(found.household.grid_code) or {}
    place = await plate_place(found.household)
    return {
        "status": found.code.state,
        **place,
        "plate_text": plate_text(found.household),
        "grid_worker": {name: worker[name] for name in ("name", "phone", "commitment")} if worker else None,
        "hotline": rulebook().hotline,
    }


ROUTES = [
    Route(method="GET", path="/plates/<code:str>", handler=show_plate, gate=PUBLIC, reads=True, limit=(PER_ADDRESS,),
          summary="门牌码对应的公开信息", problems=(UnknownCode, CodeDead)),
]  # fmt: skip
