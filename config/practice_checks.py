"""Cross-checks of what an office does besides single cases; words of registers about persons are refused."""

from datetime import date
from functools import partial

import msgspec

from config.profile import Profile
from config.reading import Findings
from domain.deadlines.limits import Limit
from domain.practices import BULLETIN_COLUMNS, COLUMNS, ROLES, Campaign, Survey

LEVELS = ("household", "grid", "village", "town", "county", "city", "province")
LEAP_YEAR = 2024  # phases name a day of any year
# What the software does not keep: lists, marks or counts of people who petition (domain.md 7).
REFUSED = ("稳控", "重点人员", "重点群体", "重点信访人", "特殊人群", "息访", "非访", "越级访", "越级上访", "三无", "上访次数")


def check_practices(profile: Profile, findings: Findings, file: str) -> None:
    """Record what leads nowhere or cannot be in the sections of `domain.practices`."""
    _check_words(profile, findings, file)
    _check_surveys(profile, findings, file)
    _check_bodies(profile, findings, file)
    _check_roles(profile, findings, file)
    _check_topics(profile, findings, file)
    _check_safeguards(profile, findings, file)
    _check_campaigns(profile, findings, file)
    _check_figures(profile, findings, file)
    _check_lists(profile, findings, file)


def _check_words(profile: Profile, findings: Findings, file: str) -> None:
    for section in (profile.practices, profile.notices, profile.flags, profile.channels, profile.topics):
        text = msgspec.json.encode(section).decode()
        for word in REFUSED:
            if word in text:
                findings.add(file, f"“{word}”:不建立对人的名单、标记和计数", near=word)


def _check_surveys(profile: Profile, findings: Findings, file: str) -> None:
    for code, survey in profile.practices.surveys.items():
        near = f"[surveys.{code}]"
        if not 0 < survey.sample_share <= 1:
            findings.add(file, "抽样比例应大于 0,不超过 1", near=near)
        if not survey.modes or len(set(survey.modes)) < len(survey.modes):
            findings.add(file, "调查方式至少一种,不重复", near=near)
        if any(not 0 <= score <= 1 for score in _scores(survey)):
            findings.add(file, "答案得分应在 0 到 1 之间", near=near)
        for name, question in survey.questions.items():
            if (question.kind == "text") == bool(question.replies):
                findings.add(file, f"问题“{question.text}”的答案与题型不符", near=f"questions.{name}")


def _scores(survey: Survey) -> list[float]:
    replies = [reply for question in survey.questions.values() for reply in question.replies.values()]
    return [reply.score for reply in replies if reply.score is not None]


def _check_bodies(profile: Profile, findings: Findings, file: str) -> None:
    bodies = profile.practices.bodies
    for code, body in bodies.items():
        near = f"[bodies.{code}]"
        findings.missing(file, near, "单位", {body.office} - {""} - profile.units.keys())
        findings.missing(file, near, "会议机构", {body.up} - {""} - bodies.keys())
        above = bodies.get(body.up)
        if above and LEVELS.index(above.level) < LEVELS.index(body.level):
            findings.add(file, f"“{body.name}”提请的“{above.name}”级别更低", near=near)
    for code, step in profile.practices.ladder.items():
        near = f"[ladder.{code}]"
        findings.missing(file, near, "会议机构", {step.body} - {""} - bodies.keys())
        if LEVELS.index(step.to) <= LEVELS.index(step.at):
            findings.add(file, "提级应由下级到上级", near=near)


def _check_roles(profile: Profile, findings: Findings, file: str) -> None:
    practices = profile.practices
    used = {f"[responsibilities.{code}]": {one.role} for code, one in practices.responsibilities.items()}
    used |= {f"[ladder.{code}]": {step.role} for code, step in practices.ladder.items()}
    used |= {f"[bulletins.{code}]": {one.approver} for code, one in practices.bulletins.items()}
    used |= {f"[campaigns.{code}]": _campaign_roles(one) for code, one in practices.campaigns.items()}
    for near, roles in used.items():
        findings.missing(file, near, "角色", roles - ROLES)


def _campaign_roles(campaign: Campaign) -> set[str]:
    tasks = [task.by for phase in campaign.phases.values() for task in phase.tasks.values()]
    return {*campaign.first_responsible, *tasks}


def _check_topics(profile: Profile, findings: Findings, file: str) -> None:
    for code, person in profile.practices.responsibilities.items():
        near = f"[responsibilities.{code}]"
        findings.missing(file, near, "类别", set(person.topics) - profile.topics.keys())
    for code, catalogue in profile.practices.catalogues.items():
        near = f"[catalogues.{code}]"
        topics = {topic for found in catalogue.topics.values() for topic in found}
        findings.missing(file, near, "类别", topics - profile.topics.keys())
        findings.missing(file, near, "条目", catalogue.topics.keys() - catalogue.items.keys())


def _check_safeguards(profile: Profile, findings: Findings, file: str) -> None:
    for code, safeguard in profile.practices.safeguards.items():
        near = f"[safeguards.{code}]"
        findings.missing(file, near, "类别", set(safeguard.topics) - profile.topics.keys())
        findings.missing(file, near, "单位", set(safeguard.units) - profile.units.keys())
        findings.attempt(file, code, partial(Limit.parse, safeguard.limit), near)


def _check_campaigns(profile: Profile, findings: Findings, file: str) -> None:
    for code, campaign in profile.practices.campaigns.items():
        for name, phase in campaign.phases.items():
            near = f"[campaigns.{code}.phases.{name}]"
            days = [phase.since, *(task.due for task in phase.tasks.values()), phase.until]
            dates = [findings.attempt(file, name, partial(_day, day), near) for day in days]
            known = [day for day in dates if day]
            if known and (min(known) != known[0] or max(known) != known[-1]):
                findings.add(file, f"“{phase.name}”的日期不在阶段起止之间", near=near)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(f"{LEAP_YEAR}-{text}")
    except ValueError:
        raise ValueError(f"“{text}”应为月-日,如 05-22") from None


def _check_figures(profile: Profile, findings: Findings, file: str) -> None:
    practices = profile.practices
    for code, obligation in practices.obligations.items():
        if obligation.times < 1 or not obligation.levels:
            findings.add(file, "次数应为正数,层级不能为空", near=f"[obligations.{code}]")
    for code, deductions in practices.deductions.items():
        near = f"[deductions.{code}]"
        findings.attempt(file, code, partial(Limit.parse, deductions.objection), near)
        if deductions.points <= 0:
            findings.add(file, "扣分应为正数", near=near)
    for code, listing in practices.listings.items():
        if not 1 <= listing.propose_at <= len(listing.rates):
            findings.add(file, "propose_at 应在 1 和指标数之间", near=f"[listings.{code}]")
    for code, room in practices.mediation.items():
        findings.attempt(file, code, partial(Limit.parse, room.confirmation), f"[mediation.{code}]")


def _check_lists(profile: Profile, findings: Findings, file: str) -> None:
    for code, chosen in profile.practices.lists.items():
        near = f"[lists.{code}]"
        findings.missing(file, near, "清单栏目", chosen.columns.keys() - COLUMNS)
        findings.missing(file, near, "渠道", set(chosen.channels) - profile.channels.keys())
        findings.missing(file, near, "类别", set(chosen.topics) - profile.topics.keys())
    for code, bulletin in profile.practices.bulletins.items():
        findings.missing(file, f"[bulletins.{code}]", "通报栏目", bulletin.columns.keys() - BULLETIN_COLUMNS)
