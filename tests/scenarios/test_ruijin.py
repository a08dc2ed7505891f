"""瑞金市民意速办: months of 2026 over HTTP by the rules of the profile `ruijin` alone (方案 with its two annexes)."""

from collections.abc import Callable

import pytest

from tests.scenarios.conftest import Levels
from tests.support.company import BAD, GOOD, Company, public

PROFILE = "ruijin"
pytestmark = [pytest.mark.anyio, pytest.mark.own_pool]

COUNTY = "360781"
TOWN = "360781100"
URBAN = "360781100001"
At = Callable[[str], None]
REGISTER = {"appeal_type": "help", "topic": "0902", "petition_class": "appeal_for_decision"}
LINKED = ("emergency", "fire", "police", "traffic_police", "health")


@pytest.fixture(autouse=True)
async def staffed(people: Company) -> None:
    """The hotline office and its sections, units with their rapid teams, a town, the duty room."""
    await people.hire("desk", "intake_officer", "dispatcher", unit="hotline_office", area=COUNTY)
    await people.hire("desk2", "intake_officer", "dispatcher", unit="hotline_office", area=COUNTY)
    await people.hire("section", "supervision_section", unit="supervision_section", area=COUNTY)
    await people.hire("caller", "callback_officer", unit="callback_team", area=COUNTY)
    await people.hire("duty", "duty_officer", unit="government_office", area=COUNTY)
    await people.hire("meeting", "joint_meeting_office", unit="joint_meeting_office", area=COUNTY)
    await people.hire("rules", "system_admin", unit="approval", area=COUNTY)
    await people.hire_unit("highway", "emergency", "urban_management", area=COUNTY)
    for unit in LINKED[1:]:
        await people.hire(f"{unit}.handler", "handler", unit=unit, area=COUNTY)


async def register(people: Company, channel: str, received: str, **more: object) -> str:
    """Entered by the desk a little later than it came, and registered; the id of its case."""
    said = {"received_at": f"{received}:00+08:00", "content": more.pop("content", "路面塌了一个坑")}
    filed = await people.take_in("desk", channel, str(more.pop("area", URBAN)), **said)
    await people.act("desk", filed["case_id"], "register", **{**REGISTER, **more})
    return str(filed["case_id"])


@pytest.mark.mechanism("000-01", "001-07")
async def test_the_fourteen_platforms_of_the_annex_and_the_hotlines_own_channels(people: Company, at: At) -> None:
    at("2026-03-02T09:00")
    known = (await people.get("desk", "/channels"))["items"]
    annex = [(row["name"], row["manager"], row["aggregation"], row["handling"]) for row in known if row["number"]]
    assert [(row[1], row[2]) for row in annex] == [
        ("市市场监管局", "interconnect"), ("市人社局", "interconnect"), ("市交通运输局", "interconnect"),
        ("市信访局", "interconnect"), ("市信访局", "interconnect"), ("市委办", "merged"), ("市委办", "merged"),
        ("市政府办", "merged"), *[("市行政审批局", "merged")] * 6,
    ]  # fmt: skip
    assert {row[3] for row in annex[:5]} == {"origin_dispatch_origin_reply"}
    assert {row[3] for row in annex[5:8]} == {"hub_dispatch_origin_review"}
    assert {row[3] for row in annex[8:]} == {"hub_dispatch_hub_reply"}
    own = {"household_qr", "mini_program", "web_page", "grid_worker"}
    entered = [row["code"] for row in known if row["code"] not in own]
    for code in entered:
        await people.take_in("desk", code, URBAN)
    li = await people.resident("li")
    await li.post("/api/miniprogram/v1/appeals", json={"kind": "thanks", "content": "谢谢", "area_code": URBAN})
    counted = await people.get("desk", "/statistics/channels", since_on="2026-03-02", until_on="2026-03-02")
    assert {row["code"] for row in counted["items"] if row["appeals"] == 1} == {*entered, "mini_program"}
    empty = await people.get("desk", "/statistics/channels", since_on="2026-03-01", until_on="2026-03-01")
    assert (empty["total"], len(empty["items"])) == (0, len(known))


@pytest.mark.mechanism("000-01")
async def test_a_channel_is_switched_off_and_nobody_is_kept_from_being_heard(people: Company) -> None:
    assert (await people.post("rules", "/channels/ask_ganzhou", active=False))["active"] is False
    refused = await people.take_in("desk", "ask_ganzhou", URBAN, expect=422)
    assert refused["errors"][0] == {"field": "channel", "code": "invalid", "message": "渠道“问政赣州”已停用"}
    assert (await people.take_in("desk", "smoke_signals", URBAN, expect=422))["errors"][0]["field"] == "channel"
    for code in ("household_qr", "12345_phone", "visit"):
        await people.post("rules", f"/channels/{code}", 409, active=False)
    await people.post("rules", "/channels/nowhere", 404, active=False)
    await people.post("rules", "/channels/ask_ganzhou", 422, active="perhaps")
    await people.post("desk", "/channels/ask_ganzhou", 403, active=True)
    await people.get("rules", "/statistics/channels", 403, since_on="2026-03-01", until_on="2026-03-01")
    await people.get("desk", "/statistics/channels", 422, since_on="2026-03-02", until_on="2026-03-01")
    await people.post("rules", "/channels/ask_ganzhou", active=True)
    await people.take_in("desk", "ask_ganzhou", URBAN)


@pytest.mark.mechanism("001-10")
async def test_danger_to_life_shows_the_numbers_first_and_tells_all_linked_units_together(
    people: Company, at: At
) -> None:
    at("2026-02-28T10:00")
    shown = (await public(people, "/emergencies")).json()
    assert {row["code"]: row["numbers"] for row in shown["items"]} == {
        "natural_disaster": ["119", "110"], "accident": ["119", "120", "110"], "public_health": ["120"],
        "social_safety": ["110"],
    }  # fmt: skip
    li = await people.resident("li")
    body = {"kind": "help", "content": "楼下店铺煤气泄漏,味道很大", "area_code": URBAN}
    receipt = (await li.post("/api/miniprogram/v1/appeals", json=body)).json()
    assert next(iter(receipt)) == "emergency", "before the number of the form"
    assert receipt["emergency"]["numbers"] == ["119", "120", "110", "122"]
    assert "120(急救)" in receipt["emergency"]["text"]
    calm = (await li.post("/api/miniprogram/v1/appeals", json={**body, "content": "路灯不亮"})).json()
    assert "emergency" not in calm
    entered = await people.take_in("desk", "12345_phone", URBAN, content="工地坍塌,有人被困")
    assert entered["emergency"]["kind"] == "natural_disaster"
    case_id = await people.case_of(receipt)
    wrong = await people.act("desk", case_id, "register", expect=422, **REGISTER, emergency="alien_landing")
    assert wrong["errors"][0]["field"] == "emergency"
    case = await people.act("desk", case_id, "register", **REGISTER, emergency="accident")
    assert (case["urgent"], case["track"], case["emergency"]) == (True, "URGENT", "accident")
    await people.react()
    told = {unit: await people.inbox(f"{unit}.handler") for unit in LINKED}
    assert {unit for unit, titles in told.items() if "应急联动" in titles} == set(LINKED)
    at_once = {item["at"] for unit in LINKED for item in (await people.get(f"{unit}.handler", "/inbox"))["items"]
               if item["title"] == "应急联动"}  # fmt: skip
    assert len({moment[:19] for moment in at_once}) == 1
    assert "应急联动" not in await people.inbox("highway.handler")


@pytest.mark.mechanism("001-14", "001-15", "001-16")
async def test_an_urgent_matter_on_a_make_up_saturday_from_the_call_to_the_duty_room(
    people: Company, at: At, levels: Levels
) -> None:
    at("2026-02-28T10:01")
    case_id = await register(people, "12345_phone", "2026-02-28T10:00", urgency="urgent")
    assert await people.due("desk", case_id, "accept") == "2026-02-28T10:05:00"
    at("2026-02-28T10:03")
    await people.dispatch("desk", case_id, "highway")
    due = {name: clock["due_at"][:16] for name, clock in (await people.clocks("desk", case_id)).items()}
    assert due == {"sign": "2026-02-28T10:18", "first_contact": "2026-02-28T12:00", "handling": "2026-03-06T23:59"}
    await levels("desk", case_id, "first_contact", {
        "2026-02-28T10:59:59": "none", "2026-02-28T11:00": "yellow", "2026-02-28T11:30": "orange",
        "2026-02-28T12:00:01": "red",
    })  # fmt: skip
    at("2026-02-28T10:10")
    await people.act("highway.handler", case_id, "sign")
    ask = {"reason": "坑深两米,要围挡和吊车", "people": 6, "equipment": ["吊车", "围挡 40 米"]}
    assert (await people.act("highway.handler", case_id, "request-resources", expect=422, reason="要人"))["errors"]
    await people.act("highway.handler", case_id, "request-resources", **ask)
    await people.act("highway.handler", case_id, "request-resources", expect=409, **ask)
    await people.react()
    assert "请求调派人员设备" in await people.inbox("highway.lead")
    await people.act("highway.handler", case_id, "answer-resources", expect=403, granted=True, note="来")
    await people.act("emergency.lead", case_id, "answer-resources", expect=404, granted=True, note="来")
    answered = await people.act("highway.lead", case_id, "answer-resources", granted=True, note="吊车 10:40 到")
    await people.act("highway.lead", case_id, "answer-resources", expect=409, granted=True, note="再来")
    assert [(one["state"], one["people"], one["answer"]) for one in answered["resources"]] == [
        ("granted", 6, "吊车 10:40 到")
    ]
    await people.react()
    assert "资源申请有答复" in await people.inbox("highway.handler")
    at("2026-02-28T11:00")
    seen = {"note": "围挡已立", "people": ["钟师傅", "刘师傅"], "equipment": ["吊车"]}
    early = await people.act("highway.handler", case_id, "report-on-site", expect=422, **seen,
                             arrived_at="2026-02-28T10:02:00+08:00")  # fmt: skip
    assert early["errors"][0]["field"] == "arrived_at"
    onsite = await people.act("highway.handler", case_id, "report-on-site", **seen,
                              arrived_at="2026-02-28T10:40:00+08:00")  # fmt: skip
    assert [(one["people"], one["equipment"], one["arrived_at"][:16]) for one in onsite["on_site"]] == [
        (["钟师傅", "刘师傅"], ["吊车"], "2026-02-28T10:40")
    ]
    await people.answer(case_id, "highway", since="contact")
    file = {"file_number": "急-2026-017", "report_to_duty_office": True, "reason": "交通干线,市领导关注"}
    await people.act("highway.handler", case_id, "file-urgent", expect=409, **file)
    skip = await people.act("highway.handler", case_id, "skip-step", expect=422, step="callback", reason="忙")
    assert skip["errors"][0]["field"] == "step"
    await people.follow_up(case_id, "highway")
    waiting = await people.act("caller", case_id, "callback", **GOOD)
    assert waiting["state"] == "answered"
    assert (await people.act("caller", case_id, "close", expect=409))["missing"] == ["即办事项归档和值班室报告决定"]
    await people.act("emergency.handler", case_id, "file-urgent", expect=404, **file)
    await people.act("section", case_id, "file-urgent", expect=403, **file)
    assert (await people.act("highway.handler", case_id, "file-urgent", expect=422, file_number="1"))["errors"]
    filed = await people.act("highway.handler", case_id, "file-urgent", **file)
    assert [(one["reported"], one["reason"]) for one in filed["urgent_files"]] == [(True, "交通干线,市领导关注")]
    await people.act("highway.handler", case_id, "file-urgent", expect=409, **file)
    await people.react()
    assert "即办事项办理结果" in await people.inbox("duty")
    closed = await people.act("caller", case_id, "close")
    assert closed["state"] == "closed"
    assert [step["step"] for step in closed["procedure"] if not step["done_at"]] == []
    ordinary = await register(people, "12345_phone", "2026-02-28T10:59")
    assert "file-urgent" not in (await people.case("desk", ordinary))["can"]


@pytest.mark.mechanism("001-12", "000-36")
async def test_every_track_has_its_procedure_and_no_result_without_a_disposition(people: Company, at: At) -> None:
    at("2026-09-30T14:01")
    shapes = {"HOTLINE_5WD": {"petition_class": "suggestion_opinion"}, "STATUTORY": {"flags": ["complex"]},
              "CONSULT": {"appeal_type": "consult", "petition_class": "suggestion_opinion"}}  # fmt: skip
    for track, more in shapes.items():
        case_id = await register(people, "12345_phone", "2026-09-30T14:00", **more)
        case = await people.case("desk", case_id)
        assert case["handling_track"] == track
        limits = {step["step"]: step["limit"] for step in case["procedure"] if step["limit"]}
        assert limits == {
            "HOTLINE_5WD": {"accept": "1个工作日", "sign": "1个工作日", "contact-investigate": "1个工作日",
                            "answer": "5个工作日", "callback": "3个工作日"},
            "STATUTORY": {"accept": "15日", "sign": "2个工作日", "contact-investigate": "5个工作日", "answer": "60日",
                          "callback": "5个工作日"},
            "CONSULT": {"accept": "4个工作小时", "answer": "1个工作日"},
        }[track]  # fmt: skip
        demanded = {step["step"]: step["demands"] for step in case["procedure"] if step["demands"]}
        assert "三到位一处理" in demanded["submit-result"]
        await people.dispatch("desk", case_id, "highway")
        for action, body in (("sign", {}), ("contact", {"stage": "investigate"}),
                             ("grade", {"grade": "clear", "facts": "属实"})):  # fmt: skip
            await people.act("highway.handler", case_id, action, **body)
        bare = await people.act("highway.handler", case_id, "submit-result", expect=422, result="办妥", basis="规定")
        assert bare["errors"][0]["field"] == "disposition"


@pytest.mark.mechanism("000-15", "000-42", "000-35", "001-20")
async def test_five_working_days_around_the_national_day_in_an_urban_community(
    people: Company, at: At, levels: Levels
) -> None:
    at("2026-09-30T14:01")
    case_id = await register(people, "12345_wechat", "2026-09-30T14:00", topic="0901")
    offered = (await people.get("desk", f"/cases/{case_id}/suggestions"))["departments"]
    assert offered[0]["name"] == "市城管局", "城区社区道路: an urban place by its own line of the duty list"
    assert "城市社区" in {unit["name"] for unit in offered[0]["co_units"]}
    await people.dispatch("desk", case_id, "highway")
    await people.act("highway.handler", case_id, "return", reason="城区社区道路归城管局")
    assert await people.due("desk", case_id, "return_decision") == "2026-10-08T23:59:59", "one working day"
    at("2026-10-08T09:00")
    await people.act("desk", case_id, "grant-return")
    await people.act("desk", case_id, "dispatch", lead="urban_management", co_units=["urban_communities"])
    assert await people.due("desk", case_id, "handling") == "2026-10-13T23:59:59", "10-01 to 07 off, Sat 10-10 works"
    await levels("desk", case_id, "handling", {
        "2026-10-10T06:59:59": "none", "2026-10-10T07:00": "yellow", "2026-10-12T15:29:59": "yellow",
        "2026-10-12T15:30": "orange", "2026-10-13T23:59:58": "orange", "2026-10-14T00:00": "red",
        "2026-10-16T00:00": "urge", "2026-10-19T00:00": "supervision",
    })  # fmt: skip
    await people.tick()
    assert "overdue" in [one["trigger"] for one in (await people.case("section", case_id))["supervision"]]
    await people.answer(case_id, "urban_management")
    await people.follow_up(case_id, "urban_management")
    assert (await people.act("caller", case_id, "callback", **BAD))["state"] == "rework"
    await people.again(case_id, "urban_management")
    await people.parts_done("desk", case_id, area=COUNTY)
    late = await people.act("caller", case_id, "callback", **GOOD)
    sheet = next(one for one in late["supervision"] if one["trigger"] == "overdue")
    assert (late["state"], sheet["state"]) == ("answered", "open"), "overdue stays until the section settles it"
    await people.post("urban_management.lead", f"/supervisions/{sheet['id']}/response", text="已整改")
    await people.post("section", f"/supervisions/{sheet['id']}/verdict", verdict="已约谈,销号")
    assert (await people.act("caller", case_id, "close"))["state"] == "closed"
