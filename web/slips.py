"""The paper slip of an appeal that the caller filed for somebody, the same behind each door."""

from asyncio import to_thread
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from domain.access.permissions import Permission
from domain.appeals.agency import slip_of
from domain.problems import NotFound
from qr.slips import render_slip
from web.routes import Answer, Ask, Limit, Route, path_id


class Slip(Struct, forbid_unknown_fields=True, kw_only=True):
    """The query code of the receipt (we do not have it), and the paper."""

    query_code: Annotated[str, Meta(min_length=8, max_length=8)]
    paper: Literal["a6", "thermal58"] = "a6"


async def print_slip(ask: Ask) -> Answer:
    """The slip of an appeal that I filed, as PDF (`POST /appeals/{id}/slip`); drawn in a thread, it takes a while."""
    body: Slip = ask.body
    slip = await slip_of(ask.actor, path_id(ask), body.query_code, _public_url(ask.app))
    raw = await to_thread(render_slip, slip, body.paper)
    return Answer(raw=raw, headers={"Cache-Control": "no-store"}, content_type="application/pdf")


def slip_route(gate: Permission) -> Route:
    """The row of a door's table."""
    return Route(
        method="POST", path="/appeals/<id:str>/slip", handler=print_slip, gate=gate, body=Slip, reads=True,
        replay=False, limit=(Limit("slips", 60, 60, per="caller"),), content_type="application/pdf",
        summary="打印回执(A6 或 58 毫米热敏纸)", problems=(NotFound,),
    )  # fmt: skip


def _public_url(app: Any) -> str:
    return str(app.services.settings.public_url)
