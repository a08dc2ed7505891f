"""衡阳市: months of 2026 over HTTP by the rules of the profile `hengyang` alone (《意见》 of 2020-04-10)."""

from collections.abc import Callable

import pytest

from tests.scenarios.conftest import Levels
from tests.support.company import BAD, GOOD, Company

PROFILE = "hengyang"
pytestmark = [pytest.mark.anyio, pytest.mark.own_pool]

CITY = "4304"
COUNTY = "430421"
TOWN = "430421100"
VILLAGE = "430421100013"
At = Callable[[str], None]
REGISTER = {"appeal_type": "help", "topic": "0902", "petition_class": "appeal_for_decision"}


@pytest.fixture(autouse=True)
async def staffed(people: Company) -> None:
    """The city's petition office and its centre, the offices of one county, a town, two units, discipline."""
    await people.hire("desk", "intake_officer", "dispatcher", unit="petition", area=CITY)
    await people.hire("desk2", "intake_officer", "dispatcher", unit="reception_centre", area=CITY)
    await people.hire("section", "supervision_section", unit="supervision_section", area=CITY)
    await people.hire("caller", "callback_officer", unit="callback_team", area=CITY)
    await people.hire("discipline", "discipline_inspector", unit="discipline", area=CITY)
    await people.hire("reviews", "review_officer", unit="government_office", area=CITY)
    await people.hire("meeting", "joint_meeting_office", unit="joint_meeting_office", area=CITY)
    await people.hire("countymeeting", "joint_meeting_office", unit="petition_430421", area=COUNTY)
    await people.hire("towndesk", "dispatcher", unit=TOWN, area=TOWN)
    await people.hire("townmeeting", "joint_meeting_office", unit=TOWN, area=TOWN)
    await people.hire_unit("highway", "transport", area=CITY)


async def register(people: Company, channel: str, received: str, phone: str = "", **more: object) -> str:
    """Entered by the desk a little later than it came, and registered; the id of its case."""
    said: dict[str, object] = {"received_at": f"{received}:00+08:00"}
    if phone:
        said["contact"] = {"name": "张三", "phone": phone}
    if more.pop("superior", False):
        said["superior_assigned"] = True
    filed = await people.take_in("desk", channel, VILLAGE, **said)
    await people.act("desk", filed["case_id"], "register", **{**REGISTER, **more})
    return str(filed["case_id"])


@pytest.mark.mechanism("004-24")
async def test_simple_handling_over_the_may_holidays(people: Company, at: At, levels: Levels) -> None:
    at("2026-04-30T09:01")
    case_id = await register(people, "visit", "2026-04-30T09:00")
    case = await people.case("desk", case_id)
    assert (case["track"], case["flags"]) == ("SIMPLE", [])
    assert await people.due("desk", case_id, "accept") == "2026-05-08T23:59:59", "6, 7, 8: 05-01 to 05 is off"
    await levels("desk", case_id, "accept", {
        "2026-05-07T04:29:59": "none", "2026-05-07T04:30": "yellow", "2026-05-08T00:00": "orange",
        "2026-05-08T23:59:58": "orange", "2026-05-09T00:00": "red",
    })  # fmt: skip
    at("2026-05-08T10:00")
    await people.dispatch("desk", case_id, "highway")
    assert await people.due("desk", case_id, "handling") == "2026-05-21T23:59:59", "Sat 05-09 works"
    assert await people.due("desk", case_id, "first_contact") == "2026-05-11T23:59:59"
    await people.act("highway.handler", case_id, "return", reason="此路由交通运输局管养")
    await people.act("desk", case_id, "grant-return")
    await people.act("desk", case_id, "dispatch", lead="transport")
    at("2026-05-18T10:00")
    await people.act("transport.handler", case_id, "sign")
    await people.act("transport.handler", case_id, "extend", amount=5, reason="等待沥青", done="已勘察")
    await people.act("section", case_id, "grant-extension")
    assert await people.due("desk", case_id, "handling") == "2026-05-28T23:59:59"
    await people.answer(case_id, "transport", since="contact")
    assert (await people.case("desk", case_id))["state"] == "answered"
    assert await people.due("desk", case_id, "callback") == "2026-05-21T23:59:59"
    await people.follow_up(case_id, "transport")
    bad = await people.act("caller", case_id, "callback", **BAD)
    assert (bad["state"], [one["trigger"] for one in bad["supervision"]]) == ("rework", ["dissatisfied"])
    await people.again(case_id, "transport")
    closed = await people.act("caller", case_id, "callback", **GOOD)
    assert (closed["state"], closed["round"]) == ("closed", 2)


@pytest.mark.mechanism("004-24", "001-12")
async def test_what_can_be_answered_on_the_spot_is_answered_on_the_spot(people: Company, at: At) -> None:
    at("2026-05-06T09:01")
    case_id = await register(people, "reception_centre", "2026-05-06T09:00", appeal_type="suggestion")
    body = {"text": "公交线路调整方案五月中旬公示。", "basis": "《城市公共汽车管理办法》", "disposition": "solved_reasonable"}
    without = {name: value for name, value in body.items() if name != "disposition"}
    missing = await people.act("desk", case_id, "answer-at-once", expect=422, **without)
    assert missing["errors"][0]["field"] == "disposition"
    await people.act("highway.handler", case_id, "answer-at-once", expect=404, **body)
    await people.act("discipline", case_id, "answer-at-once", expect=403, **body)
    assert "answer-at-once" in (await people.case("desk", case_id))["can"]
    done = await people.act("desk", case_id, "answer-at-once", **body)
    assert (done["state"], done["instant"], done["lead"]["name"]) == ("answered", True, "市信访局")
    handling = next(clock for clock in done["clocks"] if clock["name"] == "handling")
    assert (handling["met"], handling["due_at"][:10]) == (True, "2026-05-19"), "ten working days from acceptance, and met"
    assert [step["step"] for step in done["procedure"]] == ["register", "accept", "answer-at-once", "callback", "close"]
    assert (await people.act("caller", case_id, "close", expect=409))["missing"] == ["回访"]
    bad = await people.act("caller", case_id, "callback", **BAD)
    assert (bad["state"], bad["instant"]) == ("rework", False), "then a unit handles it like any other"
    assert (await people.act("desk", case_id, "dispatch", lead="transport"))["state"] == "dispatched"
    ordinary = await register(people, "superior", "2026-05-06T09:00")
    refused = await people.act("desk", ordinary, "answer-at-once", expect=409, **body)
    assert refused["code"] == "guard-not-met"
    assert "answer-at-once" not in (await people.case("desk", ordinary))["can"]


@pytest.mark.mechanism("004-24")
@pytest.mark.parametrize(
    ("channel", "more", "track"),
    [
        ("visit", {}, "SIMPLE"),
        ("superior", {}, "STATUTORY"),
        ("letter", {"superior": True, "topic": "0902"}, "STATUTORY"),
        ("letter", {"petition_class": "accusation"}, "STATUTORY"),
        ("letter", {"flags": ["not_simple"]}, "STATUTORY"),
        ("letter", {"complex": True}, "STATUTORY"),
        ("letter", {"repeat": True}, "SIMPLE"),  # a repeat alone never lengthens a limit: it opens supervision
        ("letter", {"appeal_type": "consult"}, "CONSULT"),
    ],
)
async def test_an_exclusion_ends_the_simple_way(
    people: Company, at: At, channel: str, more: dict[str, object], track: str
) -> None:
    at("2026-05-06T09:01")
    case = await people.case("desk", await register(people, channel, "2026-05-06T09:00", **more))
    assert case["track"] == track
    assert case["procedure"][1]["limit"] == {"SIMPLE": "3个工作日", "STATUTORY": "15日", "CONSULT": "4个工作小时"}[track]


@pytest.mark.mechanism("004-24")
async def test_a_second_unit_that_turns_up_later_ends_it_too_and_the_appellant_is_told(people: Company, at: At) -> None:
    at("2026-05-06T09:01")
    li = await people.resident("li")
    body = {"kind": "help", "content": "省道边的水沟堵了", "area_code": VILLAGE}
    appeal = (await li.post("/api/miniprogram/v1/appeals", json=body)).json()
    case_id = await people.case_of(appeal)
    await people.act("desk", case_id, "register", **REGISTER)
    await people.dispatch("desk", case_id, "highway")
    assert await people.due("desk", case_id, "handling") == "2026-05-19T23:59:59"
    await people.act("desk", case_id, "add-co-unit", department_id="transport", duty="清淤")
    case = await people.case("desk", case_id)
    assert (case["handling_track"], "joint" in case["flags"]) == ("STATUTORY", True)
    assert await people.due("desk", case_id, "handling") == "2026-07-06T23:59:59", "60 days end on a Sunday"
    await people.react()
    told = (await li.get("/api/miniprogram/v1/me/inbox")).json()["items"]
    changed = next(item for item in told if item["title"] == "答复时间有变")
    assert "2026年7月6日" in changed["text"]
    assert "几个单位联合办理" in changed["text"]


@pytest.mark.mechanism("000-34")
async def test_the_ordinary_way_has_sixty_days_and_thirty_more_once(people: Company, at: At, levels: Levels) -> None:
    at("2026-03-02T09:01")
    case_id = await register(people, "superior", "2026-03-02T09:00")
    assert await people.due("desk", case_id, "accept") == "2026-03-17T23:59:59"
    await people.dispatch("desk", case_id, "highway")
    assert await people.due("desk", case_id, "handling") == "2026-05-06T23:59:59", "05-01 rolls past the holiday"
    at("2026-04-20T10:00")
    await people.act("highway.handler", case_id, "sign")
    await people.act("highway.handler", case_id, "extend", amount=30, reason="等待鉴定", done="已取样")
    await people.act("section", case_id, "grant-extension", expect=403)
    await people.act("highway.lead", case_id, "grant-extension")
    assert await people.due("desk", case_id, "handling") == "2026-06-01T23:59:59", "day 90, a Sunday, rolls to Monday"
    assert (await people.act("highway.handler", case_id, "extend", expect=409, amount=5, reason="再延", done="无"))[
        "code"
    ] == "guard-not-met"
    await levels("desk", case_id, "handling", {"2026-06-01T23:59:58": "orange", "2026-06-02T00:00": "red"})


@pytest.mark.mechanism("004-22")
async def test_first_petitions_come_first_and_their_first_receiver_answers_for_them(people: Company, at: At) -> None:
    at("2026-05-06T09:01")
    first = await register(people, "visit", "2026-05-06T09:00", phone="13700000021")
    repeated = await register(people, "visit", "2026-05-06T09:00", phone="13700000021")
    other = await register(people, "letter", "2026-05-06T09:00", phone="13700000022")
    pressing = await register(people, "letter", "2026-05-06T09:00", phone="13700000021", urgency="urgent")
    case = await people.case("desk", first)
    assert (case["is_initial"], (await people.case("desk", repeated))["is_initial"]) == (True, False)
    listed = await people.get("desk", "/cases", order="first", limit=2)
    rest = await people.get("desk", "/cases", order="first", limit=2, cursor=listed["next"])
    assert [row["id"] for row in (*listed["items"], *rest["items"])] == [pressing, other, first, repeated]
    assert {row["id"] for row in (await people.get("desk", "/cases", initial="true"))["items"]} == {first, other}
    me = (await people.get("desk", "/me"))["id"]
    assert case["first_receiver_id"] == me
    await people.act("desk2", first, "accept")
    await people.act("desk2", first, "dispatch", lead="highway")
    await people.act("highway.handler", first, "return", reason="此路由交通运输局管养")
    await people.react()
    assert "有退单申请" in await people.inbox("desk"), "who took it in first sees to it that it finds its unit"


@pytest.mark.mechanism("004-29")
async def test_who_caused_it_and_handled_it_poorly_answers_for_it(people: Company, at: At) -> None:
    at("2026-05-06T09:01")
    case_id = await register(people, "visit", "2026-05-06T09:00")
    await people.dispatch("desk", case_id, "highway")
    body = {"origin_unit": "highway", "cause": "promise_broken", "note": "去年书面承诺修复,至今未修"}
    wrong = await people.act("section", case_id, "find-cause", expect=422, **{**body, "cause": "petitions_too_many"})
    assert wrong["errors"][0]["field"] == "cause"
    assert (await people.act("section", case_id, "find-cause", expect=422, **{**body, "origin_unit": "没有的局"}))[
        "errors"
    ][0]["field"] == "origin_unit"
    await people.act("transport.handler", case_id, "find-cause", expect=404, **body)
    await people.act("highway.handler", case_id, "find-cause", expect=403, **body)
    found = await people.act("section", case_id, "find-cause", **body)
    assert (found["cause"], found["problem_origin_id"]) == ("promise_broken", found["lead"]["id"])
    assert (await people.get("discipline", "/accountability-leads"))["items"] == [], "a cause alone blames nobody"
    await people.act("section", case_id, "find-cause", **body, poor_handling=True)
    await people.act("section", case_id, "find-cause", **body, poor_handling=True)
    leads = (await people.get("discipline", "/accountability-leads", state="open"))["items"]
    assert [(one["unit"], one["cause"], one["strict"]) for one in leads] == [("市公路管理机构", "promise_broken", False)]
    await people.act("section", case_id, "find-cause", **body, poor_handling=True, serious_consequence=True)
    leads = (await people.get("discipline", "/accountability-leads", state="open"))["items"]
    assert [one["strict"] for one in leads] == [True], "grave effects: the same clue, followed up strictly"
    await people.react()
    assert "有责任倒查线索" in await people.inbox("discipline")
    seen = await people.case("highway.handler", case_id)
    assert not [line for line in seen["timeline"] if line["event"].startswith("accountability")]
    await people.get("section", "/accountability-leads", expect=403)
    path = f"/accountability-leads/{leads[0]['id']}/finding"
    await people.post("section", path, 403, finding="direct", note="查实")
    await people.hire("elsewhere", "discipline_inspector", unit="petition_430422", area="430422")
    await people.post("elsewhere", path, 404, finding="direct", note="查实")
    assert (await people.post("discipline", path, 422, finding="guilty", note="查实"))["errors"][0]["field"] == "finding"
    closed = await people.post("discipline", path, finding="direct", note="查实,约谈分管负责人")
    assert (closed["state"], closed["finding"]) == ("closed", "direct")
    await people.post("discipline", path, 409, finding="none", note="再次")


@pytest.mark.mechanism("000-38")
async def test_three_levels_of_meetings(people: Company, at: At) -> None:
    at("2026-03-05T15:00")
    case_id = await register(people, "visit", "2026-03-05T14:59")
    await people.act("desk", case_id, "accept")
    bodies = []
    for login in ("towndesk", "towndesk", "townmeeting", "countymeeting"):
        raised = await people.act(login, case_id, "escalate", reason="本级难以解决")
        bodies.append(raised["timeline"][-1]["data"]["body"])
    assert bodies == ["", "乡镇(街道)信访工作联席会议", "县市区信访工作联席会议", "市信访工作联席会议"]
    await people.act("countymeeting", case_id, "dispatch", expect=409, lead="highway")
    assert (await people.act("desk", case_id, "dispatch", lead="highway"))["lead"]["name"] == "市公路管理机构"



@pytest.mark.mechanism("004-15")
async def test_a_hearing_from_the_request_to_its_conclusion(people: Company, at: At) -> None:
    at("2026-05-06T09:01")
    li = await people.resident("li")
    said = {"kind": "complaint", "content": "拆迁补偿标准说法不一", "area_code": VILLAGE}
    appeal = (await li.post("/api/miniprogram/v1/appeals", json=said)).json()
    case_id, path = await people.case_of(appeal), f"/api/miniprogram/v1/appeals/{appeal['id']}/hearing-requests"
    early = await li.post(path, json={"reason": "请公开听证"})
    assert (early.status_code, early.json()["code"]) == (409, "guard-not-met")
    await people.act("desk", case_id, "register", **REGISTER)
    await people.dispatch("desk", case_id, "highway")
    assert (await li.post(path, json={"reason": " "})).status_code == 422
    stranger = await people.resident("wang")
    assert (await stranger.post(path, json={"reason": "请听证"})).status_code == 404
    asked = (await li.post(path, json={"reason": "请公开听证"})).json()
    assert (await li.post(path, json={"reason": "再申请"})).status_code == 409
    await people.react()
    assert "有听证申请" in await people.inbox("reviews")
    waiting = (await people.get("reviews", "/hearing-requests", state="open"))["items"]
    assert [(one["id"], one["by_appellant"], one["reason"]) for one in waiting] == [(asked["id"], True, "请公开听证")]
    await people.get("section", "/hearing-requests", expect=403)
    refusal = f"/hearing-requests/{asked['id']}/refusal"
    await people.post("section", refusal, 403, reason="不需要")
    await people.post("reviews", refusal, 422, reason="")
    await people.hire("elsewhere", "review_officer", unit="petition_430422", area="430422")
    await people.post("elsewhere", refusal, 404, reason="不需要")
    assert (await people.post("reviews", refusal, reason="标准已经公示,承办单位先当面说明"))["state"] == "refused"
    await people.post("reviews", refusal, 409, reason="再次")
    unit = f"/cases/{case_id}/hearing-requests"
    await people.post("transport.handler", unit, 404, reason="请听证")
    await people.post("section", unit, 403, reason="请听证")
    await people.post("highway.handler", unit, 201, reason="双方对标准理解不同,请听证")
    plan = {
        "reason": "双方对标准理解不同", "planned_at": "2026-05-20T09:30:00+08:00", "place": "市人民来访接待中心二楼",
        "members": [{"name": f"听证员{n}", "post": "人大代表"} for n in "甲乙丙"], "publicity": "public",
    }  # fmt: skip
    held = await people.post("reviews", f"/cases/{case_id}/hearings", 201, **plan)
    decided = (await people.get("reviews", "/hearing-requests"))["items"]
    assert [(one["state"], one["hearing_id"]) for one in decided] == [("granted", held["id"]), ("refused", None)]
    await people.react()
    told = {item["title"]: item["text"] for item in (await li.get("/api/miniprogram/v1/me/inbox")).json()["items"]}
    assert "2026年5月20日 09:30在市人民来访接待中心二楼" in told["举行听证"]
    assert "承办单位先当面说明" in told["听证申请有答复"]
    assert "听证通知" in await people.inbox("highway.handler")
    public_notice = (await people.anybody().get("/api/miniprogram/v1/public-hearings")).json()["items"]
    assert public_notice == [{"planned_at": "2026-05-20T09:30:00+08:00", "place": "市人民来访接待中心二楼",
                              "area": "衡阳县", "topic": "国省道与县道"}]  # fmt: skip
    at("2026-05-20T11:00")
    await people.post("reviews", f"/hearings/{held['id']}/conclusion", record="双方陈述、质证", conclusion="按新标准执行")
    await people.react()
    told = {item["title"]: item["text"] for item in (await li.get("/api/miniprogram/v1/me/inbox")).json()["items"]}
    assert "按新标准执行" in told["听证有结论"]
    assert (await people.anybody().get("/api/miniprogram/v1/public-hearings")).json()["items"] == []
    kept = (await people.get("reviews", f"/cases/{case_id}/hearings"))["items"][0]
    assert (kept["record"], kept["publicity"], len(kept["members"])) == ("双方陈述、质证", "public", 3)


async def test_receptions_and_inspections_are_owed_by_level_and_the_share_met_is_counted(people: Company, at: At) -> None:
    at("2026-07-01T09:00")
    owed = {area: {row["code"]: row["period"] for row in (await people.get("section", "/obligations", area=area))["items"]}
            for area in (CITY, COUNTY, TOWN)}  # fmt: skip
    assert {owed[CITY]["city_reception"], owed[COUNTY]["county_reception"], owed[TOWN]["town_reception"]} == {
        "quarter", "month", "week",
    }  # fmt: skip
    assert owed[TOWN] == {"town_reception": "week", "hear_report": "quarter", "inspection_town": "half_month"}
    special = (await people.get("section", "/obligations", area=TOWN, special="true"))["items"]
    assert {row["code"] for row in special} - set(owed[TOWN]) == {"special_duty"}, "only while a special period is declared"
    done = {"code": "city_reception", "area": CITY, "held_on": "2026-05-11", "note": "市委书记接访 3 批"}
    await people.post("section", "/obligations", 201, **done)
    quarter = {"area": CITY, "since_on": "2026-04-01", "until_on": "2026-06-30"}
    rate = await people.get("section", "/statistics/obligations", **quarter)
    missed = [one["code"] for one in rate["missed"]]
    assert "city_reception" not in missed
    assert missed.count("centre_duty") == 91, "a person every day"
    assert rate["denominator"] - rate["numerator"] == len(missed)


async def test_the_ledger_of_leaders_receptions_fills_itself(people: Company, at: At) -> None:
    at("2026-05-06T09:01")
    received = await register(people, "leader_reception", "2026-05-06T09:00")
    await register(people, "letter", "2026-05-06T09:00")
    await people.dispatch("desk", received, "highway")
    await people.answer(received, "highway")
    await people.follow_up(received, "highway")
    await people.act("caller", received, "callback", **GOOD)
    ledger = await people.get("section", "/lists/reception_ledger", area=CITY)
    assert (ledger["name"], list(ledger["columns"].values())) == (
        "领导接访台账", ["事项", "接访领导", "责任人", "时限", "进展", "结果"]
    )  # fmt: skip
    assert [(line["id"], line["owner"], line["result"]) for line in ledger["items"]] == [
        (received, "市公路管理机构、highway.handler", "已到现场办妥")
    ], "closed ones stay in the ledger; a letter is none of it"
