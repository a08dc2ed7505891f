"""Mistakes in overlays and practices are named with file, line and reason; overlays stand on each other."""

import shutil
from pathlib import Path

import pytest

from config.rules import PROFILES, ProfileError, load_profile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROFILES, tmp_path / "profiles"))


def broken(folder: Path, name: str, old: str, new: str) -> tuple[int, list[str]]:
    """Change the only `old` in a profile; its line and the mistakes found."""
    path = folder / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(name, folder)
    return text[: text.index(old)].count("\n") + 1, [str(mistake) for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("name", "old", "new", "lines_before", "reason"),
    [
        ("donghekou", 'area = "341502105"', 'area = "341502199"', 0, "overlays 的区划“341502199”不在 341502 内"),
        ("donghekou", 'villages_in = ["341502105"]', 'villages_in = ["341502199"]', 0, "乡镇“341502199”不存在"),
        ("donghekou", 'code = "mailbox"\nname = "网上信箱"\nmanager = "341502105"',
         'code = "mailbox"\nname = "网上信箱"\nmanager = "nobody"', 0, "单位“nobody”不存在"),
        ("donghekou", "[overlays.notices.escalate]\nbody = \"诉求 {number}",
         "[overlays.notices.escalate]\nbody = \"诉求 {case}", 0, "占位词“case”不存在"),
        ("donghekou", 'office = "341502105"', 'office = "nobody"', 3, "单位“nobody”不存在"),
        ("donghekou", 'body = "town_meeting"', 'body = "meeting"', 4, "会议机构“meeting”不存在"),
        ("donghekou", 'role = "village_petition_agent"', 'role = "agent"', 3, "角色“agent”不存在"),
        ("donghekou", 'period = "month"\napprover', 'period = "moon"\napprover', 3, "Invalid enum value 'moon'"),
        ("donghekou", 'confirmation = "30d"', 'confirmation = "soon"', 4, "时限“soon”写法不对"),
        ("town_campaign", 'no_progress = "15d"', 'no_progress = "fast"', 0, "no_progress:时限“fast”写法不对"),
        ("town_campaign", "[overlays.flags]", "[overlays.flag]", 0, "不认识的栏目“flag”"),
        ("town_campaign", 'until = "05-26"', 'until = "05-20"', 3, "“动员部署”的日期不在阶段起止之间"),
        ("town_campaign", 'due = "05-24"', 'due = "24.5."', 4, "“24.5.”应为月-日"),
        ("town_campaign", 'name = "跟进帮扶清单"\nof = "case"', 'name = "跟进帮扶清单"\nof = "person"', 1,
         "Invalid enum value 'person'"),
        ("town_campaign", 'risk = "问题的风险"', 'risk = "稳控措施"', 0, "“稳控”:不建立对人的名单、标记和计数"),
        ("hengyang", 'matter = "事项", leader = "接访领导"', 'petitioner = "来访人", leader = "接访领导"', 3,
         "清单栏目“petitioner”不存在"),
        ("hengyang", 'channels = ["leader_reception"]', 'channels = ["throne"]', 5, "渠道“throne”不存在"),
        ("hengyang", "propose_at = 2", "propose_at = 9", 2, "propose_at 应在 1 和指标数之间"),
        ("hengyang", 'up = "county_meeting"', 'up = "top"', 3, "会议机构“top”不存在"),
        ("chuzhou", 'water = ["0801"]', 'water = ["0899"]', 17, "类别“0899”不存在"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_file_line_and_reason(
    folder: Path, name: str, old: str, new: str, lines_before: int, reason: str
) -> None:
    line, found = broken(folder, name, old, new)
    wanted = [mistake for mistake in found if reason in mistake]
    assert wanted, found
    place = wanted[0].split(": ")[0]
    assert place in {f"{name}.toml:{number}" for number in range(line - lines_before, line + 1)}, wanted


def test_an_overlay_inside_an_overlay_stands_on_it(folder: Path) -> None:
    with (folder / "donghekou.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[overlays]]\narea = "341502105201"\n[overlays.limits]\nno_progress = "7d"\n'
            '[[overlays.rules]]\ntrack = "CONSULT"\nrank = 0\nreason = "小村一日"\nwhen = { kind = ["appeal"] }\n'
        )
    profile = load_profile("donghekou", folder)
    village = profile.for_area("341502105201001")
    assert village.limits["no_progress"].code == "7d"
    assert "mailbox" in village.channels
    defaults = [rule.track for rule in village.track_rules if rule.when == {"kind": frozenset({"appeal"})}]
    assert defaults == ["CONSULT"]
    assert profile.for_area("341502105202").limits["no_progress"].code == "30d"


def test_two_overlays_of_one_area_and_an_inline_one_are_named(folder: Path) -> None:
    path = folder / "town_campaign.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + '\n[[overlays]]\narea = "341125106"\n', encoding="utf-8")
    with pytest.raises(ProfileError, match=r"town_campaign\.toml:\d+: 区划“341125106”有两个 overlays"):
        load_profile("town_campaign", folder)
    head = text[: text.index("[[overlays]]")]
    path.write_text(f'overlays = [{{ area = "341125106" }}]\n{head}', encoding="utf-8")
    with pytest.raises(ProfileError, match=r"town_campaign\.toml:1: 每个 overlays 应以单独一行"):
        load_profile("town_campaign", folder)


def test_an_area_that_is_not_shipped_is_named(folder: Path) -> None:
    for name, area in (("hengyang", "4304"), ("ruijin", "360781")):
        line, found = broken(folder, name, f'area = "{area}"', 'area = "4399"')
        assert f"{name}.toml:{line}: 没有区划“4399”的区划表" in found
