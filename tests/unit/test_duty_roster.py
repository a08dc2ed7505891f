"""Who is rung at an instant: office hours, evenings, weekends, holidays, make-up days, overlaps, leave, gaps."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.rules import load_profile, work_calendar
from domain.clock import SHANGHAI
from domain.rosters.on_duty import Member, Recipient, Roster, Shift, chain, gaps, recipient, segments

CALENDAR = work_calendar(load_profile("ruijin").hours)
A, B, C, LEAD = (UUID(int=n) for n in range(1, 5))
TEAM = {id_: Member(id=id_) for id_ in (A, B, C)} | {LEAD: Member(id=LEAD, role="lead")}


def t(text: str) -> datetime:
    """A local time of 2026: `03-13T17:31`."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI).astimezone(UTC)


def shift(who: UUID, start: str, end: str, place: int = 1) -> Shift:
    return Shift(member_id=who, starts_at=t(start), ends_at=t(end), place=place)


def duty(*shifts: Shift, **members: Member) -> Roster:
    return Roster(CALENDAR, shifts, TEAM | {one.id: one for one in members.values()})


NIGHT = shift(A, "03-13T17:30", "03-14T08:30")


@pytest.mark.mechanism("001-05")
@pytest.mark.parametrize(
    ("at", "kind"),
    [("03-13T09:00", "desk"), ("03-13T11:59:59", "desk"), ("03-13T12:00", "gap"), ("03-13T17:29:59", "desk"),
     ("03-13T17:30", "team"), ("03-13T17:31", "team"), ("03-14T00:00", "team"), ("03-14T08:29:59", "team"),
     ("03-14T08:30", "gap"), ("03-14T10:00", "gap"),  # Saturday
     ("02-17T10:00", "gap"),  # Spring Festival
     ("02-14T10:00", "desk"), ("05-09T15:00", "desk"),  # Saturdays that are worked
     ("10-07T09:00", "gap"), ("10-08T09:00", "desk")],
)  # fmt: skip
def test_office_hours_are_the_desks_and_the_rest_is_the_team_or_a_gap(at: str, kind: str) -> None:
    found = recipient(duty(NIGHT), t(at))
    assert found == Recipient(kind, (A,) if kind == "team" else ())


def test_of_overlapping_shifts_both_are_on_duty_in_their_order() -> None:
    both = duty(shift(B, "03-14T00:00", "03-14T12:00", 2), shift(A, "03-14T06:00", "03-14T18:00", 1))
    assert [recipient(both, t(at)).member_ids for at in ("03-14T05:59", "03-14T06:00", "03-14T12:00")] == [
        (B,), (A, B), (A,),
    ]  # fmt: skip
    twice = duty(shift(A, "03-14T00:00", "03-14T12:00"), shift(A, "03-14T06:00", "03-14T18:00"))
    assert recipient(twice, t("03-14T07:00")).member_ids == (A,)


def test_an_empty_shift_and_an_unknown_person_take_no_call() -> None:
    assert recipient(duty(shift(A, "03-14T09:00", "03-14T09:00")), t("03-14T09:00")).kind == "gap"
    assert recipient(duty(shift(UUID(int=99), "03-14T00:00", "03-15T00:00")), t("03-14T09:00")).kind == "gap"


@pytest.mark.mechanism("001-04")
def test_whoever_is_on_leave_is_stood_in_for_and_never_in_a_circle() -> None:
    away = Member(id=A, away_from=t("03-13T20:00"), away_until=t("03-13T22:00"), substitute_id=B)
    there = duty(NIGHT, a=away)
    assert [recipient(there, t(at)).member_ids for at in ("03-13T19:59", "03-13T20:00", "03-13T22:00")] == [
        (A,), (B,), (A,),
    ]  # fmt: skip
    circle = duty(NIGHT, a=away, b=Member(id=B, away_from=t("03-13T00:00"), substitute_id=A))
    assert recipient(circle, t("03-13T21:00")).kind == "gap"
    alone = duty(NIGHT, a=Member(id=A, away_from=t("03-13T20:00")))
    assert gaps(alone, t("03-13T17:30"), t("03-14T08:30")) == [(t("03-13T20:00"), t("03-14T08:30"))]


@pytest.mark.mechanism("001-05")
def test_the_chain_goes_from_the_recipient_over_the_next_to_the_lead_of_the_unit() -> None:
    night = duty(NIGHT, shift(B, "03-13T17:30", "03-14T08:30", 2))
    steps = [(step.kind, step.member_id) for step in chain(night, t("03-13T23:00"))]
    assert steps == [("member", A), ("member", B), ("member", LEAD), ("unit_lead", None)]
    office = [(step.kind, step.member_id) for step in chain(night, t("03-13T10:00"))]
    assert office == [("desk", None), ("member", LEAD), ("unit_lead", None)]
    empty = chain(Roster(CALENDAR, (), {}), t("03-14T10:00"))
    assert [(step.kind, step.reason) for step in empty] == [("unit_lead", "非工作时间无人值班,呼叫单位负责人")]
    own = chain(duty(shift(LEAD, "03-14T00:00", "03-15T00:00")), t("03-14T10:00"))
    assert [step.member_id for step in own] == [LEAD, None]


@pytest.mark.mechanism("001-17")
def test_a_week_without_weekend_shifts_has_its_gaps_to_the_minute() -> None:
    nights = [shift(A, f"03-{day:02}T17:30", f"03-{day + 1:02}T08:30") for day in range(9, 14)]
    noons = [shift(B, f"03-{day:02}T12:00", f"03-{day:02}T14:30") for day in range(9, 14)]
    week = duty(*nights, *noons)
    assert gaps(week, t("03-09T08:30"), t("03-16T00:00")) == [(t("03-14T08:30"), t("03-16T00:00"))]
    full = duty(*nights, *noons, shift(C, "03-14T08:30", "03-16T08:30"))
    assert gaps(full, t("03-09T08:30"), t("03-16T08:30")) == []
    assert gaps(full, t("03-16T08:30"), t("03-16T08:30")) == []


START = t("02-13T00:00")  # over the Spring Festival, with make-up days on both sides
MINUTES = st.integers(0, 20 * 24 * 60)


@st.composite
def duties(draw: st.DrawFn) -> Roster:
    """Up to six shifts of three people, some of them on leave."""
    shifts = []
    for _ in range(draw(st.integers(0, 6))):
        start = START + timedelta(minutes=draw(MINUTES))
        shifts.append(Shift(member_id=draw(st.sampled_from((A, B, C, UUID(int=9)))), starts_at=start,
                            ends_at=start + timedelta(minutes=draw(st.integers(0, 2000))), place=draw(st.integers(1, 2))))  # fmt: skip
    members = {}
    for id_ in (A, B, C):
        gone = START + timedelta(minutes=draw(MINUTES)) if draw(st.booleans()) else None
        members[id_] = Member(
            id=id_, away_from=gone, away_until=gone and gone + timedelta(minutes=draw(st.integers(0, 5000))),
            substitute_id=draw(st.sampled_from((None, A, B, C))),
        )  # fmt: skip
    return Roster(CALENDAR, shifts, members)


@pytest.mark.mechanism("001-05", "001-17")
@settings(max_examples=60, deadline=None)
@given(duties(), st.lists(MINUTES, min_size=1, max_size=20))
def test_at_every_instant_there_is_exactly_one_recipient_or_a_gap(found: Roster, minutes: list[int]) -> None:
    end = START + timedelta(days=20)
    cut = segments(found, START, end)
    assert cut[0].starts_at == START and cut[-1].ends_at == end
    assert all(a.ends_at == b.starts_at and a.recipient != b.recipient for a, b in pairwise(cut))
    spans = gaps(found, START, end)
    for minute in minutes:
        at = START + timedelta(minutes=minute)
        if at == end:
            continue
        who = recipient(found, at)
        inside = [one for one in cut if one.starts_at <= at < one.ends_at]
        assert [one.recipient for one in inside] == [who]
        assert (who.kind == "gap") is any(start <= at < stop for start, stop in spans)
        assert bool(who.member_ids) is (who.kind == "team")
        assert chain(found, at)[-1].kind == "unit_lead"
