"""Worker door: the paper slip that a villager keeps."""

from asyncio import to_thread
from typing import Annotated, Literal

from msgspec import Meta

from domain.access.models import Staff
from domain.access.permissions import Permission as P
from domain.appeals.agency import slip_facts
from domain.clock import SHANGHAI
from domain.rulebook import rulebook
from grid_api.places import path_id
from grid_api.schemas import Strict
from qr.slips import SlipData, render_slip
from web.routes import Answer, Ask, Limit, Route


class Slip(Strict):
    """The query code of the receipt (we do not have it), and the paper."""

    query_code: Annotated[str, Meta(min_length=8, max_length=8)]
    paper: Literal["a6", "thermal58"] = "a6"


async def print_slip(ask: Ask) -> Answer:
    """The slip of an appeal that I filed, as PDF (`POST /appeals/{id}/slip`); drawn in a thread, it takes a while."""
    body: Slip = ask.body
    facts = await slip_facts(ask.actor, path_id(ask), body.query_code)
    agent = await Staff.get(id=ask.actor.id)
    due = facts.due_at.astimezone(SHANGHAI) if facts.due_at else None
    slip = SlipData(
        url=f"{ask.app.services.settings.public_url}/progress", number=facts.number,
        query_code=body.query_code.strip().upper(), place=facts.place, hotline=rulebook().hotline, agent=agent.name,
        received=f"{facts.received_at.astimezone(SHANGHAI):%Y年%m月%d日 %H:%M}",
        due=f"{due.month}月{due.day}日" if due else "",
    )  # fmt: skip
    return Answer(raw=await to_thread(render_slip, slip, body.paper), content_type="application/pdf")


ROUTES = (
    Route(method="POST", path="/appeals/<id:str>/slip", handler=print_slip, gate=P.APPEAL_AGENT, body=Slip, reads=True,
          replay=False, limit=(Limit("slips", 60, 60, per="caller"),), content_type="application/pdf",
          summary="打印回执(A6 或 58 毫米热敏纸)"),
)  # fmt: skip
