"""Dates that moved: limits with what was added to them, who may add how much, and what a pause stops."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.rules import load_calendar, load_profile
from domain.clock import SHANGHAI
from domain.deadlines.calendar import WorkCalendar
from domain.deadlines.limits import Limit, due
from domain.deadlines.shifted import (
    closes_inside,
    has,
    longest_extension,
    reckon,
    reckon_inner,
    suspended,
    suspends,
    without_last,
)

CALENDAR = WorkCalendar(*load_calendar())
TRACKS = {**load_profile("ruijin").tracks, **load_profile("chuzhou").tracks, **load_profile("hengyang").tracks}
MONDAY = datetime(2026, 3, 16, 9, tzinfo=SHANGHAI)


def on(code: str, *added: tuple[str, str], start: datetime = MONDAY) -> date:
    return reckon(Limit.parse(code), start, added, CALENDAR).due_on


def test_additions_count_from_the_unrolled_day() -> None:
    assert on("5wd") == date(2026, 3, 23)
    assert on("5wd", ("extension", "3wd")) == date(2026, 3, 26)
    assert on("5wd", ("extension", "3wd"), ("unreachable", "1wd")) == date(2026, 3, 27)
    # 60 days from 2026-02-02 end on Friday 04-03; 30 more on Sunday 05-03, inside the holiday: rolled to 05-06.
    start = datetime(2026, 2, 2, 9, tzinfo=SHANGHAI)
    assert on("60d legal", start=start) == date(2026, 4, 3)
    assert on("60d legal", ("extension", "30d legal"), start=start) == date(2026, 5, 6)
    # 60 days from 2026-03-03 end on Saturday 05-02, rolled to 05-06: the 30 days count from 05-02.
    rolled = datetime(2026, 3, 3, 9, tzinfo=SHANGHAI)
    assert on("60d legal", start=rolled) == date(2026, 5, 6)
    assert on("60d legal", ("extension", "30d legal"), start=rolled) == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("track", "most"),
    [("STATUTORY", "30d legal"), ("HOTLINE_5WD", "5wd"), ("SIMPLE", "10wd"), ("CLOSE_3WD", "3wd"), ("MSHY_2D", "2d"),
     ("SIX_SIX_6WD", "6wd"), ("EVENT_3WD", "3wd"), ("CONSULT", "1wd"), ("URGENT", None), ("EVENT_URGENT", None)],
)  # fmt: skip
def test_the_longest_extension_of_each_track(track: str, most: str | None) -> None:
    found = longest_extension(TRACKS[track])
    assert (found.code if found else None) == most


def test_what_a_pause_stops() -> None:
    assert suspends(Limit.parse("5wd"), "expert_test")
    assert not suspends(Limit.parse("2h"), "expert_test")
    assert not suspends(Limit.parse("60d legal"), "hearing")
    assert suspends(Limit.parse("30d legal"), "hearing", rereview=True)
    assert not suspends(Limit.parse("30d legal"), "expert_test", rereview=True)
    friday = datetime(2026, 3, 20, 9, tzinfo=SHANGHAI)
    lost = suspended(Limit.parse("5wd"), friday, friday + timedelta(days=3), CALENDAR)
    assert lost == Limit.parse("1wd"), "a weekend costs a working-day limit nothing"
    assert suspended(Limit.parse("5d"), friday, friday + timedelta(days=3), CALENDAR) == Limit.parse("3d")
    assert suspended(Limit.parse("5wd"), friday, friday + timedelta(days=1), CALENDAR) is None


def test_a_reminder_stays_before_a_due_that_moved() -> None:
    [aim] = TRACKS["MSHY_5D"].inner
    outer = due(Limit.parse("5d"), MONDAY, CALENDAR)
    assert reckon_inner(aim, MONDAY, outer, [], CALENDAR).due_on == date(2026, 3, 19)
    friday = datetime(2026, 3, 13, 16, 30, tzinfo=SHANGHAI)
    outer = due(Limit.parse("5d"), friday, CALENDAR)
    assert reckon_inner(aim, friday, outer, [], CALENDAR).due_on == date(2026, 3, 17)


def test_only_a_limit_that_ends_with_the_closing_can_be_late_for_an_unreachable_person() -> None:
    assert {name for name, track in TRACKS.items() if closes_inside(track) and not name.startswith("EVENT")} == {
        "CLOSE_3WD", "SIX_SIX_6WD",
    }  # fmt: skip


def test_additions_are_taken_back_from_the_end() -> None:
    added = [["suspension", "1wd"], ["extension", "2wd"], ["suspension", "3wd"]]
    assert without_last(added, "suspension") == added[:2]
    assert without_last(added, "unreachable") == added
    assert has(added, "extension") and not has(added, "unreachable")


@given(
    st.sampled_from(["3wd", "6wd", "5d", "60d legal"]),
    st.lists(st.integers(1, 30), max_size=3),
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 6, 1)),
)
def test_an_addition_never_brings_a_date_forward(code: str, amounts: list[int], start: datetime) -> None:
    limit, at = Limit.parse(code), start.replace(tzinfo=SHANGHAI)
    dates = [
        reckon(limit, at, [("x", Limit(n, limit.unit, limit.legal).code) for n in amounts[:count]], CALENDAR).due_at
        for count in range(len(amounts) + 1)
    ]
    assert dates == sorted(dates)
