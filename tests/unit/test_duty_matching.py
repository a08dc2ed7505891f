"""The rules of the catalogue: which unit for which topic and place, and why every other line was left out."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from config.rules import load_profile, profile_names
from domain.areas.urban import setting
from domain.catalogue.difference import difference
from domain.catalogue.matching import TOWN, Line, Match, Spot, Unit, match
from domain.dispatch.crossing import common_superior
from domain.dispatch.leaders import pick
from server.rules import catalogue_lines

COUNTY = ("36", "3607", "360781")
VILLAGE = (*COUNTY, "360781201", "360781201200")
STREET = (*COUNTY, "360781100", "360781100001")
UNITS = {code: Unit(uuid4(), code, name) for code, name in
         {"water": "市水利局", "health": "市卫健委", "housing": "市住建局", "city": "市城管局"}.items()}  # fmt: skip
TOWN_UNIT = Unit(uuid4(), "360781201", "某镇")
RURAL = Line(code="1-1", topic="0801", name="农村饮水", lead="water", co_units=(TOWN, "health"), place="rural")
URBAN = Line(code="1-2", topic="0801", name="城区饮水", lead="city", place="urban", basis="《条例》")
LOCAL = Line(code="2-1", topic="0402", name="临时救助", lead=TOWN, co_units=("health",), responsibility="territory")


def spot(nodes: tuple[str, ...] = VILLAGE, **changes: Any) -> Spot:
    known = {"topic": "0801", "nodes": nodes, "setting": setting(".".join(nodes)), "on": date(2026, 3, 13),
             "town": TOWN_UNIT, "units": UNITS}  # fmt: skip
    return Spot(**{**known, **changes})


def leads(found: Match) -> list[str]:
    return [choice.lead.name for choice in found.choices]


@pytest.mark.mechanism("000-35")
def test_of_a_line_for_the_country_and_one_for_the_town_only_the_fitting_one_matches() -> None:
    country, town = match([RURAL, URBAN], spot()), match([RURAL, URBAN], spot(STREET))
    assert (leads(country), leads(town)) == (["市水利局"], ["市城管局"])
    assert [unit.name for unit in country.choices[0].co_units] == ["某镇", "市卫健委"]
    assert country.skipped == ({"code": "1-2", "name": "城区饮水", "reason": "仅适用于城区,本件发生在农村"},)
    assert town.matched[0]["reason"] == "条线主管部门牵头;发生在城区"


def test_a_case_that_is_placed_in_a_town_only_sees_both_and_is_told_so() -> None:
    found = match([RURAL, URBAN], spot(VILLAGE[:4]))
    assert leads(found) == ["市水利局", "市城管局"]
    assert all("未定位到村(社区)" in line["reason"] for line in found.matched)


@pytest.mark.mechanism("000-35", "003-16")
def test_the_unit_of_the_place_leads_and_the_line_department_helps() -> None:
    territorial = replace(RURAL, responsibility="territory", co_units=("health",))
    found = match([territorial, URBAN], spot())
    assert leads(found) == ["某镇"]
    assert [unit.name for unit in found.choices[0].co_units] == ["市水利局", "市卫健委"]
    assert (found.choices[0].responsibility, found.choices[0].reasons[1]) == ("territory", "属地优先:由所在乡镇牵头")
    nowhere = match([territorial], spot(COUNTY, town=None))
    assert leads(nowhere) == ["市水利局"]
    both = match([replace(URBAN, place="any"), territorial], spot(setting=None))
    assert leads(both) == ["某镇", "市城管局"]


@pytest.mark.mechanism("003-16")
def test_who_caused_it_settles_it_is_a_basis_of_its_own() -> None:
    found = match([replace(RURAL, responsibility="origin_of_problem")], spot())
    assert (found.choices[0].responsibility, found.matched[0]["reason"][:8]) == ("origin_of_problem", "谁产生、谁化解:")


@pytest.mark.parametrize(
    ("line", "reason"),
    [(replace(RURAL, active=False), "该条已停用"),
     (replace(RURAL, ended_on=date(2026, 3, 12)), "该条已于 2026-03-12 终止"),
     (replace(RURAL, areas=("360781100",)), "区域不符:仅适用于 360781100"),
     (replace(RURAL, topic="0901"), "类别不符:清单为 0901,工单为 0801"),
     (replace(RURAL, lead="nobody"), "单位“nobody”不存在或已停用")],
)  # fmt: skip
def test_every_line_that_does_not_fit_says_why(line: Line, reason: str) -> None:
    found = match([line], spot())
    assert (found.choices, found.matched, found.skipped[0]["reason"]) == ((), (), reason)


def test_a_line_is_good_to_the_end_of_its_last_day() -> None:
    assert leads(match([replace(RURAL, ended_on=date(2026, 3, 13))], spot())) == ["市水利局"]


def test_the_narrower_area_and_the_exact_topic_stand_first() -> None:
    lines = [
        replace(RURAL, code="a", topic="08", lead="housing", place="any"), replace(RURAL, code="b", place="any"),
        replace(RURAL, code="c", lead="city", place="any", areas=("360781201",)),
    ]  # fmt: skip
    assert leads(match(lines, spot())) == ["市城管局", "市水利局", "市住建局"]


def test_the_unit_complained_of_is_no_choice_and_the_reason_says_so() -> None:
    found = match([RURAL, LOCAL], spot(walled=UNITS["water"].id))
    assert found.choices == () and found.skipped[0]["reason"] == "市水利局为被反映单位,应当回避"
    helped = match([RURAL], spot(walled=UNITS["health"].id))
    assert [unit.name for unit in helped.choices[0].co_units] == ["某镇"]


def test_committees_are_town_and_villages_are_country() -> None:
    found = {code: setting(f"36.3607.360781.360781100.{code}") for code in
             ("360781100001", "360781100199", "360781100200", "360781100399", "360781100400", "360781100598")}  # fmt: skip
    assert list(found.values()) == ["urban", "urban", "rural", "rural", "urban", "rural"]
    assert setting("36.3607.360781.360781100") is None


@pytest.mark.parametrize("name", profile_names())
def test_in_every_profile_each_topic_has_one_lead_in_town_and_one_in_the_country(name: str) -> None:
    profile = load_profile(name)
    units = {unit.code: Unit(uuid4(), unit.code, unit.name) for unit in profile.units.values()}
    lines = catalogue_lines(profile).values()
    for topic in (topic.code for topic in profile.topics.values() if topic.parent):
        for where in ("urban", "rural"):
            found = match(lines, Spot(topic=topic, nodes=COUNTY, setting=where, on=date(2026, 3, 13), town=TOWN_UNIT,
                                      units=units))  # fmt: skip
            assert found.choices, (topic, where)
            assert not [one for one in found.choices if one.line.place not in ("any", where)], (topic, where)


@pytest.mark.mechanism("001-08")
def test_a_difference_names_added_removed_ended_and_changed_fields_in_words() -> None:
    before = {"1-1": RURAL, "1-2": URBAN, "2-1": LOCAL}
    changed = replace(RURAL, lead="health", co_units=(TOWN,))
    ended = replace(URBAN, active=False)
    new = replace(LOCAL, code="3-1", name="新事项")
    names = {code: unit.name for code, unit in UNITS.items()}
    found = {one.code: one for one in difference(before, {"1-1": changed, "1-2": ended, "3-1": new}, names)}
    assert {code: one.kind for code, one in found.items()} == {
        "1-1": "changed", "1-2": "ended", "2-1": "removed", "3-1": "added",
    }  # fmt: skip
    assert found["1-1"].fields == {"主办单位": ("市水利局", "市卫健委"), "协办单位": ("属地乡镇(街道)、市卫健委", "属地乡镇(街道)")}
    assert found["1-2"].fields == {"状态": ("有效", "停用")}
    assert difference(before, dict(before), names) == []


@pytest.mark.mechanism("004-14")
@pytest.mark.parametrize(
    ("paths", "superior"),
    [(["36.3607.360781.360781100.360781100001", "36.3607.360781.360781101"], "36.3607.360781"),
     (["36.3607.360781.360781100.1", "36.3607.360781.360781100.2"], "36.3607.360781.360781100"),
     (["36.3607.360781.360781100.1"], "36.3607.360781"),
     (["36.3607.360781.360781100", "36.3607.360781"], "36.3607.360781"),
     (["36.3607.360781.360781100", "36.3607.360702"], "36.3607"),
     (["36.3607", "44.4401"], "")],
)  # fmt: skip
def test_the_common_superior_is_the_smallest_area_that_holds_all(paths: list[str], superior: str) -> None:
    assert common_superior(paths) == superior


@pytest.mark.mechanism("002-16")
def test_the_leader_of_the_narrowest_field_answers_else_who_leads_the_whole() -> None:
    whole, water, tap = ({"name": name, "topics": topics} for name, topics in
                         (("甲", []), ("乙", ["08"]), ("丙", ["0801"])))  # fmt: skip
    found = [(pick([whole, water, tap], topic) or {})["name"] for topic in ("0801", "0802", "0901")]
    assert found == ["丙", "乙", "甲"]
    assert pick([water], "0901") is None and pick([], "0801") is None
