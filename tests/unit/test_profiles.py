"""The five profiles: their tracks against the page of the workflow, which track a case takes, rules of single areas."""

from datetime import UTC, datetime
from typing import Any

import pytest

from config.changes import Change, compare
from config.profile import Profile
from config.rules import PROFILES, load_divisions, load_profile, profile_names, work_calendar
from domain.deadlines.choice import Facts, choose_track, running_clocks
from domain.deadlines.tracks import Start, Stop, nearest
from domain.practices import Practices

RECEIVED = datetime(2026, 3, 13, 8, 30, tzinfo=UTC)  # Fri 2026-03-13 16:30 in Shanghai
LOADED = {name: load_profile(name) for name in profile_names()}
EVENTS = {"EVENT_3WD", "EVENT_1WD", "EVENT_URGENT"}

# workflow.md, Profiles.
USED = {
    "ruijin": ("360781", {"URGENT", "CONSULT", "HOTLINE_5WD", "STATUTORY"}),
    "chuzhou": (
        "3411",
        {"MSHY_2D", "MSHY_5D", "CLOSE_3WD", "SIX_SIX_6WD", "STATUTORY", "URGENT", "CONSULT"},
    ),
    "donghekou": ("341502", {"HOTLINE_5WD", "STATUTORY", "URGENT", "CONSULT"}),
    "town_campaign": ("341125", {"STATUTORY", "SIMPLE"}),
    "hengyang": ("4304", {"SIMPLE", "STATUTORY", "URGENT", "CONSULT"}),
}

# workflow.md, Clocks: accept, sign, first contact, handling and where it stops, callback. 5min = 即时, measurable.
CLOCKS = {
    "URGENT": ("5min", "15min", "2h", None, None, "1d"),
    "CONSULT": ("4wh", None, None, "1wd", Stop.ANSWERED, None),
    "MSHY_2D": ("4h", "2h", "1d", "2d", Stop.ANSWERED, "3wd"),
    "MSHY_5D": ("4h", "2h", "1d", "5d", Stop.ANSWERED, "3wd"),
    "CLOSE_3WD": ("1wd", "4wh", "1wd", "3wd", Stop.CLOSED, None),
    "SIX_SIX_6WD": ("1wd", "1wd", "2wd", "6wd", Stop.CLOSED, None),
    "SIMPLE": ("3wd", "1wd", "2wd", "10wd", Stop.ANSWERED, "3wd"),
    "HOTLINE_5WD": ("1wd", "1wd", "1wd", "5wd", Stop.ANSWERED, "3wd"),
    "STATUTORY": ("15d legal", "2wd", "5wd", "60d legal", Stop.ANSWERED, "5wd"),
    "EVENT_3WD": (None, "4wh", None, "3wd", Stop.CLOSED, None),
    "EVENT_1WD": (None, "4wh", None, "1wd", Stop.CLOSED, None),
}
INNER = {
    "MSHY_2D": [("3wd", Stop.CLOSED)],
    "MSHY_5D": [("3wd", Stop.ANSWERED)],
    "CLOSE_3WD": [("2wd", Stop.ANSWERED), ("3wd", Stop.CALLED_BACK)],
    "SIX_SIX_6WD": [("5wd", Stop.ANSWERED)],
}
LIMITS = {  # workflow.md and domain.md 2.1, 4.5, 4.6
    "info_supply": "15d", "return_objection": "5wd", "review_request": "30d legal",
    "review_accept": "3wd", "review_decision": "30d legal", "rereview_request": "30d legal",
    "rereview_decision": "30d legal", "retaliation_contact": "24h", "suspension": "30d", "long_term_review": "90d",
    "return_request": "1wd", "return_decision": "1wd", "no_progress": "30d",
    "duty_acknowledge": "10min", "co_task": "3wd", "verification": "5wd",
}  # fmt: skip


def facts(**known: Any) -> Facts:
    """A registered complaint by telephone, changed by what is known."""
    return Facts(**{"kind": "appeal", "channel": "12345_phone", "received_at": RECEIVED, "registered": True, **known})


def track(profile: Profile, **known: Any) -> str:
    found = choose_track(facts(**known), profile.track_rules, profile.tracks, work_calendar(profile.hours))
    return found.track if found.track == found.handling else f"{found.track}+{found.handling}"


def test_the_profiles_are_those_of_the_workflow() -> None:
    assert set(LOADED) == set(USED)
    for name, (area, tracks) in USED.items():
        assert LOADED[name].area == area
        assert set(LOADED[name].tracks) == tracks | EVENTS


@pytest.mark.parametrize("name", USED)
def test_the_limits_are_those_of_the_workflow(name: str) -> None:
    profile = LOADED[name]
    for code in profile.tracks.keys() & CLOCKS.keys():
        clocks = profile.tracks[code].clocks
        limits = [clocks[which].limit.code if which in clocks else None for which in
                  ("accept", "sign", "first_contact", "handling", "callback")]  # fmt: skip
        stop = clocks["handling"].stop if "handling" in clocks else None
        assert (*limits[:4], stop, limits[4]) == CLOCKS[code], code
        inner = [(one.limit.code, one.stop) for one in profile.tracks[code].inner]
        assert inner == INNER.get(code, []), code
    assert {code: limit.code for code, limit in profile.limits.items()} == LIMITS


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("chuzhou", {}, "SIX_SIX_6WD"),
        ("chuzhou", {"channel": "mshy_city"}, "MSHY_2D"),
        ("chuzhou", {"channel": "mshy_province", "registered": False}, "MSHY_2D"),
        ("chuzhou", {"channel": "mshy_city", "grade": "complex"}, "MSHY_5D"),
        ("chuzhou", {"flags": {"mshy"}, "grade": "unresolvable_now"}, "MSHY_5D"),
        ("chuzhou", {"channel": "mshy_city", "flags": {"complex"}}, "MSHY_2D"),
        ("chuzhou", {"flags": {"mshy_other"}}, "CLOSE_3WD"),
        ("chuzhou", {"channel": "state_inspection"}, "CLOSE_3WD"),
        ("chuzhou", {"flags": {"simple"}}, "CLOSE_3WD"),
        ("chuzhou", {"flags": {"one_visit"}}, "CLOSE_3WD"),
        ("chuzhou", {"channel": "state_inspection", "appeal_type": "consult"}, "CONSULT"),
        ("chuzhou", {"flags": {"repeat", "skipped_level", "many_channels"}}, "SIX_SIX_6WD"),
        ("chuzhou", {"flags": {"repeat", "complex"}}, "STATUTORY"),
        ("chuzhou", {"channel": "board_341125"}, "SIX_SIX_6WD"),
        ("chuzhou", {"urgency": "urgent"}, "URGENT+SIX_SIX_6WD"),
        ("donghekou", {}, "HOTLINE_5WD"),
        ("donghekou", {"channel": "visit", "petition_class": "appeal_for_decision"}, "STATUTORY"),
        ("donghekou", {"appeal_type": "consult"}, "CONSULT"),
        ("donghekou", {"urgency": "urgent", "flags": {"complex"}}, "URGENT+STATUTORY"),
        ("town_campaign", {}, "SIMPLE"),
        ("town_campaign", {"appeal_type": "consult"}, "SIMPLE"),
        ("town_campaign", {"flags": {"repeat"}}, "SIMPLE"),
        ("town_campaign", {"flags": {"not_simple"}}, "STATUTORY"),
        ("hengyang", {"registered": False}, "SIMPLE"),
        ("hengyang", {"petition_class": "appeal_for_decision"}, "SIMPLE"),
        ("hengyang", {"petition_class": "appeal_for_decision", "grade": "complex"}, "STATUTORY"),
        ("hengyang", {"petition_class": "accusation"}, "STATUTORY"),
        ("hengyang", {"channel": "superior"}, "STATUTORY"),
        ("hengyang", {"appeal_type": "consult"}, "CONSULT"),
        ("ruijin", {}, "HOTLINE_5WD"),
    ],
)
def test_the_track_of_a_case(name: str, known: dict[str, Any], expected: str) -> None:
    known = {**known, "flags": frozenset(known.get("flags", ()))}
    assert track(LOADED[name], **known) == expected


@pytest.mark.parametrize("name", USED)
@pytest.mark.parametrize(
    ("urgency", "expected"),
    [("ordinary", "EVENT_3WD"), ("serious", "EVENT_1WD"), ("urgent", "EVENT_URGENT")],
)
def test_the_track_of_an_event(name: str, urgency: str, expected: str) -> None:
    assert track(LOADED[name], kind="event", urgency=urgency) == expected


def test_d1_both_dates_of_a_clear_matter_and_the_nearer_one_warns() -> None:
    profile = LOADED["chuzhou"]
    calendar = work_calendar(profile.hours)
    choice = choose_track(facts(channel="mshy_city", grade="clear"), profile.track_rules, profile.tracks, calendar)
    clocks = running_clocks(choice, profile.tracks, {Start.RECEIVED: RECEIVED}, calendar)
    due_on = {clock.name: str(clock.due.due_on) for clock in clocks if clock.binding}
    assert due_on["handling"] == "2026-03-15"
    assert due_on["closing"] == "2026-03-18"
    warns = nearest(tuple(clock for clock in clocks if clock.name in ("handling", "closing")))
    assert warns
    assert warns.name == "handling"


def test_d1_a_complex_matter_is_reminded_before_its_fifth_day() -> None:
    profile = LOADED["chuzhou"]
    calendar = work_calendar(profile.hours)
    complex_one = facts(channel="mshy_city", grade="complex")
    choice = choose_track(complex_one, profile.track_rules, profile.tracks, calendar)
    clocks = running_clocks(choice, profile.tracks, {Start.RECEIVED: RECEIVED}, calendar)
    due_on = {clock.name: str(clock.due.due_on) for clock in clocks}
    # 3 WD would fall on the due day itself: the reminder comes one day before it.
    assert (due_on["handling"], due_on["aim"]) == ("2026-03-18", "2026-03-17")


def test_the_channels_that_the_city_names_exist() -> None:
    profile = LOADED["chuzhou"]
    named = {"12317", "12345_phone", "household_qr", "state_inspection", "city_board"}
    assert named <= profile.channels.keys()
    assert {code for code in profile.all_channels if code.startswith("board_")} == {
        f"board_{county}" for county in ("341102", "341103", "341122", "341124", "341125", "341126", "341181", "341182")
    }


def test_an_area_has_its_own_rules_over_those_around_it() -> None:
    profile = LOADED["donghekou"]
    town = profile.for_area("341502105")
    assert town.name == "东河口镇民呼快应"
    assert town.channels.keys() - profile.channels.keys() == {
        "mailbox", "service_hall", "convenience_line", "village_agent",
    }  # fmt: skip
    assert "村级信访代办员" in town.notices["escalate"].body
    assert town.notices["escalate"].title == profile.notices["escalate"].title
    assert town.tracks == profile.tracks


@pytest.mark.parametrize(
    ("place", "own"),
    [
        ("34.3415.341502.341502105.341502105201.341502105201001", True),
        ("34.3415.341502.341502105", True),
        ("341502105201", True),
        ("34.3415.341502.341502104.341502104201", False),
        ("34.3415.341502", False),
        ("341502", False),
        ("", False),
    ],
)
def test_the_place_decides_which_rules_hold(place: str, own: bool) -> None:
    profile = LOADED["donghekou"]
    assert profile.for_area(place) is (profile.overlays["341502105"] if own else profile)


def test_the_town_knows_three_origins_and_reports_weekly_and_monthly() -> None:
    town = LOADED["donghekou"].for_area("341502105").practices
    assert set(town.catalogues["origins"].items) == {"superior_assigned", "town_direct", "village_escalated"}
    assert (town.bulletins["weekly"].period, town.bulletins["weekly"].level) == ("week", "village")
    assert town.bulletins["monthly"].period == "month"
    assert town.mediation["neighbours"].level == "village"


def test_the_ladder_of_the_town_goes_from_village_to_district() -> None:
    town = LOADED["donghekou"].for_area("341502105").practices
    steps = {step.at: (step.to, step.body) for step in town.ladder.values()}
    assert steps == {"village": ("town", "town_meeting"), "town": ("county", "district_meeting")}
    assert town.bodies["town_meeting"].up == "district_meeting"


def test_the_29_villages_of_the_town_are_units() -> None:
    villages = [unit for unit in LOADED["donghekou"].units.values() if unit.kind == "village"]
    assert len(villages) == 29
    assert {unit.parent for unit in villages} == {"341502105"}


def test_the_campaign_holds_only_in_its_town_and_deducts_nothing() -> None:
    profile = LOADED["town_campaign"]
    town = profile.for_area("341125106").practices
    assert not profile.practices.campaigns
    campaign = town.campaigns["petitions"]
    assert [(phase.since, phase.until) for phase in campaign.phases.values()] == [
        ("05-22", "05-26"), ("05-27", "06-05"), ("05-31", "10-31"),
    ]  # fmt: skip
    assert campaign.first_responsible == ("village_contact_leader", "village_secretary", "first_secretary")
    deductions = town.deductions["village"]
    assert not deductions.enabled
    assert deductions.points == 0.5
    assert not deductions.faults["record_keeping"].counted
    assert set(town.lists) == {"issue_list", "resolution_list", "care_followup_list"}
    assert profile.for_area("341125106").limits["no_progress"].code == "15d"


def test_the_three_levels_of_joint_meetings() -> None:
    practices = LOADED["hengyang"].practices
    up = {code: body.up for code, body in practices.bodies.items()}
    assert (up["town_meeting"], up["county_meeting"], up["city_meeting"]) == ("county_meeting", "city_meeting", "")
    assert [code for code, one in practices.obligations.items() if one.special] == ["special_duty"]


@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [  # domain.md 1.7, by the profile whose source names them
        ("chuzhou", "3411", {"outreach": "quarter", "four_questions": "regular", "look_back": "regular",
                             "unannounced": "regular"}),
        ("donghekou", "341502105", {"weekly_bulletin": "week", "monthly_summary": "month", "patrol": "day",
                                    "leader_reception": "regular"}),
        ("hengyang", "4304", {
            "city_reception": "quarter", "county_reception": "month", "town_reception": "week", "special_duty": "day",
            "centre_duty": "day", "linked_inspection": "quarter", "hear_report": "quarter",
            "inspection_city": "quarter", "inspection_county": "month", "inspection_town": "half_month",
            "listing": "half_year", "duty_report": "regular", "discipline_inspection": "regular",
            "staff_care": "regular",
        }),
    ],
)  # fmt: skip
def test_the_standing_duties(name: str, place: str, expected: dict[str, str]) -> None:
    owed = LOADED[name].for_area(place).practices.obligations
    assert {code: one.period for code, one in owed.items()} == {"annual_report": "year"} | expected
    assert {one.times for one in owed.values()} == {1}


@pytest.mark.parametrize("name", USED)
def test_the_four_questions_and_their_scores(name: str) -> None:
    questions = LOADED[name].practices.surveys["four_questions"].questions
    assert list(questions) == ["solved", "satisfied", "active", "advice"]
    scores = {key: {code: one.score for code, one in q.replies.items()} for key, q in questions.items()}
    # domain.md 5.14: (1, 4, active) and (not solved, 1, average)
    best = (scores["solved"]["yes"], scores["satisfied"]["4"], scores["active"]["active"])
    worst = (scores["solved"]["no"], scores["satisfied"]["1"], scores["active"]["average"])
    assert [round(sum(found) / 3 * 100, 2) for found in (best, worst)] == [91.67, 16.67]
    bad = {code for question in questions.values() for code, one in question.replies.items() if one.bad}
    assert bad == {"no", "1", "2"}


@pytest.mark.parametrize("name", USED)
def test_every_town_of_a_profile_has_a_unit(name: str) -> None:
    profile = LOADED[name]
    towns = {row.town_code for row in load_divisions(profile.area)}
    assert all(profile.town_unit(town) for town in towns)


@pytest.mark.parametrize(("area", "counties", "villages"), [("3411", 10, 1267), ("4304", 14, 2785), ("341502", 1, 357)])
def test_a_city_is_all_its_counties(area: str, counties: int, villages: int) -> None:
    rows = load_divisions(area)
    assert len({row.county_code for row in rows}) == counties
    assert len(rows) == len({row.code for row in rows}) == villages
    assert [row.code for row in rows] == sorted(row.code for row in rows)


def test_common_words_stand_once() -> None:
    shared = LOADED["chuzhou"].topics
    assert all(LOADED[name].topics == shared for name in ("donghekou", "town_campaign", "hengyang"))
    assert {code for code, topic in LOADED["ruijin"].topics.items() if topic != shared[code]} == {"0702", "1203"}


@pytest.mark.parametrize("word", ["稳控", "息访", "非访", "重点人员", "重点信访人", "越级访", "三无", "rich88", "富易堂"])
def test_no_list_of_persons_and_no_spam_entered_the_data(word: str) -> None:
    files = [path for path in PROFILES.rglob("*") if path.is_file()]
    assert len(files) > 15
    assert [path.name for path in files if word in path.read_text(encoding="utf-8")] == []


def test_every_section_of_practices_is_used_by_a_profile() -> None:
    everywhere = [rules for profile in LOADED.values() for rules in (profile, *profile.overlays.values())]
    unused = [
        section for section in Practices.__struct_fields__
        if not any(getattr(rules.practices, section) for rules in everywhere)
    ]  # fmt: skip
    assert unused == []


def test_what_ended_is_switched_off_and_nothing_is_deleted() -> None:
    held = {
        "a": {"name": "甲", "active": True, "phone": "1"},
        "b": {"name": "乙", "active": True},
        "c": {"name": "丙", "active": False},
        "d": {"name": "丁", "active": False},
    }
    wanted = {name: {"name": text, "active": True} for name, text in (("a", "甲局"), ("d", "丁"), ("e", "戊"))}
    found = compare(wanted, held, {"active": False})
    assert found == [
        Change("changed", "a", "甲局", {"name": ("甲", "甲局")}),
        Change("changed", "d", "丁", {"active": (False, True)}),
        Change("new", "e", "戊", {"name": (None, "戊"), "active": (None, True)}),
        Change("ended", "b", "乙", {"active": (True, False)}),
    ]
    assert compare({}, {"b": held["b"]}, {}) == [Change("kept", "b", "乙", {})]
