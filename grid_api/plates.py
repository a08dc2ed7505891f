"""Worker door: plates on site."""

from typing import Any, Literal

from domain.access.actor import within
from domain.access.permissions import Permission as P
from domain.areas.geometry import Position
from domain.households.actions import activate_code, look_up
from domain.households.models import LIVE
from domain.households.queries import household_row
from domain.problems import CodeDead, CodeNotPrinted, NotFound, UnknownCode
from domain.rulebook import rulebook
from grid_api.households import household_shape
from web.bodies import Strict
from web.routes import Ask, Limit, Route
from web.shapes import local


class Location(Strict):
    """Where the phone is, with the datum it was captured in."""

    lon: float
    lat: float
    datum: Literal["gcj02", "wgs84"]

    def __post_init__(self) -> None:
        if not (-180 <= self.lon <= 180 and -90 <= self.lat <= 90):
            raise ValueError("Expected `float` >= -180 and <= 180 - at `$.location`")


class Activation(Strict):
    """A plate put up; the position is optional and never required."""

    location: Location | None = None


async def show_plate(ask: Ask) -> dict[str, Any]:
    """The household of a plate in one of my grids; 404 for any other, 410 for a dead plate."""
    found = await look_up(ask.app.services.keyring, ask.path["code"], "worker")
    if not any(within(found.household.area_path, path) for path in ask.actor.areas(P.FIELD_READ)):
        raise NotFound
    if found.code.state not in LIVE:
        raise CodeDead(hotline=rulebook().hotline)
    row = await household_row(ask.actor, P.FIELD_READ, found.household.id)
    return {**household_shape(row), "status": found.code.state}


async def activate(ask: Ask) -> dict[str, Any]:
    """Printed → active, once; a plate far from its house becomes suspect and says so."""
    at = ask.body.location
    place = Position(at.lon, at.lat, at.datum) if at else None
    found = await activate_code(ask.actor, ask.app.services.keyring, ask.path["code"], place)
    suspect = found.code.state == "suspect"
    return {
        "status": found.code.state,
        "household_id": found.household.id,
        "activated_at": local(found.code.activated_at),
        "message": "这里离登记的位置超过 300 米,门牌已标为存疑,请核对是否装错了门" if suspect else "门牌已启用",
    }


LIMIT = (Limit("worker-plates", 600, 3600, per="caller"),)
ROUTES = [
    Route(method="GET", path="/plates/<code:str>", handler=show_plate, gate=P.FIELD_READ, reads=True, limit=LIMIT,
          summary="扫门牌看住户", problems=(UnknownCode, CodeDead)),
    Route(method="POST", path="/plates/<code:str>/activation", handler=activate, gate=P.PLATE_ACTIVATE, body=Activation,
          summary="现场启用门牌", limit=LIMIT, problems=(UnknownCode, CodeDead, CodeNotPrinted)),
]  # fmt: skip
