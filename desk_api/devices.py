"""Staff door: the phones of grid workers. A lost one is trusted no longer; where it was is kept nowhere."""

from typing import Any, Literal

from domain.access.permissions import Permission as P
from domain.problems import GuardNotMet
from domain.sync.clocks import far_off
from domain.sync.devices import devices_of, set_trust
from web.bodies import Strict
from web.routes import Ask, Route, path_id
from web.shapes import local


class Revocation(Strict):
    """Why the phone is trusted no longer."""

    reason: Literal["lost", "stolen", "replaced", "cloned", "left"]


async def list_devices(ask: Ask) -> dict[str, Any]:
    """The phones of a worker (`GET /workers/{id}/devices`)."""
    return {"items": [_shape(row) for row in await devices_of(ask.actor, path_id(ask))], "next": None}


async def revoke(ask: Ask) -> dict[str, Any]:
    """Trust it no longer: it is told to forget, the worker signs in anew (`POST /devices/{id}/revocation`)."""
    return _shape(await set_trust(ask.actor, path_id(ask), ask.body.reason, trusted=False))


async def restore(ask: Ask) -> dict[str, Any]:
    """Trust it again (`POST /devices/{id}/restoration`)."""
    return _shape(await set_trust(ask.actor, path_id(ask), "found", trusted=True))


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"], "worker_id": row["worker"], "first_sync_at": local(row["first_seen_at"]),
        "last_sync_at": local(row["seen_at"]), "revoked_at": local(row["revoked_at"]),
        "clock": {"skew_s": row["skew_s"], "far_off": far_off(row["skew_s"])},
        "state": "revoked" if row["revoked_at"] else "trusted",
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/workers/<id:str>/devices", handler=list_devices, gate=P.DEVICE_MANAGE, reads=True,
          summary="网格员的手机"),
    Route(method="POST", path="/devices/<id:str>/revocation", handler=revoke, gate=P.DEVICE_MANAGE, body=Revocation,
          summary="停用手机(丢失、被盗、更换)", problems=(GuardNotMet,)),
    Route(method="POST", path="/devices/<id:str>/restoration", handler=restore, gate=P.DEVICE_MANAGE,
          summary="恢复手机", problems=(GuardNotMet,)),
)  # fmt: skip
