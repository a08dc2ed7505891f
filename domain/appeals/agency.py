"""Filing for a villager (代办, 002-13): with the person's consent where the person is named, and a slip to keep."""

from dataclasses import replace
from uuid import UUID

from domain.access.actor import Actor
from domain.access.models import Staff
from domain.appeals.actions import Filed, Submission, query_hash, submit_appeal
from domain.appeals.models import Appeal
from domain.areas.queries import place
from domain.cases.models import Deadline
from domain.clock import SHANGHAI
from domain.problems import InvalidFields, NotFound, invalid
from domain.rulebook import rulebook
from qr.slips import SlipData

CHANNEL = "grid_worker"


async def file_for(actor: Actor, said: Submission, *, consent: bool) -> Filed:
    """File an appeal for somebody; 422 when the person is named without having agreed to it. The agent follows the
    case as its reporter; who is named nowhere is filed as anonymous."""
    named = bool(said.name or said.phone)
    if named and not consent:
        message = "写明群众姓名或电话前,请先征得本人同意并勾选"
        raise invalid("on_behalf_of.consent", message, "required")
    identity = said.identity if named else "anonymous"
    filed = await submit_appeal(actor, replace(said, channel=CHANNEL, identity=identity, entered_by=actor.id))
    filed.case.reporter_id = actor.id
    await filed.case.save(update_fields=["reporter_id"])
    return filed


async def slip_of(actor: Actor, appeal_id: UUID, query_code: str, public_url: str) -> SlipData:
    """What the slip of an appeal that this actor filed says; 404 for any other, 422 for a wrong query code, which is kept
    nowhere and so has to come from the receipt."""
    appeal = await Appeal.get_or_none(id=appeal_id, entered_by=actor.id)
    if appeal is None:
        raise NotFound
    if query_hash(appeal.number, query_code) != bytes(appeal.query_hash):
        errors = [{"field": "query_code", "code": "invalid", "message": "查询码与编号不符"}]
        raise InvalidFields(errors=errors)
    accept = await Deadline.filter(case_id=appeal.case_id, name="accept").order_by("-round").first()
    due = accept.due_at.astimezone(SHANGHAI) if accept else None
    agent = await Staff.get(id=actor.id)
    return SlipData(
        url=f"{public_url.rstrip('/')}/progress", number=appeal.number, query_code=query_code.strip().upper(),
        received=f"{appeal.received_at.astimezone(SHANGHAI):%Y年%m月%d日 %H:%M}",
        due=f"{due.month}月{due.day}日" if due else "", hotline=rulebook().for_area(appeal.area_path).hotline, agent=agent.name,
        place=await place(appeal.area_path),
    )  # fmt: skip
