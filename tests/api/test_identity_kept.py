"""Who wants to stay unknown stays unknown: not told by a place on the map, by "asks again", by a number that rises or by
what a clerk wrote down; and whoever is complained of is not the first to read it."""

from typing import Any

import pytest

from domain.sql import fetch
from server.rules import stable_id
from server.timers import Timers
from tests.support.cast import DESK, RESIDENT, WORKER, Cast
from tests.support.life import GOOD, REGISTER, ROAD

pytestmark = pytest.mark.anyio
VILLAGE = "360781100001"
LAMP = {"lon": 116.02, "lat": 25.88, "datum": "gcj02"}


async def seen(cast: Cast, login: str, case_id: str, expect: int = 200) -> dict[str, Any]:
    answer = await (await cast.staff(login)).get(f"{DESK}/cases/{case_id}")
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


async def dispatched(cast: Cast, **appeal: Any) -> str:
    case_id = await cast.case_of(await cast.appeal(await cast.resident("li"), **appeal))
    for _, login, action, body in ROAD[:4]:
        await cast.act(login, case_id, action, **body)
    return case_id


@pytest.mark.mechanism("000-46")
@pytest.mark.parametrize("identity", ["hidden_from_handler", "anonymous"])
async def test_neither_the_place_nor_an_earlier_case_tells_the_handler_who_it_was(cast: Cast, identity: str) -> None:
    named = await dispatched(cast, contact={"name": "李甲", "phone": "13700000001"}, location=LAMP)
    secret = await dispatched(cast, kind="complaint", content="工作人员收钱", identity=identity, location=LAMP)
    read = await seen(cast, "handler", secret)
    assert (read["lon"], read["lat"], read["datum"], read["household_id"], read["is_initial"]) == (None,) * 5
    assert named not in str(read["timeline"])
    assert (await seen(cast, "handler", named))["lon"] == LAMP["lon"]


async def test_a_hidden_complaint_is_not_counted_at_its_house(cast: Cast) -> None:
    code, li = await cast.plate(), await cast.resident("li")
    house = stable_id("household", f"{VILLAGE}:1")
    village = await cast.staff("villagedesk")

    async def file(kind: str, text: str) -> int:
        filed = await li.post(f"{RESIDENT}/appeals", json={"kind": kind, "content": text, "plate_code": code})
        assert filed.status_code == 201
        return int((await village.get(f"{DESK}/households/{house}")).json()["open_cases"])

    assert await file("complaint", "村干部克扣低保金") == 0
    assert await file("help", "路灯不亮") == 1


async def test_a_worker_who_took_an_appeal_down_reads_no_other_and_no_notes(cast: Cast) -> None:
    worker = await cast.worker()
    said = {"kind": "help", "content": "渠道堵了", "grid_code": f"{VILLAGE}001",
            "on_behalf_of": {"name": "老王", "phone": "13811110000", "consent": True}}  # fmt: skip
    mine = (await worker.post(f"{WORKER}/appeals", json=said)).json()["case_id"]
    other = await cast.case_of(
        await cast.appeal(await cast.resident("wang"), content="网格员收钱不办事", identity="hidden_from_handler")
    )
    for case_id in (mine, other):
        await cast.act("dispatcher", case_id, "register", **REGISTER)
    await cast.act("dispatcher", other, "merge", into=mine)
    await cast.act("dispatcher", mine, "add-note", text="内部研判:请留意网格员")
    read = (await worker.get(f"{WORKER}/cases/{mine}")).json()
    assert read["said"] == ["渠道堵了"]
    assert "内部研判" not in str(read["timeline"])


async def test_a_report_is_read_by_nobody_it_may_be_about_before_it_is_registered(cast: Cast) -> None:
    filed = await cast.appeal(kind="report", content="村支书侵占集体资金", complained_of={"text": "村支书"})
    case_id = await cast.case_of(filed)
    await seen(cast, "villagedesk", case_id, expect=404)
    listed = (await (await cast.staff("villagedesk")).get(f"{DESK}/cases")).json()["items"]
    assert case_id not in {case["id"] for case in listed}
    assert (await seen(cast, "dispatcher", case_id))["can"]
    await cast.act("dispatcher", case_id, "register", **REGISTER)


async def test_a_complaint_about_the_desk_itself_reaches_the_joint_meeting_office(cast: Cast, at: Any) -> None:
    at("2026-03-16T09:00")
    desk = (await fetch("SELECT department_id AS id FROM staff WHERE login = 'dispatcher'", []))[0]["id"]
    filed = await cast.appeal(kind="complaint", content="热线不给登记", complained_of={"department_id": str(desk)})
    case_id = await cast.case_of(filed)
    await seen(cast, "dispatcher", case_id, expect=404)
    await cast.react()
    at("2026-03-19T09:00")
    await Timers(cast.app.ctx.services).tick()
    await cast.react()
    told = await fetch(
        "SELECT DISTINCT s.login FROM notices n JOIN staff s ON s.id = n.recipient_id WHERE n.case_id = $1", [case_id]
    )
    assert "meeting" in {row["login"] for row in told}
    await cast.act("meeting", case_id, "register", **REGISTER)
    await cast.act("meeting", case_id, "accept")
    await cast.act("meeting", case_id, "dispatch", lead="市纪委监委")


async def test_what_concerns_one_appellant_of_a_joint_case_is_not_told_to_another(cast: Cast) -> None:
    li, wang = await cast.resident("li"), await cast.resident("wang")
    first, second = await cast.appeal(li), await cast.appeal(wang)
    case_id, other = await cast.case_of(first), await cast.case_of(second)
    for one in (case_id, other):
        await cast.act("dispatcher", one, "register", **REGISTER)
    await cast.act("dispatcher", other, "merge", into=case_id)
    await cast.act("dispatcher", case_id, "ask-info", items=["电杆编号"])
    await cast.act("dispatcher", case_id, "supply-info", text="王大山来电13900001111补充:三号杆")
    for _, login, action, body in ROAD[1:]:
        await cast.act(login, case_id, action, **body)
    await cast.act("callback", case_id, "callback", appeal_id=second["id"], **GOOD)

    async def read(who: Any, appeal: dict[str, Any]) -> list[str]:
        lines = (await who.get(f"{RESIDENT}/appeals/{appeal['id']}")).json()["timeline"]
        assert "13900001111" not in str(lines)
        return [line["event"] for line in lines]

    assert {"rating.given", "case.called-back"}.isdisjoint(await read(li, first))
    assert {"rating.given", "case.called-back"} <= set(await read(wang, second))
