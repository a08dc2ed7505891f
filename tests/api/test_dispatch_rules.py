"""Why a case is where it is: rules kept on the case, parts with own days, the common superior, matters handed down."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from domain.access.models import Department
from domain.cases.models import CaseUnit
from domain.dispatch.models import DispatchRecord
from domain.sql import fetch
from server.rules import stable_id
from server.timers import Timers
from tests.support.cast import DESK, Cast
from tests.support.life import CITY, REGISTER, ROAD, WATER, bring_to, finish

pytestmark = pytest.mark.anyio
At = Callable[[str], None]
TOWN = "象湖镇"


async def get(cast: Cast, path: str, login: str = "dispatcher", expect: int = 200) -> dict[str, Any]:
    answer = await (await cast.staff(login)).get(f"{DESK}{path}")
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


async def send(cast: Cast, path: str, expect: int, login: str, **body: Any) -> dict[str, Any]:
    answer = await (await cast.staff(login)).post(f"{DESK}{path}", json=body)
    assert answer.status_code == expect, answer.text
    return dict(answer.json())


async def accepted(cast: Cast, topic: str, **appeal: Any) -> str:
    case_id = await cast.case_of(await cast.appeal(**appeal))
    await cast.act("dispatcher", case_id, "register", **{**REGISTER, "topic": topic})
    await cast.act("dispatcher", case_id, "accept")
    return case_id


async def told(cast: Cast, login: str, event: str) -> list[str]:
    rows = await fetch(
        "SELECT text FROM notices WHERE recipient_id = $1 AND event = $2", [stable_id("staff", login), event]
    )
    return [row["text"] for row in rows]


# ---- the rules on the case


@pytest.mark.mechanism("001-08", "000-35")
async def test_the_lines_that_matched_and_those_left_out_stay_on_the_case(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await accepted(cast, "0701")
    said = await get(cast, f"/cases/{case_id}/suggestions")
    best = said["departments"][0]
    assert (best["name"], best["item"], best["responsibility_name"]) == ("市住建局", "0701-2", "谁主管谁负责")
    assert [(one["code"], one["reason"]) for one in said["dispatch"]["skipped"]] == [
        ("0701-1", "仅适用于农村,本件发生在城区"),
    ]  # fmt: skip
    shown = await cast.act("dispatcher", case_id, "dispatch", lead=best["name"])
    record = shown["dispatches"][0]
    assert record["explanation"]["matched"] == said["dispatch"]["matched"]
    assert record["explanation"]["skipped"] == said["dispatch"]["skipped"]
    assert record["explanation"]["version"]["title"] == "瑞金市民意速办职责清单"
    assert (record["unit"], record["item"], record["followed"], record["number"]) == ("市住建局", "0701-2", True, 1)
    assert record["explanation"]["decided"] == ["按职责清单派单"]
    assert shown["timeline"][-1]["data"]["item"] == "0701-2"


@pytest.mark.mechanism("003-16")
async def test_every_dispatch_says_why_its_unit_owes_the_work(cast: Cast) -> None:
    town = await accepted(cast, "0402")
    shown = await cast.act("dispatcher", town, "dispatch", lead=TOWN)
    assert [(one["responsibility"], one["responsibility_name"]) for one in shown["dispatches"]] == [("territory", "属地管理")]
    line = await accepted(cast, "0901")
    shown = await cast.act("dispatcher", line, "dispatch", lead=WATER, rule_reasons=["该段道路由水利工程损坏"],
                           responsibility="origin_of_problem")  # fmt: skip
    record = shown["dispatches"][0]
    assert (record["responsibility_name"], record["followed"], record["item"]) == ("谁产生谁化解", False, "")
    assert record["explanation"]["decided"] == ["该段道路由水利工程损坏", "派单人员另行确定,与职责清单所列单位不同"]
    other = await accepted(cast, "0901")
    await cast.act("dispatcher", other, "dispatch", expect=422, lead=CITY, responsibility="whim")
    assert not await DispatchRecord.exists(case_id=other)


@pytest.mark.mechanism("002-16")
async def test_a_case_shows_the_leader_of_its_unit_who_answers_for_the_field(cast: Cast) -> None:
    unit = await Department.get(name=CITY)
    path = f"/units/{unit.id}/leaders"
    await send(cast, path, 201, "unitlead", name="甲局长", post="局长")
    made = await send(cast, path, 201, "unitlead", name="乙副局长", post="副局长", topics=["09"])
    case_id = await bring_to(cast, "dispatched")
    leader = (await get(cast, f"/cases/{case_id}"))["responsible_leader"]
    assert (leader["name"], leader["post"]) == ("乙副局长", "副局长") and leader["reason"].startswith("分管")
    assert (await (await cast.staff("unitlead")).delete(f"{DESK}/leaders/{made['id']}")).status_code == 204
    assert (await get(cast, f"/cases/{case_id}"))["responsible_leader"]["name"] == "甲局长"
    assert len((await get(cast, path, "handler"))["items"]) == 1
    wrong = await send(cast, path, 422, "unitlead", name="丙", post="副局长", topics=["7777"])
    assert wrong["errors"][0]["field"] == "topics"
    await send(cast, path, 422, "unitlead", name="丙", post="副局长", staff_id=str(uuid4()))
    await send(cast, path, 403, "handler", name="丙", post="副局长")
    water = await Department.get(name=WATER)
    await send(cast, f"/units/{water.id}/leaders", 404, "unitlead", name="丙", post="副局长")
    await get(cast, f"/units/{water.id}/leaders", "handler", 404)
    assert (await (await cast.staff("unitlead")).delete(f"{DESK}/leaders/{uuid4()}")).status_code == 404


# ---- parts with their own days


@pytest.mark.mechanism("000-40")
async def test_basic_needs_bring_their_departments_in_with_days_of_their_own(cast: Cast, at: At) -> None:
    at("2026-03-13T16:30")
    case_id = await accepted(cast, "0801")
    offered = (await get(cast, f"/cases/{case_id}/suggestions"))["departments"][0]
    assert {one["name"]: one["due_on"] for one in offered["co_tasks"]} == {"市水利局": "2026-03-16", "市卫健委": "2026-03-16"}
    shown = await cast.act("dispatcher", case_id, "dispatch", lead=TOWN, co_units=[CITY],
                           co_tasks=[{"unit": "市卫健委", "duty": "取水样化验", "due_on": "2026-03-14"}])  # fmt: skip
    parts = {one["name"]: (one["duty"], one["due_on"]) for one in shown["units"]}
    assert parts == {
        "市卫健委": ("取水样化验", "2026-03-14"), CITY: ("", "2026-03-18"),
        "市水利局": ("饮水安全:查明停水或水质原因,先送水后修复", "2026-03-16"),
    }  # fmt: skip
    past = await cast.act("dispatcher", case_id, "add-co-unit", expect=422, department_id="市民政局", due_on="2026-03-12")
    assert past["errors"][0]["field"] == "due_on"
    timers = Timers(cast.app.ctx.services)
    await timers.sweep()
    assert not await CaseUnit.exists(case_id=case_id, warned_at__isnull=False)
    at("2026-03-17T09:00")
    await cast.act("handler2", case_id, "co-result", note="已送水")
    await timers.sweep()
    await timers.sweep()
    await cast.react()
    late = await fetch("SELECT data FROM journal WHERE event = 'case.part-late'", json=("data",))
    assert [row["data"]["due_on"] for row in late] == ["2026-03-14"], "the one that is done is not late, and once is enough"
    assert await told(cast, "townhandler", "case.part-late")


@pytest.mark.mechanism("000-40")
async def test_every_basic_need_has_its_departments(cast: Cast) -> None:
    asked = {"0401": "吃", "0501": "义务教育", "0601": "基本医疗", "0701": "住房安全", "0801": "饮水安全"}
    for topic, name in asked.items():
        case_id = await accepted(cast, topic)
        tasks = (await get(cast, f"/cases/{case_id}/suggestions"))["dispatch"]["co_tasks"]
        assert tasks and all(one["duty"].startswith(name) and one["due_on"] for one in tasks), topic
    clothes = (await get(cast, f"/cases/{await accepted(cast, '0402')}/suggestions"))["dispatch"]["co_tasks"]
    assert "穿" in clothes[0]["duty"]


# ---- 三跨三分离


@pytest.mark.mechanism("004-14")
async def test_a_matter_across_regions_gets_its_unit_from_the_common_superior_only(cast: Cast) -> None:
    case_id = await accepted(cast, "0901")
    marked = await cast.act("dispatcher", case_id, "mark-crossing", flags=["cross_region", "person_household"],
                            areas=["360781101"], note="户籍在外镇")  # fmt: skip
    assert [one["name"] for one in marked["crossing"]["flags"]] == ["跨地区", "人户分离"]
    assert (marked["crossing"]["superior"], marked["crossing"]["superior_code"]) == ("瑞金市", "360781")
    refused = await cast.act("towndesk", case_id, "dispatch", expect=409, lead=TOWN)
    assert refused["code"] == "common-superior-decides"
    assert "跨地区、人户分离" in refused["detail"] and "瑞金市" in refused["detail"]
    shown = await cast.act("dispatcher", case_id, "dispatch", lead=TOWN)
    assert shown["timeline"][-1]["data"]["common_superior"] == "360781"
    assert shown["state"] == "dispatched"


async def test_a_mark_can_be_narrowed_or_taken_away_and_names_real_places(cast: Cast) -> None:
    case_id = await accepted(cast, "0901")
    await cast.act("dispatcher", case_id, "mark-crossing", expect=422, flags=["cross_galaxy"])
    await cast.act("dispatcher", case_id, "mark-crossing", expect=422, flags=["cross_region"], areas=["999"])
    await cast.act("dispatcher", case_id, "mark-crossing", expect=422, flags=["cross_department"], units=["天上局"])
    await cast.act("handler", case_id, "mark-crossing", expect=404, flags=[])
    await cast.act("supervisor", case_id, "mark-crossing", expect=403, flags=[])
    shown = await cast.act("dispatcher", case_id, "mark-crossing", flags=["cross_department"], units=[CITY, WATER])
    assert shown["crossing"]["superior_code"] == "360781"
    inside = await cast.act("dispatcher", case_id, "mark-crossing", flags=["cross_region"], areas=["360781100002"])
    assert inside["crossing"]["superior"] == TOWN, "two villages of one town: the town decides"
    assert (await cast.act("towndesk", case_id, "dispatch", lead=TOWN))["state"] == "dispatched"
    other = await accepted(cast, "0901")
    beyond = await cast.act("dispatcher", other, "mark-crossing", flags=["cross_region"], areas=["3607"])
    assert beyond["crossing"]["superior"] == "赣州市"
    await cast.act("dispatcher", other, "dispatch", expect=409, lead=TOWN)
    await cast.act("dispatcher", other, "mark-crossing", flags=["cross_industry"])
    await cast.act("towndesk", other, "dispatch", expect=409, lead=TOWN)
    assert (await cast.act("dispatcher", other, "mark-crossing", flags=[]))["crossing"] is None
    await cast.act("towndesk", other, "dispatch", lead=TOWN)


# ---- handed down to be verified


@pytest.mark.mechanism("000-31")
async def test_the_unit_above_hands_down_supervises_and_sees_progress_and_result(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await bring_to(cast, "signed")
    shown = await cast.act("handler", case_id, "transfer-down", unit=TOWN, task="请到现场核实路灯权属")
    task = shown["verifications"][0]
    assert (task["unit"], task["parent"], task["state"], task["due_on"]) == (TOWN, CITY, "open", "2026-03-23")
    assert shown["lead"]["name"] == CITY, "the unit above keeps the case"
    await cast.react()
    assert await told(cast, "townhandler", "case.transferred-down")
    await cast.act("townhandler", case_id, "report-verification", note="已到现场,正在查档案")
    seen = await get(cast, "/verifications?side=above", "handler")
    assert [(one["state"], one["progress_at"] is not None) for one in seen["items"]] == [("open", True)]
    await cast.act("handler", case_id, "judge-verification", expect=409, verification_id=task["id"], accepted=True)
    await cast.act("townhandler", case_id, "report-verification", note="属镇政府管护", found="true")
    await cast.react()
    assert len(await told(cast, "handler", "case.verification-reported")) == 2
    await cast.act("handler", case_id, "judge-verification", expect=422, verification_id=task["id"], accepted=False)
    await cast.act("handler", case_id, "judge-verification", verification_id=task["id"], accepted=False, note="请附照片")
    await cast.act("townhandler", case_id, "report-verification", note="照片已附,属镇政府管护", found="true")
    await cast.act("townhandler", case_id, "report-verification", expect=409, note="再报一次", found="true")
    done = await cast.act("handler", case_id, "judge-verification", verification_id=task["id"], accepted=True)
    found = done["verifications"][0]
    assert (found["state_name"], found["result"], found["sent_back"]) == ("已确认", "照片已附,属镇政府管护", 1)
    assert not await CaseUnit.exists(case_id=case_id, done_at=None), "the part of the town is done"
    below = await get(cast, "/verifications?side=below&state=confirmed", "townhandler")
    assert [one["id"] for one in below["items"]] == [task["id"]]
    assert (await get(cast, "/verifications", "handler2"))["items"] == []


@pytest.mark.mechanism("000-31")
async def test_the_section_that_hands_down_sees_the_result_though_it_leads_nothing(cast: Cast, at: At) -> None:
    at("2026-03-16T09:00")
    case_id = await accepted(cast, "0901")
    shown = await cast.act("supervisor", case_id, "transfer-down", unit=TOWN, task="请核实", due_on="2026-03-17")
    assert shown["verifications"][0]["parent"] == "督查考评科"
    await cast.act("townhandler", case_id, "report-verification", note="属实", found="partly")
    at("2026-03-18T09:00")
    second = await accepted(cast, "0901")
    await cast.act("supervisor", second, "transfer-down", unit=TOWN, task="请核实", due_on="2026-03-18")
    at("2026-03-19T09:00")
    seen = {one["case_id"]: one for one in (await get(cast, "/verifications", "supervisor"))["items"]}
    assert (seen[case_id]["found"], seen[case_id]["result"], seen[case_id]["overdue"]) == ("partly", "属实", False)
    assert seen[second]["overdue"] is True
    await cast.act("dispatcher", case_id, "judge-verification", expect=403,
                   verification_id=seen[case_id]["id"], accepted=True)  # fmt: skip


@pytest.mark.mechanism("000-31")
async def test_a_case_is_not_closed_while_a_verification_is_open(cast: Cast) -> None:
    case_id = await bring_to(cast, "signed")
    task = (await cast.act("handler", case_id, "transfer-down", unit=TOWN, task="请核实"))["verifications"][0]["id"]
    await cast.act("townhandler", case_id, "co-result", note="协办完成")
    for login, action, body in [(row[1], row[2], row[3]) for row in ROAD[4:]]:
        await cast.act(login, case_id, action, **body)
    await finish(cast, case_id)
    refused = await cast.act("callback", case_id, "close", expect=409)
    assert refused["missing"] == ["转交核实"]
    await cast.act("townhandler", case_id, "report-verification", note="属实", found="true")
    await cast.act("handler", case_id, "judge-verification", verification_id=task, accepted=True)
    assert (await cast.act("callback", case_id, "close"))["state"] == "closed"


async def test_matters_go_down_and_to_no_one_else(cast: Cast) -> None:
    case_id = await bring_to(cast, "signed")
    for unit, status in ((CITY, 422), (WATER, 422), ("天上局", 422)):
        await cast.act("handler", case_id, "transfer-down", expect=status, unit=unit, task="请核实")
    await cast.act("handler", case_id, "transfer-down", expect=422, unit=TOWN, task="请核实", due_on="2020-01-01")
    await cast.act("handler2", case_id, "transfer-down", expect=404, unit=TOWN, task="请核实")
    await cast.act("callback", case_id, "transfer-down", expect=403, unit=TOWN, task="请核实")
    await cast.act("handler", case_id, "transfer-down", unit=TOWN, task="请核实")
    await cast.act("handler", case_id, "transfer-down", expect=409, unit=TOWN, task="请核实")
    await cast.act("handler", case_id, "judge-verification", expect=422, verification_id=str(uuid4()), accepted=True)
    await cast.act("handler", case_id, "report-verification", expect=409, note="没有任务")
