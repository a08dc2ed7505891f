"""Bodies of the resident door. Names are fixed by the contract; unknown fields are refused."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from web.bodies import Strict
from web.filing import AppealKind, Identity

CONTENT_LENGTH = 5000

Short = Annotated[str, Meta(max_length=60)]
PhoneText = Annotated[str, Meta(max_length=40)]
CodeText = Annotated[str, Meta(max_length=600)]
Score = Annotated[int, Meta(ge=1, le=5)]
Words = Annotated[str, Meta(max_length=2000)]
Solved = Literal["yes", "partly", "no"]
StaffConduct = Literal["active", "average", "inactive"]


class Location(Strict):
    """A position with the datum it was captured in."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    datum: Literal["gcj02", "wgs84"]


class Contact(Strict):
    """How to reach the appellant."""

    name: Short = ""
    phone: PhoneText = ""


class ComplainedOf(Strict):
    """Whom a complaint is about."""

    department_id: UUID | None = None
    text: Annotated[str, Meta(max_length=500)] = ""


class OnBehalfOf(Strict):
    """The person for whom somebody else files."""

    name: Short = ""
    phone: PhoneText = ""
    relation: Short = ""
    consent: bool = False


class NewAppeal(Strict):
    """An appeal; text or a recording is required, nothing else."""

    kind: AppealKind
    plate_code: CodeText | None = None
    area_code: Annotated[str, Meta(max_length=20)] | None = None
    topic: Annotated[str, Meta(max_length=20)] | None = None
    content: Annotated[str, Meta(max_length=CONTENT_LENGTH)] | None = None
    attachment_ids: Annotated[list[UUID], Meta(max_length=9)] = []
    location: Location | None = None
    identity: Identity | None = None
    contact: Contact | None = None
    complained_of: ComplainedOf | None = None
    on_behalf_of: OnBehalfOf | None = None
    urgent_reason: Annotated[str, Meta(max_length=200)] | None = None


class NewMessage(Strict):
    """Something to add; words, files, or both."""

    text: Words = ""
    attachment_ids: Annotated[list[UUID], Meta(max_length=9)] = []


class NewUrge(Strict):
    """Press for progress, with or without words."""

    text: Annotated[str, Meta(max_length=1000)] = ""


class NewWithdrawal(Strict):
    """Take it back, with or without a reason."""

    reason: Annotated[str, Meta(max_length=1000)] = ""


class NewObjection(Strict):
    """Why the result is not right."""

    reason: Words


class NewRating(Strict):
    """Process and result on five levels, solved or not, staff active or not."""

    process: Score
    result: Score
    solved: Solved
    staff: StaffConduct
    comment: Annotated[str, Meta(max_length=1000)] = ""


class Lookup(Strict):
    """The number and the query code of a receipt."""

    number: Annotated[str, Meta(max_length=40)]
    query_code: Annotated[str, Meta(max_length=20)]


class PhoneCode(Strict):
    """What `getPhoneNumber` gave."""

    wechat_phone_code: Annotated[str, Meta(min_length=1, max_length=200)]


class Subscriptions(Strict):
    """The WeChat template ids to which `requestSubscribeMessage` answered accept."""

    accepted: Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=20)]
