"""Resident door: bind myself to the household of a plate, or leave it."""

from typing import Any

from domain.access.permissions import Permission as P
from domain.areas.queries import place
from domain.households.naming import masked_door
from domain.people import bindings
from domain.problems import AlreadyBound, CodeDead, TooManyHouseholds, UnknownCode
from miniprogram_api.schemas import CodeText
from web.bodies import Strict
from web.routes import Answer, Ask, Route, path_id
from web.scans import scanned


class PlateCode(Strict):
    """A scanned plate."""

    plate_code: CodeText


async def bind(ask: Ask) -> Answer:
    """201 bound when my verified phone is the register's, else 202 waiting for the village."""
    found = await scanned(ask, ask.body.plate_code, "resident")
    membership = await bindings.bind(ask.actor, found)
    bound = membership.state == "bound"
    body: dict[str, Any] = {
        "id": membership.id,
        "household_id": found.household.id,
        "state": membership.state,
        "place": await place(found.household.area_path),
        "plate_text": masked_door(found.household.group_name, found.household.door_text),
        "next_step": "已绑定" if bound else "已提交,村委会核对后会告诉您。绑定前也可以照常反映问题。",
    }
    return Answer(body, status=201 if bound else 202)


async def leave(ask: Ask) -> None:
    """End my binding, named by its own id or the household's."""
    await bindings.unbind(ask.actor, path_id(ask))


ROUTES = [
    Route(method="POST", path="/me/households", handler=bind, gate=P.OWN_WRITE, body=PlateCode, status=201,
          also=(202,), summary="绑定户", problems=(UnknownCode, CodeDead, AlreadyBound, TooManyHouseholds)),
    Route(method="DELETE", path="/me/households/<id:str>", handler=leave, gate=P.OWN_WRITE, status=204,
          summary="解除绑定"),
]  # fmt: skip
