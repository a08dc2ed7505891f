"""A town's special campaign as an overlay on one town of an example county: 2026 over HTTP by `town_campaign` alone."""

from collections.abc import Callable

import pytest

from tests.scenarios.conftest import Levels
from tests.support.company import BAD, GOOD, Company

PROFILE = "town_campaign"
pytestmark = [pytest.mark.anyio, pytest.mark.own_pool]

COUNTY = "341125"
TOWN = "341125106"
VILLAGE = "341125106201"
OTHER = "341125100001"  # a community of another town
At = Callable[[str], None]
REGISTER = {"appeal_type": "help", "topic": "0902", "petition_class": "appeal_for_decision"}


@pytest.fixture(autouse=True)
async def staffed(people: Company) -> None:
    """The county's petition office and sections, the town of the campaign, one village with its first secretary."""
    await people.hire("desk", "intake_officer", "dispatcher", unit="petition", area=COUNTY)
    await people.hire("desk2", "intake_officer", "dispatcher", unit="petition", area=COUNTY)
    await people.hire("section", "supervision_section", unit="supervision_section", area=COUNTY)
    await people.hire("caller", "callback_officer", unit="callback_team", area=COUNTY)
    await people.hire("discipline", "discipline_inspector", unit="discipline", area=COUNTY)
    await people.hire("leader", "leading_group_member", "case_leader", unit="government_office", area=COUNTY)
    await people.hire("townhead", "village_contact_leader", unit=TOWN, area=TOWN)
    await people.hire("village", "village_secretary", unit=VILLAGE, area=VILLAGE)
    await people.hire("first", "first_secretary", unit=VILLAGE, area=VILLAGE)
    await people.hire_unit("highway", "transport", area=COUNTY)


async def register(people: Company, channel: str, received: str, **more: object) -> str:
    """Entered by the desk a little later than it came, and registered; the id of its case."""
    said = {"received_at": f"{received}:00+08:00", "content": "通村路塌了一段,积水很深"}
    filed = await people.take_in("desk", channel, str(more.pop("area", VILLAGE)), **said)
    await people.act("desk", filed["case_id"], "register", **{**REGISTER, **more})
    return str(filed["case_id"])


async def test_the_phases_of_the_campaign_its_tasks_and_who_is_responsible_first(people: Company, at: At) -> None:
    at("2026-05-24T09:00")
    found = (await people.get("village", "/campaigns", area=VILLAGE))["items"][0]
    assert found["first_responsible"] == {
        "village_contact_leader": ["townhead"], "village_secretary": ["village"], "first_secretary": ["first"],
    }  # fmt: skip
    assert [(one["since_on"], one["until_on"], one["state"]) for one in found["phases"]] == [
        ("2026-05-22", "2026-05-26", "now"), ("2026-05-27", "2026-06-05", "future"),
        ("2026-05-31", "2026-10-31", "future"),
    ]  # fmt: skip
    done = {"area": VILLAGE, "year": 2026, "task": "mobilise.meeting", "note": "24日召开,到会41人"}
    await people.post("village", "/campaigns/petitions/tasks", 201, **done)
    await people.post("village", "/campaigns/petitions/tasks", 409, **done)
    for change, status in (({"task": "mobilise.parade"}, 422), ({"year": 1999}, 422), ({"area": "341125106202"}, 404)):
        await people.post("village", "/campaigns/petitions/tasks", status, **{**done, **change})
    await people.post("village", "/campaigns/other/tasks", 404, **done)
    await people.post("townhead", "/campaigns/petitions/tasks", 403, **done)
    at("2026-05-28T09:00")
    phases = (await people.get("village", "/campaigns", area=VILLAGE))["items"][0]["phases"]
    assert [task["state"] for task in phases[0]["tasks"]] == ["done", "overdue"], "the plan was due on 05-25"
    assert [one["state"] for one in phases] == ["past", "now", "future"]
    late = {**done, "task": "mobilise.plan", "note": "工作专班12人,任务到人"}
    await people.post("village", "/campaigns/petitions/tasks", 201, **late)
    tasks = (await people.get("village", "/campaigns", area=VILLAGE))["items"][0]["phases"][0]["tasks"]
    assert [(task["state"], task["late"]) for task in tasks] == [("done", False), ("done", True)]
    assert (await people.get("desk", "/campaigns", area=OTHER))["items"] == [], "the campaign is the town's alone"
    await people.get("village", "/campaigns", expect=404, area=OTHER)


@pytest.mark.mechanism("003-07", "000-07")
async def test_three_lists_over_the_same_cases_and_none_of_people(people: Company, at: At) -> None:
    at("2026-06-01T09:01")
    case_id = await register(people, "visit", "2026-06-01T09:00", flags=["old_case", "complex"])
    away = await register(people, "visit", "2026-06-01T09:00", area=OTHER)
    await people.dispatch("desk", case_id, "highway")
    await people.act("highway.handler", case_id, "sign")
    leader, handler = [(await people.get(login, "/me"))["id"] for login in ("leader", "highway.handler")]
    await people.act("section", case_id, "assign-leader", leader_id=leader, plan="先排水,再修路基", team=[handler],
                     due_on="2026-07-31")  # fmt: skip
    names = (await people.get("desk", "/lists", area=VILLAGE))["items"]
    assert [one["name"] for one in names] == ["问题清单", "化解清单", "跟进帮扶清单"]
    lists = {one["code"]: (await people.get("desk", f"/lists/{one['code']}", area=VILLAGE))["items"] for one in names}
    assert {code: [line["id"] for line in rows] for code, rows in lists.items()} == {code: [case_id] for code in lists}
    issue = lists["issue_list"][0]
    assert (issue["standard"], issue["due"], issue["status"]) == ("信访程序(60日)", "2026-07-31", "已签收")
    assert issue["responsible"] == "县公路管理机构、highway.handler"
    assert lists["resolution_list"][0]["measures"] == "先排水,再修路基"
    care = lists["care_followup_list"][0]
    assert (care["risk"], care["next_contact"]) == ("重大、复杂、疑难、积案(一年以上未结)", "2026-06-08")
    assert not {"name", "phone", "appellant", "person"} & set().union(*(rows[0] for rows in lists.values()))
    assert (await people.get("desk", "/lists", area=OTHER))["items"] == []
    await people.get("desk", "/lists/issue_list", expect=404, area=OTHER)
    await people.get("village", "/lists", expect=404, area=OTHER)
    await people.get("discipline", "/lists/petitioner_list", expect=404, area=VILLAGE)
    assert away != case_id


@pytest.mark.mechanism("003-21", "001-20")
async def test_the_report_line_goes_past_the_office_complained_of(people: Company, at: At) -> None:
    at("2026-06-01T09:01")
    await people.hire("towndesk", "intake_officer", "dispatcher", unit=TOWN, area=TOWN)
    said = {"kind": "report", "content": "镇里截留补贴", "complained_of": {"department_id": TOWN}}
    filed = await people.take_in("desk", "town_report_line", VILLAGE, **said)
    await people.get("towndesk", f"/cases/{filed['case_id']}", expect=404)
    case = await people.act("desk", filed["case_id"], "register", **{**REGISTER, "appeal_type": "report",
                            "petition_class": "accusation"}, complained_of={"department_id": TOWN})  # fmt: skip
    assert (case["track"], case["appeals"][0]["identity"]) == ("STATUTORY", "hidden_from_handler")
    await people.act("desk", filed["case_id"], "accept")
    assert (await people.act("desk", filed["case_id"], "dispatch", expect=409, lead=TOWN))["code"]
    refused = await people.take_in("desk", "town_report_line", OTHER, expect=422)
    assert refused["errors"][0]["field"] == "channel"
    old = await people.take_in("desk", "letter", OTHER)
    unknown = await people.act("desk", old["case_id"], "register", expect=422, **REGISTER, flags=["old_case"])
    assert unknown["errors"][0]["field"] == "flags", "a word of the town's campaign only"


@pytest.mark.mechanism("004-24", "000-15", "000-42")
async def test_a_simple_case_of_the_campaign_over_the_dragon_boat_festival(
    people: Company, at: At, levels: Levels
) -> None:
    at("2026-06-15T10:01")
    case_id = await register(people, "visit", "2026-06-15T10:00")
    assert (await people.case("desk", case_id))["track"] == "SIMPLE"
    assert await people.due("desk", case_id, "accept") == "2026-06-18T23:59:59"
    await people.dispatch("desk", case_id, "highway")
    assert await people.due("desk", case_id, "handling") == "2026-06-30T23:59:59", "06-19 to 21 is off"
    await people.act("highway.handler", case_id, "return", reason="通村路由交通运输局管")
    await people.act("desk", case_id, "grant-return")
    await people.act("desk", case_id, "dispatch", lead="transport")
    await levels("desk", case_id, "handling", {
        "2026-06-30T23:59:58": "orange", "2026-07-01T00:00": "red", "2026-07-02T00:00": "urge",
        "2026-07-06T00:00": "supervision", "2026-07-08T00:00": "principal",
    })  # fmt: skip
    await people.tick()
    await people.react()
    assert {"有督办", "督办"} & {title[:2] for title in await people.inbox("transport.lead")}
    await people.answer(case_id, "transport")
    await people.follow_up(case_id, "transport")
    assert (await people.act("caller", case_id, "callback", **BAD))["state"] == "rework"
    await people.again(case_id, "transport")
    sheets = (await people.case("section", case_id))["supervision"]
    for sheet in sheets:
        if sheet["trigger"] == "overdue":
            await people.post("section", f"/supervisions/{sheet['id']}/verdict", verdict="已约谈,销号")
    assert (await people.act("caller", case_id, "callback", **GOOD))["state"] == "closed"


async def test_the_towns_rules_take_no_points_for_record_keeping(people: Company) -> None:
    rules = await people.get("village", "/rules", area=VILLAGE)
    assert rules["deductions"]["village"]["enabled"] is False
    assert rules["deductions"]["village"]["faults"]["record_keeping"]["counted"] is False
    assert rules["limits"]["no_progress"] == "15个自然日"
    assert rules["bulletins"]["progress"]["columns"]["told"] == "受理告知"
    answering = {one["title"]: one["people"] for one in rules["responsibilities"] if one["first"]}
    assert answering == {"联村领导": ["townhead"], "村书记": ["village"], "驻村工作队长(第一书记)": ["first"]}


@pytest.mark.mechanism("000-15")
async def test_the_campaign_looks_at_what_does_not_move_after_fifteen_days_the_county_after_thirty(
    people: Company, at: At
) -> None:
    at("2026-06-01T09:01")
    here = await register(people, "letter", "2026-06-01T09:00", flags=["not_simple"])
    there = await register(people, "letter", "2026-06-01T09:00", flags=["not_simple"], area=OTHER)
    for case_id in (here, there):
        await people.dispatch("desk", case_id, "highway")
        await people.act("highway.handler", case_id, "sign")
    triggers = {}
    for day in ("2026-06-16T09:00", "2026-06-16T09:02", "2026-07-01T09:02"):
        at(day)
        await people.sweep()
        triggers[day] = [
            [one["trigger"] for one in (await people.case("section", case_id))["supervision"]] for case_id in (here, there)
        ]
    assert triggers == {
        "2026-06-16T09:00": [[], []], "2026-06-16T09:02": [["no_progress"], []],
        "2026-07-01T09:02": [["no_progress"], ["no_progress"]],
    }  # fmt: skip
