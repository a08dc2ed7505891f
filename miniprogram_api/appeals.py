"""Resident door: file an appeal."""

from domain.access.permissions import Permission as P
from domain.appeals.actions import Filed, Submission, submit_appeal
from domain.areas.models import Area
from domain.areas.queries import served
from domain.entries import phone_of, topic_of
from domain.households.actions import CodeFound, find_code
from domain.problems import CodeDead, EmptyAppeal, UnknownAttachment, UnknownCode, invalid
from domain.rulebook import rulebook
from domain.text import clean_text
from miniprogram_api.schemas import Contact, NewAppeal
from web.filing import identity_of, receipt
from web.routes import Ask, Route


async def create_appeal(ask: Ask) -> dict[str, object]:
    """File an appeal (contract: `POST /appeals`)."""
    body: NewAppeal = ask.body
    plate = await find_code(ask.app.services.keyring, body.plate_code, door="resident") if body.plate_code else None
    contact = read_contact(body.contact)
    said = Submission(
        kind=body.kind,
        area=await _place(body, plate),
        channel=_channel(ask, plate),
        content=clean_text(body.content or ""),
        topic=topic_of(body.topic),
        attachment_ids=tuple(body.attachment_ids),
        identity=identity_of(body.kind, body.identity),
        household_id=plate.household.id if plate else None,
        name=contact.name,
        phone=contact.phone,
        complained_department_id=body.complained_of.department_id if body.complained_of else None,
        complained_text=clean_text(body.complained_of.text) if body.complained_of else "",
        urgent_reason=clean_text(body.urgent_reason or ""),
        on_behalf=_on_behalf(body),
        location=(body.location.lon, body.location.lat, body.location.datum) if body.location else None,
        resident_id=ask.actor.id,
    )
    return filed_shape(await submit_appeal(ask.actor, said))


def filed_shape(filed: Filed) -> dict[str, object]:
    """The receipt with what comes next."""
    told = receipt(filed)
    return {**told, "next_step": f"我们会在{told['deadline']['due_at'][:10]}前告诉您是否受理。急事请拨打 {told['hotline']}。"}


def read_contact(contact: Contact | None) -> Contact:
    """Name and phone as they will be kept; 422 for a number that is none."""
    if contact is None:
        return Contact()
    return Contact(name=clean_text(contact.name), phone=phone_of("contact.phone", contact.phone))


def _channel(ask: Ask, plate: CodeFound | None) -> str:
    """By which channel it came: the plate's code, the page in a browser, or the mini-program."""
    if plate:
        return "household_qr"
    return "web_page" if ask.actor.kind == "guest" else "mini_program"


async def _place(body: NewAppeal, plate: CodeFound | None) -> Area:
    code = plate.household.grid_code if plate else clean_text(body.area_code or "") or rulebook().county
    found = await served(code)
    if found is None:
        raise invalid("area_code", "没有这个地区")
    return found


def _on_behalf(body: NewAppeal) -> dict[str, object] | None:
    person = body.on_behalf_of
    if person is None:
        return None
    return {
        "name": clean_text(person.name),
        "phone": phone_of("on_behalf_of.phone", person.phone),
        "relation": clean_text(person.relation),
        "consent": person.consent,
    }


ROUTES = (
    Route(method="POST", path="/appeals", handler=create_appeal, gate=P.APPEAL_SUBMIT, body=NewAppeal, status=201,
          summary="反映问题", problems=(EmptyAppeal, UnknownAttachment, UnknownCode, CodeDead)),
)  # fmt: skip
