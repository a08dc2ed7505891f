"""Cross-checks of a profile: every code that one part names must exist in the other."""

import re
from collections.abc import Set as AbstractSet
from math import isclose
from pathlib import Path
from string import Formatter

from config.practice_checks import check_practices
from config.profile import TOWN, Profile
from config.reading import Findings

PLACEHOLDERS = frozenset(
    ("number", "link", "query_code", "unit", "due_on", "reason", "items", "next_channel", "result", "hotline")
)
FACT_VALUES = {
    "kind": {"appeal", "event"},
    "urgency": {"ordinary", "serious", "urgent"},
    "appeal_type": {"consult", "help", "complaint", "report", "suggestion", "thanks"},
    "petition_class": {"suggestion_opinion", "accusation", "appeal_for_decision"},
    "grade": {"clear", "complex", "unresolvable_now"},
}
EMERGENCIES = frozenset({"natural_disaster", "accident", "public_health", "social_safety"})
LIMITS = frozenset(
    {
        "info_supply",
        "return_request",
        "return_objection",
        "return_decision",
        "review_request",
        "review_accept",
        "review_decision",
        "rereview_request",
        "rereview_decision",
        "retaliation_contact",
        "suspension",
        "long_term_review",
        "no_progress",
        "duty_acknowledge",
        "co_task",
        "verification",
    }
)

LONGEST_ROUND = 730  # days in which every household is walked to once


def check_profile(profile: Profile, findings: Findings) -> bool:
    """Record every reference that leads nowhere and every figure that cannot be; whether there was none."""
    main = f"{profile.code}.toml"
    _check_units(profile, findings, f"{profile.code}/units.csv")
    _check_channels(profile, findings, f"{profile.code}/channels.csv")
    _check_topics(profile, findings, f"{profile.code}/topics.csv")
    _check_duties(profile, findings, f"{profile.code}/duties.csv")
    _check_rules(profile, findings, main)
    _check_events(profile, findings, main)
    _check_notices(profile, findings, main)
    _check_figures(profile, findings, main)
    _check_warnings(profile, findings, main)
    check_practices(profile, findings, main)
    _check_plates(profile, findings, main)
    return not findings.mistakes


def _check_plates(profile: Profile, findings: Findings, file: str) -> None:
    plates = profile.plates
    if plates.accent and not re.fullmatch("#[0-9a-fA-F]{6}", plates.accent):
        findings.add(file, f"门牌颜色“{plates.accent}”应写作 #rrggbb", near="accent =")
    folder = Path(__file__).parent / "profiles" / profile.code
    for name in filter(None, (plates.emblem, *plates.rare_fonts)):
        if not (folder / name).is_file():
            findings.add(file, f"找不到门牌用的文件“{name}”(应在 profiles/{profile.code}/ 下)", near=name)


def _check_units(profile: Profile, findings: Findings, file: str) -> None:
    names: dict[str, str] = {}
    for unit in profile.units.values():
        near = f"{unit.code},"
        if unit.parent and unit.parent not in profile.units:
            findings.add(file, f"“{unit.name}”的上级单位“{unit.parent}”不存在", near=near)
        if not unit.area.startswith(profile.area):
            findings.add(file, f"“{unit.name}”的区划“{unit.area}”不在 {profile.area} 内", near=near)
        for name in (unit.name, *unit.aliases):
            if names.setdefault(name, unit.code) != unit.code:
                findings.add(file, f"名称“{name}”同时用于 {names[name]} 和 {unit.code}", near=near)


def _check_channels(profile: Profile, findings: Findings, file: str) -> None:
    for channel in profile.channels.values():
        near = (f"{channel.code},", f'code = "{channel.code}"')
        findings.missing(file, near, "单位", {channel.manager} - profile.units.keys())


def _check_topics(profile: Profile, findings: Findings, file: str) -> None:
    for topic in profile.topics.values():
        near = f"{topic.code},"
        findings.missing(file, near, "单位", {topic.unit} - {TOWN} - profile.units.keys())
        if not topic.code.isdigit() or len(topic.code) not in (2, 4):
            findings.add(file, f"类别编码“{topic.code}”应为两位或四位数字", near=near)
        elif topic.parent:
            findings.missing(file, near, "上级类别", {topic.parent} - profile.topics.keys())
    strangers = set(profile.duplicates.topics) - profile.topics.keys()
    findings.missing(f"{profile.code}.toml", "[duplicates.topics]", "类别", strangers)


def _check_duties(profile: Profile, findings: Findings, file: str) -> None:
    for duty in profile.duties:
        near = f"{duty.code},"
        findings.missing(file, near, "类别", {duty.topic} - profile.topics.keys())
        findings.missing(file, near, "单位", {duty.lead, *duty.co_units} - {TOWN} - profile.units.keys())
        strays = [area for area in duty.areas if not area.startswith(profile.area)]
        if strays:
            findings.add(file, f"区划 {'、'.join(strays)} 不在 {profile.area} 内", near=near)
        if duty.lead == TOWN and duty.owed_by != "territory":
            findings.add(file, f"{duty.code} 由属地牵头,responsibility 应为 territory", near=near)
        if duty.lead in duty.co_units:
            findings.add(file, f"{duty.code} 的牵头单位又列为协办单位", near=near)
    for topic in profile.topics.values():
        lines = [duty for duty in profile.duties if topic.code == duty.topic and duty.ended_on is None]
        places = {duty.place for duty in lines if not duty.areas}
        if topic.parent and not lines:
            findings.add(file, f"职责清单没有“{topic.code} {topic.name}”")
        elif topic.parent and "any" not in places:
            bare = [word for place, word in (("urban", "城区"), ("rural", "农村")) if place not in places]
            for word in bare:
                findings.add(file, f"“{topic.code} {topic.name}”在{word}没有牵头单位", near=f"{lines[0].code},")


def _check_rules(profile: Profile, findings: Findings, file: str) -> None:
    known: dict[str, AbstractSet[str]] = {
        **FACT_VALUES,
        "channel": profile.channels.keys(),
        "topic": profile.topics.keys(),
    }
    known |= {"flags": profile.flags.keys(), "not_flags": profile.flags.keys()}
    for rule in profile.track_rules:
        findings.missing(file, f'track = "{rule.track}"', "轨道", {rule.track} - profile.tracks.keys())
        for fact, values in rule.when.items():
            findings.missing(file, f'reason = "{rule.reason}"', f"{fact} 的取值", values - known[fact])
    for kind in sorted(FACT_VALUES["kind"]):
        defaults = [rule for rule in profile.track_rules if rule.when == {"kind": frozenset({kind})}]
        if not any(rule.track in profile.tracks and profile.tracks[rule.track].handling for rule in defaults):
            findings.add(file, f"缺少 kind={kind} 的默认规则(只写 kind,轨道有办理时限)", near="[[rules]]")


def _check_events(profile: Profile, findings: Findings, file: str) -> None:
    for code, event_type in profile.event_types.items():
        near = f"[event_types.{code}]"
        findings.missing(file, near, "类别", {event_type.topic} - profile.topics.keys())
        findings.missing(file, near, "单位", set(event_type.linked) - profile.units.keys())
    findings.missing(file, "[emergencies", "应急事件种类", EMERGENCIES - profile.emergencies.keys())
    numbers = {line.number for line in profile.hotlines}
    for code, emergency in profile.emergencies.items():
        near = f"[emergencies.{code}]"
        findings.missing(file, near, "单位", set(emergency.linked) - profile.units.keys())
        findings.missing(file, near, "电话", set(emergency.numbers) - numbers)
    if profile.event_levels.keys() != FACT_VALUES["urgency"]:
        findings.add(file, "event_levels 应为 ordinary、serious、urgent 三级", near="[event_levels]")


def _check_notices(profile: Profile, findings: Findings, file: str) -> None:
    for action, notice in profile.notices.items():
        near = f"[notices.{action}]"
        try:
            used = {
                name for _, name, _, _ in Formatter().parse(notice.title + notice.body) if name is not None
            }
        except ValueError as problem:
            findings.add(file, f"通知“{action}”的括号不成对:{problem}", near=near)
            continue
        findings.missing(file, near, "占位词", used - PLACEHOLDERS)


def _check_figures(profile: Profile, findings: Findings, file: str) -> None:
    scores, ratings = profile.scores, profile.ratings
    if not isclose(scores.response_rate + scores.completion_rate + scores.satisfaction_rate, 1):
        findings.add(file, "三项得分权重之和应为 1", near="[scores]")
    if not isclose(ratings.process_weight + ratings.result_weight, 1):
        findings.add(file, "过程和结果满意的权重之和应为 1", near="[ratings]")
    if min(ratings.window_days, ratings.callback_attempts, ratings.callback_days) < 1:
        findings.add(file, "评价期限和回访次数应为正数", near="[ratings]")
    if (ratings.first_bad, ratings.later_bad) == ("decide", "auto"):
        findings.add(file, "第一次差评须人工决定的,以后的差评不能自动重办", near="later_bad")
    findings.missing(file, "[limits]", "时限", LIMITS - profile.limits.keys())
    if not 1 <= profile.field.visit_round_days <= LONGEST_ROUND:
        findings.add(file, f"visit_round_days 应在 1 到 {LONGEST_ROUND} 之间", near="visit_round_days")
    for code, number in profile.retention_days.items():
        if number < 1:
            findings.add(file, f"保存期限 {code} 应为正数", near=f"{code} =")


def _check_warnings(profile: Profile, findings: Findings, file: str) -> None:
    rules = profile.warnings
    if not 0 < rules.yellow_share < rules.orange_share < 1:
        findings.add(file, "预警比例应为 0 < 黄 < 橙 < 1", near="[warnings]")
    if not 0 < rules.urge_after < rules.supervision_after < rules.principal_after:
        findings.add(file, "超期催办、督办、报主要负责人的天数应依次增加", near="[warnings]")
    if rules.notify_from >= rules.notify_until:
        findings.add(file, "通知时段的开始应早于结束", near="notify_from")
