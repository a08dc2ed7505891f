"""Who finds what in which inbox."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from domain.access.models import Staff
from domain.cases.models import Case
from domain.clock import now
from domain.notices.models import Delivery, Notice
from domain.people.models import Membership, Resident
from server.jobs import Run
from server.reactions import TASKS
from server.rules import stable_id
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.gateways import StandIn, sms_standin
from tests.support.moves import move, walk
from tests.support.ways import by_sms

pytestmark = pytest.mark.anyio
At = Callable[[str], None]


async def items(client: Any, path: str) -> list[dict[str, Any]]:
    answer = await client.get(path, params={"limit": 100})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_the_appellant_reads_every_step_in_the_inbox(cast: Cast, at: At) -> None:
    at("2026-03-13T16:30")
    li = await cast.resident("li")
    receipt = await cast.appeal()
    await walk(cast, await cast.case_of(receipt), "answer")
    await cast.react()
    notices = (await items(li, f"{RESIDENT}/me/inbox"))[::-1]
    assert [n["event"] for n in notices] == ["submit", "accept", "dispatch", "answer"]
    submitted, accepted, dispatched, answered = (n["text"] for n in notices)
    assert receipt["number"] in submitted and "12345" in submitted and "查询码" not in submitted
    assert "2026年3月20日" in accepted
    assert "市城管局" in dispatched
    assert "2026年4月12日" in answered, "thirty days to rate"
    assert not any("{" in n["text"] for n in notices)


@pytest.mark.mechanism("000-39")
async def test_asking_refusing_and_transferring_say_what_and_where(cast: Cast, at: At) -> None:
    at("2026-03-13T16:30")
    li = await cast.resident("li")
    first = await cast.case_of(await cast.appeal())
    await walk(cast, first, "register")
    await move(cast, "dispatcher", first, "ask-info", items=["路灯杆编号", "照片"])
    second = await cast.case_of(await cast.appeal())
    await walk(cast, second, "register")
    refusal = {"reason_code": "in_court", "next_channel": "向市人民法院申诉", "reason": "此事已由法院判决"}
    await move(cast, "dispatcher", second, "not-accept", **refusal)
    await move(cast, "dispatcher2", second, "not-accept", **refusal)
    third = await cast.case_of(await cast.appeal())
    await walk(cast, third, "register")
    await move(cast, "dispatcher", third, "transfer-out", target="市公安局", basis="属公安机关职责")
    await cast.react()
    said = {n["event"]: n["text"] for n in await items(li, f"{RESIDENT}/me/inbox")}
    assert "路灯杆编号;照片" in said["ask-info"] and "2026年3月28日" in said["ask-info"]
    assert "此事已由法院判决" in said["not-accept"] and "向市人民法院申诉" in said["not-accept"]
    assert "市公安局" in said["transfer-out"] and "属公安机关职责" in said["transfer-out"]


async def test_the_lead_and_the_co_unit_hear_of_a_new_case_and_nobody_else(cast: Cast) -> None:
    case_id = await cast.case_of(await cast.appeal())
    await walk(cast, case_id, "accept")
    await move(cast, "dispatcher", case_id, "dispatch", lead="市城管局", co_units=["市水利局"])
    await cast.react()
    told = {
        who: [n["event"] for n in await items(await cast.staff(who), f"{DESK}/inbox")]
        for who in ("handler", "unitlead", "handler2", "reviewer", "auditor")
    }
    assert told == {"handler": ["case.dispatched"], "unitlead": ["case.dispatched"], "handler2": ["co-unit"],
                    "reviewer": [], "auditor": []}  # fmt: skip


async def test_a_return_goes_to_the_desk_and_an_escalation_to_the_next_level(cast: Cast) -> None:
    case_id = await cast.case_of(await cast.appeal())
    await walk(cast, case_id, "dispatch")
    await move(cast, "handler", case_id, "return", reason="不属于我局职责范围")
    await move(cast, "handler", case_id, "escalate", reason="需要上级协调")
    await cast.react()
    told = {
        who: [n["event"] for n in await items(await cast.staff(who), f"{DESK}/inbox")]
        for who in ("towndesk", "dispatcher")
    }
    # what a unit of the county cannot do goes to the county's desk, not back to the town's; of a return hears also who
    # took the case in first
    assert told == {"towndesk": ["case.returned"], "dispatcher": ["case.escalated", "case.returned"]}


async def test_a_notice_is_read_once_and_only_by_its_owner(cast: Cast) -> None:
    case_id = await cast.case_of(await cast.appeal())
    await walk(cast, case_id, "dispatch")
    await cast.react()
    handler, other = await cast.staff("handler"), await cast.staff("unitlead")
    [notice] = await items(handler, f"{DESK}/inbox")
    assert notice["read_at"] is None and notice["case_id"] == case_id
    assert (await other.post(f"{DESK}/inbox/{notice['id']}/read")).status_code == 404
    assert (await handler.post(f"{DESK}/inbox/nonsense/read")).status_code == 404
    assert (await handler.post(f"{DESK}/inbox/{notice['id']}/read")).status_code == 204
    assert (await handler.post(f"{DESK}/inbox/{notice['id']}/read")).status_code == 204
    answer = (await handler.get(f"{DESK}/inbox", params={"unread": "true"})).json()
    assert (answer["items"], answer["unread"]) == ([], 0)
    assert (await items(handler, f"{DESK}/inbox"))[0]["read_at"] is not None


@pytest.mark.parametrize("path", [f"{DESK}/inbox", f"{WORKER}/inbox"])
async def test_an_inbox_needs_a_session_and_its_query_is_checked(cast: Cast, path: str) -> None:
    assert (await cast.anybody().get(path)).status_code == 401
    worker = await cast.worker()
    assert (await worker.get(path, params={"limit": 0})).status_code == 422
    assert (await worker.get(path, params={"cursor": "?"})).status_code == 422


async def test_a_resident_is_not_let_into_the_workers_inbox(cast: Cast) -> None:
    assert (await (await cast.resident()).get(f"{WORKER}/inbox")).status_code == 403


async def test_running_a_reaction_twice_writes_no_second_notice(cast: Cast) -> None:
    case_id = await cast.case_of(await cast.appeal())
    await walk(cast, case_id, "dispatch")
    await cast.react()
    count = await Notice.all().count()
    cast._done.clear()
    await cast.react()
    assert await Notice.all().count() == count


async def test_the_family_hears_of_a_new_member(cast: Cast) -> None:
    household = stable_id("household", "360781100001:1")
    members = []
    for name in ("li", "wang"):
        await cast.resident(name)
        resident = await Resident.get(openid=f"demo-{name}")
        members.append(
            await Membership.create(
                id=uuid4(), resident_id=resident.id, household_id=household, area_path="x", state="bound",
                created_at=now(),
            )
        )  # fmt: skip
    args = {"row": "360781:1", "event": "membership.bound", "subject_id": str(members[1].id), "data": {}}
    await TASKS["tell_members"](cast.app.ctx.services)(Run(1, "tell_members", args, None, 1))
    li = await items(await cast.resident("li"), f"{RESIDENT}/me/inbox")
    assert len(li) == 1 and "新绑定了一位成员" in li[0]["text"]
    assert await items(await cast.resident("wang"), f"{RESIDENT}/me/inbox") == []


# --- urgent events ring telephones


@pytest.fixture(scope="module")
def provider() -> Iterator[StandIn]:
    with sms_standin("--template", "SMS_DUTY=number") as running:
        yield running


@pytest.fixture
async def rung(cast: Cast, provider: StandIn) -> Any:
    """A duty officer with a telephone, and a provider that works."""
    await Staff.filter(login="towndesk").update(phone="13900000001")
    async with by_sms(cast, provider, {"duty": "SMS_DUTY"}):
        yield cast


async def report(cast: Cast, level: str) -> Run:
    from domain.areas.models import Area
    from domain.cases.opening import open_case

    grid = await Area.filter(kind="grid", parent_code="360781100001").order_by("code").first()
    assert grid is not None
    case: Case = await open_case("event", grid, now(), origin="proactive", title="山体滑坡", event_type="E7", level=level,
                                 urgent=level == "urgent", track="EVENT_URGENT")  # fmt: skip
    args = {"row": f"x:{level}", "event": "event.reported", "case_id": str(case.id), "subject_id": str(case.id), "data": {}}
    return Run(1, "ring_duty", args, None, 1)


async def test_an_urgent_event_rings_the_duty_officer_once_at_any_hour(rung: Cast, provider: StandIn, at: At) -> None:
    at("2026-03-14T02:00")
    run = await report(rung, "urgent")
    for _ in range(2):
        await TASKS["ring_duty"](rung.app.ctx.services)(run)
    [message] = provider.tell("messages")["messages"]
    assert message["phone"] == "13900000001"
    [notice] = await items(await rung.staff("towndesk"), f"{DESK}/inbox")
    assert notice["title"] == "紧急事件" and "灾害险情" in notice["text"]
    assert await Delivery.filter(event="duty", state="sent").count() == 1
    village = await items(await rung.staff("villagedesk"), f"{DESK}/inbox")
    assert [(n["event"], n["case_id"]) for n in village] == [("event.reported", run.args["case_id"])]
    linked = await items(await rung.staff("handler2"), f"{DESK}/inbox")
    assert [n["event"] for n in linked] == ["event.reported"], "the water bureau is linked to disasters"


async def test_an_ordinary_event_rings_nobody(rung: Cast, provider: StandIn) -> None:
    await TASKS["ring_duty"](rung.app.ctx.services)(await report(rung, "ordinary"))
    assert provider.tell("messages")["messages"] == []
    assert await Notice.filter(event="event.reported").count() == 0


# --- grid events


@pytest.mark.parametrize("passed", [True, False])
async def test_the_reporter_hears_of_the_inspection_and_the_household_of_its_good_end(cast: Cast, passed: bool) -> None:
    li = await cast.resident("li")
    worker = await cast.worker()
    run = await report(cast, "ordinary")
    household = stable_id("household", "360781100001:1")
    resident = await Resident.get(openid="demo-li")
    await Membership.create(id=uuid4(), resident_id=resident.id, household_id=household, area_path="x", state="bound",
                            created_at=now())  # fmt: skip
    await Case.filter(id=run.args["case_id"]).update(
        reporter_id=stable_id("staff", "13800000001"), household_id=household
    )
    args = {**run.args, "row": "x:2", "event": "case.inspected", "data": {"passed": passed}}
    await TASKS["tell_reporter"](cast.app.ctx.services)(replace(run, name="tell_reporter", args=args))
    told = [n["event"] for n in await items(worker, f"{WORKER}/inbox")]
    assert told == ["inspect-passed" if passed else "inspect-failed"]
    assert [n["event"] for n in await items(li, f"{RESIDENT}/me/inbox")] == (["household-done"] if passed else [])
