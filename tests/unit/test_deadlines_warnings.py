from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deadlines.limits import Limit, due
from domain.deadlines.warnings import Level, ladder, level_at, next_after, notify_at
from tests.unit.test_calendar import CALENDAR, at, instants, steady


def rungs(start: str, code: str) -> dict[Level, datetime]:
    limit = Limit.parse(code)
    return dict(ladder(limit, at(start), due(limit, at(start), CALENDAR), CALENDAR))


@pytest.mark.mechanism("000-42")
@pytest.mark.parametrize(
    ("start", "code", "yellow", "orange"),
    [  # workflow.md, Warnings
        ("2026-03-13T16:30", "3wd", "2026-03-17T08:15", "2026-03-18T00:00"),
        ("2026-03-13T16:30", "2d", "2026-03-14T20:15", "2026-03-15T10:07:30"),
        ("2026-02-13T10:00", "3wd", "2026-02-24T05:00", "2026-02-25T00:00"),
        ("2026-03-13T16:30", "4wh", "2026-03-16T09:30", "2026-03-16T10:30"),
        ("2026-02-18T23:00", "2h", "2026-02-19T00:00", "2026-02-19T00:30"),
    ],
)
def test_warning_vectors(start: str, code: str, yellow: str, orange: str) -> None:
    found = rungs(start, code)
    assert (found[Level.YELLOW], found[Level.ORANGE]) == (at(yellow), at(orange))


def test_overdue_steps_are_working_days() -> None:
    found = rungs("2026-03-13T16:30", "2d")
    assert [found[level] for level in (Level.RED, Level.URGE, Level.SUPERVISION, Level.PRINCIPAL)] == [
        at("2026-03-16T00:00"),
        at("2026-03-17T00:00"),
        at("2026-03-19T00:00"),
        at("2026-03-23T00:00"),
    ]


def test_an_urgent_limit_goes_on_over_the_weekend() -> None:
    found = rungs("2026-03-13T22:00", "2h")
    assert found[Level.RED] == at("2026-03-14T00:00:01")
    assert found[Level.URGE] == at("2026-03-15T00:00")


def test_a_one_day_limit_turns_orange_on_the_morning_of_its_day() -> None:
    found = rungs("2026-03-13T16:30", "1wd")
    assert found[Level.ORANGE] == at("2026-03-16T00:00")
    assert Level.YELLOW not in found


def test_a_natural_limit_over_a_holiday_turns_orange_on_the_last_working_day() -> None:
    assert rungs("2026-02-13T10:00", "5d")[Level.ORANGE] == at("2026-02-14T00:00")


def test_shares_look_at_the_strict_date_and_red_at_the_rolled_one() -> None:
    found = rungs("2026-09-16T10:00", "15d legal")
    assert found[Level.ORANGE] < at("2026-10-01T00:00")
    assert found[Level.RED] == at("2026-10-09T00:00")


def test_the_last_second_of_the_due_is_still_in_time() -> None:
    limit = Limit.parse("3wd")
    found = due(limit, at("2026-03-13T16:30"), CALENDAR)
    steps = ladder(limit, at("2026-03-13T16:30"), found, CALENDAR)
    assert level_at(steps, found.due_at) is Level.ORANGE
    assert level_at(steps, found.due_at + timedelta(seconds=1)) is Level.RED


def test_levels_before_and_after_the_ladder() -> None:
    steps = tuple(rungs("2026-03-13T16:30", "3wd").items())
    assert level_at(steps, at("2026-03-13T16:30")) is Level.NONE
    assert next_after(steps, at("2026-03-13T16:30")) == (Level.YELLOW, at("2026-03-17T08:15"))
    assert next_after(steps, at("2026-03-17T08:15")) == (Level.ORANGE, at("2026-03-18T00:00"))
    assert next_after(steps, at("2026-12-01T00:00")) is None


@steady
@given(instants, st.sampled_from(["1wd", "2wd", "6wd", "1d", "2d", "5d", "60d legal", "4wh", "2h", "15min"]))
def test_levels_rise_and_red_follows_the_due(start: datetime, code: str) -> None:
    limit = Limit.parse(code)
    found = due(limit, start, CALENDAR)
    steps = ladder(limit, start, found, CALENDAR)
    assert all(low < high and early < late for (low, early), (high, late) in pairwise(steps))
    assert all(start <= since <= found.due_at for level, since in steps if level < Level.RED)


@pytest.mark.parametrize(
    ("when", "sent"),
    [
        ("2026-03-17T08:15", "2026-03-17T08:15"),
        ("2026-03-18T00:00", "2026-03-18T07:30"),
        ("2026-03-18T20:30", "2026-03-18T20:30"),
        ("2026-03-18T20:30:01", "2026-03-19T07:30"),
    ],
)
def test_notices_wait_for_the_morning(when: str, sent: str) -> None:
    assert notify_at(at(when)) == at(sent)


def test_an_urgent_notice_wakes_people() -> None:
    assert notify_at(at("2026-03-18T02:00"), urgent=True) == at("2026-03-18T02:00")
