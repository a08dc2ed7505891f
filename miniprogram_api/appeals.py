"""Resident door: file an appeal."""

from domain.access.permissions import Permission as P
from domain.appeals.actions import Filed, Submission, submit_appeal
from domain.areas.models import Area
from domain.areas.queries import served
from domain.cases.clocks import exact_level
from domain.clock import now
from domain.households.actions import CodeFound, find_code
from domain.problems import CodeDead, EmptyAppeal, UnknownAttachment, UnknownCode, invalid
from domain.rulebook import rulebook
from domain.text import clean_phone, clean_text
from miniprogram_api.schemas import Contact, NewAppeal
from web.routes import Ask, Route
from web.shapes import local

HIDDEN_BY_DEFAULT = frozenset({"complaint", "report"})


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
        topic=_topic(body.topic),
        attachment_ids=tuple(body.attachment_ids),
        identity=body.identity or ("hidden_from_handler" if body.kind in HIDDEN_BY_DEFAULT else "named"),
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
    """The receipt: number, query code, the accept clock explained, the provisional handling date, what comes next."""
    accept = filed.accept
    provisional = filed.provisional
    danger = rulebook().danger_in(filed.appeal.content)
    return {
        **({"emergency": rulebook().call_first(danger)} if danger or filed.case.urgent else {}),
        "id": filed.appeal.id,
        "number": filed.appeal.number,
        "query_code": filed.query_code,
        "status": filed.case.state,
        "received_at": local(filed.appeal.received_at),
        "deadline": {
            "kind": "accept",
            "due_at": local(accept.due_at),
            "limit": accept.limit_text,
            "level": exact_level(accept.ladder, now()),
            "explanation": accept.explanation,
        },
        "provisional": {**provisional, "due_at": local(provisional["due_at"])} if provisional else None,
        "next_step": f"我们会在{local(accept.due_at)[:10]}前告诉您是否受理。急事请拨打 {rulebook().hotline}。",  # type: ignore[index]
        "hotline": rulebook().hotline,
    }


def read_contact(contact: Contact | None) -> Contact:
    """Name and phone as they will be kept; 422 for a number that is none."""
    if contact is None:
        return Contact()
    phone = clean_phone(contact.phone) if contact.phone.strip() else ""
    if phone is None:
        raise invalid("contact.phone", "电话号码不对,请填写手机号或带区号的座机")
    return Contact(name=clean_text(contact.name), phone=phone)


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


def _topic(topic: str | None) -> str:
    if topic and topic not in rulebook().topics:
        raise invalid("topic", "没有这个问题类别")
    return topic or ""


def _on_behalf(body: NewAppeal) -> dict[str, object] | None:
    person = body.on_behalf_of
    if person is None:
        return None
    phone = clean_phone(person.phone) if person.phone.strip() else ""
    if phone is None:
        raise invalid("on_behalf_of.phone", "电话号码不对,请填写手机号或带区号的座机")
    return {
        "name": clean_text(person.name),
        "phone": phone,
        "relation": clean_text(person.relation),
        "consent": person.consent,
    }


ROUTES = (
    Route(method="POST", path="/appeals", handler=create_appeal, gate=P.APPEAL_SUBMIT, body=NewAppeal, status=201,
          summary="反映问题", problems=(EmptyAppeal, UnknownAttachment, UnknownCode, CodeDead)),
)  # fmt: skip
