"""滁州市“民声呼应”: months of 2026 over HTTP, by the rules of the profile `chuzhou` alone (机制, 制度 of 2023-12-29)."""

from collections.abc import Callable

import pytest

from tests.scenarios.conftest import Levels
from tests.support.company import BAD, GOOD, RESULT, Company, public

PROFILE = "chuzhou"
pytestmark = [pytest.mark.anyio, pytest.mark.own_pool]

CITY = "3411"
COUNTY = "341125"
TOWN = "341125106"
VILLAGE = "341125106201"
At = Callable[[str], None]
REGISTER = {"appeal_type": "help", "topic": "0801", "petition_class": "appeal_for_decision"}


@pytest.fixture(autouse=True)
async def staffed(people: Company) -> None:
    """The city bureau, its sections, two units of the city, a county bureau and a town."""
    await people.hire("desk", "intake_officer", "dispatcher", unit="rural_revival", area=CITY)
    await people.hire("desk2", "intake_officer", "dispatcher", unit="rural_revival", area=CITY)
    await people.hire("section", "supervision_section", unit="supervision_section", area=CITY)
    await people.hire("caller", "callback_officer", unit="approval", area=CITY)
    await people.hire("mayor", "leading_group_member", unit="government_office", area=CITY)
    await people.hire("meeting", "joint_meeting_office", unit="joint_meeting_office", area=CITY)
    await people.hire("countydesk", "intake_officer", "dispatcher", unit="rural_341125", area=COUNTY)
    await people.hire("countymeeting", "joint_meeting_office", unit="rural_341125", area=COUNTY)
    await people.hire("towndesk", "dispatcher", unit=TOWN, area=TOWN)
    await people.hire_unit("water", "agriculture", "rural_revival", area=CITY)
    await people.hire_unit("rural_341125", area=COUNTY)


async def register(people: Company, channel: str, received: str, **more: object) -> str:
    """Entered by the desk a little later than it came, and registered; the id of its case."""
    said = {"received_at": f"{received}:00+08:00", "superior_assigned": bool(more.pop("superior", False))}
    filed = await people.take_in("desk", channel, str(more.pop("area", VILLAGE)), **said)
    await people.act("desk", filed["case_id"], "register", **{**REGISTER, **more})
    return str(filed["case_id"])


@pytest.mark.mechanism("000-10", "000-15", "000-42")
async def test_what_the_city_assigns_is_answered_in_two_days_and_closed_in_three_working_days(
    people: Company, at: At, levels: Levels
) -> None:
    at("2026-03-13T16:31")
    case_id = await register(people, "mshy_city", "2026-03-13T16:30", superior=True)
    assert (await people.case("desk", case_id))["track"] == "MSHY_2D"
    await people.dispatch("desk", case_id, "rural_341125")
    due = {name: clock["due_at"][:19] for name, clock in (await people.clocks("desk", case_id)).items()}
    assert due.pop("sign").startswith("2026-03-13T18:31"), "two hours from the dispatch"
    assert due == {
        "first_contact": "2026-03-14T23:59:59", "handling": "2026-03-15T23:59:59", "closing": "2026-03-18T23:59:59",
    }  # fmt: skip
    await levels("desk", case_id, "handling", {
        "2026-03-14T20:14:59": "none", "2026-03-14T20:15": "yellow", "2026-03-15T10:07:29": "yellow",
        "2026-03-15T10:07:30": "orange", "2026-03-15T23:59:58": "orange", "2026-03-16T00:00": "red",
        "2026-03-17T00:00": "urge", "2026-03-18T23:59": "urge", "2026-03-19T00:00": "supervision",
    })  # fmt: skip
    await people.tick()
    case = await people.case("section", case_id)
    assert [(one["trigger"], one["state"]) for one in case["supervision"]] == [("overdue", "open")]
    assert case["supervision"][0]["due_at"][:10] == "2026-03-24", "three working days over a weekend"


@pytest.mark.mechanism("000-21", "000-11")
async def test_the_principal_signs_what_was_assigned_and_a_complex_matter_gets_five_days_only_by_agreement(
    people: Company, at: At
) -> None:
    at("2026-02-13T10:01")
    case_id = await register(people, "mshy_province", "2026-02-13T10:00", superior=True, topic="0902")
    await people.dispatch("desk", case_id, "rural_341125")
    unit = "rural_341125"
    for action, body in (("sign", {}), ("contact", {"stage": "accept"}), ("contact", {"stage": "investigate"}),
                         ("grade", {"grade": "complex", "facts": "涉及两个村的老管网"})):  # fmt: skip
        await people.act(f"{unit}.handler", case_id, action, **body)
    assert await people.due("desk", case_id, "handling") == "2026-02-15T23:59:59", "a grade alone lengthens nothing"
    longer = {"track": "MSHY_5D", "grounds": ["complex"], "reason": "管网跨村,需要勘察"}
    await people.act(f"{unit}.handler", case_id, "regrade", **longer)
    assert await people.due("desk", case_id, "handling") == "2026-02-15T23:59:59"
    await people.act("section", case_id, "regrade", **longer)
    assert await people.due("desk", case_id, "handling") == "2026-02-18T23:59:59", "inside the Spring Festival"
    at("2026-02-17T09:00")
    await people.act(f"{unit}.handler", case_id, "submit-result", **RESULT)
    await people.act(f"{unit}.reviewer", case_id, "answer", expect=403, text="已修好")
    await people.act(f"{unit}.principal", case_id, "answer", text="已修好")
    await people.follow_up(case_id, unit)
    after = await people.act("caller", case_id, "callback", **GOOD)
    assert after["state"] == "answered"
    refused = await people.act("caller", case_id, "close", expect=409)
    assert refused["missing"] == ["上级受理闭环报告(登记回执)", "主要负责人批示"], "亲批亲办, 形成报告"
    await people.act(f"{unit}.principal", case_id, "instruct", text="盯住不放,回头看一次")
    link = {"unit": "定远县乡村振兴局", "principal": "主要负责人", "deputy": "分管负责人", "section": "办公室"}
    sent = await people.post("section", f"/cases/{case_id}/closure-reports", 201, recipient="省乡村振兴局",
                             text="管网已修复,群众满意。", chain=[link])  # fmt: skip
    await people.post("section", f"/closure-reports/{sent['id']}/receipt", number="皖乡振函5号")
    assert (await people.case("desk", case_id))["state"] == "closed"


@pytest.mark.mechanism("000-32")
async def test_an_order_of_the_state_inspection_over_the_spring_festival(
    people: Company, at: At, levels: Levels
) -> None:
    at("2026-02-13T10:01")
    case_id = await register(people, "state_inspection", "2026-02-13T10:00")
    assert (await people.case("desk", case_id))["track"] == "CLOSE_3WD"
    await people.dispatch("desk", case_id, "water")
    due = {name: clock["due_at"][:10] for name, clock in (await people.clocks("desk", case_id)).items()}
    assert (due["handling"], due["answer"]) == ("2026-02-25", "2026-02-24"), "Sat 02-14 works, 02-15 to 02-23 is off"
    await levels("desk", case_id, "handling", {
        "2026-02-24T04:59:59": "none", "2026-02-24T05:00": "yellow", "2026-02-25T00:00": "orange",
        "2026-02-25T23:59:58": "orange", "2026-02-26T00:00": "red",
    })  # fmt: skip


@pytest.mark.mechanism("000-33", "000-09", "000-34", "000-35", "000-23")
async def test_six_working_days_with_a_return_a_co_unit_an_extension_a_bad_and_a_good_verdict(
    people: Company, at: At, levels: Levels
) -> None:
    at("2026-09-18T09:01")
    case_id = await register(people, "letter", "2026-09-18T09:00")
    case = await people.case("desk", case_id)
    assert (case["track"], case["track_reasons"][0]) == ("SIX_SIX_6WD", "六快六日:“十大渠道”诉求的一般时限")
    offered = await people.get("desk", f"/cases/{case_id}/suggestions")
    assert offered["departments"][0]["name"] == "市水利局", "农村饮水安全 of the duty list"
    assert {unit["name"] for unit in offered["departments"][0]["co_units"]} >= {"定远县藕塘镇"}
    await people.dispatch("desk", case_id, "agriculture")
    assert await people.due("desk", case_id, "handling") == "2026-09-28T23:59:59", "Sun 09-20 works, 09-25 to 27 off"
    assert await people.due("desk", case_id, "answer") == "2026-09-24T23:59:59"
    await people.act("agriculture.handler", case_id, "return", reason="农村饮水安全由水利部门牵头")
    await people.act("desk", case_id, "grant-return", note="同意退回")
    await people.act("desk", case_id, "dispatch", lead="water", co_units=[TOWN])
    assert await people.due("desk", case_id, "handling") == "2026-09-28T23:59:59", "a return never moves the date"
    await levels("desk", case_id, "handling", {
        "2026-09-22T16:29:59": "none", "2026-09-22T16:30": "yellow", "2026-09-24T08:14:59": "yellow",
        "2026-09-24T08:15": "orange",
    })  # fmt: skip
    at("2026-09-24T10:00")
    await people.act("water.handler", case_id, "sign")
    await people.act("water.handler", case_id, "extend", amount=2, reason="管件外地采购", done="已停水检修")
    await people.act("water.lead", case_id, "grant-extension", expect=403, note="同意")
    await people.act("section", case_id, "grant-extension", note="同意")
    assert await people.due("desk", case_id, "handling") == "2026-09-30T23:59:59"
    await people.answer(case_id, "water", since="contact")
    await people.follow_up(case_id, "water")
    bad = await people.act("caller", case_id, "callback", **BAD)
    assert (bad["state"], bad["rework_no"], bad["supervision"][0]["trigger"]) == ("rework", 1, "dissatisfied")
    assert await people.due("desk", case_id, "rework") == "2026-09-30T23:59:59", "half the track: 28, 29, 30"
    await people.again(case_id, "water")
    good = await people.act("caller", case_id, "callback", **GOOD)
    assert good["state"] == "answered"
    refused = await people.act("caller", case_id, "close", expect=409)
    assert set(refused["missing"]) == {"协办任务", "督查查看"}
    owing = [unit["name"] for unit in (await people.case("desk", case_id))["units"] if unit["done_at"] is None]
    assert "定远县藕塘镇" in owing
    await people.parts_done("desk", case_id, area=CITY)
    await people.act("section", case_id, "look", note="现场通水,群众在场")
    closed = await people.act("caller", case_id, "close")
    assert closed["state"] == "closed"
    assert {step["step"] for step in closed["elapsed"]["plus"] if step["at"]} == {
        "approve", "assign", "investigate", "dispose", "review", "supervise",
    }  # fmt: skip
    assert [step["step"] for step in closed["procedure"] if not step["done_at"]] == []


async def test_before_the_national_day_a_make_up_saturday_counts(people: Company, at: At) -> None:
    at("2026-09-29T09:01")
    case_id = await register(people, "visit", "2026-09-29T09:00")
    await people.dispatch("desk", case_id, "water")
    assert await people.due("desk", case_id, "handling") == "2026-10-13T23:59:59"
    hard = await register(people, "visit", "2026-09-29T09:00", flags=["complex"])
    assert (await people.case("desk", hard))["track"] == "STATUTORY"
    assert await people.due("desk", hard, "accept") == "2026-10-14T23:59:59"


@pytest.mark.mechanism("000-34", "000-39", "004-13")
async def test_refusals_name_their_reason_and_where_to_go(people: Company, at: At) -> None:
    at("2026-03-02T09:00")
    refused = await register(people, "12317", "2026-03-02T08:59")
    body = {"reason_code": "already_decided", "next_channel": "向市政府申请复查", "reason": "已出具复核意见"}
    await people.act("desk", refused, "not-accept", **body)
    assert (await people.case("desk", refused))["state"] == "registered", "one officer alone refuses nothing"
    assert (await people.act("desk2", refused, "not-accept", **body))["state"] == "not_accepted"
    elsewhere = await register(people, "12345_phone", "2026-03-02T08:59", topic="1203")
    moved = await people.act("desk", elsewhere, "transfer-out", target="安徽省农业农村厅", basis="省级事权")
    assert moved["state"] == "transferred"
    case = await people.case("desk", elsewhere)
    assert any("安徽省农业农村厅" in (line["text"] or "") and line["public"] for line in case["timeline"])
    court = await register(people, "12345_phone", "2026-03-02T08:59")
    await people.act("desk", court, "redirect", legal_path="litigation", body="定远县人民法院")
    known = await people.act("desk", court, "accept", expect=409)
    assert known["code"] == "move-not-allowed"
    wrong = await people.take_in("desk", "12317", VILLAGE)
    unknown = await people.act("desk", wrong["case_id"], "register", expect=422, **REGISTER, flags=["never_heard_of"])
    assert unknown["errors"][0]["field"] == "flags"
    marked = await people.act("desk", wrong["case_id"], "register", **REGISTER, flags=["one_visit"])
    assert (marked["track"], marked["flags"]) == ("CLOSE_3WD", ["one_visit"])


@pytest.mark.mechanism("000-01", "000-29")
async def test_every_channel_is_used_once_and_counted_once(people: Company, at: At) -> None:
    at("2026-04-07T09:00")
    register_of_channels = (await people.get("desk", "/channels"))["items"]
    plate = await people.door(VILLAGE)
    await people.hire_worker("13800000009", VILLAGE)
    said = {"kind": "help", "content": "水管坏了"}
    phones = {"household_qr": await people.resident("li"), "mini_program": await people.resident("wang"),
              "web_page": await people.guest()}  # fmt: skip
    for channel, phone in phones.items():
        where = {"plate_code": plate} if channel == "household_qr" else {"area_code": VILLAGE}
        assert (await phone.post("/api/miniprogram/v1/appeals", json={**said, **where})).status_code == 201
    worker = await people.worker("13800000009")
    villager = {"name": "李甲", "phone": "13700000001", "relation": "邻居", "consent": True}
    agent = await worker.post("/api/grid/v1/appeals", json={**said, "on_behalf_of": villager})
    assert agent.status_code == 201, agent.text
    entered = [row for row in register_of_channels if row["code"] not in {*phones, "grid_worker"}]
    for row in entered:
        other = row["area_code"] not in (CITY, COUNTY)
        filed = await people.take_in("desk", row["code"], VILLAGE, expect=422 if other else 201)
        if other:
            assert filed["errors"][0]["field"] == "channel", "the board of another county"
    counted = await people.get("desk", "/statistics/channels", since_on="2026-04-07", until_on="2026-04-07")
    here = [row for row in register_of_channels if row["area_code"] in (CITY, COUNTY)]
    assert counted["total"] == len(here)
    assert {row["code"]: row["appeals"] for row in counted["items"]} == {
        row["code"]: int(row in here) for row in register_of_channels
    }
    of_county = await people.get("countydesk", "/statistics/channels", since_on="2026-04-07", until_on="2026-04-07")
    assert of_county["total"] == len(here)
    guide = (await public(people, "/guide")).json()
    assert {"12317", "board_341125"} <= {row["code"] for row in guide["channels"]}


@pytest.mark.mechanism("000-30", "000-38")
async def test_a_leaders_instruction_the_same_day_and_the_ladder_to_the_citys_meeting(people: Company, at: At) -> None:
    at("2026-03-05T15:00")
    case_id = await register(people, "12345_phone", "2026-03-05T14:59")
    await people.act("mayor", case_id, "instruct", text="请水利局即办", unit="water")
    assert await people.due("section", case_id, "instructed") == "2026-03-05T23:59:00"
    done = await people.act("section", case_id, "dispatch-instructed")
    assert (done["state"], done["lead"]["name"]) == ("dispatched", "市水利局")
    hard = await register(people, "visit", "2026-03-05T14:59")
    await people.act("desk", hard, "accept")
    levels = []
    for login in ("towndesk", "countydesk", "countymeeting"):
        raised = await people.act(login, hard, "escalate", reason="涉及多个部门,本级难以协调")
        levels.append(raised["timeline"][-1]["data"]["to_level"])
    assert levels == ["town", "county", "city"]
    await people.act("countymeeting", hard, "escalate", expect=409, reason="再上报")
    await people.act("countydesk", hard, "dispatch", expect=409, lead="rural_341125")
    assert (await people.act("desk", hard, "dispatch", lead="water"))["state"] == "dispatched"


@pytest.mark.mechanism("000-16")
async def test_the_four_questions_in_the_words_of_the_profile_and_the_quarterly_outreach(people: Company, at: At) -> None:
    at("2026-03-02T09:01")
    for _ in range(3):
        case_id = await register(people, "12345_phone", "2026-03-02T09:00", topic="0902", flags=["one_visit"])
        await people.dispatch("desk", case_id, "water")
        await people.answer(case_id, "water")
        await people.follow_up(case_id, "water")
        assert (await people.act("caller", case_id, "callback", **GOOD))["state"] == "closed"
    at("2026-03-10T09:00")
    wave = await people.post("section", "/surveys", 201, name="三月四问", area_code=CITY, closed_from="2026-03-01",
                             closed_to="2026-03-09", seed=7)  # fmt: skip
    assert (wave["population"], wave["size"]) == (3, 1), "a fifth of them, by the profile, and at least one"
    invite = (await people.get("caller", f"/surveys/{wave['id']}/invites"))["items"][0]
    link = await people.post("caller", f"/survey-invites/{invite['id']}/link", 201)
    asked = (await public(people, f"/surveys/{link['token']}")).json()["questions"]
    assert [one["text"] for one in asked] == [
        "您的诉求解决了吗?", "您对办理满意吗?", "工作人员是否积极作为?", "还有什么意见建议?",
    ]  # fmt: skip
    said = {"solved": "partly", "satisfied": 2, "staff": "active"}
    answered = await people.anybody().post(f"/api/miniprogram/v1/surveys/{link['token']}/answers", json=said)
    assert answered.status_code == 201, answered.text
    opened = (await people.case("section", invite["case_id"]))["supervision"]
    assert [one["trigger"] for one in opened] == ["survey"], "a reply that the profile calls bad"
    outreach = (await people.get("section", "/obligations", area=CITY))["items"]
    due = next(row for row in outreach if row["code"] == "outreach")
    assert (due["until_on"], due["met"]) == ("2026-03-31", False)
    done = {"code": "outreach", "area": CITY, "held_on": "2026-03-09", "note": "到藕塘镇接访两批"}
    await people.post("section", "/obligations", 201, **done)
    outreach = (await people.get("section", "/obligations", area=CITY))["items"]
    assert next(row["met"] for row in outreach if row["code"] == "outreach")
