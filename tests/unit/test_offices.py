"""Periods of standing duties, the procedure of every track, and what the loader says of a wrong list: pure."""

from datetime import date
from pathlib import Path

import pytest

from config.rules import load_profile, profile_names
from domain.cases.procedure import NAMES, Way, procedure
from domain.offices.bulletins import KEYS, MEASURES
from domain.offices.lists import _CELLS
from domain.offices.periods import ended_periods, period_of
from domain.practices import BULLETIN_COLUMNS, COLUMNS

LOADED = {name: load_profile(name) for name in profile_names()}


@pytest.mark.parametrize(
    ("period", "on", "first", "last"),
    [
        ("day", "2026-02-28", "2026-02-28", "2026-02-28"),
        ("week", "2026-03-01", "2026-02-23", "2026-03-01"),  # a Sunday ends the week
        ("week", "2026-03-02", "2026-03-02", "2026-03-08"),
        ("half_month", "2026-02-15", "2026-02-01", "2026-02-15"),
        ("half_month", "2026-02-16", "2026-02-16", "2026-02-28"),
        ("half_month", "2028-02-29", "2028-02-16", "2028-02-29"),
        ("month", "2026-12-31", "2026-12-01", "2026-12-31"),
        ("quarter", "2026-05-11", "2026-04-01", "2026-06-30"),
        ("half_year", "2026-07-01", "2026-07-01", "2026-12-31"),
        ("year", "2026-07-01", "2026-01-01", "2026-12-31"),
        ("regular", "2026-07-01", "2026-01-01", "2026-12-31"),
    ],
)
def test_the_period_that_holds_a_day(period: str, on: str, first: str, last: str) -> None:
    found = period_of(period, date.fromisoformat(on))
    assert found == (date.fromisoformat(first), date.fromisoformat(last))
    assert all(period_of(period, day) == found for day in found), "its ends lie in it"


def test_only_whole_periods_that_have_ended_are_due() -> None:
    weeks = list(ended_periods("week", date(2026, 4, 1), date(2026, 4, 18)))
    assert weeks == [(date(2026, 4, 6), date(2026, 4, 12))]
    assert list(ended_periods("quarter", date(2026, 4, 1), date(2026, 6, 29))) == []
    assert len(list(ended_periods("half_month", date(2026, 1, 1), date(2026, 12, 31)))) == 24


@pytest.mark.mechanism("001-12")
@pytest.mark.parametrize("name", LOADED)
def test_every_track_of_every_profile_has_a_procedure(name: str) -> None:
    tracks = LOADED[name].tracks
    ordinary = next(track for track in tracks.values() if track.handling and not track.urgent)
    for track in tracks.values():
        kind = "event" if track.code.startswith("EVENT") else "appeal"
        under = track if track.handling else ordinary
        steps = procedure(Way(kind, track.urgent), track, under)
        names = [step["step"] for step in steps]
        assert set(names) <= set(NAMES)
        assert "submit-result" in names
        assert ("look" in names) == under.look
        assert ("file-urgent" in names) == (track.urgent and kind == "appeal")
        limits = {step["limit"] for step in steps if step["limit"]}
        assert {clock.limit.text for clock in track.clocks.values()} >= limits - {under.handling.limit.text if under.handling else ""}


def test_every_column_of_a_list_can_be_worked_out() -> None:
    assert set(_CELLS) == COLUMNS
    assert {*KEYS, *MEASURES} == BULLETIN_COLUMNS


def test_no_column_of_any_list_is_about_a_person() -> None:
    lists = [one for profile in LOADED.values() for rules in (profile, *profile.overlays.values())
             for one in rules.practices.lists.values()]  # fmt: skip
    assert len(lists) == 6
    assert all(set(one.columns) <= COLUMNS for one in lists)
    text = Path(__file__).parents[2].joinpath("domain/offices/lists.py").read_text("utf-8")
    assert "appellants" not in text
    assert "phone" not in text
