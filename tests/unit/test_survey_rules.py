"""About which days a wave asks and by which ways: what the profile says, unless the office names it."""

from datetime import date

import msgspec
import pytest

from config.rules import load_profile
from domain.practices import Survey
from domain.problems import InvalidFields
from domain.surveys.rules import FOUR, chosen_days, chosen_modes, period_before

SURVEY = load_profile("ruijin").practices.surveys[FOUR]
TODAY = date(2026, 6, 18)


def owed(period: str) -> Survey:
    return msgspec.structs.replace(SURVEY, period=period)


@pytest.mark.parametrize(
    ("period", "today", "first", "last"),
    [
        ("day", TODAY, "2026-06-17", "2026-06-17"),
        ("week", TODAY, "2026-06-08", "2026-06-14"),
        ("half_month", TODAY, "2026-06-01", "2026-06-15"),
        ("half_month", date(2026, 3, 3), "2026-02-16", "2026-02-28"),
        ("month", TODAY, "2026-05-01", "2026-05-31"),
        ("month", date(2026, 1, 1), "2025-12-01", "2025-12-31"),
        ("quarter", TODAY, "2026-01-01", "2026-03-31"),
        ("half_year", TODAY, "2025-07-01", "2025-12-31"),
        ("year", TODAY, "2025-01-01", "2025-12-31"),
    ],
)
def test_a_wave_asks_about_the_last_whole_period(period: str, today: date, first: str, last: str) -> None:
    days = (date.fromisoformat(first), date.fromisoformat(last))
    assert period_before(owed(period), today) == days
    assert chosen_days(owed(period), None, None, today) == days


def test_days_that_are_named_count_and_a_regular_survey_has_no_others() -> None:
    named = (date(2026, 5, 4), date(2026, 5, 8))
    assert chosen_days(owed("month"), *named, TODAY) == chosen_days(owed("regular"), *named, TODAY) == named
    assert period_before(owed("regular"), TODAY) is None


@pytest.mark.parametrize(
    ("period", "first", "last", "field"),
    [
        ("regular", None, None, "closed_from"),
        ("month", None, TODAY, "closed_from"),
        ("month", TODAY, None, "closed_to"),
        ("month", TODAY, date(2026, 6, 17), "closed_to"),
        ("month", TODAY, date(2026, 6, 19), "closed_to"),
    ],
)
def test_days_that_cannot_be(period: str, first: date | None, last: date | None, field: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        chosen_days(owed(period), first, last, TODAY)
    assert [error["field"] for error in caught.value.details["errors"]] == [field]


def test_people_are_asked_by_the_ways_of_the_profile_and_no_other() -> None:
    only = msgspec.structs.replace(SURVEY, modes=("phone", "visit"))
    assert chosen_modes(SURVEY, ()) == ("link", "phone", "visit")
    assert chosen_modes(only, ()) == ("phone", "visit")
    assert chosen_modes(only, ("visit",)) == ("visit",)
    with pytest.raises(InvalidFields) as caught:
        chosen_modes(only, ("link", "phone"))
    assert [error["field"] for error in caught.value.details["errors"]] == ["modes"]
