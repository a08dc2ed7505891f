"""Staff door: residents who wait to be bound to a household."""

from typing import Any, Literal

from domain.access.permissions import Permission as P
from domain.households.naming import plate_text
from domain.households.queries import area_within
from domain.people import bindings
from domain.problems import NotWaiting
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local, masked_name, masked_phone


class Memberships(Page):
    """What the list may be narrowed by."""

    state: Literal["waiting", "bound", "refused", "ended"] = "waiting"
    area: str | None = None


class Decision(Strict):
    """Bind or refuse."""

    approve: bool


async def list_memberships(ask: Ask) -> dict[str, Any]:
    """A page of bindings in my areas, those that wait first of all."""
    query: Memberships = ask.query
    area = await area_within(ask.actor, P.HOUSEHOLD_READ, query.area) if query.area else None
    path = area.path if area else None
    rows = await bindings.waiting_rows(ask.actor, query.state, path, query.before, query.limit)
    return paged(rows, query.limit, membership_shape)


async def decide(ask: Ask) -> dict[str, Any]:
    """The village decides."""
    membership = await bindings.decide(ask.actor, path_id(ask), ask.body.approve)
    return {"id": membership.id, "state": membership.state, "decided_at": local(membership.decided_at)}


def membership_shape(row: dict[str, Any]) -> dict[str, Any]:
    """An application with what helps to decide: whether the phones are alike, never the numbers themselves."""
    return {
        "id": row["id"],
        "state": row["state"],
        "household_id": row["household_id"],
        "serial": row["serial"],
        "village": row["village_name"],
        "plate_text": plate_text(row["group_name"], row["door_text"]),
        "head_name_masked": masked_name(row["head_name"]) or None,
        "register_phone_masked": masked_phone(row["register_phone"]) if row["register_phone"] else None,
        "applicant_name_masked": masked_name(row["name"]) or None,
        "applicant_phone_masked": masked_phone(row["phone"]) if row["phone"] else None,
        "phone_verified": bool(row["phone"]),
        "asked_at": local(row["created_at"]),
        "decided_at": local(row["decided_at"]),
    }


ROUTES = [
    Route(method="GET", path="/memberships", handler=list_memberships, gate=P.HOUSEHOLD_WRITE, query=Memberships,
          reads=True, summary="绑定申请"),
    Route(method="POST", path="/memberships/<id:str>/decision", handler=decide, gate=P.HOUSEHOLD_WRITE, body=Decision,
          summary="审核绑定", problems=(NotWaiting,)),
]  # fmt: skip
