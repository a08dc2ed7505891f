"""金安区 with 东河口镇 “民呼快应” as an overlay: months of 2026 over HTTP by the profile `donghekou` alone."""

from collections.abc import Callable

import pytest

from tests.scenarios.conftest import Levels
from tests.support.company import BAD, GOOD, Company

PROFILE = "donghekou"
pytestmark = [pytest.mark.anyio, pytest.mark.own_pool]

DISTRICT = "341502"
TOWN = "341502105"
VILLAGE = "341502105201"
OTHER = "341502104200"  # a village of another town
At = Callable[[str], None]
REGISTER = {"appeal_type": "help", "topic": "0901", "petition_class": "suggestion_opinion"}


@pytest.fixture(autouse=True)
async def staffed(people: Company) -> None:
    """The district's hotline and its sections, the town with its desk and meeting, one of the 29 villages."""
    await people.hire("desk", "intake_officer", "dispatcher", unit="hotline_office", area=DISTRICT)
    await people.hire("section", "supervision_section", unit="supervision_section", area=DISTRICT)
    await people.hire("caller", "callback_officer", unit="callback_team", area=DISTRICT)
    await people.hire("districtmeeting", "joint_meeting_office", unit="joint_meeting_office", area=DISTRICT)
    await people.hire("towndesk", "intake_officer", "dispatcher", unit=TOWN, area=TOWN)
    await people.hire("townmeeting", "joint_meeting_office", unit=TOWN, area=TOWN)
    await people.hire("village", "village_secretary", "village_petition_agent", unit=VILLAGE, area=VILLAGE)
    await people.hire_unit("transport", "water", area=DISTRICT)
    await people.hire_unit(TOWN, area=TOWN)


async def register(people: Company, login: str, channel: str, received: str, **more: object) -> str:
    """Entered by a desk a little later than it came, and registered by it; the id of its case."""
    said: dict[str, object] = {"received_at": f"{received}:00+08:00", "content": f"{channel}:进村的路塌了一段"}
    if more.pop("superior", False):
        said["superior_assigned"] = True
    filed = await people.take_in(login, channel, str(more.pop("area", VILLAGE)), **said)
    registrar = "towndesk" if login == "village" else login
    await people.act(registrar, filed["case_id"], "register", **{**REGISTER, **more})
    return str(filed["case_id"])


@pytest.mark.mechanism("002-07", "000-01")
async def test_the_towns_own_channels_are_the_towns_alone(people: Company, at: At) -> None:
    at("2026-04-07T09:00")
    own = ("mailbox", "service_hall", "convenience_line", "village_agent")
    for channel in own:
        await people.take_in("towndesk", channel, VILLAGE)
        refused = await people.take_in("desk", channel, OTHER, expect=422)
        assert refused["errors"][0]["message"].endswith("只用于东河口镇")
    for row in (await people.get("desk", "/channels"))["items"]:
        if row["area_code"] == DISTRICT and row["code"] not in {"household_qr", "mini_program", "web_page", "grid_worker"}:
            await people.take_in("desk", row["code"], OTHER)
    of_town = await people.get("towndesk", "/statistics/channels", since_on="2026-04-07", until_on="2026-04-07")
    assert (of_town["total"], {row["code"] for row in of_town["items"] if row["appeals"]}) == (4, set(own))
    manager = {row["code"]: row["manager"] for row in of_town["items"]}
    assert {manager[code] for code in own} == {"东河口镇"}


async def test_three_origins(people: Company, at: At) -> None:
    at("2026-04-07T09:01")
    received = "2026-04-07T09:00"
    superior = await register(people, "desk", "12345_phone", received, superior=True)
    direct = await register(people, "towndesk", "service_hall", received)
    village = await register(people, "village", "village_agent", received)
    await people.act("towndesk", village, "accept")
    await people.act("village", village, "escalate", reason="须由镇里安排资金")
    origins = [(await people.case("desk", case_id))["origin"] for case_id in (superior, direct, village)]
    assert origins == ["superior_assigned", "town_direct", "village_escalated"]


@pytest.mark.mechanism("002-13", "000-38")
async def test_the_ladder_from_the_villages_agent_to_the_districts_meeting(people: Company, at: At) -> None:
    at("2026-04-07T09:01")
    li = await people.resident("li")
    body = {"kind": "help", "content": "进村的路塌了一段", "area_code": VILLAGE}
    case_id = await people.case_of((await li.post("/api/miniprogram/v1/appeals", json=body)).json())
    await people.act("towndesk", case_id, "register", **REGISTER)
    await people.act("towndesk", case_id, "accept")
    way = []
    for login in ("village", "towndesk", "townmeeting"):
        raised = await people.act(login, case_id, "escalate", reason="须上一级研究解决")
        way.append((raised["timeline"][-1]["data"]["to_level"], raised["timeline"][-1]["data"]["body"]))
        if login == "village":
            await people.act("village", case_id, "dispatch", expect=409, lead=VILLAGE)
    assert way == [("town", ""), ("meeting", "镇信访工作联席会议"), ("county", "区信访工作联席会议")]
    await people.act("districtmeeting", case_id, "escalate", expect=409, reason="还要上报")
    await people.act("desk", case_id, "dispatch", lead="transport")
    await people.react()
    told = (await li.get("/api/miniprogram/v1/me/inbox")).json()["items"]
    assert any("村级信访代办员继续跟您联系" in item["text"] for item in told), "the town's own words"


@pytest.mark.mechanism("000-15", "000-42")
async def test_five_working_days_over_qingming_with_everything_that_can_happen(
    people: Company, at: At, levels: Levels
) -> None:
    at("2026-04-01T10:01")
    case_id = await register(people, "towndesk", "mailbox", "2026-04-01T10:00")
    case = await people.case("towndesk", case_id)
    assert (case["track"], case["is_initial"]) == ("HOTLINE_5WD", True)
    offered = (await people.get("towndesk", f"/cases/{case_id}/suggestions"))["departments"]
    assert offered[0]["name"] == "东河口镇", "村组道路: territory first"
    await people.dispatch("towndesk", case_id, "water")
    await people.act("water.handler", case_id, "return", reason="村组道路由镇里负责")
    await people.act("towndesk", case_id, "grant-return")
    await people.act("towndesk", case_id, "dispatch", lead=TOWN, co_units=[VILLAGE])
    assert await people.due("towndesk", case_id, "handling") == "2026-04-09T23:59:59", "04-04 to 06 is off"
    await levels("towndesk", case_id, "handling", {
        "2026-04-07T04:59:59": "none", "2026-04-07T05:00": "yellow", "2026-04-08T14:29:59": "yellow",
        "2026-04-08T14:30": "orange",
    })  # fmt: skip
    await people.act(f"{TOWN}.handler", case_id, "sign")
    await people.act(f"{TOWN}.handler", case_id, "extend", amount=3, reason="下雨不能施工", done="已备料")
    await people.act("section", case_id, "grant-extension")
    assert await people.due("towndesk", case_id, "handling") == "2026-04-14T23:59:59"
    await levels("towndesk", case_id, "handling", {
        "2026-04-14T23:59:58": "orange", "2026-04-15T00:00": "red", "2026-04-16T00:00": "urge",
        "2026-04-20T00:00": "supervision",
    })  # fmt: skip
    await people.tick()
    sheet = next(one for one in (await people.case("section", case_id))["supervision"] if one["trigger"] == "overdue")
    await people.answer(case_id, TOWN, since="contact")
    await people.follow_up(case_id, TOWN)
    assert (await people.act("caller", case_id, "callback", **BAD))["state"] == "rework"
    await people.again(case_id, TOWN)
    await people.parts_done("towndesk", case_id, area=TOWN)
    await people.post(f"{TOWN}.lead", f"/supervisions/{sheet['id']}/response", text="已整改")
    await people.post("section", f"/supervisions/{sheet['id']}/verdict", verdict="销号")
    closed = await people.act("caller", case_id, "callback", **GOOD)
    assert (closed["state"], closed["round"]) == ("closed", 2)


async def test_a_petition_by_letter_has_its_legal_sixty_days(people: Company, at: At) -> None:
    at("2026-03-02T09:01")
    case_id = await register(people, "desk", "letter", "2026-03-02T09:00", petition_class="appeal_for_decision")
    assert (await people.case("desk", case_id))["track_reasons"][0] == "信访程序:信访渠道提出的申诉求决事项"
    await people.dispatch("desk", case_id, "transport")
    assert await people.due("desk", case_id, "handling") == "2026-05-06T23:59:59"


async def test_the_towns_rules_with_who_answers_for_them(people: Company) -> None:
    town = await people.get("towndesk", "/rules", area=VILLAGE)
    assert town["name"] == "东河口镇民呼快应"
    assert {"bulletins", "mediation", "bodies", "ladder", "responsibilities", "obligations"} <= set(town["own"])
    answering = {one["title"]: (one["first"], one["people"]) for one in town["responsibilities"]}
    assert answering["镇主要领导"] == (True, [f"{TOWN}.principal"])
    assert answering["村(街)"] == (False, ["village"])
    assert set(town["catalogues"]["origins"]["items"]) == {"superior_assigned", "town_direct", "village_escalated"}
    around = await people.get("desk", "/rules", area=OTHER)
    assert (around["name"], around["own"], around["mediation"]) == ("金安区民呼快应", [], {})
    await people.get("towndesk", "/rules", expect=404, area=OTHER)
    await people.get("towndesk", "/rules", expect=422)


async def test_weekly_monthly_and_daily_duties_and_the_share_that_was_met(people: Company, at: At) -> None:
    at("2026-04-15T09:00")
    owed = {row["code"]: row for row in (await people.get("village", "/obligations", area=VILLAGE))["items"]}
    assert set(owed) == {"weekly_bulletin"}, "what is owed at the level of a village"
    assert (owed["weekly_bulletin"]["from_on"], owed["weekly_bulletin"]["until_on"]) == ("2026-04-13", "2026-04-19")
    deed = {"code": "weekly_bulletin", "area": VILLAGE, "held_on": "2026-04-14", "note": "本周三件,均在办"}
    kept = await people.post("village", "/obligations", 201, **deed)
    assert kept["period_on"] == "2026-04-13"
    again = (await people.get("village", "/obligations", area=VILLAGE))["items"][0]
    assert (again["met"], again["done"]) == (True, 1)
    for wrong, field in ({"code": "monthly_summary"}, "code"), ({"held_on": "2026-04-16"}, "held_on"):
        refused = await people.post("village", "/obligations", 422, **{**deed, **wrong})
        assert refused["errors"][0]["field"] == field
    await people.post("village", "/obligations", 404, **{**deed, "area": OTHER})
    await people.post("towndesk", "/obligations", 403, **deed)
    await people.get("village", "/obligations", expect=404, area=OTHER)
    town = {row["code"] for row in (await people.get("towndesk", "/obligations", area=TOWN))["items"]}
    assert town == {"monthly_summary", "leader_reception"}
    rate = await people.get("village", "/statistics/obligations", area=VILLAGE, since_on="2026-03-30", until_on="2026-04-30")
    assert (rate["numerator"], rate["denominator"]) == (0, 2), "two weeks ended unmet, this one has not ended"
    at("2026-04-20T09:00")
    rate = await people.get("village", "/statistics/obligations", area=VILLAGE, since_on="2026-03-30", until_on="2026-04-30")
    assert (rate["numerator"], rate["denominator"], len(rate["missed"])) == (1, 3, 2)
    await people.get("village", "/statistics/obligations", expect=422, area=VILLAGE, since_on="2026-04-30", until_on="2026-04-01")


async def test_the_weekly_bulletin_of_the_villages_and_the_monthly_summary_by_origin(people: Company, at: At) -> None:
    at("2026-04-07T09:01")
    received = "2026-04-07T09:00"
    done = await register(people, "towndesk", "mailbox", received)
    waiting = await register(people, "towndesk", "service_hall", received, topic="0801")
    await register(people, "towndesk", "mailbox", received, area="341502105200")
    await register(people, "desk", "12345_phone", received, superior=True)
    for case_id in (done, waiting):
        await people.act("towndesk", case_id, "accept")
        await people.act("towndesk", case_id, "dispatch", lead=TOWN)
    await people.answer(done, TOWN)
    await people.act("section", done, "find-cause", origin_unit=TOWN, cause="not_performed", note="管护没有到位")
    await people.act("caller", done, "callback", **BAD)
    at("2026-04-15T09:00")
    week = await people.get("towndesk", "/bulletins/weekly", area=TOWN, on="2026-04-15")
    assert (week["from_on"], week["until_on"], week["name"]) == ("2026-04-13", "2026-04-19", "访情周通报")
    assert week["items"] == [{"area": "东河口村委会", "new": 0, "due": 2, "overdue": 1, "solved": 0, "dissatisfied": 0,
                              "causes": "应履行的职责没有履行"}]  # fmt: skip
    before = await people.get("towndesk", "/bulletins/weekly", area=TOWN, on="2026-04-08")
    assert [(line["area"], line["new"], line["due"], line["dissatisfied"]) for line in before["items"]] == [
        ("长岭村委会", 1, 0, 0), ("东河口村委会", 3, 0, 1)
    ]  # fmt: skip
    month = await people.get("towndesk", "/bulletins/monthly", area=TOWN, on="2026-04-30")
    assert {(line["origin"], line["topic"], line["village"], line["count"]) for line in month["items"]} == {
        ("上级交办", "道路交通", "东河口村委会", 1), ("镇本级直接办", "道路交通", "东河口村委会", 1),
        ("镇本级直接办", "饮水与农田水利", "东河口村委会", 1), ("镇本级直接办", "道路交通", "长岭村委会", 1),
    }  # fmt: skip
    of_village = await people.get("village", "/bulletins/weekly", area=VILLAGE, on="2026-04-08")
    assert [line["area"] for line in of_village["items"]] == ["东河口村委会"]
    assert [one["name"] for one in (await people.get("village", "/bulletins", area=VILLAGE))["items"]] == [
        "访情周通报", "诉求月汇总",
    ]  # fmt: skip
    await people.get("village", "/bulletins/weekly", expect=404, area=OTHER)
    await people.get("desk", "/bulletins/weekly", expect=404, area=OTHER)
    await people.get("towndesk", "/bulletins/weekly", expect=422, area=TOWN, on="yesterday")
