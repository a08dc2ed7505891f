"""Worker door: file an appeal for a villager who agreed to it (代办, 002-13)."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from domain.access.permissions import Permission as P
from domain.appeals.actions import Submission
from domain.appeals.agency import CHANNEL, file_for
from domain.areas.models import Area
from domain.entries import phone_of, topic_of
from domain.households.models import Household
from domain.problems import CodeDead, EmptyAppeal, NotFound, UnknownAttachment, UnknownCode, invalid
from domain.text import clean_text
from grid_api.places import listed, scanned
from grid_api.schemas import Files, Location, PlateText
from web.bodies import Strict
from web.filing import AppealKind, Identity, identity_of, receipt
from web.routes import Ask, Route

HAND_OVER = "请把编号和查询码交给本人(可打印回执),本人凭它查进度、评价。"


class Villager(Strict):
    """For whom: a name or a telephone number only with consent."""

    name: Annotated[str, Meta(max_length=60)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""
    relation: Annotated[str, Meta(max_length=60)] = ""
    consent: bool = False


class AgentAppeal(Strict, kw_only=True):
    """What a villager asked the worker to file; a text or a recording is required, nothing else about the matter."""

    kind: AppealKind
    on_behalf_of: Villager
    content: Annotated[str, Meta(max_length=8000)] = ""
    topic: Annotated[str, Meta(max_length=20)] | None = None
    attachment_ids: Files = []
    grid_code: Annotated[str, Meta(max_length=20)] | None = None
    plate_code: PlateText | None = None
    household_id: UUID | None = None
    location: Location | None = None
    identity: Identity | None = None
    urgent_reason: Annotated[str, Meta(max_length=200)] = ""


async def file_appeal(ask: Ask) -> dict[str, Any]:
    """File for a villager (`POST /appeals`); number and query code are theirs, told once, for the slip."""
    body: AgentAppeal = ask.body
    filed = await file_for(ask.actor, await _submission(ask), consent=body.on_behalf_of.consent)
    return {**receipt(filed), "case_id": filed.case.id, "next_step": HAND_OVER}


async def _submission(ask: Ask) -> Submission:
    body: AgentAppeal = ask.body
    house = await _house(ask)
    villager = body.on_behalf_of
    name, phone = clean_text(villager.name), phone_of("on_behalf_of.phone", villager.phone)
    agreed = {"name": name, "phone": phone, "relation": clean_text(villager.relation), "consent": villager.consent}
    return Submission(
        kind=body.kind, area=await _place(ask, house), channel=CHANNEL, content=clean_text(body.content),
        topic=topic_of(body.topic), attachment_ids=tuple(body.attachment_ids),
        identity=identity_of(body.kind, body.identity),
        household_id=house.id if house else None, name=name, phone=phone, urgent_reason=clean_text(body.urgent_reason),
        on_behalf=agreed if name or phone else {"relation": agreed["relation"], "consent": villager.consent},
        location=(body.location.lon, body.location.lat, body.location.datum) if body.location else None,
        origin="village_direct",
    )  # fmt: skip


async def _house(ask: Ask) -> Household | None:
    body: AgentAppeal = ask.body
    if body.plate_code and body.household_id:
        raise invalid("household_id", "household_id 与 plate_code 只填其中一项")
    if body.plate_code:
        return await scanned(ask, body.plate_code)
    return await listed(ask.actor, body.household_id) if body.household_id else None


async def _place(ask: Ask, house: Household | None) -> Area:
    """The grid of the house, the named grid, or the worker's only one; 404 for a grid of others."""
    code = house.grid_code if house else ask.body.grid_code
    if code is None:
        paths = ask.actor.areas(P.APPEAL_AGENT)
        if len(paths) != 1:
            raise invalid("grid_code", "您负责多个网格,请选择群众所在的网格", "required")
        return await Area.get(path=paths[0])
    found = await Area.get_or_none(code=code)
    if found is None or not ask.actor.may(P.APPEAL_AGENT, found.path):
        raise NotFound
    return found


ROUTES = (
    Route(method="POST", path="/appeals", handler=file_appeal, gate=P.APPEAL_AGENT, body=AgentAppeal, status=201,
          summary="代群众反映问题", problems=(EmptyAppeal, UnknownAttachment, UnknownCode, CodeDead)),
)  # fmt: skip
