from datetime import datetime

import pytest

from config.reading import Findings, read_toml
from config.rules import load_profile
from config.sections import TRACKS
from config.track_files import build_tracks
from domain.deadlines.choice import Facts, TrackRule, choose_track, running_clocks
from domain.deadlines.limits import Limit
from domain.deadlines.tracks import Running, Start, handling_clock, inner_clocks, nearest
from tests.unit.test_calendar import CALENDAR, at

FRIDAY = at("2026-03-13T16:30")
RUIJIN = load_profile("ruijin")
LIBRARY = read_toml(TRACKS, TRACKS.name, Findings())
EVERY_TRACK = build_tracks(LIBRARY, {"use": list(LIBRARY)}, TRACKS.name, Findings())


def facts(**known: object) -> Facts:
    given = {"kind": "appeal", "channel": "household_qr", "received_at": FRIDAY, "registered": True, **known}
    return Facts(**given)  # type: ignore[arg-type]


def chosen(**known: object) -> tuple[str, str]:
    choice = choose_track(facts(**known), RUIJIN.track_rules, RUIJIN.tracks, CALENDAR)
    return choice.track, choice.handling


def dates(code: str, received_at: datetime = FRIDAY, **starts: datetime) -> dict[str, Running]:
    begun = {Start.RECEIVED: received_at, **{Start(name): value for name, value in starts.items()}}
    handling = handling_clock(EVERY_TRACK[code], begun, CALENDAR)
    assert handling
    inner = inner_clocks(EVERY_TRACK[code], handling, CALENDAR)
    return {clock.name: clock for clock in (handling, *inner)}


@pytest.mark.parametrize(
    ("known", "track"),
    [
        ({}, "HOTLINE_5WD"),
        ({"appeal_type": "consult"}, "CONSULT"),
        ({"appeal_type": "complaint", "flags": frozenset({"complex"})}, "STATUTORY"),
        ({"petition_class": "appeal_for_decision"}, "HOTLINE_5WD"),
        ({"petition_class": "appeal_for_decision", "channel": "letter"}, "STATUTORY"),
        ({"petition_class": "appeal_for_decision", "grade": "complex"}, "STATUTORY"),
        ({"kind": "event"}, "EVENT_3WD"),
        ({"kind": "event", "urgency": "serious"}, "EVENT_1WD"),
        ({"kind": "event", "urgency": "urgent"}, "EVENT_URGENT"),
    ],
)
def test_ruijin_chooses_a_track(known: dict[str, object], track: str) -> None:
    assert chosen(**known) == (track, track)


@pytest.mark.mechanism("001-14")
def test_an_urgent_case_answers_at_once_and_keeps_its_ordinary_track() -> None:
    assert chosen(urgency="urgent") == ("URGENT", "HOTLINE_5WD")
    assert chosen(urgency="urgent", flags=frozenset({"complex"})) == ("URGENT", "STATUTORY")
    choice = choose_track(facts(urgency="urgent"), RUIJIN.track_rules, RUIJIN.tracks, CALENDAR)
    starts = {Start.RECEIVED: FRIDAY, Start.DISPATCHED: at("2026-03-13T16:35")}
    clocks = {
        clock.name: clock.due.due_at for clock in running_clocks(choice, RUIJIN.tracks, starts, CALENDAR)
    }
    assert clocks == {
        "accept": at("2026-03-13T16:35"),
        "sign": at("2026-03-13T16:50"),
        "first_contact": at("2026-03-13T18:30"),
        "handling": at("2026-03-20T23:59:59"),
    }


@pytest.mark.mechanism("000-34")
def test_a_repeat_or_skipped_level_alone_never_lengthens_a_limit() -> None:
    assert chosen(flags=frozenset({"repeat", "skipped_level", "many_channels"}))[0] == "HOTLINE_5WD"
    assert chosen(flags=frozenset({"repeat", "complex"}))[0] == "STATUTORY"


def test_before_registration_only_what_is_known_at_filing_counts() -> None:
    filed = facts(registered=False, appeal_type="consult", flags=frozenset({"complex"}))
    choice = choose_track(filed, RUIJIN.track_rules, RUIJIN.tracks, CALENDAR)
    assert (choice.track, choice.provisional) == ("HOTLINE_5WD", True)
    assert "咨询:登记后才能判断诉求类型" in choice.skipped
    clocks = {
        clock.name: clock
        for clock in running_clocks(choice, RUIJIN.tracks, {Start.RECEIVED: FRIDAY}, CALENDAR)
    }
    assert not clocks["accept"].provisional
    assert clocks["accept"].due.due_at == at("2026-03-16T23:59:59")
    assert clocks["handling"].provisional
    assert clocks["handling"].due.due_at == at("2026-03-20T23:59:59")


def test_every_rule_is_explained() -> None:
    choice = choose_track(facts(appeal_type="consult"), RUIJIN.track_rules, RUIJIN.tracks, CALENDAR)
    assert choice.matched == ("咨询:咨询",)
    assert "热线五日:有更具体的规则“咨询”" in choice.skipped
    assert any(reason.startswith("紧急即办:紧急程度不符合") for reason in choice.skipped)


def test_of_two_equal_rules_the_earlier_due_wins() -> None:
    when = {"kind": frozenset({"appeal"})}
    rules = [TrackRule(code, code, 5, when) for code in ("CLOSE_3WD", "MSHY_2D", "SIX_SIX_6WD")]
    choice = choose_track(facts(), rules, EVERY_TRACK, CALENDAR)
    assert choice.track == "MSHY_2D"
    assert "三日闭环:到期更晚,取较早的“民声呼应·诉求明确”" in choice.skipped


@pytest.mark.parametrize(("superior", "due_on"), [("2wd", "2026-03-17"), ("10wd", "2026-03-20")])
def test_a_superior_may_only_shorten(superior: str, due_on: str) -> None:
    known = facts(superior_limit=Limit.parse(superior))
    choice = choose_track(known, RUIJIN.track_rules, RUIJIN.tracks, CALENDAR)
    clocks = running_clocks(choice, RUIJIN.tracks, {Start.RECEIVED: FRIDAY}, CALENDAR)
    handling = next(clock for clock in clocks if clock.name == "handling")
    assert handling.due.due_on.isoformat() == due_on


def test_a_profile_without_a_fitting_rule_says_so() -> None:
    with pytest.raises(LookupError, match="event"):
        choose_track(facts(kind="event"), [], EVERY_TRACK, CALENDAR)


@pytest.mark.mechanism("000-10")
def test_clear_mshy_matters_show_both_dates_and_the_nearer_warns() -> None:
    clocks = dates("MSHY_2D")
    assert {name: clock.due.due_on.isoformat() for name, clock in clocks.items()} == {
        "handling": "2026-03-15",
        "closing": "2026-03-18",
    }
    assert nearest(tuple(clocks.values())) == clocks["handling"]


@pytest.mark.mechanism("000-11")
@pytest.mark.parametrize(
    ("received", "due_on", "aim_on"),
    [
        ("2026-03-16T09:00", "2026-03-21", "2026-03-19"),
        ("2026-02-13T10:00", "2026-02-18", "2026-02-17"),  # 3 working days would be 02-25
        ("2026-03-12T09:00", "2026-03-17", "2026-03-16"),  # on the due day itself: one day before
    ],
)
def test_complex_mshy_matters_are_reminded_before_the_due(received: str, due_on: str, aim_on: str) -> None:
    clocks = dates("MSHY_5D", at(received))
    assert clocks["handling"].due.due_on.isoformat() == due_on
    assert clocks["aim"].due.due_on.isoformat() == aim_on
    assert nearest(tuple(clocks.values())) == clocks["handling"]


@pytest.mark.mechanism("000-32")
def test_three_days_to_the_closed_loop_have_inner_dates() -> None:
    clocks = dates("CLOSE_3WD", at("2026-02-13T10:00"))
    assert {name: clock.due.due_on.isoformat() for name, clock in clocks.items()} == {
        "handling": "2026-02-25",
        "answer": "2026-02-24",
        "callback": "2026-02-25",
    }
    assert clocks["handling"].stop == "closed"


def test_a_statutory_date_is_provisional_until_acceptance() -> None:
    before = dates("STATUTORY", at("2026-02-25T09:00"))["handling"]
    assert before.provisional
    after = dates("STATUTORY", at("2026-02-25T09:00"), accepted=at("2026-03-02T09:00"))["handling"]
    assert not after.provisional
    assert (after.due.strict_on.isoformat(), after.due.due_on.isoformat()) == ("2026-05-01", "2026-05-06")
    assert before.due.due_at > after.due.due_at


def test_simple_matters_count_ten_days_from_acceptance() -> None:
    clock = dates("SIMPLE", at("2026-04-30T09:00"), accepted=at("2026-05-08T09:00"))["handling"]
    assert clock.due.due_on.isoformat() == "2026-05-21"


def test_a_clock_waits_for_the_fact_that_starts_it() -> None:
    choice = choose_track(facts(), RUIJIN.track_rules, RUIJIN.tracks, CALENDAR)
    starts = {Start.RECEIVED: FRIDAY}
    begun = {clock.name for clock in running_clocks(choice, RUIJIN.tracks, starts, CALENDAR)}
    assert begun == {"accept", "first_contact", "handling"}
    starts |= {Start.DISPATCHED: FRIDAY, Start.ANSWERED: at("2026-03-18T10:00")}
    later = {clock.name: clock for clock in running_clocks(choice, RUIJIN.tracks, starts, CALENDAR)}
    assert later["callback"].due.due_on.isoformat() == "2026-03-23"
