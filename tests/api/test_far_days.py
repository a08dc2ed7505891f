"""Days at the ends of the calendar: each date parameter of each door answers plainly, none with an error of the server."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from domain.access.models import Department
from domain.access.permissions import ROLE_PERMISSIONS, Permission
from server.demo.accounts import STAFF
from server.doors import routes
from tests.support.app import test_settings as settings_of  # pytest would take it for a test
from tests.support.cast import DESK, WORKER, Cast
from tests.support.minimal import minimal_body
from web.routes import Route

pytestmark = pytest.mark.anyio

FAR = ("0001-01-01", "9999-12-31")
EDGES = ("1900-01-01", "2199-12-31")


def days_of(kind: Any) -> list[tuple[str, bool]]:
    """The fields of a struct that hold a day or an instant, and whether it is an instant."""
    if not isinstance(kind, type):
        return []
    found = []
    for one in msgspec.structs.fields(kind):
        kinds = one.type.__args__ if hasattr(one.type, "__args__") else (one.type,)
        found += [(one.encode_name, each is datetime) for each in kinds if each in (date, datetime)]
    return found


ASKED = [(route, *each) for route in routes(settings_of(Path())) for each in days_of(route.query)]
SENT = [
    (route, action, kind, *each)
    for route in routes(settings_of(Path()))
    for action, kind in (route.body if isinstance(route.body, dict) else {"": route.body}).items()
    for each in days_of(kind)
]


async def caller(cast: Cast, route: Route) -> httpx.AsyncClient:
    """Somebody of the demo who may call a route."""
    if not isinstance(route.gate, Permission) or route.gate in ROLE_PERMISSIONS["resident"]:
        return await cast.resident()
    if "/grid/" in route.path:
        return await cast.worker()
    holders = [who for who, (_, roles, *_) in STAFF.items() for role in roles if route.gate in ROLE_PERMISSIONS[role]]
    return await cast.staff(holders[0])


def texts(days: tuple[str, ...], *, instant: bool) -> Iterator[str]:
    for day in days:
        yield from (f"{day}T00:00:00+08:00", f"{day}T23:59:59-08:00") if instant else (day,)


async def test_no_day_of_a_query_is_too_far_for_a_plain_answer(cast: Cast) -> None:
    unit = await Department.get(name="市城管局")
    assert len(ASKED) > 20
    for route, name, instant in ASKED:
        who, path = await caller(cast, route), route.path.replace("<id:str>", str(unit.id))
        for text in texts((*FAR, *EDGES), instant=instant):
            answer = await who.get(path, params={name: text})
            assert answer.status_code in ({422} if text[:10] in FAR else {200, 404, 422}), (path, name, text, answer.text)
            assert answer.status_code != 422 or answer.json()["errors"], (path, name, text)


async def test_no_day_of_a_body_is_too_far_for_a_plain_answer(cast: Cast) -> None:
    assert len(SENT) > 5
    for route, action, kind, name, instant in SENT:
        who = await caller(cast, route)
        path = route.path.replace("<id:str>", str(uuid4())).replace("<action:str>", action)
        for text in texts((*FAR, *EDGES), instant=instant):
            answer = await who.request(route.method, path, json={**minimal_body(kind), name: text})
            assert answer.status_code == 422 if text[:10] in FAR else answer.status_code < 500, (path, name, text, answer.text)


@pytest.mark.parametrize("path", [f"{WORKER}/coverage", f"{WORKER}/coverage/missing", f"{DESK}/visits/coverage",
                                  f"{DESK}/visits/missing"])  # fmt: skip
async def test_a_coverage_that_ends_with_the_calendar_names_the_field(cast: Cast, path: str) -> None:
    who = await (cast.worker() if "/grid/" in path else cast.staff("admin"))
    answer = await who.get(path, params={"until": "9999-12-31"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-fields")
    assert answer.json()["errors"] == [
        {"field": "until", "code": "invalid", "message": "日期须在 1900 年至 2199 年之间"}
    ]


async def test_a_day_deep_in_a_body_is_named_with_its_place(cast: Cast) -> None:
    body = {"rows": [{"on": "2026-10-01", "working": False}, {"on": "0001-01-01", "working": False}]}
    answer = await (await cast.staff("admin")).post(f"{DESK}/calendar/preview", json=body)
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (422, ["rows[1].on"])


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "9999-12-31T23:59:59Z"])
async def test_a_time_that_somebody_says_of_a_deed_is_refused(cast: Cast, said: str) -> None:
    body = {"id": str(uuid4()), "occurred_at": said, "event_type": "E4", "grid_code": "360781100001001"}
    answer = await (await cast.worker()).post(f"{WORKER}/events", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "absurd-time")
