"""Bodies of the worker door. Names are fixed by the contract; unknown fields are refused."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from web.bodies import Strict
from web.paging import Page

Code = Annotated[str, Meta(min_length=1, max_length=200)]
PlateText = Annotated[str, Meta(min_length=1, max_length=600)]
Files = Annotated[list[UUID], Meta(max_length=9)]
Words = Annotated[str, Meta(max_length=2000)]
Mine = Literal["assigned", "reported", "grid", "inspection"]


class SignIn(Strict):
    """A `wx.login` code, or telephone number and password (and the one-time code where one is set)."""

    wechat_code: Code | None = None
    phone: Annotated[str, Meta(max_length=60)] | None = None
    password: Annotated[str, Meta(max_length=200)] | None = None
    totp: Annotated[str, Meta(max_length=10)] | None = None


class WeChatCode(Strict):
    """A `wx.login` code."""

    wechat_code: Code


class Location(Strict):
    """A position with the datum it was captured in."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    datum: Literal["gcj02", "wgs84"]


class NewVisit(Strict, kw_only=True):
    """A visit: why, whom I met, what they need, a word, photos; only why and whom are required."""

    id: UUID
    household_id: UUID | None = None
    plate_code: PlateText | None = None
    occurred_at: str
    purposes: Annotated[list[Annotated[str, Meta(max_length=30)]], Meta(min_length=1, max_length=10)]
    outcome: Literal["met", "absent", "declined"]
    note: Words = ""
    attachment_ids: Files = []
    needs: Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(max_length=10)] = []


class SelfHandled(Strict):
    """What the worker did about it on the spot (自办)."""

    result: Annotated[str, Meta(min_length=1, max_length=2000)]
    attachment_ids: Files = []


class NewEvent(Strict, kw_only=True):
    """Something found on the way; a photo helps and is never required."""

    id: UUID
    occurred_at: str
    event_type: Annotated[str, Meta(max_length=4)]
    level: Literal["ordinary", "serious", "urgent"] = "ordinary"
    grid_code: Annotated[str, Meta(max_length=20)] | None = None
    location: Location | None = None
    plate_code: PlateText | None = None
    household_id: UUID | None = None
    description: Words = ""
    attachment_ids: Files = []
    self_handled: SelfHandled | None = None


class Told(Strict):
    """How the answer was told."""

    note: Annotated[str, Meta(max_length=200)] = ""


class NewSuggestion(Strict):
    """What should be better about this app."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class CasePage(Page, kw_only=True):
    """`mine` narrows to my part, `state` to `open`, `ended` or states separated by commas, `due=today` to what runs
    out by tonight."""

    mine: Mine | None = None
    state: Annotated[str, Meta(max_length=200)] = ""
    due: Literal["today"] | None = None


class VisitPage(Page, kw_only=True):
    """The visits of one household, or those in which a need was found."""

    household_id: UUID | None = None
    needs: bool = False


class TaskPage(Page, kw_only=True):
    """Open telling tasks, or those done."""

    state: Literal["open", "done"] = "open"
