"""Mistakes in the duty sheets of a profile, each with its file, line and reason."""

from pathlib import Path

from config.rules import load_profile
from server.rules import catalogue_lines
from tests.support.profile_copy import change, folder, mistakes

__all__ = ["folder"]


def test_a_wrong_kind_of_place_or_a_column_too_many_is_named_with_its_line(folder: Path) -> None:
    duties = folder / "common" / "duties.csv"
    place = change(duties, "agriculture|natural_resources,any,,《土地管理法》", "agriculture|natural_resources,sea,,《土地管理法》")
    more = change(duties, "《社会救助暂行办法》\n0402-1", "《社会救助暂行办法》,x\n0402-1")
    found = mistakes(folder)
    assert found[0].startswith(f"common/duties.csv:{place}: Invalid enum value 'sea'")
    assert found[1] == f"common/duties.csv:{more}: 应有 8 列"


def test_units_areas_and_topics_that_lead_nowhere_are_named_with_their_line(folder: Path) -> None:
    duties = folder / "common" / "duties.csv"
    unit = change(duties, "0404-1,0404,退役军人优待抚恤,veterans", "0404-1,0404,退役军人优待抚恤,veteranz")
    own = change(folder / "ruijin" / "duties.csv", "any,360781400", "any,110000000")
    twice = change(duties, "0602-1,0602,村卫生室与乡村医生,health,@town", "0602-1,0602,村卫生室与乡村医生,health,health")
    assert mistakes(folder) == [
        f"common/duties.csv:{unit}: 单位“veteranz”不存在",
        f"common/duties.csv:{twice}: 0602-1 的牵头单位又列为协办单位",
        f"ruijin/duties.csv:{own}: 区划 110000000 不在 360781 内",
    ]


def test_a_topic_without_a_lead_in_the_country_is_a_mistake(folder: Path) -> None:
    line = change(folder / "common" / "duties.csv", "0803-1,0803,山塘、水渠、小型水库管护,@town,water|agriculture,rural",
                  "0803-1,0803,山塘、水渠、小型水库管护,@town,water|agriculture,urban")  # fmt: skip
    assert mistakes(folder) == [f"common/duties.csv:{line}: “0803 水渠水塘水库”在农村没有牵头单位"]


def test_a_line_can_say_why_its_unit_owes_it_and_when_it_ends(folder: Path) -> None:
    duties = folder / "ruijin" / "duties.csv"
    text = duties.read_text(encoding="utf-8").splitlines()
    rows = [f"{line},{'responsibility,ended_on' if not number else ','}" for number, line in enumerate(text)]
    duties.write_text("\n".join([*rows, "9-1,0901,修路留下的坑,transport,,any,,本地默认,origin_of_problem,2026-12-31", ""]))
    line = catalogue_lines(load_profile("ruijin", folder))["9-1"]
    assert (line.responsibility, str(line.ended_on), line.active) == ("origin_of_problem", "2026-12-31", True)
    last = duties.read_text(encoding="utf-8").count("\n")
    change(duties, "9-1,0901,修路留下的坑,transport", "9-1,0901,修路留下的坑,@town")
    assert mistakes(folder) == [f"ruijin/duties.csv:{last}: 9-1 由属地牵头,responsibility 应为 territory"]


def test_a_survey_names_each_of_its_ways_once_and_only_known_ones(folder: Path) -> None:
    practices = folder / "common" / "practices.toml"
    for wrong, reason in (("[]", "调查方式至少一种"), ('["link", "link"]', "调查方式至少一种"), ('["fax"]', "'fax'")):
        change(practices, 'modes = ["link", "phone", "visit"]', f"modes = {wrong}")
        found = mistakes(folder)
        assert len(found) == 1 and reason in found[0], found
        change(practices, f"modes = {wrong}", 'modes = ["link", "phone", "visit"]')


def test_a_safeguard_names_known_topics_units_and_a_limit(folder: Path) -> None:
    practices = folder / "common" / "practices.toml"
    change(practices, 'units = ["water", "health"]', 'units = ["waterworks"]')
    found = mistakes(folder)
    assert len(found) == 1 and "单位“waterworks”不存在" in found[0] and found[0].startswith("common/practices.toml:")
