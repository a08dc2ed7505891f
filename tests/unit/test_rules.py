from pathlib import Path

import pytest

from config.profile import TOWN
from config.rules import (
    ProfileError,
    load_calendar,
    load_divisions,
    load_profile,
    profile_names,
    work_calendar,
)
from tests.support.profile_copy import change, folder, mistakes

__all__ = ["folder"]

RUIJIN = load_profile("ruijin")


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_loads(name: str) -> None:
    assert load_profile(name).code == name


@pytest.mark.mechanism("001-21")
def test_the_annex_has_65_units_17_towns_and_the_urban_communities() -> None:
    members = [unit for unit in RUIJIN.units.values() if unit.member]
    counted = {kind: sum(unit.kind == kind for unit in members) for kind in ("town", "urban")}
    assert counted == {"town": 17, "urban": 1}
    assert len(members) - 18 == 65


@pytest.mark.parametrize(
    "name",
    [
        "市行政审批局 (热线办)",
        "市城管局",
        "市水利局",
        "督查考评科",
        "回访组",
        "市政府办",
        "联席办",
        "市纪委监委",
        "象湖镇",
    ],
)
def test_the_departments_of_the_demo_exist(name: str) -> None:
    unit = RUIJIN.unit_named(name)
    assert unit
    assert unit.name == name


def test_every_town_of_the_division_list_has_its_unit() -> None:
    towns = {division.town_code: division.town for division in load_divisions("360781")}
    served = {code: RUIJIN.town_unit(code) for code in towns}
    assert all(served.values())
    named = {code: unit.name for code, unit in served.items() if unit and unit.kind == "town"}
    assert named == {code: town for code, town in towns.items() if code != "360781400"}
    assert served["360781400"] == RUIJIN.unit_named("经开区党政办")


def test_a_town_is_found_by_either_spelling() -> None:
    assert RUIJIN.unit_named("岗面乡") == RUIJIN.unit_named("冈面乡") == RUIJIN.units["360781203"]


@pytest.mark.mechanism("001-07")
def test_the_fourteen_channels_keep_their_ways() -> None:
    annex = sorted(
        (channel for channel in RUIJIN.channels.values() if channel.number),
        key=lambda channel: channel.number,
    )
    assert [channel.number for channel in annex] == list(range(1, 15))
    assert [channel.aggregation for channel in annex] == ["interconnect"] * 5 + ["merged"] * 9
    ways = [channel.handling for channel in annex]
    assert ways[:5] == ["origin_dispatch_origin_reply"] * 5
    assert ways[5:8] == ["hub_dispatch_origin_review"] * 3
    assert ways[8:] == ["hub_dispatch_hub_reply"] * 6


@pytest.mark.mechanism("001-08")
def test_every_topic_has_a_duty_and_village_rubbish_goes_to_the_town() -> None:
    leads = {(duty.topic, duty.place): duty.lead for duty in RUIJIN.duties}
    assert leads["1101", "rural"] == TOWN
    assert RUIJIN.units[leads["1101", "urban"]].name == "市城管局"
    groups = {topic.code for topic in RUIJIN.topics.values() if not topic.parent}
    assert groups == {f"{number:02}" for number in range(1, 19)} | {"99"}
    assert all(topic.plain and topic.icon for topic in RUIJIN.topics.values())


def test_events_and_notices_are_complete() -> None:
    assert set(RUIJIN.event_types) == {f"E{number}" for number in range(10)}
    text = RUIJIN.notices["accept"].body.format(
        number="1", unit="市水利局", due_on="3月20日", hotline="12345"
    )
    assert "市水利局" in text


def test_all_mistakes_of_reference_are_listed_with_their_lines(folder: Path) -> None:
    unit = change(folder / "common" / "topics.csv", "tap,water_supply", "tap,waterworks")
    own = change(folder / "ruijin" / "duties.csv", "1203-1,1203", "1203-1,1299")
    rules = folder / "common" / "rules.toml"
    rule = change(rules, 'appeal_type = ["consult"]', 'appeal_type = ["question"]')
    score = change(rules, "response_rate = 0.30", "response_rate = 0.40") - 1
    notice = change(folder / "common" / "notices.toml", "已交 {unit} 办理,", "已交 {office} 办理,") - 2
    assert mistakes(folder) == [
        f"common/notices.toml:{notice}: 占位词“office”不存在",
        f"common/rules.toml:{rule - 1}: appeal_type 的取值“question”不存在",
        f"common/rules.toml:{score}: 三项得分权重之和应为 1",
        f"common/topics.csv:{unit}: 单位“waterworks”不存在",
        "ruijin/duties.csv: 职责清单没有“1203 农产品产销与果茶”",
        f"ruijin/duties.csv:{own}: 类别“1299”不存在",
    ]


def test_all_mistakes_of_shape_are_listed_with_their_lines(folder: Path) -> None:
    rules = folder / "common" / "rules.toml"
    limit = change(rules, 'retaliation_contact = "24h"', 'retaliation_contact = "one day"')
    change(rules, "yellow_share", "yelow_share")
    kind = change(
        folder / "ruijin" / "units.csv", "discipline,市纪委监委,department", "discipline,市纪委监委,bureau"
    )
    found = mistakes(folder)
    assert len(found) == 3
    assert found[0].endswith("不认识的项:yelow_share")
    assert found[1].startswith(f"common/rules.toml:{limit}: retaliation_contact:时限“one day”写法不对")
    assert found[2].startswith(f"ruijin/units.csv:{kind}: Invalid enum value 'bureau'")


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("ruijin.toml", 'name = "瑞金市民意速办"', 'name = "瑞金市', "TOML 写法有误"),
        ("common/rules.toml", "[scores] ", "[weights] ", "不认识的栏目“weights”"),
        ("ruijin.toml", '"HOTLINE_5WD", "STATUTORY"', '"HOTLINE_9WD", "STATUTORY"', "没有轨道“HOTLINE_9WD”"),
        (
            "ruijin.toml",
            'track = "HOTLINE_5WD"\nrank = 0',
            'track = "URGENT"\nrank = 0',
            "缺少 kind=appeal 的默认规则",
        ),
        ("ruijin.toml", 'common = ["channels", "topics"', 'common = ["channels", "topic"', "共用表“topic”不存在"),
        ("common/rules.toml", "12:00:00], [14:30:00", "15:00:00], [14:30:00", "工作时间应按先后顺序"),
        ("ruijin/units.csv", "audit,市审计局", "market,市审计局", "编码“market”重复"),
        ("ruijin/units.csv", "audit,市审计局", "audit,市林业局", "名称“市林业局”同时用于"),
        ("ruijin/units.csv", "市审计局,department,360781,,,1", "市审计局,department", "应有 7 列"),
        ("common/duties.csv", "9901-1,9901", "9901-1,9902", "类别“9902”不存在"),
        ("ruijin/duties.csv", "360781400", "360782400", "不在 360781 内"),
    ],
)
def test_a_mistake_is_named(folder: Path, file: str, old: str, new: str, reason: str) -> None:
    change(folder / file, old, new)
    assert any(reason in mistake for mistake in mistakes(folder))


def test_a_missing_sheet_and_an_unknown_profile_are_named(folder: Path) -> None:
    (folder / "ruijin" / "units.csv").unlink()
    assert mistakes(folder) == ["ruijin/units.csv: 文件不存在"]
    with pytest.raises(ProfileError, match="现有:ruijin"):
        load_profile("atlantis", folder)


def test_a_profile_may_override_a_line_of_a_track(folder: Path) -> None:
    change(
        folder / "ruijin.toml", "[bodies.leading_group]", '[tracks.HOTLINE_5WD]\nhandling = "4wd"\n\n[bodies.leading_group]'
    )
    handling = load_profile("ruijin", folder).tracks["HOTLINE_5WD"].handling
    assert handling
    assert handling.limit.code == "4wd"


def test_the_calendar_covers_2004_to_2026_and_refuses_nonsense(tmp_path: Path) -> None:
    exceptions, years = load_calendar()
    assert years == frozenset(range(2004, 2027))
    assert len(exceptions) == 771
    (tmp_path / "bad.csv").write_text("date,is_workday,name\n2027-01-01,0,元旦\n2027-02-30,0,春节\n", "utf-8")
    with pytest.raises(ProfileError, match=r"bad\.csv:3"):
        load_calendar(tmp_path)


def test_the_working_hours_of_the_profile_reach_the_calendar() -> None:
    assert work_calendar(RUIJIN.hours).hours.spans == RUIJIN.hours.spans


def test_divisions_are_keyed_by_code() -> None:
    rows = load_divisions("360781")
    assert len(rows) == len({row.code for row in rows}) == 247
    assert len({row.code for row in rows if row.name == "沿岗村民委员会"}) == 2
    assert {row.urban for row in rows} == {True, False}
    with pytest.raises(ProfileError, match="文件不存在"):
        load_divisions("999999")
