"""Urgent calls: who is on duty is rung, then the next, each once, until somebody takes it."""

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from domain.access.models import Department
from domain.clock import now
from domain.rosters.models import DutyCall
from server import alarms
from server.observe import METRICS
from server.timers import Timers
from tests.support.cast import WORKER, Cast
from tests.support.gateways import StandIn, sms_standin
from tests.support.life import CITY, bring_to
from tests.support.rosters import call, member, roster, told, turn, unit_id, urgent
from tests.support.ways import by_sms

pytestmark = pytest.mark.anyio
At = Callable[[str], None]


@pytest.mark.mechanism("001-05")
async def test_an_urgent_dispatch_rings_the_one_on_duty_then_the_next_then_the_lead_once_each(cast: Cast, at: At) -> None:
    at("2026-03-13T09:00")
    first, second = await member(cast, "张三", login="handler"), await member(cast, "李四", login="reviewer")
    await roster(cast, turn(first, "2026-03-13"), turn(second, "2026-03-13", place=2))
    at("2026-03-13T21:00")
    case_id = await urgent(cast)
    await cast.act("dispatcher", case_id, "dispatch", lead=CITY)
    await cast.react()
    ring = await DutyCall.get(case_id=case_id, department_id=await unit_id())
    assert [step["member_id"] for step in ring.chain] == [first, second, None]
    assert len(await told("handler", "duty.rung")) == 1 and await told("reviewer", "duty.rung") == []
    timers = Timers(cast.app.ctx.services)
    for minute, rung in ((9, 0), (11, 1), (12, 1), (22, 1)):
        at(f"2026-03-13T21:{minute:02}")
        await timers.tick()
        await timers.tick()
        await cast.react()
        assert len(await told("reviewer", "duty.rung")) == rung
    assert len(await told("unitlead", "duty.rung")) == 1
    assert len(await told("handler", "duty.rung")) == 1
    at("2026-03-13T21:33")
    await timers.tick()
    await cast.react()
    assert (await told("dispatcher", "duty.unanswered"))[0].endswith(f"请立即联系 {CITY}。")
    assert (await DutyCall.get(id=ring.id)).next_at is None
    await alarms.look()
    assert METRICS.registry.get_sample_value("huying_duty_calls_unanswered") >= 1
    listed = (await call(cast, "GET", f"/duty-calls?unit={CITY}", 200, "handler"))["items"]
    assert [(one["case_id"], one["step"], one["acknowledged_at"]) for one in listed] == [(case_id, 2, None)]
    assert (await call(cast, "GET", "/duty-calls", 200, "handler2"))["items"] == []


@pytest.mark.mechanism("001-05")
async def test_who_takes_the_call_or_signs_the_case_ends_the_ringing(cast: Cast, at: At) -> None:
    at("2026-03-13T09:00")
    await roster(cast, turn(await member(cast, "张三"), "2026-03-13"))
    at("2026-03-13T21:00")
    timers = Timers(cast.app.ctx.services)
    one, two = [await urgent(cast) for _ in range(2)]
    for case_id in (one, two):
        await cast.act("dispatcher", case_id, "dispatch", lead=CITY)
    await cast.react()
    ring = (await DutyCall.get(case_id=one, department_id=await unit_id())).id
    await call(cast, "POST", f"/duty-calls/{ring}/acknowledgement", 404, "handler2")
    await call(cast, "POST", f"/duty-calls/{ring}/acknowledgement", 403, "auditor")
    await call(cast, "POST", f"/duty-calls/{uuid4()}/acknowledgement", 404, "handler")
    taken = await call(cast, "POST", f"/duty-calls/{ring}/acknowledgement", 200, "handler")
    assert taken["acknowledged_at"].startswith("2026-03-13T21:0")
    await cast.act("handler", two, "sign")
    at("2026-03-13T21:15")
    assert (await call(cast, "POST", f"/duty-calls/{ring}/acknowledgement", 200, "handler")) == taken
    await timers.tick()
    await cast.react()
    assert await told("unitlead", "duty.rung") == []
    assert (await DutyCall.get(case_id=two, department_id=await unit_id())).acknowledged_by == "case"
    desk = await DutyCall.get(case_id=two, department_id=await unit_id("象湖镇"))
    assert desk.acknowledged_by == "case", "whoever was rung for the new appeal is left in peace once the desk works on it"


async def test_an_ordinary_dispatch_rings_nobody_and_a_reaction_that_runs_twice_rings_once(cast: Cast, at: At) -> None:
    at("2026-03-13T10:00")
    await bring_to(cast, "dispatched")
    await cast.react()
    assert await DutyCall.all().count() == 0
    case_id = await urgent(cast)
    await cast.react()
    desk = await DutyCall.get(case_id=case_id)
    assert desk.chain[0]["kind"] == "desk", "in office hours the desk of the nearest dispatchers is rung"
    assert len(await told("towndesk", "duty.rung")) == 1
    cast._done.clear()
    await cast.react()
    assert await DutyCall.filter(case_id=case_id).count() == 1
    assert len(await told("towndesk", "duty.rung")) == 1


async def test_an_urgent_event_rings_the_town_and_the_linked_units(cast: Cast, at: At) -> None:
    at("2026-03-14T10:00")  # a Saturday: whoever is on duty, and where nobody is, the lead of the unit
    body = {"id": str(uuid4()), "occurred_at": now().isoformat(), "event_type": "E2", "level": "urgent",
            "description": "山边起火"}  # fmt: skip
    answer = await (await cast.worker()).post(f"{WORKER}/events", json={**body, "grid_code": "360781100001001"})
    assert answer.status_code == 201, answer.text
    await cast.react()
    units = await Department.filter(id__in=await DutyCall.filter(case_id=body["id"]).values_list("department_id", flat=True))
    assert "象湖镇" in {unit.name for unit in units} and len(units) > 1
    assert all(ring.chain[-1]["kind"] == "unit_lead" for ring in await DutyCall.filter(case_id=body["id"]))


# ---- by telephone


@pytest.fixture
async def provider(cast: Cast) -> AsyncIterator[StandIn]:
    """A provider of text messages that works."""
    with sms_standin("--template", "SMS_DUTY=number") as running:
        async with by_sms(cast, running, {"duty": "SMS_DUTY"}):
            yield running


@pytest.mark.mechanism("001-04", "001-05")
async def test_a_person_without_an_account_is_rung_by_telephone_at_night(cast: Cast, provider: StandIn, at: At) -> None:
    at("2026-03-13T09:00")
    await roster(cast, turn(await member(cast, "张三", phone="13900000009"), "2026-03-13"))
    case_id = await urgent(cast)
    at("2026-03-14T02:00")
    await cast.act("dispatcher", case_id, "dispatch", lead=CITY)
    await cast.react()
    assert {message["phone"] for message in provider.tell("messages")["messages"]} == {"13900000009"}
    assert len(await told("handler", "duty.rung")) == 1, "and the unit finds it in its inbox"
